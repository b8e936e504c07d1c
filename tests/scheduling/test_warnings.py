"""What a producer is warned of, and what not: none of it stops anybody."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

import pytest

from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing
from broadcast.services import episodes
from scheduling import warnings
from scheduling.queries import warnings as queries
from scheduling.services import invitations, seats
from tests.scheduling import guests_making as making
from tests.scheduling.making import airing as bare_airing
from tests.scheduling.making import feed

NOW = dt.datetime(2026, 11, 1, 3, tzinfo=dt.UTC)
FINE = warnings.Facts(start=NOW + 10 * making.DAY, now=NOW)


def _codes(facts: warnings.Facts) -> list[str]:
    return [each.code for each in warnings.of(facts)]


def test_a_show_in_order_has_no_warning() -> None:
    assert _codes(FINE) == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"has_description": False}, "description"),
        ({"is_booked": False}, "not_booked"),
        ({"empty": (("department", "市城管局"),)}, "department"),
        ({"empty": (("member", ""), ("expert", ""))}, "seats"),
        ({"unanswered": ("林委员",)}, "unanswered"),
        ({"other_time": ("林委员",)}, "other_time"),
        ({"start": NOW + dt.timedelta(hours=47)}, "announce"),
        ({"start": NOW + dt.timedelta(hours=47), "is_announced": True, "has_feed": False}, "feed"),
        ({"previous": FINE.start - 2 * making.DAY}, "close"),
    ],
)
def test_each_thing_amiss_has_its_warning(change: dict[str, Any], code: str) -> None:
    assert _codes(replace(FINE, **change)) == [code]


def test_early_enough_nobody_asks_for_announcement_and_feed() -> None:
    assert _codes(replace(FINE, is_announced=False, has_feed=False)) == []


def test_a_guest_too_often_or_too_soon_again() -> None:
    before = tuple(FINE.start - days * making.DAY for days in (10, 20))
    assert _codes(replace(FINE, guests=(warnings.Guest("林委员", before),))) == ["often"]
    tomorrow = (FINE.start + making.DAY,)
    assert _codes(replace(FINE, guests=(warnings.Guest("林委员", tomorrow),))) == ["guest_close"]
    long_ago = (FINE.start - 40 * making.DAY, FINE.start - 35 * making.DAY)
    assert _codes(replace(FINE, guests=(warnings.Guest("林委员", long_ago),))) == []
    assert _codes(replace(FINE, guests=(warnings.Guest("许老师", before, is_host=True),))) == []


def test_a_rehearsal_is_warned_of_people_alone() -> None:
    facts = replace(FINE, is_rehearsal=True, has_description=False, unanswered=("林委员",), previous=FINE.start)
    assert _codes(facts) == ["unanswered"]


@pytest.mark.django_db
def test_the_facts_are_read_from_the_rows() -> None:
    who, start = making.person(), making.soon()
    made = making.episode(start, guests=making.guests(who), feed=feed().pk)
    making.episode(start + making.DAY, guests=making.guests(who))
    seats.add(HOUSE, made.pk, "department", "市城管局")
    asked = seats.add(HOUSE, made.pk, "expert")
    invitations.make(HOUSE, asked.pk, making.person("陈教授").pk)
    found = queries.for_airings([making.airing_of(made)])
    assert [each.code for each in found[making.airing_of(made).pk]] == [
        "department",
        "unanswered",
        "description",
        "guest_close",
    ]


@pytest.mark.django_db
def test_what_could_not_be_booked_is_the_first_warning() -> None:
    start = making.soon()
    making.episode(start, slug="hall", feed=feed().pk)
    clashing = bare_airing(start)
    assert queries.for_airings([clashing])[clashing.pk][0].code == "not_booked"


@pytest.mark.django_db
def test_over_begun_and_repeated_airings_have_none() -> None:
    shown = making.airing_of(making.episode(making.soon()))
    lifecycle.start(HOUSE, shown.pk)
    rerun = making.airing_of(making.episode(making.soon(20), kind=Airing.Kind.RERUN))
    shown.refresh_from_db()
    assert queries.for_airings([shown, rerun]) == {}


@pytest.mark.django_db
def test_a_month_costs_as_many_queries_as_a_day(django_assert_num_queries: Any) -> None:
    who = making.person()
    airings = [making.airing_of(making.episode(making.soon(5 + day), guests=making.guests(who))) for day in range(8)]
    episodes.announce(HOUSE, airings[0].pk)
    with django_assert_num_queries(7):
        queries.for_airings(airings[:1])
    with django_assert_num_queries(7):
        assert len(queries.for_airings(airings)) == 8
