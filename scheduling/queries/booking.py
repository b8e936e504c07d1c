"""Reads who and what is booked when, and what a plan would clash with; it decides and writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from broadcast.clock import ZONE
from broadcast.models import Airing, Appearance, Episode
from scheduling.models import Booking, Seat

# person, studio or feed, and its number.
Thing = tuple[str, int]
OVER = frozenset({Airing.State.ENDED, Airing.State.CANCELLED})


@dataclass(frozen=True)
class Clash:
    """Somebody or something that is wanted elsewhere at the same time. Times are ISO 8601 in UTC; `as` is said by `role`."""

    thing: str
    id: int
    name: str
    airing: str
    episode: int
    what: str
    start: str
    end: str
    role: str = ""

    def told(self) -> dict[str, Any]:
        """As an error's data carries it."""
        data = asdict(self)
        data["as"] = data.pop("role")
        return data


def key_of(booking: Booking) -> Thing:
    """What the booking is of."""
    for thing in ("person", "studio", "feed"):
        number = getattr(booking, f"{thing}_id")
        if number is not None:
            return thing, int(number)
    raise AssertionError("a booking is of one thing")


def any_of(things: Iterable[Thing]) -> Q:
    """Bookings of any of these; of nothing where there are none."""
    numbers: dict[str, list[int]] = {}
    for thing, number in things:
        numbers.setdefault(thing, []).append(number)
    found = Q(pk__in=[])
    for thing, each in numbers.items():
        found |= Q(**{f"{thing}_id__in": each})
    return found


def overlapping(start: dt.datetime, end: dt.datetime, things: Iterable[Thing], but: UUID | None) -> QuerySet[Booking]:
    """Bookings of these things within the time, without those of the airing `but`."""
    rows = Booking.objects.filter(any_of(things), span__overlap=(start, end))
    return (rows.exclude(airing_id=but) if but else rows).select_related(
        "person", "studio", "feed", "airing__episode__programme"
    )


def clashes(start: dt.datetime, end: dt.datetime, things: Sequence[Thing], but: UUID | None = None) -> list[Clash]:
    """What is in the way of having all these things in [start, end), earliest first."""
    rows = list(overlapping(start, end, things, but).order_by("span", "pk"))
    roles = _roles({row.airing.episode_id for row in rows if row.person_id})
    return [_clash(row, roles) for row in rows]


def _clash(row: Booking, roles: dict[tuple[int, int], str]) -> Clash:
    thing, number = key_of(row)
    episode = row.airing.episode
    return Clash(
        thing=thing,
        id=number,
        name=str(getattr(row, thing)),
        airing=str(row.airing_id),
        episode=episode.pk,
        what=label(episode),
        start=row.span.lower.isoformat(),
        end=row.span.upper.isoformat(),
        role=roles.get((episode.pk, number), "") if thing == "person" else "",
    )


def _roles(episodes: set[int]) -> dict[tuple[int, int], str]:
    """As what each person is in each of these episodes."""
    names = dict(Appearance.Role.choices)
    seats = Seat.objects.filter(episode__in=episodes, person__isnull=False).values_list("episode", "person", "role")
    here = Appearance.objects.filter(episode__in=episodes).values_list("episode", "person", "role")
    return {(episode, person): str(names.get(role, role)) for episode, person, role in [*seats, *here] if person}


def label(episode: Episode) -> str:
    """委员讲堂 第 405 期, or the title of an unnumbered special."""
    if episode.number is None:
        return f"{episode.programme.name} {episode.title}"
    return _("%(programme)s 第 %(number)s 期") % {"programme": episode.programme.name, "number": episode.number}


def span_words(start: dt.datetime, end: dt.datetime) -> str:
    """15:00–16:30 in Beijing time, with the day of the end where that is another."""
    first, last = start.astimezone(ZONE), end.astimezone(ZONE)
    if first.date() == last.date():
        return f"{first:%H:%M}–{last:%H:%M}"
    return f"{first:%m-%d %H:%M}–{last:%m-%d %H:%M}"
