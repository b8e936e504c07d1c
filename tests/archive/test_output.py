"""What becomes public, by properties: delay, cuts, numbering, and a writer that is killed anywhere."""

from __future__ import annotations

import math
from itertools import pairwise

import m3u8
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import line, output, playlists, replay
from archive.output import Cut, Item, Show
from archive.playlists import Segment

START = 1_790_000_000_000
FRESH_MS = 6_000


@st.composite
def part_segments(draw: st.DrawFn) -> list[Segment]:
    """One to three parts with holes or overlaps between them, some segments received late."""
    found, at = [], START - draw(st.integers(0, 20_000))
    for part in range(1, draw(st.integers(1, 3)) + 1):
        came = 0
        for number in range(draw(st.integers(1, 25))):
            duration = draw(st.sampled_from([2.0, 2.002, 1.96, 4.0, 0.32]))
            end = at + round(duration * 1000)
            came = max(came, end + draw(st.sampled_from([0, 40, 300, 3_000])))
            found.append(Segment(part, number, at, duration, came, f"{number:06d}.ts"))
            at = end
        at += draw(st.sampled_from([-3_000, 0, 700, 9_000]))
    return sorted(found, key=lambda each: (each.start_ms, each.part))


@st.composite
def shows(draw: st.DrawFn) -> Show:
    delay = draw(st.sampled_from([0, 4_000, 6_000, 20_000]))
    cuts, at = [], START
    for _ in range(draw(st.integers(0, 2))):
        at += draw(st.integers(0, 40_000))
        since, until = at - delay, at + draw(st.integers(1, 30_000))
        cuts.append((at, Cut(since, until)))
        at = until
    return Show(
        START, draw(st.sampled_from([None, START + 30_000, START + 60_000])), delay, tuple(cut for _, cut in cuts)
    )


def received(segments: list[Segment], now: int) -> list[Segment]:
    return [each for each in segments if each.received_ms <= now]


def fresh(segments: list[Segment], now: int) -> set[int]:
    newest: dict[int, int] = {}
    for each in segments:
        newest[each.part] = max(newest.get(each.part, 0), each.received_ms)
    return {part for part, at in newest.items() if now - at < FRESH_MS}


def known(show: Show, now: int) -> Show:
    """The show as it is known at `now`: cuts to come are not known, those not resumed yet are open."""
    cuts = [cut for cut in show.cuts if cut.since_ms + show.delay_ms <= now]
    cuts = [cut if cut.until_ms is not None and cut.until_ms <= now else Cut(cut.since_ms, None) for cut in cuts]
    end = show.end_ms if show.end_ms is not None and show.end_ms <= now else None
    return Show(show.start_ms, end, show.delay_ms, tuple(cuts))


def play(segments: list[Segment], show: Show, times: list[int]) -> list[tuple[int, Item]]:
    """Run the writer at these times; each pass knows only what a fresh process would find on disk."""
    items: list[Item] = []
    released: list[tuple[int, Item]] = []
    for now in times:
        here = received(segments, now)
        new = line.plan(items, here, known(show, now), now, fresh(here, now))
        items += new
        released += [(now, item) for item in new]
    return released


passes = st.lists(st.sampled_from([300, 500, 1_000, 5_000]), min_size=10, max_size=50)


def clock(steps: list[int]) -> list[int]:
    at, times = START, []
    for step in steps:
        at += step
        times.append(at)
    return times


@settings(max_examples=60, deadline=None)
@given(part_segments(), shows(), passes)
def test_the_public_line_keeps_its_promises(segments: list[Segment], show: Show, steps: list[int]) -> None:
    released = play(segments, show, clock(steps))
    by_key = {(each.part, each.number): each for each in segments}
    for now, item in released:
        assert item.end_ms <= now - show.delay_ms, "never ahead of the delay"
        assert item.start_ms >= show.start_ms
        if item.is_filler:
            assert any(cut.overlaps(item.start_ms, item.end_ms + 2_000) for cut in show.cuts), "filler only for a cut"
        else:
            segment = by_key[item.part, item.number]
            assert segment.ready_ms <= now - show.delay_ms
            assert not any(cut.withholds(segment) for cut in show.cuts), (
                "nothing withheld is ever out, whenever it was decided"
            )
            assert show.end_ms is None or item.end_ms <= show.end_ms or now < show.end_ms
    items = [item for _, item in released]
    assert [item.sequence for item in items] == list(range(len(items)))
    for before, after in pairwise(items):
        assert after.start_ms >= before.end_ms - 250, "time does not run back"
    assert len({(item.part, item.number) for item in items if not item.is_filler}) == sum(
        not item.is_filler for item in items
    )


@settings(max_examples=40, deadline=None)
@given(part_segments(), shows(), passes, passes)
def test_one_part_gives_the_same_line_whenever_the_writer_ran(
    segments: list[Segment], show: Show, steps: list[int], others: list[int]
) -> None:
    """With one source nothing depends on when the writer looked, so neither on when it was killed and began again."""
    segments = [each for each in segments if each.part == 1]
    last = max(sum(steps), sum(others)) + START
    one = play(segments, show, [*clock(steps), last])
    two = play(segments, show, [*clock(others), last])
    assert [item for _, item in one] == [item for _, item in two]


@settings(max_examples=40, deadline=None)
@given(part_segments(), shows(), passes, st.integers(10, 60))
def test_the_window_slides_with_right_numbers(
    segments: list[Segment], show: Show, steps: list[int], window: int
) -> None:
    items: list[Item] = []
    seen: dict[int, str] = {}
    counted: dict[int, int] = {}
    for now in clock(steps):
        here = received(segments, now)
        items += line.plan(items, here, known(show, now), now, fresh(here, now))
        text = output.live_playlist(
            items, [f"{each.part}-{each.number}-{each.sequence}.ts" for each in items], window, ended=False
        )
        parsed = m3u8.loads(text)
        discontinuity = parsed.discontinuity_sequence or 0
        for index, segment in enumerate(parsed.segments):
            number = (parsed.media_sequence or 0) + index
            discontinuity += bool(segment.discontinuity)
            assert seen.setdefault(number, segment.uri) == segment.uri, "a number never changes its segment"
            assert counted.setdefault(number, discontinuity) == discontinuity, "nor its place among the discontinuities"
            assert math.floor(segment.duration + 0.5) <= parsed.target_duration
        if parsed.segments:
            assert parsed.segments[-1].uri.endswith(f"-{len(items) - 1}.ts")
            assert parsed.segments[0].program_date_time is not None


@settings(max_examples=40, deadline=None)
@given(part_segments(), shows())
def test_replay_and_cut_share_no_media_and_staff_see_all(segments: list[Segment], show: Show) -> None:
    public = [each for each, _ in replay.entries(segments, show, everything=False)]
    staff = [each for each, _ in replay.entries(segments, show, everything=True)]
    for segment in public:
        assert not any(cut.withholds(segment) for cut in show.cuts)
        assert segment.start_ms >= show.start_ms
        assert show.end_ms is None or segment.end_ms <= show.end_ms
    if len({each.part for each in segments}) == 1:
        inside = [
            each
            for each in segments
            if each.end_ms > show.start_ms and (show.end_ms is None or each.start_ms < show.end_ms)
        ]
        assert staff == inside
        assert set(inside) - set(public) == {each for each in inside if show.withheld(each)}


def unbroken(segments: list[Segment]) -> list[tuple[int, int]]:
    """Stretches of media time without a hole, joined over parts that touch or overlap."""
    entries = [playlists.Entry("x.ts", each.start_ms, each.duration, False) for each in segments]
    covered: list[tuple[int, int]] = []
    for entry in sorted(entries, key=lambda each: each.start_ms):
        end = entry.start_ms + round(entry.duration * 1000)
        if covered and entry.start_ms - covered[-1][1] <= 500:
            covered[-1] = (covered[-1][0], max(covered[-1][1], end))
        else:
            covered.append((entry.start_ms, end))
    return covered


@settings(max_examples=40, deadline=None)
@given(part_segments())
def test_spans_and_gaps_are_each_other_turned_round(segments: list[Segment]) -> None:
    covered = unbroken(segments)
    holes = playlists.gaps(covered, segments[0].start_ms, max(each.end_ms for each in segments))
    edges = sorted([*covered, *holes])
    for (_, end), (start, _) in pairwise(edges):
        assert abs(start - end) <= 500
    assert sum(end - start for start, end in edges) <= edges[-1][1] - edges[0][0]


def test_a_cut_shows_filler_at_the_same_delayed_clock_and_then_goes_on() -> None:
    segments = [
        Segment(1, number, START + number * 2000, 2.0, START + number * 2000 + 2000, "x.ts") for number in range(60)
    ]
    show = Show(START, None, 4_000, (Cut(START + 16_000, START + 40_000),))
    items = [item for _, item in play(segments, show, list(range(START, START + 100_000, 500)))]
    kinds = "".join("f" if item.is_filler else "m" for item in items)
    assert kinds.startswith("m" * 8 + "f" * 12 + "m" * 10)
    first_filler = next(item for item in items if item.is_filler)
    assert first_filler.start_ms == START + 16_000
    assert first_filler.gap
    assert [item.gap for item in items if item.is_filler] == [True] + [False] * 11
    after = items[20]
    assert after.start_ms == START + 40_000
    assert after.gap
