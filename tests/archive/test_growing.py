"""Staff's replay of a show that runs is the one that would be chosen as a whole, at any time."""

from __future__ import annotations

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import playlists, replay
from archive.growing import Growing
from archive.output import Show
from archive.playlists import Entry, Segment

START = 1_700_000_000_000
SHOW = Show(START + 3_000, None, 20_000)


@st.composite
def parts(draw: st.DrawFn) -> list[Segment]:
    """Some minutes of connections that follow one another, in order of start."""
    found, at = [], START
    for part in range(1, draw(st.integers(1, 4)) + 1):
        at += draw(st.sampled_from([0, 1_500, 9_000]))
        for number in range(draw(st.integers(1, 70))):
            duration = draw(st.sampled_from([2.0, 2.0, 2.0, 4.5]))
            end = at + round(duration * 1000)
            found.append(Segment(part, number, at, duration, end + 100, f"{number:06d}.ts"))
            at = end
    return found


def whole(segments: list[Segment]) -> tuple[str, list[dict[str, object]]]:
    """The same, chosen and written at once."""
    entries = [
        Entry(replay.address(each.part, each.number), each.start_ms, each.duration, gap)
        for each, gap in replay.entries(segments, SHOW, everything=True)
    ]
    return playlists.render(entries, kind="EVENT"), playlists.spans(entries)


@settings(max_examples=40, deadline=None)
@given(parts(), st.lists(st.integers(1, 40), max_size=12))
def test_it_is_the_same_in_however_many_steps_it_grew(segments: list[Segment], steps: list[int]) -> None:
    growing, count = Growing(), 0
    for step in [*steps, len(segments)]:
        count = min(len(segments), count + step)
        assert growing.follow(segments[:count], SHOW) == whole(segments[:count])


def test_of_two_lanes_it_is_the_same_once_what_came_late_is_there() -> None:
    """The back-up's segments come before main's at times; a hole of main is filled when it is known to be one."""
    main = [
        Segment(1, number, START + 2_000 * number, 2.0, START + 2_000 * number + 2_900, f"{number:06d}.ts")
        for number in range(100)
        if not 40 <= number < 50
    ]
    spare = [
        Segment(2, number, START + 2_000 * number, 2.0, START + 2_000 * number + 2_100, f"{number:06d}.ts", "backup")
        for number in range(100)
    ]
    both = sorted([*main, *spare], key=lambda each: (each.start_ms, each.part))
    growing = Growing()
    for now in range(START, START + 202_000, 500):
        text, _ = growing.follow([each for each in both if each.received_ms <= now], SHOW)
    assert text == whole(both)[0]
    assert len(m3u8.loads(text).segments) == 99


def test_a_show_that_begins_earlier_than_was_known_is_chosen_anew() -> None:
    segments = [Segment(1, number, START + 2_000 * number, 2.0, 0, f"{number:06d}.ts") for number in range(60)]
    growing = Growing()
    assert growing.follow(segments[10:], SHOW) == whole(segments[10:])
    assert growing.follow(segments, SHOW) == whole(segments)
