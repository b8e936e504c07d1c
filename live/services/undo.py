"""Takes back one's own decision, the whole of a bulk: what nobody touched since goes back to what it was; it decides nothing new."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import IllegalTransition, NotFound
from live import protocol
from live.models import Question, Report
from live.services import deciding, merging, rooms
from live.services.deciding import MODELS, Desk, Key, Row

MINUTES = 10
_TIMES = frozenset({"first_at", "waiting_since", "decided_at"})
_WRITTEN: tuple[str, ...] = (
    "state",
    "version",
    "reason",
    "note",
    "mask",
    "open_reports",
    "first_by",
    "first_at",
    "waiting_since",
)
_WRITTEN += ("decided_by", "decided_at", "decided_command", "staff_seq", "before", "state_before")


class TooLate(IllegalTransition):
    """It was so long ago that others built on it; data: minutes."""

    code = "too_late"


def undo(actor: Actor, airing_id: UUID, command: protocol.UndoAct) -> dict[str, Any]:
    """Take back what the actor did with the command `act`. Returns `done` and `moved` as a bulk does.

    Raises NotFound when nothing of it is left to take back (somebody went on from it, or it was never the actor's), TooLate after
    MINUTES. A retry is answered again. Audited as an act of its own.
    """
    with transaction.atomic():
        desk = deciding.at_desk(actor, airing_id)
        again = _decided(desk, command.id, None)
        if again:
            return {"done": [deciding.told(row) for row in deciding.locked(desk, again).values()], "moved": []}
        rows = _locked(desk, _decided(desk, command.act, actor.user_id))
        ours = [
            row for row in rows.values() if row.decided_command == command.act and row.decided_by_id == actor.user_id
        ]
        if not ours:
            raise NotFound(_("没有可以撤销的操作：可能已经撤销，或者别人接着处理了。"))
        if min(row.decided_at or desk.now for row in ours) < desk.now - dt.timedelta(minutes=MINUTES):
            raise TooLate(
                _("超过 %(minutes)s 分钟的操作不能撤销，请重新处理这一条。") % {"minutes": MINUTES}, minutes=MINUTES
            )
        free = [row for row in ours if row.before and row.version == row.before["version"] + 1]
        moved = [deciding.refused(_key(row), deciding.moved(row)) for row in ours if row not in free]
        _put_back(desk, free, command)
    return {"done": [deciding.told(row) for row in free], "moved": moved}


def _decided(desk: Desk, command_id: str, user_id: int | None) -> list[Key]:
    keys: list[Key] = []
    for kind, model in MODELS:
        rows = model.objects.filter(room=desk.airing.pk, decided_command=command_id)
        rows = rows if user_id is None else rows.filter(decided_by=user_id)
        keys += [(kind, pk) for pk in rows.values_list("pk", flat=True)]
    return keys


def _locked(desk: Desk, keys: list[Key]) -> dict[Key, Row]:
    """Merged questions together with those that stand for them; comments first, as everywhere."""
    comments = deciding.locked(desk, [key for key in keys if key[0] == "comment"])
    ids = [pk for kind, pk in keys if kind == "question"]
    return comments | {("question", pk): row for pk, row in merging.with_standing(desk, ids).items()}


def _key(row: Row) -> Key:
    return ("question" if isinstance(row, Question) else "comment", row.pk)


def _put_back(desk: Desk, rows: list[Row], command: protocol.UndoAct) -> None:
    if not rows:
        return
    merging.give_back(desk, [row for row in rows if isinstance(row, Question) and row.merged_into_id is not None])
    _reopen_reports(desk, rows)
    seq = rooms.next_staff_seq([desk.airing.pk])[desk.airing.pk]
    left = False
    for row in rows:
        left = left or (row.state in Question.PUBLIC and row.before["state"] not in Question.PUBLIC)
        now = {"state": row.state, "version": row.version}
        for name, value in row.before.items():
            if name != "version":
                setattr(row, name, parse_datetime(value) if value and name in _TIMES else value)
        row.version, row.staff_seq, row.before, row.state_before = row.version + 1, seq, {}, ""
        row.decided_command = command.id
        deciding.note_act(desk, row, "undo", now, many=len(rows), undone=command.act)
    for _kind, model in MODELS:
        own = [row for row in rows if isinstance(row, model)]
        extra = ("merged_into",) if model is Question else ()
        model.objects.bulk_update(own, [*_WRITTEN, *extra])  # type: ignore[arg-type]
    deciding.write_audit(desk)
    deciding.tell(desk, rows, left=left)


def _reopen_reports(desk: Desk, rows: list[Row]) -> None:
    """Those that the decision upheld wait again."""
    for row in rows:
        if row.before["open_reports"] and not row.open_reports:
            kind, pk = _key(row)
            closed = Report.objects.filter(kind=kind, item=pk, closed_by=desk.actor.user_id, closed_at=row.decided_at)
            closed.update(state=Report.State.OPEN, closed_by=None, closed_at=None)
