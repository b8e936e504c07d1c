"""Two years of 政协热线: which Saturdays there are and what people do to them, by rules of its own, to hold the house against."""

from __future__ import annotations

import datetime as dt
import random
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import chinese_calendar

ZONE = ZoneInfo("Asia/Shanghai")
FIRST = dt.date(2024, 11, 30)
TWO_YEARS = 104
LENGTH = dt.timedelta(minutes=30)
DAY = dt.timedelta(days=1)


@dataclass(frozen=True)
class Word:
    """What people decide about one Saturday, and when: skip, move, preempt (a special takes its place), preempt_move."""

    kind: str
    at: dt.datetime
    to: dt.datetime | None = None


@dataclass
class Story:
    """Every Saturday with what becomes of it; and the minutes in which no scheduler runs, by the time they begin."""

    weeks: int = TWO_YEARS
    words: dict[dt.datetime, Word] = field(default_factory=dict)
    outages: dict[dt.datetime, dt.timedelta] = field(default_factory=dict)

    @property
    def originals(self) -> list[dt.datetime]:
        """The starts that the rule gives."""
        return [eleven(FIRST + number * 7 * DAY) for number in range(self.weeks)]

    def airs_at(self, original: dt.datetime) -> dt.datetime | None:
        """When that one goes out; None for one that does not."""
        word = self.words.get(original)
        if word is not None:
            return word.to
        date = original.astimezone(ZONE).date()
        if is_holiday(date):
            return None
        if is_make_up(date):
            date += DAY
            while is_holiday(date) or is_make_up(date):
                date += DAY
            return eleven(date)
        return original

    def expected(self) -> dict[dt.datetime, dt.datetime]:
        """Original start → when it is to go out, of all that do."""
        found = {original: self.airs_at(original) for original in self.originals}
        return {original: start for original, start in found.items() if start is not None}


def eleven(date: dt.date) -> dt.datetime:
    """11:00 in Shanghai on that day."""
    return dt.datetime.combine(date, dt.time(11), ZONE).astimezone(dt.UTC)


def is_holiday(date: dt.date) -> bool:
    """A public holiday, not just a weekend's day."""
    off, name = chinese_calendar.get_holiday_detail(date)
    return bool(off and name is not None)


def is_make_up(date: dt.date) -> bool:
    """A weekend's day on which people work."""
    return date.weekday() >= 5 and chinese_calendar.is_workday(date)


def told(weeks: int, seed: int = 20261122) -> Story:
    """The story of so many weeks: of ordinary Saturdays some are skipped, moved or pre-empted, long before or in the last minutes."""
    chance = random.Random(seed)
    story = Story(weeks)
    kinds = ["skip", "move", "preempt", "preempt_move"] * (weeks // 20)
    before = [dt.timedelta(days=16), dt.timedelta(days=2), dt.timedelta(hours=2), dt.timedelta(minutes=5)]
    ordinary = [each for each in story.originals if story.airs_at(each) == each]
    chosen = chance.sample(ordinary[3:-1], len(kinds) + weeks // 13)
    for number, (original, kind) in enumerate(zip(chosen, kinds, strict=False)):
        to = original + chance.choice([dt.timedelta(hours=3), DAY, -DAY, 2 * DAY]) if "move" in kind else None
        ahead = before[(number // 4 + number) % len(before)]
        # What is moved back must be said before that.
        at = (min(original, to) if to else original) - ahead
        story.words[original] = Word(kind, at, to)
    for number, original in enumerate(chosen[len(kinds) :]):
        # Within what a start may be late, and long beyond it.
        away = dt.timedelta(seconds=120) if number % 2 else dt.timedelta(minutes=20)
        story.outages[original - dt.timedelta(seconds=5)] = away
    return story
