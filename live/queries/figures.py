"""The figures of a show: what came, what became public, what was refused and why, what was reported and appealed, how long it took.
Counts alone, with nobody's name or words; it must not write."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.db.models import Count, F, Q

from broadcast import clock
from broadcast.models import Airing
from live.models import Appeal, Comment, Item, Question, Report
from live.queries import reason_list, visible

_S = Item.State


@dataclass(frozen=True)
class Kind:
    """Comments, or questions. Each received one is in exactly one of waiting, public, hidden, rejected, withdrawn, retracted, merged.

    `published` ever became public; `hidden` is public but for a withdrawal of many that stands; `masked` is public with words covered;
    `by_rule` of the rejected was refused by a rule, not by a person.
    """

    received: int
    authors: int
    published: int
    waiting: int
    public: int
    hidden: int
    rejected: int
    by_rule: int
    withdrawn: int
    retracted: int
    merged: int
    masked: int

    @property
    def taken_down(self) -> int:
        """Withdrawn one by one or many together."""
        return self.withdrawn + self.hidden


@dataclass(frozen=True)
class Why:
    """How many comments and questions were refused, and taken down, for one reason."""

    name: str
    rejected: int
    withdrawn: int


@dataclass(frozen=True)
class Waits:
    """Seconds from sent to decided by a person, appeals aside; None where nothing was decided."""

    count: int
    half: int | None
    most: int | None
    longest: int | None
    in_a_minute: int


@dataclass(frozen=True)
class Figures:
    """All of it for one airing."""

    comments: Kind
    questions: Kind
    reasons: tuple[Why, ...]
    reports: int
    reported: int
    upheld: int
    dismissed: int
    open_reports: int
    appeals: int
    granted: int
    refused: int
    open_appeals: int
    late_appeals: int
    on_air: int
    answered: int
    waits: Waits


def figures(airing: Airing) -> Figures:
    """Counted now, from the rows; a dozen queries."""
    reports = Report.objects.filter(room=airing.pk).aggregate(
        all=Count("pk"),
        upheld=Count("pk", filter=Q(state=Report.State.UPHELD)),
        dismissed=Count("pk", filter=Q(state=Report.State.DISMISSED)),
        open=Count("pk", filter=Q(state=Report.State.OPEN)),
    )
    reported = Report.objects.filter(room=airing.pk).values("kind", "item").distinct().count()
    late = Q(decided_at__gt=F("due_at")) | Q(state="open", due_at__lt=clock.now())
    appeals = Appeal.objects.filter(room=airing.pk).aggregate(
        all=Count("pk"),
        granted=Count("pk", filter=Q(state="granted")),
        refused=Count("pk", filter=Q(state="refused")),
        open=Count("pk", filter=Q(state="open")),
        late=Count("pk", filter=late),
    )
    asked = Question.objects.filter(room=airing.pk).aggregate(
        on_air=Count("pk", filter=Q(on_air_at__isnull=False)), answered=Count("pk", filter=Q(answered_at__isnull=False))
    )
    return Figures(
        comments=_kind(airing.pk, Comment),
        questions=_kind(airing.pk, Question),
        reasons=_reasons(airing.pk),
        reports=reports["all"],
        reported=reported,
        upheld=reports["upheld"],
        dismissed=reports["dismissed"],
        open_reports=reports["open"],
        appeals=appeals["all"],
        granted=appeals["granted"],
        refused=appeals["refused"],
        open_appeals=appeals["open"],
        late_appeals=appeals["late"],
        on_air=asked["on_air"],
        answered=asked["answered"],
        waits=_waits(airing.pk),
    )


def _kind(airing_id: UUID, model: type[Comment] | type[Question]) -> Kind:
    public_states = Question.PUBLIC if model is Question else (_S.APPROVED,)
    public = Q(state__in=public_states)
    counted = model.objects.filter(room=airing_id).aggregate(
        received=Count("pk"),
        authors=Count("author", distinct=True),
        published=Count("pk", filter=Q(public_at__isnull=False)),
        waiting=Count("pk", filter=Q(state__in=Item.WAITING)),
        public=Count("pk", filter=public),
        rejected=Count("pk", filter=Q(state=_S.REJECTED)),
        by_rule=Count("pk", filter=Q(state=_S.REJECTED, decided_by=None)),
        withdrawn=Count("pk", filter=Q(state=_S.WITHDRAWN)),
        retracted=Count("pk", filter=Q(state=_S.RETRACTED)),
        merged=Count("pk", filter=Q(state="merged")),
        masked=Count("pk", filter=public & ~Q(mask=[])),
    )
    seen = visible.public_items(model, airing_id).count()
    return Kind(**{**counted, "public": seen}, hidden=counted["public"] - seen)


def _reasons(airing_id: UUID) -> tuple[Why, ...]:
    names = reason_list.names()
    counted: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for model in (Comment, Question):
        rows = model.objects.filter(room=airing_id, state__in=[_S.REJECTED, _S.WITHDRAWN])
        for state, reason, many in rows.values_list("state", "reason").annotate(many=Count("pk")):
            counted[reason][state == _S.WITHDRAWN] += many
    found = [Why(names.get(code, code), rejected, withdrawn) for code, (rejected, withdrawn) in counted.items()]
    return tuple(sorted(found, key=lambda why: (-why.rejected - why.withdrawn, why.name)))


_WAITS = """
WITH decided AS (
    SELECT extract(epoch FROM coalesce(public_at, decided_at) - created_at) AS took FROM live_comment
    WHERE room_id = %(room)s AND decided_by_id IS NOT NULL AND appeal = ''
    UNION ALL
    SELECT extract(epoch FROM coalesce(public_at, decided_at) - created_at) FROM live_question
    WHERE room_id = %(room)s AND decided_by_id IS NOT NULL AND appeal = ''
)
SELECT count(*), percentile_disc(0.5) WITHIN GROUP (ORDER BY took), percentile_disc(0.95) WITHIN GROUP (ORDER BY took),
    max(took), count(*) FILTER (WHERE took <= 60) FROM decided WHERE took IS NOT NULL
"""


def _waits(airing_id: UUID) -> Waits:
    with connection.cursor() as cursor:
        cursor.execute(_WAITS, {"room": airing_id})
        count, half, most, longest, in_a_minute = cursor.fetchone()
    return Waits(count, _whole(half), _whole(most), _whole(longest), in_a_minute)


def _whole(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds)
