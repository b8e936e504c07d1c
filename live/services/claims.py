"""Lets a moderator have an item for the length of a lease, so that no two work on one; it decides nothing about the item."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction

from broadcast.access import Actor
from live import hints, protocol, wording
from live.services import deciding, rooms
from live.services.deciding import Desk, Row

LEASE = dt.timedelta(seconds=90)
# A claim with more than this left is not prolonged by looking: the others need not hear of it every few seconds.
PROLONG_BELOW = dt.timedelta(seconds=60)
_GONE = frozenset({"retracted", "merged"})


def claim(actor: Actor, airing_id: UUID, command: protocol.ClaimItem) -> dict[str, Any]:
    """Have it, or have it for longer. Returns the claim; locks the item. Raises Claimed with name and seconds left, Conflict, NotFound.

    The leader takes it over from anybody. Audited when it changes hands. The version stays: nothing of the item itself changed.
    """
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        row = deciding.locked_one(desk, command.kind, command.item)
        if row.state in _GONE:
            raise deciding.moved(row)
        deciding.require_free(desk, row)
        lives = row.claimed_until is not None and row.claimed_until > desk.now
        before = row.claimed_by_id if lives else None
        _hold(desk, row, actor.user_id, desk.now + LEASE)
        if before != actor.user_id:
            _record(desk, row, "claim" if before is None else "take_over", before)
        until = wording.iso(desk.now + LEASE)
    return {"kind": command.kind, "item": row.pk, "claim": {"user": actor.user_id, "name": actor.name, "until": until}}


def release(actor: Actor, airing_id: UUID, command: protocol.ReleaseItem) -> dict[str, Any]:
    """Give it back. What the actor does not have is left as it is, and answered the same."""
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        row = deciding.locked_one(desk, command.kind, command.item)
        if row.claimed_by_id == actor.user_id:
            _hold(desk, row, None, None)
            _record(desk, row, "release", actor.user_id)
    return {"kind": command.kind, "item": row.pk}


def prolong(actor: Actor, airing_id: UUID, kind: str, pk: int) -> None:
    """Looking at an item that one has keeps it; anything else changes nothing. Raises NotAllowed, NotFound."""
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        row = deciding.locked(desk, [(kind, pk)]).get((kind, pk))
        if row is None or row.claimed_by_id != actor.user_id or row.claimed_until is None:
            return
        if desk.now < row.claimed_until < desk.now + PROLONG_BELOW:
            _hold(desk, row, actor.user_id, desk.now + LEASE)


def _hold(desk: Desk, row: Row, user_id: int | None, until: dt.datetime | None) -> None:
    row.claimed_by_id, row.claimed_until = user_id, until
    row.staff_seq = rooms.next_staff_seq([desk.airing.pk])[desk.airing.pk]
    row.save(update_fields=["claimed_by", "claimed_until", "staff_seq"])
    hints.hint(desk.airing.pk, "staff")


def _record(desk: Desk, row: Row, verb: str, before: int | None) -> None:
    deciding.note_act(desk, row, verb, {"claimed_by": before}, claimed_by=row.claimed_by_id)
    deciding.write_audit(desk)
