"""Decides about one of citizens' words: approve, reject, withdraw, reopen, hold, escalate, each by compare-and-set on the version seen."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.db import transaction

from broadcast.access import Actor
from live import protocol
from live.services import deciding
from live.services.deciding import Wish

Command = (
    protocol.ApproveItem
    | protocol.RejectItem
    | protocol.WithdrawItem
    | protocol.ReopenItem
    | protocol.HoldItem
    | protocol.EscalateItem
)


def decide(actor: Actor, airing_id: UUID, command: Command) -> dict[str, Any]:
    """Carry out one decision. Returns kind, item, state and version.

    Raises Conflict with the current state when somebody decided first; Claimed while somebody else has it; SamePerson at 复审;
    NotFound; InvalidInput for an unknown reason. Locks the item; audited; staff and author are told after commit, the public by the
    next tick. A retry of the same command is answered again.
    """
    wish = Wish(
        act=str(type(command).__struct_config__.tag).partition(".")[2],
        command=command.id,
        reason=getattr(command, "reason", ""),
        note=getattr(command, "note", ""),
        mask=getattr(command, "mask", ()),
    )
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        deciding.require_reason(desk, wish)
        row = deciding.locked_one(desk, command.kind, command.item)
        if not deciding.is_repeated(desk, row, wish):
            deciding.store(desk, wish, [(row, deciding.outcome(desk, row, wish, command.version))])
        return deciding.told(row)
