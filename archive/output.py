"""What becomes public and when: delay, cuts, filler, one line of media out of several parts; pure, it reads no clock and no disk."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from archive.ffmpeg import SEGMENT_SECONDS
from archive.playlists import Entry, Segment, render, target_duration

FILLER_MS = SEGMENT_SECONDS * 1000
# Parts may overlap by so little and still follow one another.
_TOUCH_MS = 250
LOST_MS = 6_000


@dataclass(frozen=True)
class Cut:
    """Media from `since_ms` (wall time of the CUT less the delay) until `until_ms` (the RESUME; None: still cut) is withheld."""

    since_ms: int
    until_ms: int | None

    def withholds(self, segment: Segment) -> bool:
        """Whether any of the segment was not yet out at the CUT and was made before the RESUME."""
        return segment.ready_ms > self.since_ms and (self.until_ms is None or segment.start_ms < self.until_ms)

    def overlaps(self, start_ms: int, end_ms: int) -> bool:
        """Whether the cut touches that stretch."""
        return end_ms > self.since_ms and (self.until_ms is None or start_ms < self.until_ms)


@dataclass(frozen=True)
class Item:
    """One entry of the public line, in order of release; `sequence` counts from 0.

    `source` says where it comes from: "" a part of this airing, "cut" the filler over a cut, "filler:<id>" a prepared file,
    "rerun:<airing>" an earlier episode. Only the first has a part; `file` is the key in storage of what a tape gave.
    """

    sequence: int
    part: int
    number: int
    start_ms: int
    duration: float
    gap: bool
    source: str = ""
    file: str = ""
    lane: str = ""
    reason: str = ""

    @property
    def end_ms(self) -> int:
        """End of its media time."""
        return self.start_ms + round(self.duration * 1000)

    @property
    def is_filler(self) -> bool:
        """Whether this is no media of the airing itself: filler over a cut, fallback or rerun."""
        return self.part == 0


@dataclass(frozen=True)
class Show:
    """What is true of the airing: public media lie between start and end; times in ms, `end_ms` None while on air."""

    start_ms: int
    end_ms: int | None
    delay_ms: int
    cuts: tuple[Cut, ...] = ()
    filler_count: int = 30

    def withheld(self, segment: Segment) -> bool:
        """Whether the segment may never be public: outside the airing, or cut."""
        if segment.start_ms < self.start_ms or (self.end_ms is not None and segment.end_ms > self.end_ms):
            return True
        return any(cut.withholds(segment) for cut in self.cuts)


def plan(
    last: Item | None, segments: Sequence[Segment], show: Show, now_ms: int, fresh: Collection[int] = ()
) -> list[Item]:
    """What is to be released after `last`, as of `now_ms`.

    `segments` are those of all parts, in order of start; `fresh` are the parts that still receive, which are not left for
    another. Calling it again with the same facts and what it answered before goes on without a seam: nothing is kept here.
    """
    horizon = now_ms - show.delay_ms
    released: list[Item] = []
    while True:
        item = _next(last, segments, show, horizon, fresh)
        if item is None:
            return released
        released.append(item)
        last = item


def _next(
    last: Item | None, segments: Sequence[Segment], show: Show, horizon: int, fresh: Collection[int]
) -> Item | None:
    cursor = max(show.start_ms, last.end_ms) if last else show.start_ms
    candidate = _candidate(last, segments, show, cursor, fresh)
    until = candidate.start_ms if candidate else horizon
    filler = _filler(last, show, cursor, until, horizon)
    if filler is not None:
        return filler
    if candidate is None or candidate.ready_ms > horizon:
        return None
    follows = last is not None and candidate.part == last.part and candidate.number == last.number + 1
    sequence = last.sequence + 1 if last else 0
    gap = last is not None and not follows
    return Item(sequence, candidate.part, candidate.number, candidate.start_ms, candidate.duration, gap)


def _candidate(
    last: Item | None, segments: Sequence[Segment], show: Show, cursor: int, fresh: Collection[int]
) -> Segment | None:
    """The next segment that may follow: of the same part while it lasts, else the earliest of any part."""
    first = bisect_left(segments, cursor - _TOUCH_MS, key=lambda segment: segment.start_ms)
    # What ends no later than the line does adds nothing: a stub that a killed child left would be released for ever.
    coming = [each for each in segments[first : first + 200] if each.end_ms > cursor and not show.withheld(each)]
    if last is not None and not last.is_filler:
        for segment in coming:
            if segment.part == last.part and segment.number > last.number:
                return segment
        if last.part in fresh and not any(cut.overlaps(cursor, cursor + 1) for cut in show.cuts):
            return None
    return coming[0] if coming else None


def _filler(last: Item | None, show: Show, cursor: int, until: int, horizon: int) -> Item | None:
    """The next 2 s of filler, when a cut lies between `cursor` and `until` and that time has come."""
    for cut in sorted(show.cuts, key=lambda each: each.since_ms):
        start = cursor if cut.since_ms - cursor < FILLER_MS else cut.since_ms
        end = start + FILLER_MS
        limits = [
            until,
            horizon,
            *([cut.until_ms] if cut.until_ms is not None else []),
            *([show.end_ms] if show.end_ms else []),
        ]
        if not cut.overlaps(cursor, until) or end > min(limits):
            continue
        follows = last is not None and last.is_filler and last.end_ms == start
        number = (last.number + 1) % show.filler_count if follows and last else 0
        sequence = last.sequence + 1 if last else 0
        gap = last is not None and number == 0
        return Item(sequence, 0, number, start, float(SEGMENT_SECONDS), gap, source="cut", reason="cut")
    return None


def complete(show: Show, now_ms: int) -> bool:
    """Whether the public line has come to its end: the airing ended and its delay has passed."""
    return show.end_ms is not None and now_ms >= show.end_ms + show.delay_ms + FILLER_MS


def live_playlist(items: Sequence[Item], uris: Sequence[str], window_seconds: int, *, ended: bool) -> str:
    """The sliding DVR playlist over all that was released: numbers go on for ever, old entries slide out."""
    first = 0
    if items:
        edge = items[-1].end_ms - window_seconds * 1000
        while first < len(items) - 1 and items[first].end_ms <= edge:
            first += 1
    entries = [
        Entry(uri, item.start_ms, item.duration, item.gap)
        for item, uri in zip(items[first:], uris[first:], strict=True)
    ]
    return render(
        entries,
        sequence=items[first].sequence if items else 0,
        discontinuities=sum(item.gap for item in items[:first]),
        target=target_duration([Entry("", 0, item.duration, False) for item in items]),
        ended=ended,
    )


def replay_entries(segments: Sequence[Segment], show: Show, *, everything: bool) -> list[tuple[Segment, bool]]:
    """The recording of the airing in order, each segment with whether a discontinuity stands before it.

    For the public what was cut is absent; with `everything` (staff) all that touches the airing's time is there. Where two
    parts overlap, the one that began stays until it ends.
    """
    chosen: list[Segment] = []
    for segment in segments:
        if everything:
            outside = segment.end_ms <= show.start_ms or (show.end_ms is not None and segment.start_ms >= show.end_ms)
            if outside:
                continue
        elif show.withheld(segment):
            continue
        if chosen and segment.part != chosen[-1].part and segment.start_ms < chosen[-1].end_ms - _TOUCH_MS:
            continue
        if chosen and segment.part != chosen[-1].part and _continues(segments, chosen[-1], segment.start_ms):
            continue
        chosen.append(segment)
    result: list[tuple[Segment, bool]] = []
    for segment in chosen:
        before = result[-1][0] if result else None
        follows = before is not None and before.part == segment.part and before.number + 1 == segment.number
        result.append((segment, before is not None and not follows))
    return result


def _continues(segments: Sequence[Segment], last: Segment, start_ms: int) -> bool:
    """Whether `last`'s part has a following segment at about that time."""
    first = bisect_left(segments, last.end_ms - _TOUCH_MS, key=lambda segment: segment.start_ms)
    return any(
        each.part == last.part and each.number == last.number + 1 and each.start_ms <= start_ms + FILLER_MS
        for each in segments[first : first + 20]
    )
