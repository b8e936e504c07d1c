"""What is owed after a show: open questions, written answers with their days, commitments; for staff, it must not write."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from broadcast import clock
from broadcast.access import Ability, Actor, can
from broadcast.models import Airing, Appearance, Episode
from live import wording
from live.models import Commitment, Question, Reply
from live.queries import outings, slates, visible

REPLY_DAYS = 15
S = Question.State


def today() -> dt.date:
    """The day it is in Beijing."""
    return timezone.localdate(clock.now())


def may_follow(actor: Actor, airing: Airing) -> bool:
    """Whether the actor works with the questions of this show: its host, and whoever runs it."""
    programme_id = airing.episode.programme_id
    return can(actor, Ability.HOST, programme_id) or can(actor, Ability.RUN, programme_id)


def panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """What control room and host mark with: whom a mark can be of, the marks, the slates, and how many questions are open."""
    if not may_follow(actor, airing):
        return {}
    return {
        "departments": departments(airing),
        "people": [
            {"id": each.person_id, "name": each.person.name, "organisation": each.person.organisation}
            for each in airing.episode.appearances.select_related("person")
        ],
        "marks": [mark(row, airing) for row in commitments(airing.pk)],
        "slates": slates.offered(airing.pk),
        "open": open_questions(airing.pk).count(),
        "due": default_due().isoformat(),
    }


def card(episode: Episode, airing: Airing | None, actor: Actor) -> tuple[str, dict[str, Any]] | None:
    """How many questions of the show nobody has dealt with yet, and the way to them."""
    if airing is None or airing.state == Airing.State.PLANNED or not may_follow(actor, airing):
        return None
    asked = visible.public_items(Question, airing.pk)
    counted = asked.aggregate(
        open=Count("pk", filter=Q(state__in=Question.OPEN)), owed=Count("pk", filter=Q(state=S.PROMISED))
    )
    marks_ = commitments(airing.pk).count()
    return "live/staff/_outcomes_card.html", {"airing": airing, "marks": marks_, **counted}


def default_due() -> dt.date:
    """Until when an answer in writing is due where nobody says another day."""
    return today() + dt.timedelta(days=REPLY_DAYS)


def departments(airing: Airing) -> list[str]:
    """The departments that appear in the episode, each once, in the order of the seats."""
    seats = airing.episode.appearances.filter(role=Appearance.Role.DEPARTMENT).exclude(person__organisation="")
    return list(dict.fromkeys(seats.values_list("person__organisation", flat=True)))


def commitments(airing_id: UUID) -> QuerySet[Commitment]:
    """Suggestions and promises of a show in the order they were heard; what was taken back is left out."""
    return Commitment.objects.filter(room=airing_id, undone_at=None).select_related("speaker", "question", "marked_by")


def mark(row: Commitment, airing: Airing) -> dict[str, Any]:
    """One of them; `ms` is programme time: since the show began."""
    began = airing.actual_start
    return {
        "id": row.pk,
        "key": str(row.pk),
        "kind": row.kind,
        "version": row.version,
        "at": wording.iso(row.at),
        "ms": int((row.at - began).total_seconds() * 1000) if began else None,
        "seconds": int((row.at - began).total_seconds()) if began else None,
        "speaker": row.speaker_id,
        "speaker_name": row.speaker.name if row.speaker else "",
        "department": row.department,
        "text": row.text,
        "due": row.due_on.isoformat() if row.due_on else None,
        "days_late": days_late(row.due_on) if row.kind == Commitment.Kind.PROMISE and row.done_at is None else 0,
        "done": row.done_at is not None,
        "done_note": row.done_note,
        "question": row.question_id,
        "by": str(row.marked_by) if row.marked_by else "",
    }


def days_late(due: dt.date | None) -> int:
    """How many days it is overdue; 0: not yet, or no day was named."""
    return max(0, (today() - due).days) if due else 0


def open_questions(airing_id: UUID) -> QuerySet[Question]:
    """Public questions of which nobody has said what becomes of them."""
    return visible.public_items(Question, airing_id).filter(state__in=Question.OPEN)


def open_rows(airing: Airing) -> list[dict[str, Any]]:
    """The same for the page at the end of the show, the most supported first."""
    rows = open_questions(airing.pk).select_related("person").annotate(support_count=Count("supports"))
    return [_asked(row) | {"supports": row.support_count} for row in rows.order_by("-support_count", "pk")]


def ended_rows(airing: Airing) -> list[dict[str, Any]]:
    """Questions of the show that were promised, closed, carried or answered, with what is owed still."""
    states = (S.PROMISED, S.CLOSED, S.ANSWERED)
    rows = visible.public_items(Question, airing.pk).filter(state__in=states).select_related("person")
    found = list(rows.annotate(support_count=Count("supports")).order_by("state", "due_on", "-support_count", "pk"))
    written = Reply.objects.filter(question__in=[row.pk for row in found])
    replies = {(each.question_id, each.department): each for each in written}
    order = {S.PROMISED: 0, S.ANSWERED: 1, S.CLOSED: 2}
    found.sort(key=lambda row: order[S(row.state)])
    told = [(row, _asked(row) | {"supports": row.support_count}) for row in found]
    return [asked | _owed(row, replies.get((row.pk, asked["promised_to"]))) for row, asked in told]


def _asked(row: Question) -> dict[str, Any]:
    return {
        "id": row.pk,
        "key": str(row.pk),
        "state": row.state,
        "state_words": row.get_state_display(),
        "text": wording.masked(row),
        "author": row.author_name,
        "to": wording.addressee(row),
        "asked_at": row.created_at,
        "promised_to": row.promised_to or row.department or (row.person.organisation if row.person else ""),
    }


def _owed(row: Question, reply: Reply | None) -> dict[str, Any]:
    is_owed = row.state == S.PROMISED
    return {
        "due": row.due_on if is_owed else None,
        "days_late": days_late(row.due_on) if is_owed else 0,
        "closing": row.get_closing_display(),
        "is_carried": row.closing == Question.Closing.CARRIED,
        "note": row.closing_note,
        "on_air_at": row.on_air_at,
        "reply_state": reply.state if reply else "",
        "reply_words": reply.get_state_display() if reply else "",
    }


def later(airing: Airing) -> list[Airing]:
    """To where open questions can go on."""
    return outings.later(airing)


def overdue_commitments(programmes: list[int]) -> list[tuple[Commitment, int]]:
    """Promises of these programmes' shows that are past their day, the latest first, with the days."""
    rows = Commitment.objects.filter(
        Q(kind=Commitment.Kind.PROMISE, done_at=None, undone_at=None, due_on__lt=today()),
        room__airing__episode__programme__in=programmes,
    ).select_related("room__airing__episode__programme", "speaker")
    return [(row, days_late(row.due_on)) for row in rows.order_by("due_on", "pk")[:200]]
