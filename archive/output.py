"""The public line as plain values: cuts, choices, tapes, items, and its playlist; pure, and what comes next line.py says."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from archive.ffmpeg import SEGMENT_SECONDS
from archive.playlists import END, Entry, Segment, entry_text, head, target_duration

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
    """A prepared segment: its key in storage, seconds, whether it does not continue the one before.

    One that is `lost` cannot be read: the line passes over it.
    """

    file: str
    duration: float
    gap: bool = False
    lost: bool = False

    @property
    def ms(self) -> int:
        """Its length in whole milliseconds."""
        return round(self.duration * 1000)


@dataclass(frozen=True)
class Tape:
    """A prepared file or an earlier episode, ready to go out. `source` names it in the log; it is never empty."""

    source: str
    segments: tuple[TapeSegment, ...]

    def without(self, lost: Collection[str]) -> Tape | None:
        """The same, of which those files are lost; None when nothing is left."""
        if not any(each.file in lost for each in self.segments):
            return self
        segments = tuple(replace(each, lost=each.lost or each.file in lost) for each in self.segments)
        return None if all(each.lost for each in segments) else Tape(self.source, segments)


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
    """The sliding DVR playlist over all that was released."""
    window = Window(window_seconds)
    for item, uri in zip(items, uris, strict=True):
        window.add(item, uri)
    return window.text(ended=ended)


class Window:
    """The sliding DVR playlist, item by item: numbers go on for ever, old entries slide out, and nothing is looked at twice."""

    def __init__(self, seconds: int) -> None:
        # How many items ever were in it.
        self.count = 0
        self._keep_ms = seconds * 1000
        self._shown: deque[tuple[Item, Entry, str]] = deque()
        self._discontinuities = 0
        self._target = target_duration([])

    def add(self, item: Item, uri: str) -> None:
        """The next item of the line and what it is called in this playlist."""
        entry = Entry(uri, item.start_ms, item.duration, item.gap)
        self._shown.append((item, entry, entry_text(entry)))
        self._target = target_duration([entry], self._target)
        self.count += 1
        while len(self._shown) > 1 and self._shown[0][0].end_ms <= item.end_ms - self._keep_ms:
            self._discontinuities += self._shown.popleft()[0].gap

    def text(self, *, ended: bool) -> str:
        """The playlist as it stands."""
        if not self._shown:
            return head(0, 0, self._target) + (END if ended else "")
        first, entry, _ = self._shown[0]
        others = "".join(text for _, _, text in islice(self._shown, 1, None))
        begin = head(first.sequence, self._discontinuities, self._target) + entry_text(entry, first=True)
        return begin + others + (END if ended else "")
