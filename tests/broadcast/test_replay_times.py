"""Programme time and replay seconds: what was cut has no words, what touches a cut is shortened."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from broadcast.replay_times import Place, Span, place, programme_ms

# Ten seconds, a cut of five, ten more.
SPANS = [Span(1_000_000, 0.0, 10.0), Span(1_015_000, 10.0, 10.0)]


def test_a_line_before_the_cut_stands_where_it_was_said() -> None:
    assert place(1_002_000, 1_004_000, SPANS) == Place(2.0, 4.0, True)


def test_a_line_after_the_cut_stands_earlier_by_its_length() -> None:
    assert place(1_016_000, 1_018_000, SPANS) == Place(11.0, 13.0, True)


def test_a_line_in_the_cut_or_mostly_in_it_is_dropped() -> None:
    assert place(1_011_000, 1_014_000, SPANS) is None
    assert place(1_009_000, 1_013_000, SPANS) is None
    assert place(900_000, 990_000, SPANS) is None


def test_a_line_that_reaches_into_the_cut_ends_there() -> None:
    assert place(1_007_000, 1_011_000, SPANS) == Place(7.0, 10.0, False)
    assert place(1_014_000, 1_018_000, SPANS) == Place(10.0, 13.0, False)


def test_a_line_that_begins_before_and_ends_after_a_cut_stands_over_the_joint() -> None:
    assert place(1_004_000, 1_022_000, SPANS) == Place(4.0, 17.0, False)
    assert place(1_009_000, 1_016_000, SPANS) == Place(9.0, 11.0, False)


def test_on_the_joint_a_line_begins_behind_it_and_ends_before_it() -> None:
    assert programme_ms(10.0, SPANS) == 1_015_000
    assert programme_ms(10.0, SPANS, end=True) == 1_010_000


@settings(max_examples=100, deadline=None)
@given(start=st.integers(0, 19_000), long=st.integers(300, 900))
def test_what_is_placed_in_the_replay_comes_back_to_the_same_second(start: int, long: int) -> None:
    end = min(start + long, 20_000)
    found = place(programme_ms(start / 1000, SPANS), programme_ms(end / 1000, SPANS, end=True), SPANS)
    assert found is not None
    assert abs(found.start - start / 1000) < 0.002
    assert abs(found.end - end / 1000) < 0.002
