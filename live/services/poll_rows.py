"""What every act on a poll does with its row: find, lock, number for staff, audit, tell; it decides nothing about polls."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, require
from broadcast.errors import InvalidInput, NotFound
from broadcast.models import Airing
from live import hints, text
from live.models import Poll
from live.services import rooms


def allowed(actor: Actor, airing_id: UUID, ability: Ability) -> Airing:
    """The airing, for somebody who may. Raises NotFound, NotAllowed."""
    airing = rooms.airing_of(airing_id)
    require(actor, ability, airing.episode.programme_id)
    return airing


def locked(airing_id: UUID, poll_id: int) -> Poll:
    """The poll of this airing, locked until commit. Raises NotFound."""
    poll = Poll.objects.select_for_update().filter(pk=poll_id, room=airing_id).first()
    if poll is None:
        raise NotFound(_("没有这个投票。"))
    return poll


def save(
    actor: Actor,
    airing: Airing,
    poll: Poll,
    verb: str,
    *,
    before: Any = None,
    after: dict[str, Any] | None = None,
    reason: str = "",
) -> None:
    """Write the row with the staff lane's next number, audit the act, and tell after commit. Call last: it locks the room."""
    poll.staff_seq = rooms.next_staff_seq([airing.pk])[airing.pk]
    poll.save()
    known: dict[str, Any] = {
        "state": str(poll.state),
        "closes_at": poll.closes_at.isoformat() if poll.closes_at else None,
    }
    if poll.result is not None:
        known |= {"total": poll.result["total"], "head": poll.result.get("head", "")}
    audit.record(
        actor,
        f"poll.{verb}",
        f"poll:{poll.pk}",
        airing=airing,
        before=before,
        after=known if after is None else after,
        reason=reason,
    )
    hints.hint(airing.pk, "staff", "polls")


def told(poll: Poll) -> dict[str, Any]:
    """What an acknowledgement says of a poll."""
    closes = poll.closes_at.isoformat() if poll.closes_at else None
    return {"poll": poll.pk, "state": str(poll.state), "closes_at": closes}


def clean(raw: str, most: int, field: str) -> str:
    """Words of staff as they are stored. Raises InvalidInput (field)."""
    try:
        return text.clean(raw, most)
    except text.BadText as error:
        raise InvalidInput(_("请写好题目和每个选项，不要太长。"), field=field, cause=error.code) from error
