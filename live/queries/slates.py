"""The questions that may be chosen, with who is behind each, and the slates that were offered; it writes nothing."""

from __future__ import annotations

from collections import defaultdict
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from broadcast import clock
from live import slate_rules, wording
from live.models import Question, Slate, Support
from live.queries import visible
from live.slate_rules import Candidate

SHOWN = 3


def candidates(airing_id: UUID) -> list[Candidate]:
    """Public questions that nobody has dealt with yet. Who asked is behind the question as those are who support it; the group is the
    member's sector, else the district that the author gave. Two queries."""
    open_ones = (Question.State.APPROVED, Question.State.QUEUED)
    return _with_backers(visible.public_items(Question, airing_id).filter(state__in=open_ones))


def _with_backers(found: QuerySet[Question]) -> list[Candidate]:
    rows = list(found.select_related("author"))
    backers: dict[int, set[str]] = defaultdict(set)
    for question, who in Support.objects.filter(question__in=[row.pk for row in rows]).values_list(
        "question_id", "participant_id"
    ):
        backers[question].add(str(who))
    now = clock.now()
    return [
        Candidate(
            row.pk,
            frozenset(backers[row.pk] | {str(row.author_id)}),
            (row.affiliation if row.speaks_as == "member" else "") or row.author.district,
            int((now - (row.public_at or row.created_at)).total_seconds()),
        )
        for row in rows
    ]


def told(row: Slate, among: list[Candidate] | None = None) -> dict[str, Any]:
    """A slate for those who work with it; with those it was chosen among also how far it is from speaking for everybody."""
    found: dict[str, Any] = {
        "slate": row.pk,
        "method": row.method,
        "at": wording.iso(row.at),
        "by": str(row.by) if row.by else "",
        "size": row.size,
        "seed": row.seed,
        "among": len(row.among),
        "questions": list(row.chosen),
    }
    if among is not None:
        left = slate_rules.left_out(among, row.chosen, row.size)
        found["left_out"] = {"question": left.question, "people": left.people, "all": left.all, "alpha": left.alpha}
    return found


def offered(airing_id: UUID) -> list[dict[str, Any]]:
    """The newest slates, the newest first, that one with its audit."""
    rows = list(Slate.objects.filter(room=airing_id).select_related("by")[:SHOWN])
    if not rows:
        return []
    among = _with_backers(visible.public_items(Question, airing_id).filter(pk__in=rows[0].among))
    return [told(row, among if row is rows[0] else None) for row in rows]


def record(airing_id: UUID) -> list[dict[str, Any]]:
    """All slates that were ever offered in a show, the newest first; of a draw with all that is needed to draw again."""
    rows = Slate.objects.filter(room=airing_id).select_related("by")
    return [
        told(row)
        | {"method_words": row.get_method_display(), "offered_at": row.at, "ids": " ".join(map(str, row.among))}
        for row in rows
    ]
