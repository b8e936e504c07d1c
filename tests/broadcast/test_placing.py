"""An old form changes what was typed in it and nothing else; what two people changed differently is for them to decide."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from broadcast.placing import Clash, Placed, merged

times = st.sampled_from([dt.datetime(2026, 11, 28, hour, tzinfo=dt.UTC) for hour in (3, 4, 5)])
numbers = st.none() | st.integers(1, 3)
places = st.builds(Placed, numbers, times, times, numbers, numbers)
PARTS = (("number",), ("start", "end"), ("feed", "backup_feed"))


def part(placed: Placed, names: tuple[str, ...]) -> tuple[object, ...]:
    return tuple(getattr(placed, name) for name in names)


@given(places, places)
def test_a_form_that_left_all_alone_changes_nothing(was: Placed, now: Placed) -> None:
    assert merged(was, now, was) == now


@given(places, places)
def test_where_nobody_else_changed_anything_the_form_has_its_way(was: Placed, wanted: Placed) -> None:
    assert merged(was, was, wanted) == wanted


@given(places, places)
def test_what_both_changed_alike_is_no_clash(was: Placed, wanted: Placed) -> None:
    assert merged(was, wanted, wanted) == wanted


@given(places, places, places)
def test_each_part_is_the_others_or_ours_or_told(was: Placed, now: Placed, wanted: Placed) -> None:
    clashing = [names for names in PARTS if len({part(was, names), part(now, names), part(wanted, names)}) == 3]
    if clashing:
        with pytest.raises(Clash) as told:
            merged(was, now, wanted)
        assert told.value.field == clashing[0][0]
        assert told.value.now == part(now, clashing[0])
        return
    found = merged(was, now, wanted)
    for names in PARTS:
        untouched = part(wanted, names) == part(was, names)
        assert part(found, names) == part(now if untouched else wanted, names)
