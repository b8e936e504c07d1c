"""Takes public questions to the host's list, on air and to answered; whether they may be public is moderation's."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing
from broadcast.services import moments
from live import hints, protocol, wording
from live.models import Question
from live.queries import visible
from live.services import rooms

S = Question.State


def queue(actor: Actor, airing_id: UUID, command: protocol.QueueQuestion) -> dict[str, Any]:
    """Put an approved question on the host's list, or take it off. Repeating changes nothing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id)
        row = locked(airing_id, command.question)
        before, after = (S.APPROVED, S.QUEUED) if command.on else (S.QUEUED, S.APPROVED)
        if row.state == after:
            return told(row)
        require_state(row, before)
        if command.on:
            require_shown(row)
        move(actor, airing, row, after, "queue" if command.on else "unqueue")
        return told(row)


def show(actor: Actor, airing_id: UUID, command: protocol.ShowQuestion) -> dict[str, Any]:
    """Put a public question on air; the one that was there returns to the list. Marks a moment of the airing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id)
        _require_on_air(airing)
        # The one on air and the one wanted, in the order of their ids, so that two who press at once do not wait in a ring.
        rows = Question.objects.select_for_update(of=("self",)).filter(room=airing_id).order_by("pk")
        found = {row.pk: row for row in (rows.filter(pk=command.question) | rows.filter(state=S.ON_AIR))}
        row = found.get(command.question)
        if row is None:
            raise NotFound(_("没有找到这个问题。"))
        if row.state == S.ON_AIR:
            return told(row)
        require_state(row, S.APPROVED, S.QUEUED, S.ANSWERED)
        require_shown(row)
        for other in found.values():
            if other.state == S.ON_AIR:
                move(actor, airing, other, S.QUEUED, "leave")
        now = clock.now()
        move(actor, airing, row, S.ON_AIR, "show", at=now)
        moments.mark(airing, "question.show", wording.masked(row), at=now, data={"question": row.pk})
        return told(row)


def answer(actor: Actor, airing_id: UUID, command: protocol.AnswerQuestion) -> dict[str, Any]:
    """Mark a question answered; from the air or from the list. Marks a moment of the airing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id)
        row = locked(airing_id, command.question)
        if row.state == S.ANSWERED:
            return told(row)
        require_state(row, S.ON_AIR, S.QUEUED, S.APPROVED)
        now = clock.now()
        move(actor, airing, row, S.ANSWERED, "answer", at=now)
        moments.mark(airing, "question.answer", wording.masked(row), at=now, data={"question": row.pk})
        return told(row)


def leave_air(actor: Actor, airing: Airing) -> int:
    """The show is over: what is still on air returns to the list, where what was not answered stays to be seen."""
    with transaction.atomic():
        rows = list(Question.objects.select_for_update(of=("self",)).filter(room=airing.pk, state=S.ON_AIR))
        for row in rows:
            move(actor, airing, row, S.QUEUED, "leave")
    return len(rows)


def allowed(actor: Actor, airing_id: UUID) -> Airing:
    """The airing, for its host or whoever runs it. Raises NotFound, NotAllowed."""
    airing = rooms.airing_of(airing_id)
    programme_id = airing.episode.programme_id
    if not can(actor, Ability.HOST, programme_id):
        require(actor, Ability.RUN, programme_id)
    return airing


def _require_on_air(airing: Airing) -> None:
    if airing.state not in {Airing.State.WAITING, Airing.State.ON_AIR}:
        raise IllegalTransition(_("还没有开播，问题不能上屏。"), state=airing.state)


def require_state(row: Question, *wanted: str) -> None:
    """Raise IllegalTransition unless the question stands in one of these."""
    if row.state not in wanted:
        raise IllegalTransition(
            _("这个问题现在是“%(state)s”，不能这样操作。") % {"state": row.get_state_display()}, state=row.state
        )


def require_shown(row: Question) -> None:
    """Raise IllegalTransition where an emergency withdrawal hides the question: nothing else may bring its words out."""
    if visible.hidden_ids(row.room_id, [row]):
        raise IllegalTransition(_("这个问题在紧急撤下之中，公众看不到；恢复以后才能上屏。"), state=row.state)


def locked(airing_id: UUID, question_id: int) -> Question:
    """The question of this airing, locked until commit. Raises NotFound."""
    row = Question.objects.select_for_update(of=("self",)).filter(pk=question_id, room=airing_id).first()
    if row is None:
        raise NotFound(_("没有找到这个问题。"))
    return row


def move(
    actor: Actor,
    airing: Airing,
    row: Question,
    after: str,
    verb: str,
    at: dt.datetime | None = None,
    columns: dict[str, Any] | None = None,
) -> None:
    """Take a locked question to another state and set these columns with it. Numbers it on the staff lane, audits it, and tells after
    commit; `at` is when it came on air or was answered."""
    before, row.state = row.state, after
    changed = columns or {}
    for name, value in changed.items():
        setattr(row, name, value)
    row.version += 1
    if after == S.ON_AIR:
        row.on_air_at, row.answered_at = at, None
    if after == S.ANSWERED:
        row.answered_at = at
    row.staff_seq = rooms.next_staff_seq([airing.pk])[airing.pk]
    row.save(update_fields=["state", "version", "on_air_at", "answered_at", "staff_seq", *changed])
    now: Any = {"state": str(after), **{name: str(value) for name, value in changed.items()}} if changed else str(after)
    audit.record(actor, f"question.{verb}", f"question:{row.pk}", airing=airing, before=before, after=now)
    # The author hears of it with everybody: what goes with a delayed picture comes by the public question.
    hints.hint(airing.pk, "staff", "questions", "own")


def told(row: Question) -> dict[str, Any]:
    """What an act answers about a question."""
    return {"question": row.pk, "state": row.state, "version": row.version}
