"""What becomes of each occurrence of a slot, by rule, by people, and by days that are not ordinary; pure, it asks no table."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from scheduling import recurrence
from scheduling.holidays import Day, Days, Kind

# A day that is moved looks so far for one that is ordinary.
_FURTHEST = 30


class Verdict(StrEnum):
    """As scheduling.models.DayRule and SlotException.Kind."""

    AIR = "air"
    SKIP = "skip"
    MOVE = "move"
    RERUN = "rerun"


@dataclass(frozen=True)
class Said:
    """What people said of one occurrence."""

    kind: str
    moved_to: dt.datetime | None = None
    minutes: int | None = None
    cause: str = "person"
    reason: str = ""


@dataclass(frozen=True)
class Policy:
    """What a slot does on days that are not ordinary, by `Verdict`; `move_days` so many days on (back when negative)."""

    on_holiday: str = Verdict.AIR
    on_workday: str = Verdict.AIR
    move_days: int = 1


@dataclass(frozen=True)
class Foreseen:
    """One occurrence and what becomes of it. `start` is where it goes; of a skipped one where it would have gone.

    `cause` is empty, "person", "holiday" or "preempt". `day` is the local day that the rule named.
    """

    original: dt.datetime
    start: dt.datetime
    end: dt.datetime
    verdict: str
    day: Day
    cause: str = ""
    reason: str = ""

    @property
    def airs(self) -> bool:
        """Whether something of its own goes out."""
        return self.verdict in {Verdict.AIR, Verdict.MOVE}


@dataclass(frozen=True)
class Plan:
    """All of a slot that decides about its occurrences."""

    rule: recurrence.Rule
    policy: Policy = Policy()
    exceptions: Mapping[dt.datetime, Said] = field(default_factory=dict)


def foresee(plan: Plan, days: Days, after: dt.datetime, before: dt.datetime) -> Iterator[Foreseen]:
    """Every occurrence whose original start lies in [after, before), in order of those, the skipped ones too. Raises BadRule."""
    zone = recurrence.zone_of(plan.rule)
    for original in recurrence.starts(plan.rule, after, before):
        day = days.of(original.astimezone(zone).date())
        said = plan.exceptions.get(original)
        yield _by_people(plan.rule, original, day, said) if said else _by_day(plan, original, day, days)


def _by_people(rule: recurrence.Rule, original: dt.datetime, day: Day, said: Said) -> Foreseen:
    start = said.moved_to or original
    end = start + dt.timedelta(minutes=said.minutes or rule.minutes)
    return Foreseen(original, start, end, said.kind, day, said.cause, said.reason)


def _by_day(plan: Plan, original: dt.datetime, day: Day, days: Days) -> Foreseen:
    length = dt.timedelta(minutes=plan.rule.minutes)
    policy = plan.policy
    verdict = {Kind.HOLIDAY: policy.on_holiday, Kind.WORKDAY: policy.on_workday}.get(Kind(day.kind), Verdict.AIR)
    start = _moved(plan, original, days) if verdict == Verdict.MOVE else original
    cause = "" if verdict == Verdict.AIR else "holiday"
    return Foreseen(original, start, start + length, verdict, day, cause, day.name if cause else "")


def _moved(plan: Plan, original: dt.datetime, days: Days) -> dt.datetime:
    """The same wall time so many days on, then further to the next day that is neither holiday nor make-up workday."""
    zone = recurrence.zone_of(plan.rule)
    way = plan.policy.move_days or 1
    date = original.astimezone(zone).date() + dt.timedelta(days=way)
    one = dt.timedelta(days=1 if way > 0 else -1)
    for _step in range(_FURTHEST):
        if days.of(date).kind == Kind.ORDINARY:
            break
        date += one
    return recurrence.to_utc(dt.datetime.combine(date, plan.rule.local_time), zone)
