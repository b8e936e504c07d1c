"""The public line out of lanes and tapes, by properties: what may never happen whatever drops, is silent or is chosen."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import m3u8
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import line, output, replay
from archive.lanes import place
from archive.output import AUTO, BACKUP, FALLBACK, MAIN, Choice, Cut, Item, Rule, Show, Tape, TapeSegment
from archive.playlists import Segment

START = 1_790_000_000_000
FRESH_MS = 6_000
FILLER = Tape("filler:house", tuple(TapeSegment(f"filler/{n}.ts", 2.0, n == 0) for n in range(30)))


def lane(
    name: str, first_part: int, *runs: tuple[int, int], late: int = 40, quiet: tuple[int, int] = (0, 0)
) -> list[Segment]:
    """Segments of 2 s for these runs of seconds since the start; each run is a part. `quiet`: seconds that are silent."""
    found = []
    for index, (since, until) in enumerate(runs):
        for number, at in enumerate(range(since * 1000, until * 1000, 2000)):
            start = START + at
            silent = quiet[0] * 1000 <= at < quiet[1] * 1000
            found.append(
                Segment(first_part + index, number, start, 2.0, start + 2000 + late, "x.ts", lane=name, silent=silent)
            )
    return found


@st.composite
def lanes(draw: st.DrawFn) -> list[Segment]:
    """Main and back-up over a minute or two, each with holes, silences, odd lengths, late arrivals and new parts."""
    found: list[Segment] = []
    part = 0
    for name in (MAIN, BACKUP):
        at = START + draw(st.sampled_from([-5_000, -700, 0, 900, 12_000]))
        for _ in range(draw(st.integers(0, 5))):
            part += 1
            came = 0
            silent = False
            for number in range(draw(st.integers(1, 14))):
                duration = draw(st.sampled_from([2.0, 2.0, 2.0, 2.002, 1.96, 4.0, 0.32]))
                silent = draw(st.sampled_from([silent] * 5 + [not silent]))
                end = at + round(duration * 1000)
                came = max(came, end + draw(st.sampled_from([0, 40, 300, 1_500])))
                found.append(Segment(part, number, at, duration, came, f"{number:06d}.ts", name, silent))
                at = end
            at += draw(st.sampled_from([-1_500, 0, 1_200, 5_000, 9_000, 21_000]))
    return sorted(found, key=lambda each: (each.start_ms, each.part))


@st.composite
def tapes(draw: st.DrawFn) -> Tape:
    long = draw(st.lists(st.sampled_from([2.0, 2.0, 1.96, 0.7, 3.2]), min_size=1, max_size=40))
    source = draw(st.sampled_from(["filler:7", "rerun:x"]))
    return Tape(source, tuple(TapeSegment(f"t/{n}.ts", one, n == 0) for n, one in enumerate(long)))


@st.composite
def shows(draw: st.DrawFn) -> Show:
    delay = draw(st.sampled_from([0, 4_000, 6_000, 20_000]))
    cuts, at = [], START
    for _ in range(draw(st.integers(0, 2))):
        at += draw(st.integers(0, 40_000))
        until = at + draw(st.integers(1, 30_000))
        cuts.append(Cut(at - delay, until))
        at = until
    made = draw(
        st.lists(st.tuples(st.integers(0, 90_000), st.sampled_from([AUTO, MAIN, BACKUP, FALLBACK])), max_size=3)
    )
    return Show(
        START,
        draw(st.sampled_from([None, START + 50_000, START + 100_000])),
        delay,
        tuple(cuts),
        rule=Rule(
            missing_ms=draw(st.sampled_from([2_000, 6_000, 10_000])),
            silence_ms=draw(st.sampled_from([0, 5_000])),
            steady_ms=draw(st.sampled_from([2_000, 6_000, 10_000])),
            fallback=draw(st.booleans()),
            by_hand=draw(st.booleans()),
        ),
        choices=tuple(Choice(START + at - delay, source) for at, source in sorted(made)),
        fallback=draw(st.none() | tapes()),
        rerun=draw(st.sampled_from([None, None, None, replace(FILLER, source="rerun:y")])),
    )


def known(show: Show, now: int) -> Show:
    """The show as it is known at `now`: what people will do is not known yet."""
    cuts = [cut for cut in show.cuts if cut.since_ms + show.delay_ms <= now]
    cuts = [cut if cut.until_ms is not None and cut.until_ms <= now else Cut(cut.since_ms, None) for cut in cuts]
    end = show.end_ms if show.end_ms is not None and show.end_ms <= now else None
    made = tuple(choice for choice in show.choices if choice.since_ms + show.delay_ms <= now)
    return replace(show, end_ms=end, cuts=tuple(cuts), choices=made)


def fresh(segments: list[Segment], now: int) -> set[int]:
    newest: dict[int, int] = {}
    for each in segments:
        newest[each.part] = max(newest.get(each.part, 0), each.received_ms)
    return {part for part, at in newest.items() if now - at < FRESH_MS}


def play(segments: list[Segment], show: Show, times: list[int]) -> list[tuple[int, Item]]:
    """Run the writer at these times; each pass knows only what a fresh process would find on disk and in the rows."""
    items: list[Item] = []
    released: list[tuple[int, Item]] = []
    for now in times:
        here = [each for each in segments if each.received_ms <= now]
        new = line.plan(items, here, known(show, now), now, fresh(here, now))
        items += new
        released += [(now, item) for item in new]
    return released


def every(step: int, seconds: int = 132) -> list[int]:
    return list(range(START, START + seconds * 1000, step))


passes = st.lists(st.sampled_from([300, 500, 1_000, 5_000]), min_size=20, max_size=60)


def clock(steps: list[int]) -> list[int]:
    at, times = START, []
    for step in steps:
        at += step
        times.append(at)
    return times


def stretches(items: list[Item]) -> list[tuple[str, int, int]]:
    """Place, start and end of what went out one after the other; a cut interrupts nothing."""
    found: list[tuple[str, int, int]] = []
    for item in items:
        if item.source == output.CUT:
            continue
        if found and found[-1][0] == place(item):
            found[-1] = (found[-1][0], found[-1][1], item.end_ms)
        else:
            found.append((place(item), item.start_ms, item.end_ms))
    return found


@settings(max_examples=50, deadline=None)
@given(lanes(), shows(), passes)
def test_nothing_is_early_nothing_overlaps_and_a_cut_never_leaks(
    segments: list[Segment], show: Show, steps: list[int]
) -> None:
    released = play(segments, show, clock(steps))
    by_key = {(each.part, each.number): each for each in segments}
    for now, item in released:
        assert item.end_ms <= now - show.delay_ms, "never ahead of the delay"
        assert item.start_ms >= show.start_ms - (250 if not item.is_filler else 0)
        assert show.end_ms is None or item.end_ms <= show.end_ms or now < show.end_ms
        if item.source != output.CUT:
            assert not any(cut.overlaps(item.start_ms, item.end_ms) for cut in show.cuts), "whatever the source"
        if not item.is_filler:
            segment = by_key[item.part, item.number]
            assert segment.ready_ms <= now - show.delay_ms
            assert not any(cut.withholds(segment) for cut in show.cuts)
            assert show.permits(segment), "what a person took off stays off"
            assert item.lane == segment.lane
    items = [item for _, item in released]
    assert [item.sequence for item in items] == list(range(len(items)))
    for before, after in pairwise(items):
        assert after.start_ms >= before.end_ms - 250, "time does not run back"
    real = [(item.part, item.number) for item in items if not item.is_filler]
    assert len(set(real)) == len(real), "nothing goes out twice"


@settings(max_examples=40, deadline=None)
@given(lanes(), shows(), passes, st.integers(1, 10))
def test_a_pass_that_is_cut_in_pieces_gives_the_same(
    segments: list[Segment], show: Show, steps: list[int], pieces: int
) -> None:
    """Killed between any two items and begun again with the log alone: the same items, of the same facts."""
    items: list[Item] = []
    for now in clock(steps):
        here = [each for each in segments if each.received_ms <= now]
        facts = (here, known(show, now), now, fresh(here, now))
        whole = line.plan(items, *facts)
        torn = list(items)
        for _ in range(len(whole) + 1):
            torn += line.plan(torn, *facts)[:pieces]
        assert torn == items + whole
        assert line.plan(torn, *facts) == [], "and nothing more"
        items = torn


def test_how_long_nothing_may_come_does_not_change_while_the_line_catches_up() -> None:
    """The lane's long segments count for a pass that begins after a cut as they do for one that began before it."""
    segments = [
        Segment(1, n, at, 4.0, at + 4_040, "x.ts", lane=MAIN)
        for n, at in enumerate(range(START, START + 40_000, 4_000))
    ]
    rule = Rule(missing_ms=2_000, silence_ms=0, steady_ms=2_000, fallback=True, by_hand=False)
    cut = Cut(START + 32_100, START + 70_000)
    show = Show(START, None, 6_000, (cut,), rule=rule, choices=(), fallback=FILLER)
    facts = (segments, show, START + 78_500, ())
    whole = line.plan([], *facts)
    assert whole[-1].source == output.CUT
    assert line.plan(whole, *facts) == []


@settings(max_examples=40, deadline=None)
@given(lanes(), shows(), passes)
def test_discontinuities_stand_where_media_do_not_continue(
    segments: list[Segment], show: Show, steps: list[int]
) -> None:
    items = [item for _, item in play(segments, show, clock(steps))]
    for index, item in enumerate(items):
        before = items[index - 1] if index else None
        goes_on = (
            before is not None
            and (before.source, before.part) == (item.source, item.part)
            and item.number == before.number + 1
            and (not item.source or before.end_ms == item.start_ms)
        )
        assert item.gap == (before is not None and not goes_on)
    if not items:
        return
    uris = [f"{item.sequence}.ts" for item in items]
    text = output.live_playlist(items, uris, 20, ended=False)
    parsed = m3u8.loads(text)
    shown = parsed.media_sequence or 0
    assert (parsed.discontinuity_sequence or 0) == sum(item.gap for item in items[:shown])


def steady_choices(show: Show) -> Show:
    return replace(show, choices=(), cuts=(), rerun=None)


@settings(max_examples=50, deadline=None)
@given(lanes(), shows())
def test_the_rule_never_goes_back_sooner_than_steady(segments: list[Segment], show: Show) -> None:
    """Going to a better source is never hasty; only going away from a failed one is."""
    show = replace(steady_choices(show), end_ms=None)
    rank = {MAIN: 0, BACKUP: 1}
    items = [item for _, item in play(segments, show, every(1_000))]
    found = stretches(items)
    for (one, _, _), (other, since, _), (third, after, _) in zip(found, found[1:], found[2:], strict=False):
        del one
        if rank.get(third, 2) < rank.get(other, 2):
            last = next(item for item in items if item.start_ms == after and place(item) == third)
            before = items[last.sequence - 1]
            forced = (
                other in rank
                and before.end_ms + 250 < after + 2_250
                and not covers(segments, other, before.end_ms, show)
            )
            assert forced or after - since >= show.rule.steady_ms - 250, (other, third)


def covers(segments: list[Segment], name: str, at: int, show: Show) -> bool:
    """Whether the lane goes on at that time, as it would be known at last; a silence that is too long does not count."""
    quiet = line.Lane(name, segments, show, (), segments)
    return any(
        each.lane == name and at - 250 <= each.start_ms <= at + 250 and each.end_ms > at and not quiet.is_silent(each)
        for each in segments
    )


@settings(max_examples=50, deadline=None)
@given(lanes(), shows())
def test_no_hole_that_some_source_could_have_filled(segments: list[Segment], show: Show) -> None:
    """With a tape and the rule to use it, nothing is missing for longer than the rule says and a segment at either side."""
    show = replace(
        steady_choices(show), fallback=FILLER, rule=replace(show.rule, fallback=True), end_ms=None, rerun=None
    )
    items = [item for _, item in play(segments, show, every(1_000))]
    longest = max([2_000, *(round(each.duration * 1000) for each in segments)])
    most = max(show.rule.missing_ms, 2 * longest + 1_000) + 2_250
    edges = [START, *(item.end_ms for item in items)]
    starts = [*(item.start_ms for item in items), START + 130_000 - show.delay_ms - longest - 10_000]
    for end, start in zip(edges, starts, strict=True):
        assert start - end <= most
    quiet = {name: line.Lane(name, segments, show, (), segments) for name in (MAIN, BACKUP)}
    for before, after in pairwise(items):
        inside = [
            each
            for each in segments
            if not quiet[each.lane].is_silent(each)
            and each.duration >= 1  # a stub may be lost in the seam between two sources
            and each.start_ms >= before.end_ms
            and each.end_ms <= after.start_ms
            and each.received_ms + 500 <= each.start_ms + show.delay_ms
        ]
        assert not inside, "a segment that was there in time is not left out of a hole"


@settings(max_examples=40, deadline=None)
@given(lanes(), shows())
def test_the_replay_has_no_tape_and_nothing_withheld_and_staff_have_both_lanes_in_one(
    segments: list[Segment], show: Show
) -> None:
    public = [each for each, _ in replay.entries(segments, show, everything=False)]
    for each in public:
        assert not show.withheld(each)
        assert show.permits(each)
    staff = [each for each, _ in replay.entries(segments, show, everything=True)]
    for chosen in (public, staff):
        assert all(after.start_ms >= before.end_ms - 250 for before, after in pairwise(chosen))


# -- examples --------------------------------------------------------------------------------------------------------


def shape(items: list[Item]) -> list[tuple[str, int, int]]:
    """Places with their times in seconds since the start."""
    return [(name, (since - START) // 1000, (until - START) // 1000) for name, since, until in stretches(items)]


RULE = Rule(missing_ms=6_000, steady_ms=6_000, fallback=True)


def watched(segments: list[Segment], show: Show) -> list[Item]:
    return [item for _, item in play(sorted(segments, key=lambda each: (each.start_ms, each.part)), show, every(500))]


def test_backup_fills_a_hole_at_once_and_main_is_back_when_it_is_steady() -> None:
    segments = lane(MAIN, 1, (0, 20), (30, 130)) + lane(BACKUP, 5, (0, 130))
    items = watched(segments, Show(START, None, 20_000, rule=RULE))
    assert shape(items)[:3] == [("main", 0, 20), ("backup", 20, 30), ("main", 30, 110)]
    assert [item.reason for item in items if item.gap] == ["feed_missing", "rule"]


def test_a_short_hole_keeps_the_back_up_until_the_rule_is_satisfied() -> None:
    segments = lane(MAIN, 1, (0, 20), (22, 130)) + lane(BACKUP, 5, (0, 130))
    items = watched(segments, Show(START, None, 20_000, rule=RULE))
    assert shape(items)[:3] == [("main", 0, 20), ("backup", 20, 26), ("main", 26, 110)]


@pytest.mark.parametrize("delay", [0, 4_000, 20_000])
def test_the_tape_goes_out_when_both_are_gone_for_long(delay: int) -> None:
    segments = lane(MAIN, 1, (0, 20), (40, 130)) + lane(BACKUP, 5, (0, 10))
    items = watched(segments, Show(START, None, delay, rule=RULE, fallback=FILLER))
    names = shape(items)
    assert [name for name, _, _ in names] == ["main", "filler:house", "main"]
    assert names[1][1] == 20, "it covers the hole from its beginning: no time is missing, however late it was known"
    assert names[2][1] in range(40, 50)
    if delay == 20_000:
        assert names[2][1] == 40, "what is known in time costs the public nothing"


@pytest.mark.parametrize("spare", ["backup", "filler:house"])
def test_a_feed_that_comes_and_goes_is_not_gone_back_to(spare: str) -> None:
    segments = lane(MAIN, 1, (0, 20), (30, 34), (40, 44), (50, 130))
    segments += lane(BACKUP, 9, (0, 130)) if spare == "backup" else []
    items = watched(segments, Show(START, None, 20_000, rule=RULE, fallback=FILLER))
    assert shape(items)[:3] == [("main", 0, 20), (spare, 20, 50), ("main", 50, 110)]


def test_a_blink_of_main_is_no_reason_to_leave_it_for_a_back_up_that_begins_later() -> None:
    late = Segment(9, 0, START + 23_700, 4.0, START + 27_740, "x.ts", lane=BACKUP)
    main = [replace(each, start_ms=each.start_ms + 500) for each in lane(MAIN, 2, (20, 130))]
    items = watched([*lane(MAIN, 1, (0, 20)), *main, late], Show(START, None, 20_000, rule=RULE))
    assert {item.lane for item in items} == {"main"}


def test_without_the_rule_nothing_is_put_in_its_place() -> None:
    segments = lane(MAIN, 1, (0, 20), (40, 130))
    rule = replace(RULE, fallback=False)
    items = watched(segments, Show(START, None, 4_000, rule=rule, fallback=FILLER))
    assert {item.source for item in items} == {""}
    assert len(stretches(items)) == 1


def test_by_hand_the_tape_stays_until_a_person_goes_back() -> None:
    segments = lane(MAIN, 1, (0, 20), (40, 130))
    rule = replace(RULE, by_hand=True)
    show = Show(START, None, 4_000, rule=rule, fallback=FILLER)
    assert shape(watched(segments, show))[-1][0] == "filler:house"
    back = replace(show, choices=(Choice(START + 60_000, AUTO),))
    assert shape(watched(segments, back))[-1][:2] == ("main", 60)


def test_silence_counts_as_missing_when_the_rule_says_so() -> None:
    segments = lane(MAIN, 1, (0, 130), quiet=(20, 50))
    rule = replace(RULE, silence_ms=8_000)
    show = Show(START, None, 20_000, rule=rule, fallback=FILLER)
    assert shape(watched(segments, show))[:3] == [("main", 0, 20), ("filler:house", 20, 50), ("main", 50, 110)]
    assert next(item for item in watched(segments, show) if item.source).reason == "feed_silent"
    assert len(shape(watched(segments, replace(show, rule=RULE)))) == 1, "silence is no reason by default"
    bare = replace(show, fallback=None)
    assert shape(watched(segments, bare)) == [("main", 0, 110)], "silent pictures are better than nothing"


def test_a_person_decides_against_the_rule_at_once_for_all_that_is_not_out() -> None:
    segments = lane(MAIN, 1, (0, 130)) + lane(BACKUP, 5, (0, 130))
    made = (Choice(START + 20_000, BACKUP), Choice(START + 40_000, FALLBACK), Choice(START + 50_000, MAIN))
    items = watched(segments, Show(START, None, 4_000, rule=RULE, fallback=FILLER, choices=made))
    assert shape(items)[:3] == [("main", 0, 20), ("backup", 20, 40), ("filler:house", 40, 50)]
    assert shape(items)[3][:2] == ("main", 50)
    assert [item.reason for item in items if item.gap] == ["hand", "hand", "hand"]


def test_fallback_by_hand_does_not_wait_for_a_feed_that_is_gone() -> None:
    segments = lane(MAIN, 1, (0, 10))
    rule = replace(RULE, fallback=False)
    show = Show(START, None, 4_000, rule=rule, fallback=FILLER, choices=(Choice(START + 30_000, FALLBACK),))
    assert shape(watched(segments, show)) == [("main", 0, 10), ("filler:house", 30, 126)]


def test_a_lane_chosen_by_hand_is_not_replaced_by_the_other() -> None:
    segments = lane(MAIN, 1, (0, 20), (26, 130)) + lane(BACKUP, 5, (0, 130))
    show = Show(START, None, 20_000, rule=replace(RULE, fallback=False), choices=(Choice(START, MAIN),))
    items = watched(segments, show)
    assert {item.lane for item in items} == {"main"}


def test_a_cut_over_the_tape_withholds_it_too_and_it_goes_on_after_what_was_cut() -> None:
    tape = Tape("rerun:x", tuple(TapeSegment(f"r/{n}.ts", 2.0) for n in range(60)))
    segments = lane(MAIN, 1, (0, 10))
    show = Show(START, None, 4_000, rule=RULE, fallback=tape, cuts=(Cut(START + 31_000, START + 51_000),))
    items = watched(segments, show)
    played = {item.start_ms: item for item in items if item.source == "rerun:x"}
    assert not any(START + 29_000 < at < START + 51_000 for at in played)
    assert {item.source for item in items if START + 31_000 <= item.start_ms < START + 49_000} == {"cut"}
    numbers = [item.number for item in played.values()]
    first = next(item.number for item in items if item.source == "rerun:x" and item.start_ms >= START + 51_000)
    assert first >= 21, "what would have been on air until the resume is passed over"
    assert numbers == sorted(set(numbers))


def test_a_tape_goes_on_where_it_was_left() -> None:
    tape = Tape("rerun:x", tuple(TapeSegment(f"r/{n}.ts", 2.0) for n in range(60)))
    segments = lane(MAIN, 1, (0, 10), (30, 60), (80, 130))
    items = watched(segments, Show(START, None, 20_000, rule=RULE, fallback=tape))
    assert [item.number for item in items if item.source] == list(range(20))


def test_an_airing_without_feed_consists_of_its_rerun_by_the_clock() -> None:
    tape = Tape("rerun:x", tuple(TapeSegment(f"r/{n}.ts", 2.0, n == 12) for n in range(40)))
    show = Show(START, START + 100_000, 4_000, rerun=tape, cuts=(Cut(START + 40_000, START + 50_000),))
    items = watched([], show)
    assert [item.number for item in items if item.source == "rerun:x"] == [*range(20), *range(25, 40)]
    assert [item.number for item in items if item.source == "rerun:x" and item.gap] == [12, 25]
    assert all(item.start_ms == START + item.number * 2000 for item in items if item.source == "rerun:x")
    assert {item.reason for item in items if item.source == "rerun:x"} == {"planned"}
    with_rule = replace(show, rule=RULE, fallback=FILLER)
    assert shape(watched([], with_rule))[-1] == ("filler:house", 80, 100), "after its end the fallback"
