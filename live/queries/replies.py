"""Answers in writing as those who write and release them see them: what is asked of an office, what waits, what is late; read only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Case, Count, F, Min, Q, QuerySet, Value, When
from django.urls import reverse
from django.utils.translation import ngettext

from broadcast.access import Ability, Actor, can
from live import wording
from live.models import Question, Reply
from live.queries import follow, offices, visible
from live.queries.offices import Office

S = Question.State
SHOWN = 200


def asked_of(office: Office) -> list[dict[str, Any]]:
    """The public questions addressed or promised to an office, what is due first on top, then those it may answer by itself."""
    found = visible.public_items(Question).filter(office.asked()).exclude(state=S.CLOSED)
    is_over = Case(When(state=S.ANSWERED, then=Value(1)), default=Value(0))
    due = Case(When(state=S.PROMISED, then=F("due_on")))
    rows = _rows(found.order_by(is_over, due.asc(nulls_last=True), "-pk"))
    replies = _replies(rows)
    return [_told(row, replies.get((row.pk, office.name))) for row in rows]


def waiting(programmes: Sequence[int]) -> list[dict[str, Any]]:
    """Answers handed in that somebody has to release or return, the oldest first."""
    rows = Reply.objects.filter(
        state=Reply.State.SUBMITTED, question__room__airing__episode__programme__in=list(programmes)
    )
    found = list(rows.order_by("submitted_at", "pk")[:SHOWN])
    public = {
        row.pk: row for row in _rows(visible.public_items(Question).filter(pk__in=[each.question_id for each in found]))
    }
    return [_told(public[each.question_id], each) for each in found if each.question_id in public]


def owed(programmes: Sequence[int]) -> list[dict[str, Any]]:
    """What was promised in writing in these programmes and is not out, the most overdue first."""
    promised = visible.public_items(Question).filter(
        state=S.PROMISED, room__airing__episode__programme__in=list(programmes)
    )
    rows = _rows(promised.order_by("due_on", "pk"))
    replies = _replies(rows)
    return [_told(row, replies.get((row.pk, row.promised_to))) for row in rows]


def one(actor: Actor, question_id: int) -> dict[str, Any] | None:
    """One question with its answers as far as the actor may see them: a respondent the own office's, staff all; None: not for him."""
    row = next(iter(_rows(visible.public_items(Question).filter(pk=question_id))), None)
    if row is None:
        return None
    programme_id = row.room.airing.episode.programme_id
    staff = {each: can(actor, each, programme_id) for each in (Ability.PRODUCE, Ability.MODERATE, Ability.REPORT)}
    office = offices.of(actor)
    mine = office is not None and office.answers_in(programme_id) and office.is_asked(row)
    if not (mine or any(staff.values())):
        return None
    replies = row.replies.select_related("written_by", "decided_by").order_by("pk")
    if not any(staff.values()) and office is not None:
        replies = replies.filter(department=office.name)
    return {
        **_told(row, None),
        "department": row.promised_to or row.department or (row.person.organisation if row.person else ""),
        "departments": follow.departments(row.room.airing),
        "replies": [_reply(each, actor) for each in replies],
        "office": office.name if mine and office is not None else "",
        "may_enter": staff[Ability.PRODUCE],
        "may_release": staff[Ability.PRODUCE] or staff[Ability.MODERATE],
    }


def alarm(actor: Actor) -> list[dict[str, str]]:
    """One line at the head of staff's pages while something that concerns the actor is overdue."""
    found = _late(actor).aggregate(many=Count("pk"), oldest=Min("due_on"))
    if not found["many"]:
        return []
    words = ngettext(
        "%(n)s 份书面答复已过期，最久 %(days)s 天。", "%(n)s 份书面答复已过期，最久 %(days)s 天。", found["many"]
    )
    text = words % {"n": found["many"], "days": follow.days_late(found["oldest"])}
    return [{"text": text, "url": reverse("staff:replies")}]


def _late(actor: Actor) -> QuerySet[Question]:
    office = offices.of(actor)
    rule = Q(pk__in=[])
    if office is not None:
        rule |= office.asked()
    followed = [key for key, found in actor.grants.items() if found & {Ability.PRODUCE, Ability.REPORT}]
    if None in followed:
        rule = Q()
    elif followed:
        rule |= Q(room__airing__episode__programme__in=followed)
    if office is None and not followed:
        return Question.objects.none()
    return visible.public_items(Question).filter(rule, state=S.PROMISED, due_on__lt=follow.today())


def _rows(found: QuerySet[Question]) -> list[Question]:
    return list(found.select_related("person", "room__airing__episode__programme")[:SHOWN])


def _replies(rows: Sequence[Question]) -> dict[tuple[int, str], Reply]:
    """By question and department: several may have been asked the same."""
    found = Reply.objects.filter(question__in=[row.pk for row in rows])
    return {(each.question_id, each.department): each for each in found}


def _told(row: Question, reply: Reply | None) -> dict[str, Any]:
    airing = row.room.airing
    is_owed = row.state == S.PROMISED
    return {
        "id": row.pk,
        "text": wording.masked(row),
        "author": row.author_name,
        "asked_at": row.created_at,
        "state": row.state,
        "state_words": row.get_state_display(),
        "to": wording.addressee(row),
        "promised_to": row.promised_to,
        "due": row.due_on if is_owed else None,
        "days_late": follow.days_late(row.due_on) if is_owed else 0,
        "is_over": row.state == S.ANSWERED,
        "programme": airing.episode.programme,
        "episode": airing.episode,
        "airing": airing,
        "reply": _reply(reply) if reply else None,
    }


def _reply(row: Reply, actor: Actor | None = None) -> dict[str, Any]:
    return {
        "id": row.pk,
        "department": row.department,
        "respondent": row.respondent,
        "text": row.text,
        "is_public": row.is_public,
        "state": row.state,
        "state_words": row.get_state_display(),
        "version": row.version,
        "written_by": str(row.written_by) if row.written_by_id and actor else "",
        "submitted_at": row.submitted_at,
        "released_at": row.released_at,
        "decided_by": str(row.decided_by) if row.decided_by_id and actor else "",
        "note": row.note,
        "is_mine": actor is not None and row.written_by_id is not None and row.written_by_id == actor.user_id,
        "is_open": row.state in Reply.OPEN,
    }
