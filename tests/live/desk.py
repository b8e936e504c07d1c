"""Short ways to work at the desk in tests: people, items and acts through the commands' table like everybody."""

from __future__ import annotations

import itertools
from typing import Any

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import User
from live import commands, protocol, queries
from live.models import Comment
from tests.live import making

__all__ = ["InvalidInput", "NotAllowed", "NotFound"]

_words = itertools.count(1)
_ACTS: dict[str, type[Any]] = {
    "approve": protocol.ApproveItem,
    "reject": protocol.RejectItem,
    "withdraw": protocol.WithdrawItem,
    "reopen": protocol.ReopenItem,
    "hold": protocol.HoldItem,
    "escalate": protocol.EscalateItem,
}


def moderator(show: making.Show) -> User:
    return making.make_staff(show.programme, "moderator")


def leader(show: making.Show) -> User:
    return making.make_staff(show.programme, "duty_leader")


def said(show: making.Show, text: str = "", viewer: Actor | None = None) -> int:
    """A comment that waits; each of another person unless one is given."""
    sent = making.comment(text or f"第{next(_words)}句")
    return int(commands.perform(viewer or making.make_viewer(), show.id, sent)["item"])


def asked(show: making.Show, text: str = "", viewer: Actor | None = None) -> int:
    sent = making.question(text or f"第{next(_words)}问？")
    return int(commands.perform(viewer or making.make_viewer(), show.id, sent)["item"])


def fill(show: making.Show, many: int, model: type[Any] = Comment, **columns: Any) -> list[int]:
    """So many at once that wait, all of one person; their ids."""
    author, now = making.make_viewer().participant_id, clock.now()
    same = {"room_id": show.id, "author_id": author, "author_name": "市民", "assurance": 20, "state": "pending"}
    rows = [
        model(**{**same, "text": f"第{number}句", "command_id": f"fill-{number}", "created_at": now, **columns})
        for number in range(many)
    ]
    return [row.pk for row in model.objects.bulk_create(rows)]


def act(show: making.Show, user: User, verb: str, item: int, version: int = 1, **more: Any) -> dict[str, Any]:
    """One decision by this person."""
    kind = more.pop("kind", "comment")
    command = _ACTS[verb](id=more.pop("id", making.command_id()), kind=kind, item=item, version=version, **more)
    return commands.perform(making.staff_actor(user), show.id, command)


def undo(show: making.Show, user: User, act: str, **more: Any) -> dict[str, Any]:
    command = protocol.UndoAct(id=more.pop("id", making.command_id()), act=act)
    return commands.perform(making.staff_actor(user), show.id, command)


def claim(show: making.Show, user: User, item: int, kind: protocol.ItemKind = "comment") -> dict[str, Any]:
    command = protocol.ClaimItem(id=making.command_id(), kind=kind, item=item)
    return commands.perform(making.staff_actor(user), show.id, command)


def release(show: making.Show, user: User, item: int, kind: protocol.ItemKind = "comment") -> dict[str, Any]:
    command = protocol.ReleaseItem(id=making.command_id(), kind=kind, item=item)
    return commands.perform(making.staff_actor(user), show.id, command)


def look(show: making.Show, user: User, item: int | None = None, kind: protocol.ItemKind = "comment") -> dict[str, Any]:
    command = protocol.LookAt(id=making.command_id(), kind=kind if item else None, item=item)
    return commands.perform(making.staff_actor(user), show.id, command)


def snapshot(show: making.Show, user: User | None = None) -> protocol.StaffSnapshot:
    actor = making.staff_actor(user or show.moderator)
    return queries.staff_snapshot(actor, show.id, queries.StaffView.DESK)


def bulk(show: making.Show, user: User, verb: str, refs: list[tuple[str, int, int]], **more: Any) -> dict[str, Any]:
    """One decision about many; refs are (kind, id, version)."""
    items = tuple(protocol.ItemRef(kind=kind, item=item, version=version) for kind, item, version in refs)  # type: ignore[arg-type]
    command = protocol.DecideItems(id=more.pop("id", making.command_id()), act=verb, items=items, **more)  # type: ignore[arg-type]
    return commands.perform(making.staff_actor(user), show.id, command)
