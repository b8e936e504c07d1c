"""What of an airing's participation belongs into its bag: public questions and frozen results without names; sealed, who asked."""

from __future__ import annotations

from typing import Any

from django.db.models import Count

from broadcast.models import Airing
from live import wording
from live.models import Poll, Question, Reply
from live.queries import outcome, visible


def documents(airing: Airing, sealed: bool) -> dict[str, Any]:
    """By file name. Of a poll whose result nobody may see there are the words alone."""
    if sealed:
        rows = visible.public_items(Question, airing.pk).order_by("pk")
        return {"askers.json": [{"question": row.pk, "shown_as": row.author_name} for row in rows]}
    return {"questions.json": _questions(airing), "polls.json": _polls(airing)}


def _questions(airing: Airing) -> list[dict[str, Any]]:
    rows = visible.public_items(Question, airing.pk).select_related("person")
    found = list(rows.annotate(support_count=Count("supports")).order_by("pk"))
    replies: dict[int, list[dict[str, Any]]] = {}
    for reply in Reply.objects.filter(question__in=found, state=Reply.State.RELEASED, is_public=True).order_by("pk"):
        told = {
            "department": reply.department,
            "text": reply.text,
            "released_at": wording.iso_or_none(reply.released_at),
        }
        replies.setdefault(reply.question_id, []).append(told)
    return [
        {
            "id": row.pk,
            "text": wording.masked(row),
            "state": row.state,
            "to": row.person.name if row.person else row.department,
            "supports": row.support_count,
            "asked_at": wording.iso(row.created_at),
            "on_air_at": wording.iso_or_none(row.on_air_at),
            "answered_at": wording.iso_or_none(row.answered_at),
            "promised_to": row.promised_to,
            "due_on": row.due_on.isoformat() if row.due_on else None,
            "closing": row.closing,
            "closing_note": row.closing_note,
            "replies": replies.get(row.pk, []),
        }
        for row in found
    ]


def _polls(airing: Airing) -> list[dict[str, Any]]:
    rows = Poll.objects.filter(room=airing.pk).exclude(state__in=Poll.UNSEEN).prefetch_related("options").order_by("pk")
    return [
        {
            "id": poll.pk,
            "question": poll.question,
            "kind": poll.kind,
            "state": poll.state,
            "secrecy": poll.secrecy,
            "opened_at": wording.iso_or_none(poll.opened_at),
            "closed_at": wording.iso_or_none(poll.closed_at),
            "options": [{"id": each.pk, "text": each.text} for each in poll.options.all()],
            # As it was frozen, without the levels that only staff may see.
            "result": _result(poll),
        }
        for poll in rows
    ]


def _result(poll: Poll) -> dict[str, Any] | None:
    if poll.result is None or not outcome.are_public(poll):
        return None
    return {name: value for name, value in poll.result.items() if name != outcome.STAFF_LEVELS}
