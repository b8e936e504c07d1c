"""Which days the mainland has off and which weekends it works, as published and as entered by hand; it guesses no year."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import chinese_calendar


class Kind(StrEnum):
    """What a day is. A weekend's day without any announcement is ordinary."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"
    ORDINARY = "ordinary"


@dataclass(frozen=True)
class Day:
    """What one day is. `announced` is False while its year's list is not out: then `kind` says only what was entered by hand."""

    date: dt.date
    kind: str = Kind.ORDINARY
    name: str = ""
    announced: bool = True
    by_hand: bool = False


class Days:
    """Every day that is asked for, what was entered by hand first. Reads no table: its rows are given to it."""

    def __init__(self, by_hand: Mapping[dt.date, tuple[str, str]] | None = None) -> None:
        self._by_hand = dict(by_hand or {})

    def of(self, date: dt.date) -> Day:
        """What `date` is, a local date of the mainland."""
        entered = self._by_hand.get(date)
        if entered is not None:
            return Day(date, entered[0], entered[1], announced=True, by_hand=True)
        if not self.is_announced(date.year):
            return Day(date, announced=False)
        return published(date)

    def is_announced(self, year: int) -> bool:
        """Whether the year's list is known: published with the package, or entered here with any holiday of its own.

        One row is enough to say so, since whoever enters a year enters all of it.
        """
        if year in published_years():
            return True
        return any(day.year == year and kind == Kind.HOLIDAY for day, (kind, _name) in self._by_hand.items())

    def year(self, year: int) -> list[Day]:
        """Every day of `year` that is not ordinary, or was entered by hand."""
        first = dt.date(year, 1, 1)
        days = (self.of(first + dt.timedelta(days=each)) for each in range((dt.date(year + 1, 1, 1) - first).days))
        return [day for day in days if day.by_hand or day.kind != Kind.ORDINARY]


def published(date: dt.date) -> Day:
    """What the published list says of a day of a published year."""
    if date in chinese_calendar.workdays:
        return Day(date, Kind.WORKDAY, _name(chinese_calendar.workdays[date]))
    if date in chinese_calendar.holidays:
        return Day(date, Kind.HOLIDAY, _name(chinese_calendar.holidays[date]))
    return Day(date)


def published_years() -> frozenset[int]:
    """The years whose lists the package holds."""
    return _YEARS


def _name(english: object) -> str:
    """The package's lists name a holiday in English; its enum knows the Chinese."""
    holiday = chinese_calendar.Holiday(english)
    return str(holiday.chinese)


_YEARS = frozenset(each.year for each in chinese_calendar.holidays)
