"""Says what becomes of a question that is not answered on air: promised in writing, closed with a reason, or taken on to a later show."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import IllegalTransition, InvalidInput
from broadcast.models import Airing
from broadcast.services import moments
from live import hints, protocol, wording
from live.models import Question, Support
from live.queries import outings
from live.services import questions, rooms

S = Question.State
MOST_DAYS = 366


def promise(actor: Actor, airing_id: UUID, command: protocol.PromiseReply) -> dict[str, Any]:
    """Note that a department answers in writing until a day; from the air, from the list or from among the public ones.

    For the host or whoever runs the show. Marks a moment. Promised already, department and day are changed. Raises InvalidInput
    (department, due), IllegalTransition.
    """
    with transaction.atomic():
        airing = questions.allowed(actor, airing_id)
        department, due = command.department.strip(), due_day(command.due)
        if not department:
            raise InvalidInput(_("请选由哪个部门答复。"), field="department")
        row = questions.locked(airing_id, command.question)
        questions.require_state(row, *Question.OPEN, S.PROMISED)
        if (row.state, row.promised_to, row.due_on) == (S.PROMISED, department, due):
            return questions.told(row)
        questions.require_shown(row)
        now = clock.now()
        said_at = row.promised_at if row.state == S.PROMISED else now
        columns: dict[str, Any] = {"promised_to": department, "due_on": due, "promised_at": said_at}
        was_promised = row.state == S.PROMISED
        questions.move(actor, airing, row, S.PROMISED, "promise", columns=columns)
        if not was_promised:
            data = {"question": row.pk, "department": department}
            moments.mark(airing, "question.promise", wording.masked(row), at=now, data=data)
        return questions.told(row)


def close(actor: Actor, airing_id: UUID, command: protocol.CloseQuestion) -> dict[str, Any]:
    """End a question without an answer, for a reason that everybody reads. `carried` asks it anew in another airing of the programme,
    with its supports, and returns that as `carried_to`. Closing what is closed changes nothing.
    """
    note = command.note.strip()
    with transaction.atomic():
        airing = questions.allowed(actor, airing_id)
        if command.closing == "other" and not note:
            raise InvalidInput(_("请写明原因，提问人和公众都会看到。"), field="note")
        row = questions.locked(airing_id, command.question)
        if row.state == S.CLOSED:
            return questions.told(row)
        questions.require_state(row, *Question.OPEN)
        now = clock.now()
        there = _carry(actor, airing, row, command.to) if command.closing == "carried" else None
        columns: dict[str, Any] = {"closing": command.closing, "closing_note": note, "closed_at": now}
        questions.move(actor, airing, row, S.CLOSED, "close", columns=columns)
        data = {"question": row.pk, "closing": command.closing}
        moments.mark(airing, "question.close", wording.masked(row), at=now, data=data, public=False)
        return questions.told(row) | ({"carried_to": str(there.room_id), "carried": there.pk} if there else {})


def resume(actor: Actor, airing_id: UUID, command: protocol.ResumeQuestion) -> dict[str, Any]:
    """Take a promise or a close back: the question is open again. What goes on elsewhere, or was answered in writing, stays."""
    with transaction.atomic():
        airing = questions.allowed(actor, airing_id)
        row = questions.locked(airing_id, command.question)
        if row.state == S.APPROVED:
            return questions.told(row)
        questions.require_state(row, S.PROMISED, S.CLOSED)
        if row.closing == Question.Closing.CARRIED:
            raise IllegalTransition(_("这个问题已转到下一场，请在那一场处理。"), state=row.state)
        empty: dict[str, Any] = {"promised_to": "", "due_on": None, "promised_at": None}
        empty |= {"closing": "", "closing_note": "", "closed_at": None}
        questions.move(actor, airing, row, S.APPROVED, "resume", columns=empty)
        moments.mark(airing, "question.resume", data={"question": row.pk}, public=False)
        return questions.told(row)


def due_day(given: str) -> dt.date:
    """The day until which something is due. Raises InvalidInput for one that is none, is past, or is over a year away."""
    today = timezone.localdate(clock.now())
    try:
        day = dt.date.fromisoformat(given)
    except ValueError as error:
        raise InvalidInput(_("日期写成 2026-12-10 这样。"), field="due") from error
    if not today <= day <= today + dt.timedelta(days=MOST_DAYS):
        raise InvalidInput(_("期限要在今天以后，一年以内。"), field="due")
    return day


def _carry(actor: Actor, airing: Airing, row: Question, to: str) -> Question:
    """The same question in another room, public there at once, with everybody who supports it."""
    questions.require_shown(row)
    target = next((each for each in outings.later(airing) if not to or str(each.pk) == to), None)
    if target is None:
        raise InvalidInput(_("没有可以转去的场次。请先安排下一场，或换一种去向。"), field="to")
    rooms.ensure([target.pk])
    # Both at once, so that two who lock several rooms never wait in a ring.
    sequence = rooms.next_staff_seq([airing.pk, target.pk])
    now = clock.now()
    copy = Question.objects.create(
        room_id=target.pk,
        author_id=row.author_id,
        author_name=row.author_name,
        assurance=row.assurance,
        speaks_as=row.speaks_as,
        affiliation=row.affiliation,
        text=row.text,
        mask=row.mask,
        state=S.APPROVED,
        department=row.department,
        decided_by_id=actor.user_id,
        decided_at=now,
        public_at=now,
        created_at=row.created_at,
        command_id=f"carried-{row.pk}",
        carried_from=row,
        staff_seq=sequence[target.pk],
    )
    backers = Support.objects.filter(question=row.pk).values_list("participant_id", flat=True)
    Support.objects.bulk_create([Support(question=copy, participant_id=each, at=now) for each in backers])
    audit.record(actor, "question.carry", f"question:{copy.pk}", airing=target, after={"from": row.pk})
    hints.hint(target.pk, "staff", "questions", "counts", "own")
    return copy
