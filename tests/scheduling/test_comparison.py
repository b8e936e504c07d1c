"""Our log beside the station's: to the second, each line to one show at most, and what one side has alone is told."""

from __future__ import annotations

import datetime as dt
import itertools

from hypothesis import given
from hypothesis import strategies as st

from scheduling.comparison import Ours, Span, Theirs, compare, joined, missing

BASE = dt.datetime(2026, 11, 28, 3, tzinfo=dt.UTC)
HALF = dt.timedelta(minutes=30)


def second(number: float) -> dt.datetime:
    return BASE + dt.timedelta(seconds=number)


def ours(start: float = 0, end: float = 1800, key: str = "a", name: str = "政协热线") -> Ours[str]:
    return Ours(key, (name,), ((second(start), second(end)),))


def line(start: float, end: float, title: str = "政协热线", number: int = 2) -> Theirs:
    return Theirs(number, title, second(start), second(end))


def test_the_same_to_the_second_agrees():
    (found,), left = compare([ours()], [line(0, 1800)])
    assert (found.start_seconds, found.end_seconds, found.only_ours, found.only_theirs) == (0, 0, (), ())
    assert found.agrees(dt.timedelta(0))
    assert not left


def test_a_late_start_and_a_cut_in_the_middle_are_told_to_the_second():
    (found,), _left = compare([ours()], [line(3, 900), line(960, 1798, number=3)])
    assert (found.start_seconds, found.end_seconds) == (3, -2)
    assert found.only_ours == ((second(0), second(3)), (second(900), second(960)), (second(1798), second(1800)))
    assert not found.only_theirs
    assert not found.agrees(dt.timedelta(seconds=3))
    assert found.agrees(dt.timedelta(seconds=60))


def test_what_only_the_station_has_is_told():
    (found,), left = compare([ours()], [line(-5, 1800), line(90_000, 91_800, number=9)])
    assert found.only_theirs == ((second(-5), second(0)),)
    assert [each.line for each in left] == [9]


def test_a_show_without_a_line_never_agrees():
    (found,), _left = compare([ours()], [line(0, 1800, "天气预报")])
    assert (found.lines, found.start_seconds) == ((), None)
    assert found.only_ours == ((second(0), second(1800)),)
    assert not found.agrees(HALF)


def test_names_agree_through_what_stations_put_around_them():
    for title in ("政协热线（首播）", "FM89.8 政协热线 第1027期", "热线", "政协 热线"):
        (found,), _left = compare([ours()], [line(0, 1800, title)])
        assert found.lines, title
    (found,), _left = compare([ours()], [line(0, 1800, "政")])
    assert not found.lines


def test_of_two_shows_of_one_name_each_line_goes_to_the_nearest():
    first, rerun = ours(0, 1800, "first"), ours(10_000, 11_800, "rerun")
    found, left = compare([first, rerun], [line(10_003, 11_800), line(2, 1800)])
    assert [[each.start for each in row.lines] for row in found] == [[second(2)], [second(10_003)]]
    assert not left


SPANS = st.lists(
    st.tuples(st.integers(0, 300), st.integers(0, 60)).map(lambda pair: (second(pair[0]), second(pair[0] + pair[1]))),
    max_size=8,
)


def covered(spans: tuple[Span, ...] | list[Span]) -> set[int]:
    return {at for at in range(400) if any(start <= second(at) < end for start, end in spans)}


@given(SPANS, SPANS)
def test_what_is_missing_is_what_the_other_has_not_second_by_second(one: list[Span], other: list[Span]):
    assert covered(missing(one, other)) == covered(one) - covered(other)
    assert covered(joined(one)) == covered(one)
    again = joined(one)
    assert all(earlier[1] < later[0] for earlier, later in itertools.pairwise(again))
