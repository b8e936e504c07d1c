"""Explains a time zone to calendars as an RFC 5545 VTIMEZONE, out of the machine's zone data; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from zoneinfo import ZoneInfo

from icalendar import Timezone, TimezoneDaylight, TimezoneStandard

_DAY = dt.timedelta(days=1)


@lru_cache(maxsize=64)
def explained(zone: str, first: int, last: int) -> Timezone:
    """The zone from the year `first` to the end of the year `last`: what held at the beginning, and each change. Not to be changed."""
    known = ZoneInfo(zone)
    start = dt.datetime(first, 1, 1, tzinfo=dt.UTC)
    made = Timezone()
    made.add("tzid", zone)
    made.add_component(_observance(known, start, start))
    for change in _changes(known, start, dt.datetime(last + 1, 1, 1, tzinfo=dt.UTC)):
        made.add_component(_observance(known, change - dt.timedelta(seconds=1), change))
    return made


def _observance(zone: ZoneInfo, before: dt.datetime, at: dt.datetime) -> TimezoneDaylight | TimezoneStandard:
    """What holds from `at` on. Its DTSTART is the wall time that the change found, so by the offset before it."""
    old, new = before.astimezone(zone), at.astimezone(zone)
    offset = old.utcoffset() or dt.timedelta(0)
    made: TimezoneDaylight | TimezoneStandard = TimezoneDaylight() if new.dst() else TimezoneStandard()
    made.add("dtstart", (at + offset).replace(tzinfo=None))
    # Readers that follow rules alone find the one time by this one.
    made.add("rrule", {"freq": "yearly", "count": 1})
    made.add("tzoffsetfrom", offset)
    made.add("tzoffsetto", new.utcoffset() or dt.timedelta(0))
    made.add("tzname", new.tzname() or str(zone))
    return made


def _changes(zone: ZoneInfo, start: dt.datetime, end: dt.datetime) -> Iterator[dt.datetime]:
    """Each instant at which the offset changes, to the second; of two within one day only one is found."""
    at = start
    while at < end:
        following = min(at + _DAY, end)
        if _offset(zone, at) != _offset(zone, following):
            yield _found(zone, at, following)
        at = following


def _found(zone: ZoneInfo, low: dt.datetime, high: dt.datetime) -> dt.datetime:
    before = _offset(zone, low)
    while high - low > dt.timedelta(seconds=1):
        middle = low + dt.timedelta(seconds=int((high - low).total_seconds()) // 2)
        if _offset(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(zone: ZoneInfo, at: dt.datetime) -> tuple[dt.timedelta | None, dt.timedelta | None]:
    local = at.astimezone(zone)
    return local.utcoffset(), local.dst()
