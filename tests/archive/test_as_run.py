"""The as-run record says what the log says: once, whoever reads it and in how many steps."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import playout
from archive.asrun import AsRun, Stretch, going_out
from archive.models import AsRunEntry
from archive.output import Item, Show

from .making import make_airing

START = 1_790_000_000_000
SOURCES = ["main", "main", "backup", "cut", "filler:3", "rerun:x", "hole"]


@st.composite
def logs(draw: st.DrawFn) -> list[Item]:
    items: list[Item] = []
    at = START
    for source in draw(st.lists(st.sampled_from(SOURCES), max_size=40)):
        if source == "hole":
            at += draw(st.sampled_from([300, 1_500, 8_000]))
            continue
        taped = source in {"cut", "filler:3", "rerun:x"}
        number = len(items)
        facts = {"source": source} if taped else {"lane": source}
        items.append(Item(number, 0 if taped else 1, number, at, 2.0, False, reason="rule", **facts))
        at += 2_000
    return items


@settings(max_examples=60, deadline=None)
@given(logs(), st.integers(1, 7))
def test_the_record_covers_the_line_and_is_the_same_in_steps(items: list[Item], step: int) -> None:
    end = (items[-1].end_ms if items else START) + 500
    show = Show(START, end, 4_000)
    whole = AsRun()
    whole.follow(items, show, closed=True)
    steps = AsRun()
    for count in range(0, len(items) + 1, step):
        steps.follow(items[:count], show, closed=False)
    steps.follow(items, show, closed=True)
    assert steps.stretches == whole.stretches
    for one, other in zip(whole.stretches, whole.stretches[1:], strict=False):
        assert one.end_ms <= other.start_ms
        assert (one.kind, one.subject) != (other.kind, other.subject) or other.start_ms - one.end_ms <= 2_000
    shown = sum(each.end_ms - each.start_ms for each in whole.stretches if each.kind != "nothing")
    assert shown >= 2_000 * len(items)
    assert len({(each.first_sequence, each.kind) for each in whole.stretches}) == len(whole.stretches)


def test_a_hole_is_nothing_and_only_what_changed_is_told_again() -> None:
    items = [Item(n, 1, n, START + n * 2_000, 2.0, False, lane="main", reason="rule") for n in range(3)]
    show = Show(START, START + 40_000, 4_000)
    record = AsRun()
    record.follow(items, show, closed=False)
    assert record.news() == (Stretch(0, "main", START, START + 6_000, "rule"),)
    record.told()
    late = Item(3, 0, 0, START + 20_000, 2.0, True, source="filler:house", reason="feed_missing")
    record.follow([*items, late], show, closed=True)
    assert [(each.kind, each.first_sequence) for each in record.news()] == [
        ("main", 0),
        ("nothing", 3),
        ("filler", 3),
        ("nothing", 4),
    ]
    record.told()
    assert len(record.news()) == 1


def test_what_goes_out_now() -> None:
    show = Show(START, None, 4_000)
    item = Item(0, 0, 0, START, 2.0, False, source="rerun:x")
    assert going_out([], None, START, closed=False) == ""
    assert going_out([], show, START + 5_000, closed=False) == ""
    assert going_out([], show, START + 11_000, closed=False) == "nothing"
    assert going_out([item], show, START + 7_000, closed=False) == "rerun"
    assert going_out([item], show, START + 13_000, closed=False) == "nothing"
    assert going_out([item], show, START + 7_000, closed=True) == "nothing"


@pytest.mark.django_db
def test_rows_are_written_once_and_grow() -> None:
    airing = make_airing()
    first = Stretch(0, "main", START, START + 6_000, "rule")
    told = [first, Stretch(3, "filler", START + 6_000, START + 8_000, "feed_missing", "house")]
    assert playout.note_as_run(airing.pk, told) == 2
    assert playout.note_as_run(airing.pk, told) == 0, "the same again changes nothing"
    assert playout.note_as_run(airing.pk, [Stretch(0, "main", START, START + 9_000, "rule")]) == 1
    rows = list(AsRunEntry.objects.filter(airing=airing).values_list("kind", "subject", "reason"))
    assert rows == [("main", "", "rule"), ("filler", "house", "feed_missing")]


def test_two_sources_that_overlap_are_recorded_one_after_the_other() -> None:
    items = [
        Item(0, 1, 0, START, 2.0, False, lane="main", reason="rule"),
        Item(1, 2, 0, START + 1_800, 2.0, True, lane="backup", reason="feed_missing"),
    ]
    record = AsRun()
    record.follow(items, Show(START, None, 4_000), closed=False)
    assert [(each.start_ms - START, each.end_ms - START) for each in record.stretches] == [(0, 2_000), (2_000, 3_800)]


@pytest.mark.parametrize(
    ("lane", "hole", "reason"),
    [("backup", 1_900, "change"), ("backup", 3_000, "feed_missing"), ("main", 1_900, "feed_missing")],
)
def test_the_wait_for_another_sources_next_segment_is_not_called_an_outage(lane: str, hole: int, reason: str) -> None:
    items = [
        Item(0, 1, 0, START, 2.0, False, lane="main", reason="rule"),
        Item(1, 2, 0, START + 2_000 + hole, 2.0, True, lane=lane, reason="rule"),
    ]
    record = AsRun()
    record.follow(items, Show(START, None, 4_000), closed=False)
    assert [(each.kind, each.reason) for each in record.stretches[1:]] == [("nothing", reason), (lane, "rule")]
