"""When a rule's occurrences are, from local time, zone and RFC 5545 rule; pure: it knows no table and no current time."""

from __future__ import annotations

import datetime as dt
import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from dateutil.rrule import rrule, rruleset, rrulestr

MOST = 5_000
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
    """A regular time. `local_time` is wall time in `zone`; `rule` counts local days from `first_date`."""

    first_date: dt.date
    local_time: dt.time
    zone: str
    rule: str
    minutes: int


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
    zone = _zone(rule.zone)
    dates = parse(rule)
    length = dt.timedelta(minutes=rule.minutes)
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
        start = (exceptions or {}).get(original, original)
        if start is not None:
            yield Occurrence(original, start, start + length)


def to_utc(local: dt.datetime, zone: ZoneInfo) -> dt.datetime:
    """The instant of a naive wall time. In a gap: the instant as if the clock had not jumped; in an overlap: the first."""
    return local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def parse(rule: Rule) -> rrule:
    """The rule over naive local dates. Raises BadRule for what is not RFC 5545 or recurs within a day."""
    parts = dict(_part(each) for each in rule.rule.upper().removeprefix("RRULE:").split(";") if each)
    if parts.get("FREQ") not in _ALLOWED_FREQUENCIES:
        raise BadRule(f"FREQ is {parts.get('FREQ')!r}; expected one of {', '.join(_ALLOWED_FREQUENCIES)}")
    strangers = set(parts) - _ALLOWED_PARTS
    if strangers:
        raise BadRule(f"{', '.join(sorted(strangers))} cannot be used in a slot's rule")
    if not parts.get("INTERVAL", "1").isdigit() or int(parts.get("INTERVAL", "1")) < 1:
        raise BadRule(f"INTERVAL is {parts['INTERVAL']!r}; expected 1 or more")
    # UNTIL is compared in local days: the rule counts days, and the time of day is the slot's.
    if "UNTIL" in parts:
        parts["UNTIL"] = parts["UNTIL"][:8] + "T235959"
    text = ";".join(f"{key}={value}" for key, value in parts.items())
    try:
        made = rrulestr(text, dtstart=dt.datetime.combine(rule.first_date, dt.time()))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadRule(f"{rule.rule!r} is not a rule of RFC 5545: {error}") from error
    if isinstance(made, rruleset):
        raise BadRule("one RRULE is expected; exceptions are rows of their own")
    return made


def _part(text: str) -> tuple[str, str]:
    key, sign, value = text.partition("=")
    if not sign or not value:
        raise BadRule(f"{text!r} is not NAME=VALUE")
    return key.strip(), value.strip()


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise BadRule(f"{name!r} is not a time zone") from error
