"""What one calendar page shows: its view and days, the links to others, the filters; reads only."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import QueryDict
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Ability, Actor, can, may_be_rerun
from broadcast.clock import ZONE
from broadcast.errors import NotFound
from broadcast.forms import number
from broadcast.models import Airing, Programme
from broadcast.views.staff_page import abilities_of, programmes_of
from scheduling.queries import calendar as query
from scheduling.queries import days as holidays
from scheduling.queries import dry_run
from scheduling.views.calendar_form import NewAiring

VIEWS = ("month", "week", "agenda")
AGENDA_DAYS = 28
# Hours that a week shows even when nothing is on.
HOURS = range(9, 21)
_EARLIEST, _LATEST = dt.date(2000, 1, 1), dt.date(2099, 11, 30)


@dataclass(frozen=True)
class Place:
    """Where in the calendar one is: what an address says, and what it is again."""

    view: str = "month"
    on: dt.date = dt.date(2026, 1, 1)
    programme: str = ""
    person: int | None = None

    def address(self, **sheet: str) -> str:
        """The page's address, with what stands in the sheet."""
        parts = {"view": self.view, "on": self.on.isoformat(), "programme": self.programme, "person": self.person}
        return f"{reverse('staff:calendar')}?{urlencode({k: v for k, v in {**parts, **sheet}.items() if v})}"

    @property
    def first(self) -> dt.date:
        """The first day shown."""
        if self.view == "agenda":
            return self.on
        start = self.on.replace(day=1) if self.view == "month" else self.on
        return start - dt.timedelta(days=start.weekday())

    @property
    def last(self) -> dt.date:
        """The last day shown."""
        if self.view == "agenda":
            return self.on + dt.timedelta(days=AGENDA_DAYS - 1)
        if self.view == "week":
            return self.first + dt.timedelta(days=6)
        end = _month_after(self.on) - dt.timedelta(days=1)
        return end + dt.timedelta(days=6 - end.weekday())

    def earlier(self) -> Place:
        """One month, week or agenda before."""
        if self.view == "month":
            return replace(self, on=(self.on.replace(day=1) - dt.timedelta(days=1)).replace(day=1))
        return replace(self, on=self.on - dt.timedelta(days=7 if self.view == "week" else AGENDA_DAYS))

    def later(self) -> Place:
        """One month, week or agenda after."""
        if self.view == "month":
            return replace(self, on=_month_after(self.on))
        return replace(self, on=self.on + dt.timedelta(days=7 if self.view == "week" else AGENDA_DAYS))

    @property
    def heading(self) -> str:
        """What is shown, in words."""
        if self.view == "month":
            return _("%(year)s 年 %(month)s 月") % {"year": self.on.year, "month": self.on.month}
        return _("%(first)s 至 %(last)s") % {"first": f"{self.first:%Y-%m-%d}", "last": f"{self.last:%m-%d}"}


def today() -> dt.date:
    """Today in Beijing."""
    return clock.now().astimezone(ZONE).date()


def place_of(asked: QueryDict) -> Place:
    """Where an address leads; what cannot be read leads to this month."""
    view = asked.get("view", "")
    return Place(
        view=view if view in VIEWS else "month",
        on=min(max(day_of(asked.get("on", "")) or today(), _EARLIEST), _LATEST),
        programme=asked.get("programme", "")[:50],
        person=number(asked.get("person")),
    )


def day_of(text: str) -> dt.date | None:
    """A day as 2026-02-26, or None."""
    try:
        return dt.date.fromisoformat(text[:10])
    except ValueError:
        return None


def airing_of(text: str) -> UUID | None:
    """The id of an airing, or None."""
    try:
        return UUID(text)
    except ValueError:
        return None


def moment(text: str) -> dt.datetime | None:
    """A time of ISO 8601, in Beijing where it names no zone; None for what is none, or of no year that a calendar has."""
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    aware = found if found.tzinfo else found.replace(tzinfo=ZONE)
    return aware if _EARLIEST <= aware.date() <= _LATEST else None


def opened(actor: Actor, airing_id: UUID) -> dict[str, Any]:
    """The sheet of one airing. Raises NotFound for one that is not in the actor's programmes."""
    found = query.opened(airing_id)
    if found is None or not can(actor, Ability.WATCH_INTERNAL, found.airing.episode.programme_id):
        raise NotFound(_("没有这一场。"))
    may = abilities_of(actor, found.airing)
    return {
        "opened": found,
        "may": may,
        "may_move": may["produce"] and found.airing.state == Airing.State.PLANNED,
        "may_rehearse": may["produce"]
        and found.airing.state == Airing.State.PLANNED
        and found.airing.kind == Airing.Kind.PREMIERE,
        "may_rerun": may["produce"] and may_be_rerun(found.airing),
    }


def draw_unsaved(context: dict[str, Any], sheet: NewAiring) -> None:
    """Show on its day what was not saved, where that is shown at all."""
    span = sheet.form.span()
    programme = next((each for each in context["producing"] if str(each.pk) == sheet.form["programme"].value()), None)
    day = next((each for each in context["days"] if span and each.date == span[0].date()), None)
    if span is None or programme is None or day is None:
        return
    words = _("没有保存，有冲突") if sheet.clashes else _("没有保存")
    day.entries.append(query.Entry(*span, programme, None, tone="refused", words=(words,)))
    day.entries.sort(key=lambda each: each.start)
    context["hours"] = _hours(context["days"]) if context["place"].view == "week" else []


def context(actor: Actor, place: Place) -> dict[str, Any]:
    """Everything of the page but its sheet. The number of queries does not depend on how much is on."""
    mine = list(programmes_of(actor))
    producing = query.with_numbers(programmes_of(actor, Ability.PRODUCE))
    shown: list[Programme] = [each for each in mine if each.slug == place.programme] or mine
    numbers = {each.pk for each in producing}
    known = holidays.known()
    days = query.days(shown, place.first, place.last, person=place.person, producing=numbers, known=known)
    years = range(place.first.year, place.last.year + 1)
    return {
        "place": place,
        "mine": mine,
        "producing": producing,
        "days": days,
        "weeks": [days[at : at + 7] for at in range(0, len(days), 7)],
        "hours": _hours(days) if place.view == "week" else [],
        "people": query.people_of(shown, place.first, place.last, place.person),
        "rules": query.rules(shown),
        "today": today(),
        "not_announced": [year for year in years if not known.is_announced(year)],
        "ahead": dry_run.count(numbers) if producing else None,
        "any": any(day.entries for day in days),
        "links": {
            "earlier": place.earlier().address(),
            "later": place.later().address(),
            "today": replace(place, on=today()).address(),
            "here": place.address(),
            "query": place.address().removeprefix(reverse("staff:calendar")),
            "new": place.address(new=_proposed(place).isoformat()),
            **{view: replace(place, view=view).address() for view in VIEWS},
        },
    }


def _hours(days: list[query.Day]) -> list[dict[str, Any]]:
    """The week's rows: each hour with what begins in it, by day; hours of the night only where something does."""
    begun = {entry.local.hour for day in days for entry in day.entries}
    return [
        {
            "hour": hour,
            "days": [
                {"day": day, "entries": [each for each in day.entries if each.local.hour == hour]} for day in days
            ],
        }
        for hour in range(24)
        if hour in begun or hour in HOURS
    ]


def _proposed(place: Place) -> dt.date:
    """The day that a new airing begins with: today where it is shown, else the first day of what is."""
    if place.first <= today() <= place.last:
        return today()
    return place.on.replace(day=1) if place.view == "month" else place.on


def _month_after(day: dt.date) -> dt.date:
    return (day.replace(day=28) + dt.timedelta(days=4)).replace(day=1)
