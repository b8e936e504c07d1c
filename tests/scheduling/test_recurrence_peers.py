"""Random rules in random zones give what python-dateutil and recurring-ical-events give for them, exceptions and extra dates too."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from zoneinfo import ZoneInfo

import icalendar
import recurring_ical_events
from dateutil.rrule import rrulestr
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduling.recurrence import Rule, fires, occurrences, starts

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC")
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
FIRST, LAST = dt.date(2023, 1, 1), dt.date(2026, 12, 31)


@st.composite
def texts(draw: st.DrawFn) -> str:
    """A rule that a slot takes, of any shape."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}"]
    if draw(st.booleans()):
        parts.append(f"INTERVAL={draw(st.integers(1, 5))}")
    by_day = draw(st.lists(st.sampled_from(WEEKDAYS), max_size=3, unique=True))
    if by_day:
        nth = draw(st.sampled_from(["", "1", "-1", "2"])) if frequency in {"MONTHLY", "YEARLY"} else ""
        parts.append("BYDAY=" + ",".join(nth + each for each in by_day))
    if frequency in {"MONTHLY", "DAILY"} and not by_day and draw(st.booleans()):
        days = draw(st.lists(st.sampled_from([1, 13, 28, 29, 30, 31, -1, -2]), min_size=1, max_size=2, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(map(str, days)))
    if draw(st.integers(0, 3)) == 0:
        months = draw(st.lists(st.integers(1, 12), min_size=1, max_size=3, unique=True))
        parts.append("BYMONTH=" + ",".join(map(str, sorted(months))))
    if frequency == "MONTHLY" and by_day and draw(st.booleans()):
        parts.append(f"BYSETPOS={draw(st.sampled_from([1, -1]))}")
    if draw(st.integers(0, 2)) == 0:
        parts.append(f"COUNT={draw(st.integers(1, 40))}")
    if frequency == "WEEKLY" and draw(st.booleans()):
        parts.append(f"WKST={draw(st.sampled_from(WEEKDAYS))}")
    return ";".join(parts)


@st.composite
def rules(draw: st.DrawFn) -> Rule:
    """A slot's rule that begins on a day it names: RFC 5545 counts the start as the first occurrence, whatever the rule says."""
    time = draw(st.times()).replace(second=0, microsecond=0)
    rule = Rule(
        draw(st.dates(FIRST, LAST)), time, draw(st.sampled_from(ZONES)), draw(texts()), draw(st.integers(1, 600))
    )
    assume(fires(rule))
    endless = ";".join(each for each in rule.rule.split(";") if not each.startswith(("COUNT", "INTERVAL")))
    start = next(iter(rrulestr(endless, dtstart=dt.datetime.combine(rule.first_date, dt.time()))))
    return replace(rule, first_date=start.date())


def window(rule: Rule, days: int) -> tuple[dt.datetime, dt.datetime]:
    after = dt.datetime.combine(rule.first_date, dt.time(), dt.UTC) - dt.timedelta(days=2)
    return after, after + dt.timedelta(days=days)


@settings(max_examples=150, deadline=None)
@given(rule=rules(), days=st.integers(1, 900))
def test_as_dateutil_counts_wall_times(rule: Rule, days: int) -> None:
    after, before = window(rule, days)
    zone = ZoneInfo(rule.zone)
    naive = rrulestr(rule.rule, dtstart=dt.datetime.combine(rule.first_date, rule.local_time))
    instants = (each.replace(tzinfo=zone).astimezone(dt.UTC) for each in naive)
    wanted = [each for each in itertools.takewhile(lambda each: each < before, instants) if each >= after]
    assert list(starts(rule, after, before)) == wanted


@settings(max_examples=100, deadline=None)
@given(rule=rules(), days=st.integers(30, 600), data=st.data())
def test_as_a_calendar_reads_it_with_exceptions_and_extra_dates(rule: Rule, days: int, data: st.DataObject) -> None:
    after, before = window(rule, days)
    plain = list(starts(rule, after, before))
    assume(plain)
    extra = tuple(
        plain[0] + dt.timedelta(days=each, hours=1) for each in data.draw(st.lists(st.integers(1, 20), max_size=2))
    )
    extra = tuple(each for each in extra if each not in plain)
    skipped = set(data.draw(st.lists(st.sampled_from(plain), max_size=3)))
    moved = {
        each: each + dt.timedelta(hours=data.draw(st.integers(1, 30)))
        for each in data.draw(st.lists(st.sampled_from(plain), max_size=2, unique=True))
        if each not in skipped
    }
    said: dict[dt.datetime, dt.datetime | None] = {**dict.fromkeys(skipped), **moved}
    ours = occurrences(replace(rule, extra=extra), after, before, said)
    assert sorted({each.start for each in ours}) == _as_read(rule, extra, skipped, moved, before)


def _as_read(
    rule: Rule,
    extra: tuple[dt.datetime, ...],
    skipped: set[dt.datetime],
    moved: dict[dt.datetime, dt.datetime],
    before: dt.datetime,
) -> list[dt.datetime]:
    """What another reader finds in the calendar that says the same, of originals before `before`."""
    zone = ZoneInfo(rule.zone)
    length = dt.timedelta(minutes=rule.minutes)
    master = icalendar.Event()
    master.add("uid", "slot")
    start = dt.datetime.combine(rule.first_date, rule.local_time, zone)
    master.add("dtstart", start)
    master.add("duration", length)
    master.add("rrule", icalendar.vRecur.from_ical(rule.rule))
    for each in skipped:
        master.add("exdate", each.astimezone(zone))
    for each in extra:
        master.add("rdate", each.astimezone(zone))
    calendar = icalendar.Calendar()
    calendar.add_component(master)
    for original, to in moved.items():
        one = icalendar.Event()
        one.add("uid", "slot")
        one.add("recurrence-id", original.astimezone(zone))
        one.add("dtstart", to.astimezone(zone))
        one.add("duration", length)
        calendar.add_component(one)
    until = before + dt.timedelta(days=3)
    found = recurring_ical_events.of(calendar).between(dt.datetime(2022, 12, 1, tzinfo=dt.UTC), until)
    began = {each["DTSTART"].dt.astimezone(dt.UTC) for each in found}
    ours = {each for each in began if each < before and each not in set(moved.values())}
    return sorted(ours | set(moved.values()))
