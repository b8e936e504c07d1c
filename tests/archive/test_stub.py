"""What a killed child leaves at the end of a part, however short, never holds up the public line."""

from __future__ import annotations

from archive.line import plan
from archive.output import Show
from archive.playlists import Segment


def test_a_stub_at_the_end_of_a_part_is_released_once_and_the_line_goes_on():
    first = [Segment(1, number, number * 2_000, 2.0, number * 2_000 + 2_000, "x") for number in range(3)]
    stub = Segment(1, 3, 6_000, 0.1, 6_100, "x")
    second = [Segment(2, number, 6_050 + number * 2_000, 2.0, 8_050 + number * 2_000, "x") for number in range(3)]
    show = Show(start_ms=0, end_ms=None, delay_ms=0)
    items = plan([], [*first, stub, *second], show, 60_000, fresh={2})
    assert [(item.part, item.number) for item in items] == [(1, 0), (1, 1), (1, 2), (1, 3), (2, 0), (2, 1), (2, 2)]
    assert plan(items, [*first, stub, *second], show, 60_000, fresh={2}) == []
