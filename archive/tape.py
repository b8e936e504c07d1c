"""Where a tape's segments lie on the public line: by the clock for a rerun, from where it was left for a fallback; pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.output import Item, Show, Tape, TapeSegment


@dataclass(frozen=True)
class Place:
    """A segment of a tape at a time of the line."""

    tape: Tape
    number: int
    start_ms: int

    @property
    def segment(self) -> TapeSegment:
        """What is there."""
        return self.tape.segments[self.number]

    @property
    def end_ms(self) -> int:
        """End of its time."""
        return self.start_ms + self.segment.ms

    def item(self, sequence: int, last: Item | None, reason: str) -> Item:
        """The place as an item of the line, after `last`."""
        follows = (
            last is not None
            and last.source == self.tape.source
            and last.number + 1 == self.number
            and last.end_ms == self.start_ms
            and not self.segment.gap
        )
        return Item(
            sequence,
            0,
            self.number,
            self.start_ms,
            self.segment.duration,
            gap=last is not None and not follows,
            source=self.tape.source,
            file=self.segment.file,
            reason=reason,
        )


def following(show: Show, history: Sequence[Item], t: int) -> Place | None:
    """The fallback's next segment at `t`: it goes on where it was left, but what a cut withheld of it is passed over.

    None without a tape, within a cut that is not resumed, and where the airing ends before the segment does.
    """
    tape = show.fallback
    if tape is None or not tape.segments:
        return None
    before = next((item for item in reversed(history) if item.source == tape.source), None)
    number = _readable(tape, 0 if before is None else (before.number + 1) % len(tape.segments))
    start = _after_cuts(show, t, tape.segments[number].ms)
    if start is None:
        return None
    if before is not None:
        number = _readable(tape, _passed_over(tape, number, _cut_until(show, before.end_ms, start) - before.end_ms))
    place = Place(tape, number, start)
    again = _after_cuts(show, start, place.segment.ms)
    if again is None:
        return None
    place = Place(tape, number, again)
    return place if show.end_ms is None or place.end_ms <= show.end_ms else None


def at_its_time(show: Show, t: int) -> Place | None:
    """The rerun's segment that begins at `t` or first after it, counted from the airing's start; None after its end.

    Segments that a cut touches are left out.
    """
    tape = show.rerun
    if tape is None:
        return None
    at = show.start_ms
    for number, segment in enumerate(tape.segments):
        end = at + segment.ms
        if at >= t and not segment.lost and not any(cut.overlaps(at, end) for cut in show.cuts):
            return Place(tape, number, at) if show.end_ms is None or end <= show.end_ms else None
        at = end
    return None


def _readable(tape: Tape, number: int) -> int:
    """The first segment from `number` on that is not lost, going round; a tape has at least one."""
    count = len(tape.segments)
    return next((at % count for at in range(number, number + count) if not tape.segments[at % count].lost), number)


def _after_cuts(show: Show, t: int, ms: int) -> int | None:
    """The first time from `t` on where so much fits without touching a cut; None when the cut has no end yet."""
    for cut in sorted(show.cuts, key=lambda each: each.since_ms):
        if cut.overlaps(t, t + ms):
            if cut.until_ms is None:
                return None
            t = max(t, cut.until_ms)
    return t


def _cut_until(show: Show, since_ms: int, until_ms: int) -> int:
    """End of the last cut between two times; the first of them when there was none."""
    ends = [min(cut.until_ms or until_ms, until_ms) for cut in show.cuts if cut.overlaps(since_ms, until_ms)]
    return max([since_ms, *ends])


def _passed_over(tape: Tape, number: int, ms: int) -> int:
    """The first segment that begins so long after the beginning of `number`, going round."""
    total = sum(segment.ms for segment in tape.segments)
    ms %= max(total, 1)
    while ms > 0:
        ms -= tape.segments[number].ms
        number = (number + 1) % len(tape.segments)
    return number
