"""Decides about citizens' words: approve, reject, withdraw, reopen, each by compare-and-set on the version that was seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Airing
from live import hints, protocol, wording
from live.models import Comment, Question, Reason
from live.services import rooms

Command = protocol.ApproveItem | protocol.RejectItem | protocol.WithdrawItem | protocol.ReopenItem
Row = Comment | Question


@dataclass(frozen=True)
class _Act:
    """From which states an act leads to which, and what the audit calls it."""

    allowed: frozenset[str]
    after: str
    verb: str


_PUBLIC = frozenset(Question.PUBLIC)
_ACTS: dict[type[Any], _Act] = {
    protocol.ApproveItem: _Act(frozenset({"pending", "rejected"}), "approved", "approve"),
    protocol.RejectItem: _Act(frozenset({"pending"}), "rejected", "reject"),
    protocol.WithdrawItem: _Act(_PUBLIC, "withdrawn", "withdraw"),
    protocol.ReopenItem: _Act(frozenset({"approved", "rejected", "withdrawn"}), "pending", "reopen"),
}


def decide(actor: Actor, airing_id: UUID, command: Command) -> dict[str, Any]:
    """Carry out one decision. Returns kind, item, state and version.

    Raises Conflict with the current state when somebody decided first; NotFound; InvalidInput for an unknown reason. Locks the
    item; audited; staff and author are told after commit, the public by the next tick. A retry of the same command is answered again.
    """
    act = _ACTS[type(command)]
    with transaction.atomic():
        airing = _airing(airing_id)
        require(actor, Ability.MODERATE, airing.episode.programme_id)
        row = _locked(command, airing_id)
        if row.decided_command == command.id and row.decided_by_id == actor.user_id:
            return _told(row)
        _check(row, command, act)
        before = row.state
        _apply(row, actor, command, act, rooms.next_staff_seq([airing_id])[airing_id])
        _record(actor, airing, row, command, before)
        _tell(airing_id, row)
    return _told(row)


def _airing(airing_id: UUID) -> Airing:
    found = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    if found is None:
        raise NotFound(_("没有这一场。"))
    return found


def _locked(command: Command, airing_id: UUID) -> Row:
    model: type[Comment] | type[Question] = Comment if command.kind == "comment" else Question
    row = model.objects.select_for_update().filter(pk=command.item, room=airing_id).first()
    if row is None:
        raise NotFound(_("没有找到这一条。"))
    return row


def _check(row: Row, command: Command, act: _Act) -> None:
    if row.version != command.version or row.state not in act.allowed:
        raise Conflict(
            _("这一条已经有人处理过了，现在是“%(state)s”。") % {"state": row.get_state_display()},
            kind=command.kind,
            item=row.pk,
            state=row.state,
            version=row.version,
            decided_by=str(row.decided_by) if row.decided_by else "",
        )
    reason = getattr(command, "reason", None)
    if reason is not None and not Reason.objects.filter(pk=reason, is_active=True).exists():
        raise InvalidInput(_("没有这个理由，请从列表里选。"), field="reason")


def _apply(row: Row, actor: Actor, command: Command, act: _Act, seq: int) -> None:
    now = clock.now()
    row.state, row.version, row.staff_seq = act.after, row.version + 1, seq
    row.reason, row.note = getattr(command, "reason", ""), getattr(command, "note", "")
    row.decided_by_id, row.decided_at, row.decided_command = actor.user_id, now, command.id
    if act.after == "approved":
        row.public_at = now
    fields = [
        "state",
        "version",
        "staff_seq",
        "reason",
        "note",
        "decided_by",
        "decided_at",
        "decided_command",
        "public_at",
    ]
    row.save(update_fields=fields)


def _record(actor: Actor, airing: Airing, row: Row, command: Command, before: str) -> None:
    kind = command.kind
    audit.record(
        actor,
        f"{kind}.{_ACTS[type(command)].verb}",
        f"{kind}:{row.pk}",
        airing=airing,
        reason=row.reason,
        before={"state": before, "version": command.version},
        after={"state": row.state, "version": row.version},
        personal={"text": row.text, "author": row.author_name, "note": row.note},
    )


def _tell(airing_id: UUID, row: Row) -> None:
    hints.hint(airing_id, "staff", f"{wording.kind_of(row)}s", "counts", "own")


def _told(row: Row) -> dict[str, Any]:
    return {"kind": wording.kind_of(row), "item": row.pk, "state": row.state, "version": row.version}
