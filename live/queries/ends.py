"""What became of questions beyond the air: promised, closed, carried on, answered in writing; it must not write."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import QuerySet

from broadcast import shown_people
from broadcast.access import is_public
from live import protocol, wording
from live.models import Question, Reply
from live.queries import outings

S = Question.State
_NONE = protocol.QuestionEnd()


def ends(
    rows: Iterable[Question], shown: dict[int, str] | None = None, *, own: bool = False
) -> dict[int, protocol.QuestionEnd]:
    """Of each question with such an end; no query where there is none. `shown` says where they stand for who looks: what goes with a
    delayed picture waits with it. `own` adds what was answered to the asker alone."""
    found = list(rows)
    replies = _replies([row.pk for row in found if row.replies_out], own=own)
    carried = _carried([row.pk for row in found if row.closing == Question.Closing.CARRIED])
    made: dict[int, protocol.QuestionEnd] = {}
    for row in found:
        end = _end(row, (shown or {}).get(row.pk, row.state), replies.get(row.pk, ()), carried.get(row.pk, ""))
        if end != _NONE:
            made[row.pk] = end
    return made


def _end(row: Question, state: str, replies: tuple[protocol.WrittenReply, ...], carried: str) -> protocol.QuestionEnd:
    promised, closed = state == S.PROMISED, state == S.CLOSED
    return protocol.QuestionEnd(
        promised_to=row.promised_to if promised else "",
        due=row.due_on.isoformat() if promised and row.due_on else None,
        promised_at=wording.iso_or_none(row.promised_at) if promised else None,
        closing=row.closing if closed else "",  # type: ignore[arg-type]
        note=row.closing_note if closed else "",
        carried_to=carried if closed else "",
        replies=replies,
    )


def _replies(ids: list[int], *, own: bool) -> dict[int, tuple[protocol.WrittenReply, ...]]:
    if not ids:
        return {}
    rows = Reply.objects.filter(question__in=ids, state=Reply.State.RELEASED)
    rows = rows if own else rows.filter(is_public=True)
    found: dict[int, list[protocol.WrittenReply]] = defaultdict(list)
    nameless = _nameless(rows)
    for row in rows.order_by("released_at", "pk"):
        if row.released_at is not None:
            found[row.question_id].append(
                protocol.WrittenReply(
                    id=row.pk,
                    department=row.department,
                    respondent="" if row.pk in nameless else row.respondent,
                    text=row.text,
                    at=wording.iso(row.released_at),
                    public=row.is_public,
                )
            )
    return {question: tuple(each) for question, each in found.items()}


def _nameless(rows: QuerySet[Reply]) -> set[int]:
    """Of these answers those whose respondent may not be named in their show; one query, two where there are such people."""
    by = "question__room__airing__episode"
    names = shown_people.hidden_names(rows.values(by))
    if not names:
        return set()
    said = rows.filter(**{f"{by}__in": list(names)}).values_list("pk", "respondent", by)
    return {pk for pk, respondent, episode in said if names[episode].means(respondent)}


def _carried(ids: list[int]) -> dict[int, str]:
    """Addresses of the shows where they went on, where anybody may see those."""
    if not ids:
        return {}
    rows = Question.objects.filter(carried_from__in=ids).select_related("room__airing__episode__programme")
    return {
        row.carried_from_id: outings.address(row.room.airing, tab="ask")
        for row in rows.order_by("pk")
        if row.carried_from_id is not None and is_public(row.room.airing)
    }
