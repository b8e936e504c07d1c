"""The public line as plain values: cuts, choices, tapes, items, and its playlist; pure, and what comes next line.py says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from archive.ffmpeg import SEGMENT_SECONDS
from archive.playlists import Entry, Segment, render, target_duration

FILLER_MS = SEGMENT_SECONDS * 1000
LOST_MS = 6_000
MAIN, BACKUP, FALLBACK, AUTO = "main", "backup", "fallback", "auto"
CUT = "cut"


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
class Choice:
    """What a person chose to go out, from a media time on until the next choice: main, backup, fallback, or auto (the rule)."""

    since_ms: int
    source: str


@dataclass(frozen=True)
class Rule:
    """What is done without being asked. `fallback`: whether the prepared tape may go out by itself; `by_hand`: only a person
    brings the line back to a better source."""

    missing_ms: int = 6_000
    silence_ms: int = 0
    steady_ms: int = 6_000
    fallback: bool = False
    by_hand: bool = False


@dataclass(frozen=True)
class TapeSegment:
    """A prepared segment: its key in storage, seconds, whether it does not continue the one before."""

    file: str
    duration: float
    gap: bool = False

    @property
    def ms(self) -> int:
        """Its length in whole milliseconds."""
        return round(self.duration * 1000)


@dataclass(frozen=True)
class Tape:
    """A prepared file or an earlier episode, ready to go out. `source` names it in the log; it is never empty."""

    source: str
    segments: tuple[TapeSegment, ...]


@dataclass(frozen=True)
class Show:
    """What is true of the airing: public media lie between start and end; times in ms, `end_ms` None while on air.

    `choices` are in order of time. `fallback` is the tape for when there is nothing else, `rerun` the one that the airing
    consists of when it has no feed.
    """

    start_ms: int
    end_ms: int | None
    delay_ms: int
    cuts: tuple[Cut, ...] = ()
    filler_count: int = 30
    rule: Rule = Rule()
    choices: tuple[Choice, ...] = ()
    fallback: Tape | None = None
    rerun: Tape | None = None

    def withheld(self, segment: Segment) -> bool:
        """Whether the segment may never be public: outside the airing, or cut."""
        if segment.start_ms < self.start_ms or (self.end_ms is not None and segment.end_ms > self.end_ms):
            return True
        return any(cut.withholds(segment) for cut in self.cuts)

    def choice_at(self, at_ms: int) -> Choice | None:
        """The choice by hand in force at that media time; None where the rule decides and nobody ever chose."""
        found = None
        for choice in self.choices:
            if choice.since_ms > at_ms:
                break
            found = choice
        return found

    def permits(self, segment: Segment) -> bool:
        """Whether what a person chose for its time lets its lane go out."""
        choice = self.choice_at(segment.start_ms)
        return choice is None or choice.source in {AUTO, segment.lane}

    @property
    def without_tapes(self) -> Show:
        """The same, without anything prepared: what the replay is made of."""
        return replace(self, fallback=None, rerun=None)


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
