"""One lane of an airing's feed over time: what comes next in it, where it is broken or silent; pure, it chooses nothing."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Collection, Sequence
from itertools import groupby

from archive.ffmpeg import SEGMENT_SECONDS
from archive.output import MAIN, Item, Show
from archive.playlists import Segment

# Segments may overlap or stand apart by so little and still follow one another.
TOUCH_MS = 250
_USUAL_MS = SEGMENT_SECONDS * 1000


def place(item: Item) -> str:
    """What an item belongs to: its lane, or the source of a tape or cut."""
    return item.source or item.lane or MAIN


class Lane:
    """The segments of one lane from some time on, in order of start; `newest` are the last that came, of any lane."""

    def __init__(
        self, name: str, segments: Sequence[Segment], show: Show, fresh: Collection[int], newest: Sequence[Segment]
    ) -> None:
        own = [each for each in segments if each.lane == name]
        self.show, self.fresh = show, fresh
        self._silent = _silent(own, show.rule.silence_ms)
        self._usable = [each for each in own if not show.withheld(each) and show.permits(each)]
        self._starts = [each.start_ms for each in self._usable]
        self._sound = [each for each in self._usable if not self.is_silent(each)]
        self._sound_starts = [each.start_ms for each in self._sound]
        self._runs = _runs([each for each in own if not self.is_silent(each)])
        self._last_long = [round(each.duration * 1000) for each in newest if each.lane == name][-5:]

    def is_silent(self, segment: Segment) -> bool:
        """Whether it is part of a silence that is longer than the rule allows."""
        return (segment.part, segment.number) in self._silent

    def at(self, t: int, last: Item | None, *, silent: bool) -> Segment | None:
        """The next segment that may follow at `t`: of the same part where that goes on, else the earliest."""
        found, starts = (self._usable, self._starts) if silent else (self._sound, self._sound_starts)
        earliest = None
        for index in range(bisect_left(starts, t - TOUCH_MS), len(found)):
            segment = found[index]
            # What ends no later than the line does adds nothing: a stub that a killed child left would go out for ever.
            if segment.end_ms <= t or (last and segment.part == last.part and segment.number <= last.number):
                continue
            if earliest is not None and segment.start_ms > t + TOUCH_MS:
                break
            earliest = earliest or segment
            if last is None or segment.part == last.part:
                return segment
        return earliest

    def reach_ms(self, goes_on: bool) -> int:
        """How far after a time its next segment may begin for the lane to be there."""
        return TOUCH_MS if goes_on else self._longest() + TOUCH_MS

    @property
    def patience_ms(self) -> int:
        """How long nothing may come before that means anything: two segments as they were, and a second."""
        return 2 * self._longest() + 1_000

    def _longest(self) -> int:
        return max([_USUAL_MS, *self._last_long])

    def is_steady(self, segment: Segment) -> bool:
        """Whether the lane has been unbroken for long enough around the segment, as far as is known, and does not end at once."""
        steady = self.show.rule.steady_ms
        for start, end, _part in self._runs:
            if start - TOUCH_MS <= segment.start_ms < end:
                return end - start >= steady and (self._grows_from(start) or end - segment.start_ms >= steady)
        return False

    def is_coming(self, t: int) -> bool:
        """Whether the lane is steady and its segment at `t` only has not come yet."""
        if not self._runs:
            return False
        start, end, _part = self._runs[-1]
        near = end > t - self._longest() - TOUCH_MS
        return near and end - start >= self.show.rule.steady_ms and self._grows_from(start)

    def _grows_from(self, start_ms: int) -> bool:
        """Whether that run is the newest, and its part still receives."""
        return self._runs[-1][0] == start_ms and self._runs[-1][2] in self.fresh


def _silent(segments: Sequence[Segment], silence_ms: int) -> set[tuple[int, int]]:
    """Those of silences that last so long; none when silence is no reason."""
    found: set[tuple[int, int]] = set()
    if silence_ms:
        for quiet, group in groupby(segments, key=lambda each: each.silent):
            run = list(group)
            if quiet and run[-1].end_ms - run[0].start_ms >= silence_ms:
                found.update((each.part, each.number) for each in run)
    return found


def _runs(segments: Sequence[Segment]) -> list[tuple[int, int, int]]:
    """Unbroken stretches: start, end, and the part that came last."""
    runs: list[tuple[int, int, int]] = []
    for each in segments:
        if runs and each.start_ms - runs[-1][1] <= TOUCH_MS:
            start, end, part = runs[-1]
            runs[-1] = (start, max(end, each.end_ms), each.part if each.end_ms >= end else part)
        else:
            runs.append((each.start_ms, each.end_ms, each.part))
    return runs
