"""How edits compose: what is cut is in no piece, all else is in exactly one, and the gap map says where to the millisecond."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from archive import playlists
from archive.editing.compose import LEAST_MS, SLACK_MS, Mark, Piece, compose, is_touched
from archive.playlists import Segment
from broadcast import replay_times

START = 1_700_000_000_000
_lengths = st.lists(st.tuples(st.integers(500, 2_500), st.sampled_from([0, 0, 0, 7_000])), min_size=1, max_size=12)
_times = st.integers(-1_000, 32_000)


def _base(lengths: list[tuple[int, int]]) -> list[tuple[Segment, bool]]:
    """Segments one after another, some behind a gap that begins a new part."""
    found, at, part, number = [], START, 1, 0
    for length, hole in lengths:
        if hole and found:
            at, part, number = at + hole, part + 1, 0
        gap = bool(hole and found)
        found.append((Segment(part, number, at, length / 1000, at + length, f"{number:06d}.ts"), gap))
        at, number = at + length, number + 1
    return found


@st.composite
def _marks(draw: st.DrawFn) -> list[Mark]:
    found = []
    for _ in range(draw(st.integers(0, 4))):
        kind = draw(st.sampled_from(["cut", "cut", "bleep", "blur"]))
        since = START + draw(_times)
        until = since + draw(st.integers(100, 6_000))
        ends = draw(st.sampled_from(["both", "both", "both", "since", "until"])) if kind == "cut" else "both"
        region = draw(st.sampled_from([None, (0, 0, 50, 50)])) if kind == "blur" else None
        found.append(Mark(kind, None if ends == "until" else since, None if ends == "since" else until, region))
    return found


def _is_cut(ms: int, marks: list[Mark]) -> bool:
    return any(mark.kind == "cut" and mark.overlaps(ms, ms + 1) for mark in marks)


def _spans(pieces: list[Piece]) -> list[replay_times.Span]:
    entries = [piece.entry(f"{number}.ts", gap=piece.gap) for number, piece in enumerate(pieces)]
    return replay_times.spans_of(playlists.spans(entries))


@given(_lengths, _marks(), st.lists(_times, min_size=1, max_size=30))
def test_what_is_cut_is_nowhere_and_the_rest_is_at_its_millisecond(lengths, marks, times) -> None:
    base = _base(lengths)
    pieces = compose(base, marks)
    spans = _spans(pieces)
    for ms in (START + each for each in times):
        inside = [piece for piece in pieces if piece.since_ms <= ms < piece.until_ms]
        there = [segment for segment, _gap in base if segment.start_ms <= ms < segment.end_ms]
        if not there or _is_cut(ms, marks):
            assert inside == []
            assert replay_times.moment(ms, spans) is None
        elif inside:
            assert len(inside) == 1
            before = sum(min(each.until_ms, ms) - each.since_ms for each in pieces if each.since_ms < ms)
            found = replay_times.moment(ms, spans)
            assert found is not None
            assert abs(found - before / 1000) < 0.0015
        else:
            # Between two cuts so near each other that no picture might lie there.
            edges = [at for mark in marks for at in (mark.since_ms, mark.until_ms) if at is not None]
            edges += [at for segment in there for at in (segment.start_ms, segment.end_ms)]
            assert sum(abs(at - ms) <= LEAST_MS for at in edges) >= 2


@given(_lengths, _marks())
def test_no_segment_goes_out_as_it_is_with_an_edit_in_or_near_it(lengths, marks) -> None:
    base = _base(lengths)
    pieces = compose(base, marks)
    for piece in pieces:
        assert piece.is_plain == (not is_touched(piece.segment, marks))
        for mark in marks:
            if mark.overlaps(piece.since_ms, piece.until_ms, SLACK_MS):
                assert piece.sound or mark.kind == "blur"
                assert piece.picture or mark.kind == "bleep"
    for kind in ("bleep", "blur"):
        for mark in (each for each in marks if each.kind == kind):
            for piece in pieces:
                if mark.overlaps(piece.since_ms, piece.until_ms):
                    done = [each[:2] for each in (piece.bleeps if kind == "bleep" else piece.blurs)]
                    assert mark.within(piece.since_ms, piece.until_ms) in done


@given(_lengths)
def test_without_edits_the_replay_is_what_it_was(lengths) -> None:
    base = _base(lengths)
    pieces = compose(base, [])
    assert [(piece.segment, piece.gap) for piece in pieces] == base
    assert all(piece.is_plain and piece.is_whole for piece in pieces)


@given(_lengths, _marks())
def test_what_does_not_continue_stands_behind_a_discontinuity(lengths, marks) -> None:
    pieces = compose(_base(lengths), marks)
    for before, piece in pairwise(pieces):
        unbroken = before.until_ms == piece.since_ms and before.segment.part == piece.segment.part
        assert unbroken or piece.gap
        assert piece.gap or not (before.sound or piece.sound or before.picture != piece.picture)


def test_the_same_edit_of_the_same_segment_is_the_same_piece() -> None:
    base = _base([(2_000, 0), (2_000, 0), (2_000, 0)])
    one = compose(base, [Mark("bleep", START + 3_000, START + 3_200)])
    other = compose(base, [Mark("bleep", START + 3_000, START + 3_201)])
    assert one[1].key == compose(base, [Mark("bleep", START + 3_000, START + 3_200)])[1].key
    assert one[1].key != other[1].key
    assert [piece.is_plain for piece in one] == [True, False, True]
