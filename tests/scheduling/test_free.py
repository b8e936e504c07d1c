"""The next time that suits everybody: after what is in the way, by day, on a quarter of an hour, or none at all."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.clock import ZONE
from scheduling.queries.free import by_day, first_gap

TEN = dt.datetime(2026, 2, 26, 10, 0, tzinfo=ZONE)
HOUR = dt.timedelta(hours=1)
HORIZON = TEN + dt.timedelta(days=14)


def gap(*busy: tuple[float, float], at: dt.datetime = TEN, length: dt.timedelta = HOUR) -> dt.datetime | None:
    """With hours after ten that are taken."""
    return first_gap([(TEN + HOUR * one, TEN + HOUR * other) for one, other in busy], at, length, HORIZON)


def test_a_free_time_is_taken_as_it_is() -> None:
    assert gap() == TEN
    assert gap((-2, 0), (1, 5)) == TEN


def test_what_is_in_the_way_is_waited_for_to_the_next_quarter() -> None:
    assert gap((0.5, 1.1)) == TEN + dt.timedelta(minutes=75)
    assert gap((0, 1), (1, 2), (2.5, 3)) == TEN + 3 * HOUR


def test_at_night_nobody_is_asked() -> None:
    morning = dt.datetime(2026, 2, 27, 8, 0, tzinfo=ZONE)
    assert gap((0, 11.5)) == morning
    assert by_day(TEN.replace(hour=5), HOUR) == TEN.replace(hour=8)
    assert gap((0, 11.5), (22, 23)) == morning + HOUR


def test_what_is_longer_than_a_day_begins_in_the_morning() -> None:
    assert gap(length=16 * HOUR) == dt.datetime(2026, 2, 27, 8, 0, tzinfo=ZONE)


def test_somebody_who_never_can_has_no_time() -> None:
    assert first_gap([(TEN - HOUR, None)], TEN, HOUR, HORIZON) is None
    assert gap((0, 15 * 24)) is None


@pytest.mark.parametrize("hours", [1, 3, 13])
@given(
    taken=st.lists(st.tuples(st.integers(-40, 300), st.integers(1, 60)), max_size=20),
    at=st.integers(0, 95),
)
def test_what_is_proposed_is_free_by_day_and_nothing_earlier_that_follows_something_is(
    hours: int, taken: list[tuple[int, int]], at: int
) -> None:
    length, start = HOUR * hours, TEN + dt.timedelta(minutes=15 * at)
    quarter = dt.timedelta(minutes=15)
    busy = [(TEN + quarter * one, TEN + quarter * (one + more)) for one, more in taken]

    def suits(time: dt.datetime) -> bool:
        local = time.astimezone(ZONE)
        day = local.hour >= 8 and local + length <= local.replace(hour=22, minute=0)
        return day and not any(lower < time + length and upper > time for lower, upper in busy)

    found = first_gap(busy, start, length, HORIZON)
    expected = next((each for each in (start + quarter * n for n in range(14 * 96 - at)) if suits(each)), None)
    assert found == expected
