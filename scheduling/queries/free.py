"""The next time when people, a studio and a feed are all free; it must not write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from broadcast.clock import ZONE
from scheduling.models import Availability, Booking
from scheduling.queries.booking import Thing, any_of

STEP = dt.timedelta(minutes=15)
LOOK_AHEAD = dt.timedelta(days=14)
# Nobody is asked to a studio before or after these hours.
FIRST_HOUR, LAST_HOUR = 8, 22
# A start and an end; None is endless.
Busy = tuple[dt.datetime | None, dt.datetime | None]


def unwilling(people: Sequence[int], start: dt.datetime, end: dt.datetime) -> list[Availability]:
    """Times at which one of the people said they cannot come. It keeps nobody from booking them: they may have changed their mind."""
    rows = Availability.objects.filter(person__in=people, can=False, span__overlap=(start, end))
    return list(rows.select_related("person"))


def nearest(
    things: Sequence[Thing], start: dt.datetime, length: dt.timedelta, but: UUID | None = None
) -> dt.datetime | None:
    """The first time from `start` on when all are free for `length`, by day; None within two weeks. Two queries.

    `but` is the airing itself, whose own bookings stand in nobody's way.
    """
    horizon = start + LOOK_AHEAD
    bookings = Booking.objects.filter(any_of(things), span__overlap=(start, horizon))
    if but is not None:
        bookings = bookings.exclude(airing=but)
    people = [number for thing, number in things if thing == "person"]
    said = Availability.objects.filter(person__in=people, can=False, span__overlap=(start, horizon))
    spans = [*bookings.values_list("span", flat=True), *said.values_list("span", flat=True)]
    return first_gap([(each.lower, each.upper) for each in spans], start, length, horizon)


def first_gap(
    busy: Sequence[Busy], start: dt.datetime, length: dt.timedelta, horizon: dt.datetime
) -> dt.datetime | None:
    """The first start from `start` on, by day, whose span meets none of `busy`; None at `horizon`."""
    at = by_day(start, length)
    while at < horizon:
        blocking = [
            upper for lower, upper in busy if (lower is None or lower < at + length) and (upper is None or upper > at)
        ]
        if not blocking:
            return at
        ends = [each for each in blocking if each is not None]
        if len(ends) < len(blocking):
            return None
        at = by_day(_quarter_after(max(ends)), length)
    return None


def by_day(at: dt.datetime, length: dt.timedelta) -> dt.datetime:
    """`at`, or the next morning where the span would begin or end at night. What is longer than a day's hours begins in the morning."""
    local = at.astimezone(ZONE)
    opens = local.replace(hour=FIRST_HOUR, minute=0, second=0, microsecond=0)
    closes = local.replace(hour=LAST_HOUR, minute=0, second=0, microsecond=0)
    if local < opens:
        return opens.astimezone(dt.UTC)
    if local == opens or local + length <= closes:
        return at
    return (opens + dt.timedelta(days=1)).astimezone(dt.UTC)


def _quarter_after(at: dt.datetime) -> dt.datetime:
    over = dt.timedelta(minutes=at.minute % 15, seconds=at.second, microseconds=at.microsecond)
    return at if not over else at - over + STEP
