"""What tests of polls do again and again: prepare, open and close as the producer, look as everybody."""

from __future__ import annotations

from typing import Any

from live import commands, protocol, queries
from live.models import Option, Poll
from live.services import polls
from tests.live import making


def do(show: making.Show, command: type[Any], /, **fields: Any) -> dict[str, Any]:
    """As the producer."""
    return commands.perform(making.staff_actor(show.producer), show.id, command(id=making.command_id(), **fields))


def draft(show: making.Show, **terms: Any) -> int:
    plain = {"question": "同意吗？", "kind": "approval"}
    return int(do(show, protocol.CreatePoll, **plain | terms)["poll"])


def row(poll: int) -> Poll:
    return Poll.objects.get(pk=poll)


def options(poll: int) -> list[int]:
    return list(Option.objects.filter(poll=poll).values_list("pk", flat=True))


def shown(show: making.Show, poll: int) -> protocol.PollObject:
    """As everybody sees it."""
    groups = queries.public_groups(show.id, ["polls"])
    assert groups is not None
    found: protocol.PollObject = next(each for each in groups["polls"] if each.id == poll)
    return found


def finish(show: making.Show, poll: int) -> None:
    do(show, protocol.ClosePoll, poll=poll)
    polls.freeze_due()
