"""When a rule's occurrences are, from local time, zone and RFC 5545 rule; pure: it knows no table and no current time."""

from __future__ import annotations

import datetime as dt
import heapq
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.relativedelta import relativedelta
from dateutil.rrule import rrule, rruleset, rrulestr

MOST = 5_000
MOST_INTERVAL = 366
# A rule without any day in the steps of so many years has none in any: weekdays and leap years have all come round by then.
_ROUND = 40
# What a step of a frequency counts in, and how many make a year.
_UNITS = {"DAILY": ("days", 365), "WEEKLY": ("weeks", 52), "MONTHLY": ("months", 12), "YEARLY": ("years", 1)}
_ALLOWED_FREQUENCIES = ("YEARLY", "MONTHLY", "WEEKLY", "DAILY")
_ALLOWED_PARTS = {
    "FREQ",
    "INTERVAL",
    "COUNT",
    "UNTIL",
    "BYDAY",
    "BYMONTHDAY",
    "BYMONTH",
    "BYSETPOS",
    "BYWEEKNO",
    "BYYEARDAY",
    "WKST",
}


class BadRule(ValueError):
    """The rule cannot be read, or would occur several times a day; the text says what was found."""


@dataclass(frozen=True)
class Rule:
    """A regular time. `local_time` is wall time in `zone`; `rule` counts local days from `first_date`.

    `extra` are starts beyond the rule (RFC 5545's RDATE). From `until` on, an instant, nothing occurs, whatever rule and extra say.
    """

    first_date: dt.date
    local_time: dt.time
    zone: str
    rule: str
    minutes: int
    extra: tuple[dt.datetime, ...] = ()
    until: dt.datetime | None = None


@dataclass(frozen=True)
class Occurrence:
    """One occurrence, in UTC. `original` is the start that the rule gives: its identity. `start` differs when it was moved."""

    original: dt.datetime
    start: dt.datetime
    end: dt.datetime


def occurrences(
    rule: Rule,
    after: dt.datetime,
    before: dt.datetime,
    exceptions: Mapping[dt.datetime, dt.datetime | None] | None = None,
) -> Iterator[Occurrence]:
    """Occurrences whose original start lies in [after, before), in order. Raises BadRule.

    `exceptions` maps an original start to its new start, or to None where it is skipped. A wall time that a zone jumps over
    moves on by the length of the gap (02:30 becomes 03:30); one that comes twice is the first of the two: one a day, always.
    """
    length = dt.timedelta(minutes=rule.minutes)
    for original in starts(rule, after, before):
        start = (exceptions or {}).get(original, original)
        if start is not None:
            yield Occurrence(original, start, start + length)


def starts(rule: Rule, after: dt.datetime, before: dt.datetime) -> Iterator[dt.datetime]:
    """Every start that rule and extra dates give in [after, before), each once, in order, in UTC. Raises BadRule."""
    end = before if rule.until is None else min(before, rule.until)
    extra = sorted({each.astimezone(dt.UTC) for each in rule.extra if after <= each < end})
    last: dt.datetime | None = None
    for start in heapq.merge(_by_rule(rule, after, end), extra):
        if start != last:
            yield start
        last = start


def _by_rule(rule: Rule, after: dt.datetime, before: dt.datetime) -> Iterator[dt.datetime]:
    zone = zone_of(rule)
    dates = parse(rule)
    last: dt.datetime | None = None
    # A local day is never further than this from the UTC day of the same name.
    since = after.astimezone(zone).replace(tzinfo=None) - dt.timedelta(days=2)
    for local in itertools.islice(dates.xafter(since, inc=True), MOST):
        original = to_utc(dt.datetime.combine(local.date(), rule.local_time), zone)
        if original >= before:
            return
        if original < after or (last is not None and original <= last):
            continue  # the second: a whole day that a zone left out falls on the next
        last = original
        yield original


def fires(rule: Rule) -> bool:
    """Whether the rule names any day at all, COUNT and UNTIL aside (30 February does not). Raises BadRule.

    Asked near the end of all dates, where the search for a day that never comes is short; from today on it takes seconds.
    """
    parts = _parts(rule)
    parts.pop("COUNT", None)
    parts.pop("UNTIL", None)
    step = int(parts.get("INTERVAL", "1"))
    unit, a_year = _UNITS[parts["FREQ"]]
    steps = (dt.MAXYEAR - 1 - rule.first_date.year) * a_year // step - _ROUND * a_year
    moved = rule.first_date
    for fewer in range(_ROUND):  # a 31st or a 29 February must fall on one again
        moved = rule.first_date + relativedelta(**{unit: max(steps - fewer, 0) * step})  # type: ignore[arg-type]
        if moved.day == rule.first_date.day or unit in {"days", "weeks"}:
            break
    moved_rule = replace(rule, first_date=moved, rule=";".join(f"{key}={value}" for key, value in parts.items()))
    return next(iter(parse(moved_rule)), None) is not None


def to_utc(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The instant of a naive wall time. In a gap: the instant as if the clock had not jumped; in an overlap: the first."""
    return local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def parse(rule: Rule) -> rrule:
    """The rule over naive local dates. Raises BadRule for what is not RFC 5545 or recurs within a day."""
    text = ";".join(f"{key}={value}" for key, value in _parts(rule).items())
    try:
        made = rrulestr(text, dtstart=dt.datetime.combine(rule.first_date, dt.time()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRule(f"{rule.rule!r} is not a rule of RFC 5545: {error}") from error
    if isinstance(made, rruleset):
        raise BadRule("one RRULE is expected; exceptions are rows of their own")
    return made


def _parts(rule: Rule) -> dict[str, str]:
    parts = dict(_part(each) for each in rule.rule.upper().removeprefix("RRULE:").split(";") if each)
    if parts.get("FREQ") not in _ALLOWED_FREQUENCIES:
        raise BadRule(f"FREQ is {parts.get('FREQ')!r}; expected one of {', '.join(_ALLOWED_FREQUENCIES)}")
    strangers = set(parts) - _ALLOWED_PARTS
    if strangers:
        raise BadRule(f"{', '.join(sorted(strangers))} cannot be used in a slot's rule")
    interval = parts.get("INTERVAL", "1")
    if not interval.isascii() or not interval.isdigit() or not 1 <= int(interval[:6]) <= MOST_INTERVAL:
        raise BadRule(f"INTERVAL is {interval!r}; expected 1 to {MOST_INTERVAL}")
    if "COUNT" in parts and "UNTIL" in parts:
        raise BadRule("COUNT and UNTIL exclude each other")
    # UNTIL is compared in local days: the rule counts days, and the time of day is the slot's.
    if "UNTIL" in parts:
        parts["UNTIL"] = parts["UNTIL"][:8] + "T235959"
    return parts


def _part(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not value:
        raise BadRule(f"{text!r} is not NAME=VALUE")
    return key.strip(), value.strip()


def zone_of(rule: Rule) -> ZoneInfo:
    """The zone that the rule's times are in. Raises BadRule for one that is none."""
    name = rule.zone
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRule(f"{name!r} is not a time zone") from error
