"""Rows for tests of people, seats and bookings: plans of episodes, people, and a producer."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.models import Airing, Episode, Person, RoleGrant, User
from broadcast.services import episodes
from broadcast.services.episodes import EpisodePlan, GuestPlan
from tests.scheduling.making import programme

_numbers = itertools.count(1)
DAY = dt.timedelta(days=1)
HALF = dt.timedelta(minutes=30)


def soon(days: float = 10) -> dt.datetime:
    """A full hour so many days from now."""
    return (clock.now() + days * DAY).replace(minute=0, second=0, microsecond=0)


def person(name: str = "林委员", **fields: Any) -> Person:
    return Person.objects.create(name=name, is_member=True, **({"sector": "经济界"} | fields))


def guests(*people: Person, role: str = "member") -> tuple[GuestPlan, ...]:
    return tuple(GuestPlan(role=role, name=each.name, person=each.pk) for each in people)


def plan(start: dt.datetime, *, slug: str = "hotline", length: dt.timedelta = HALF, **fields: Any) -> EpisodePlan:
    brand = programme(slug)
    values: dict[str, Any] = {
        "programme": brand.pk,
        "title": "一期",
        "start": start,
        "end": start + length,
        "number": next(_numbers),
    }
    return EpisodePlan(**(values | fields))


def episode(start: dt.datetime, *, actor: Actor = HOUSE, **fields: Any) -> Episode:
    """Made as a producer makes it, so that it is booked."""
    return episodes.create(actor, plan(start, **fields))


def airing_of(made: Episode) -> Airing:
    return made.airings.get()


def producer(slug: str = "hotline", role: str = "producer") -> Actor:
    user = User.objects.create(username=f"g-{next(_numbers)}")
    RoleGrant.objects.create(user=user, programme=programme(slug), role=role, granted_at=clock.now())
    return Actor(user_id=user.pk, name=user.username)
