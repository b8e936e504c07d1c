"""Whether a slot, as it is wished, would run into itself, other slots or airings; it must not write."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db.models import Q

from broadcast import clock
from broadcast.models import Airing
from scheduling import recurrence
from scheduling.foreseen import Foreseen
from scheduling.holidays import Days
from scheduling.models import Slot
from scheduling.queries import coming


@dataclass(frozen=True)
class Overlap:
    """Two at one time: what is wanted twice ("programme", "feed" or "studio", "itself"), when each is, and what the other one is."""

    thing: str
    start: dt.datetime
    end: dt.datetime
    other_start: dt.datetime
    other_end: dt.datetime
    other: str


def first(slot: Slot, wished: Sequence[Foreseen], days: Days) -> Overlap | None:
    """The earliest, of what is wished for `slot` (saved or not); None where it stands free. Skipped occurrences take no time."""
    spans = sorted((each.start, each.end) for each in wished if each.verdict != "skip")
    if not spans:
        return None
    for one, two in itertools.pairwise(spans):
        if two[0] < one[1]:
            return Overlap("itself", *one, *two, str(slot.programme))
    found = [each for each in (_slots(slot, spans, days), _airings(slot, spans)) if each is not None]
    return min(found, key=lambda each: each.start, default=None)


def _slots(slot: Slot, spans: Sequence[tuple[dt.datetime, dt.datetime]], days: Days) -> Overlap | None:
    """Against every other slot that shares programme, feed or studio."""
    same = Q(programme=slot.programme_id)
    if slot.feed_id:
        same |= Q(feed=slot.feed_id)
    if slot.studio_id:
        same |= Q(studio=slot.studio_id)
    left_out = [key for key in (slot.pk, slot.follows_id) if key is not None]
    found = []
    for other in coming.slots().filter(same).exclude(pk__in=left_out):
        try:
            theirs = coming.of_slot(other, spans[0][0] - coming.FAR, spans[-1][1], days)
        except recurrence.BadRule:
            continue
        hit = _hit(spans, ((each.start, each.end) for each in theirs if each.verdict != "skip"))
        if hit is not None:
            found.append(Overlap(_shared(slot, other), *hit, _named(other)))
    return min(found, key=lambda each: each.start, default=None)


def _airings(slot: Slot, spans: Sequence[tuple[dt.datetime, dt.datetime]]) -> Overlap | None:
    """Against airings that belong to no slot: of this programme, or on the same feed or in the same studio."""
    same = Q(episode__programme=slot.programme_id)
    if slot.feed_id:
        same |= Q(feed=slot.feed_id) | Q(backup_feed=slot.feed_id)
    if slot.studio_id:
        same |= Q(bookings__studio=slot.studio_id)
    states = [Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR]
    rows = (
        Airing.objects.filter(same, state__in=states, planned_end__gt=max(clock.now(), spans[0][0]), occurrence=None)
        .filter(planned_start__lt=spans[-1][1])
        .exclude(kind=Airing.Kind.REHEARSAL)
        .select_related("episode__programme")
        .distinct()
        .order_by("planned_start")
    )
    for airing in rows:
        hit = _hit(spans, [(airing.planned_start, airing.planned_end)])
        if hit is not None:
            return Overlap(_wanted_twice(slot, airing), *hit, str(airing.episode))
    return None


def _wanted_twice(slot: Slot, airing: Airing) -> str:
    if airing.episode.programme_id == slot.programme_id:
        return "programme"
    return "feed" if slot.feed_id and slot.feed_id in {airing.feed_id, airing.backup_feed_id} else "studio"


def _hit(
    spans: Sequence[tuple[dt.datetime, dt.datetime]], others: Iterable[tuple[dt.datetime, dt.datetime]]
) -> tuple[dt.datetime, dt.datetime, dt.datetime, dt.datetime] | None:
    """The first two that touch, by one walk along both."""
    at = 0
    for start, end in sorted(others):
        while at < len(spans) and spans[at][1] <= start:
            at += 1
        if at == len(spans):
            return None
        if spans[at][0] < end:
            return (*spans[at], start, end)
    return None


def _shared(one: Slot, two: Slot) -> str:
    if one.programme_id == two.programme_id:
        return "programme"
    return "feed" if one.feed_id and one.feed_id == two.feed_id else "studio"


def _named(slot: Slot) -> str:
    return f"{slot.programme.name_zh} {slot.name}".strip()
