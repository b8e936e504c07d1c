"""What a replay consists of once edits stand: pieces of its segments with what is done to each; pure, it reads no row and no file."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Protocol

from archive.playlists import Entry, Segment

CUT, BLEEP, BLUR = "cut", "bleep", "blur"
# A segment's file may hold sound and pictures of its neighbours' times: whatever lies so near a span is made anew too.
SLACK_MS = 700
# What is left of a segment and shorter than this goes with the cut: it might hold no picture.
LEAST_MS = 40
# Raised when pieces are made in another way: those that were made before are made anew.
_VERSION = 1
# Milliseconds that no time reaches.
_EVER = 1 << 62
Region = tuple[int, int, int, int]


class Timed(Protocol):
    """What has a place in programme time."""

    @property
    def start_ms(self) -> int: ...

    @property
    def end_ms(self) -> int: ...


@dataclass(frozen=True)
class Mark:
    """One applied edit, in whole milliseconds of programme time; None is from or until always. Only a blur has a region."""

    kind: str
    since_ms: int | None
    until_ms: int | None
    region: Region | None = None

    def overlaps(self, since_ms: int, until_ms: int, slack_ms: int = 0) -> bool:
        """Whether it touches that stretch, or comes so near."""
        begins = self.since_ms is None or self.since_ms - slack_ms < until_ms
        return begins and (self.until_ms is None or since_ms < self.until_ms + slack_ms)

    def within(self, since_ms: int, until_ms: int) -> tuple[int, int]:
        """What of it lies in that stretch, which it touches."""
        since = since_ms if self.since_ms is None else max(self.since_ms, since_ms)
        return since, until_ms if self.until_ms is None else min(self.until_ms, until_ms)


@dataclass(frozen=True)
class Piece:
    """What the public gets of a segment, from `since_ms` to `until_ms`. `picture` and `sound` say what of it must be made anew;
    where neither, it is the segment as it is. `gap`: it does not continue the one before."""

    segment: Segment
    since_ms: int
    until_ms: int
    picture: bool = False
    sound: bool = False
    bleeps: tuple[tuple[int, int], ...] = ()
    blurs: tuple[tuple[int, int, Region | None], ...] = ()
    gap: bool = field(default=False, compare=False)

    @property
    def is_plain(self) -> bool:
        """Whether it is the whole segment as it was received."""
        return not (self.picture or self.sound)

    @property
    def is_whole(self) -> bool:
        """Whether nothing is cut off."""
        return self.since_ms == self.segment.start_ms and self.until_ms == self.segment.end_ms

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.segment.duration if self.is_whole else (self.until_ms - self.since_ms) / 1000

    @property
    def key(self) -> str:
        """Names what is made anew by all that it depends on: the same edit of the same segment is the same piece."""
        start = self.segment.start_ms
        facts = [
            _VERSION,
            self.since_ms - start,
            self.until_ms - start,
            self.picture,
            self.sound,
            [[since - start, until - start] for since, until in self.bleeps],
            [[since - start, until - start, region] for since, until, region in self.blurs],
        ]
        digest = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
        return f"{self.segment.part:03d}-{self.segment.number:06d}-{digest}"

    def entry(self, uri: str, *, gap: bool) -> Entry:
        """Its line in a playlist."""
        return Entry(uri, self.since_ms, self.duration, gap)


def is_touched(segment: Timed, marks: Iterable[Mark]) -> bool:
    """Whether a segment (in whatever list) may not be public as it is."""
    return any(mark.overlaps(segment.start_ms, segment.end_ms, SLACK_MS) for mark in marks)


def compose(base: Sequence[tuple[Segment, bool]], marks: Sequence[Mark]) -> list[Piece]:
    """The pieces of a replay made of these segments, each with whether it does not continue the one before."""
    cuts = _merged(mark for mark in marks if mark.kind == CUT)
    found: list[list[Piece]] = []
    for segment, _gap in base:
        near = [mark for mark in marks if mark.overlaps(segment.start_ms, segment.end_ms, SLACK_MS)]
        if not near:
            found.append([Piece(segment, segment.start_ms, segment.end_ms)])
            continue
        kept = _left(segment.start_ms, segment.end_ms, cuts)
        found.append([_piece(segment, since, until, near) for since, until in kept if until - since >= LEAST_MS])
    return _joined(base, found)


def _piece(segment: Segment, since: int, until: int, near: Sequence[Mark]) -> Piece:
    cut = any(mark.kind == CUT for mark in near)
    bleeps = (mark.within(since, until) for mark in near if mark.kind == BLEEP and mark.overlaps(since, until))
    blurs = (
        (*mark.within(since, until), mark.region) for mark in near if mark.kind == BLUR and mark.overlaps(since, until)
    )
    return Piece(
        segment,
        since,
        until,
        picture=cut or any(mark.kind == BLUR for mark in near),
        sound=cut or any(mark.kind == BLEEP for mark in near),
        bleeps=tuple(sorted(set(bleeps))),
        blurs=tuple(sorted(set(blurs), key=repr)),
    )


def _joined(base: Sequence[tuple[Segment, bool]], found: Sequence[list[Piece]]) -> list[Piece]:
    """One after another. What was made anew stands behind a discontinuity, and so does what follows it: its sound was encoded for
    itself. Pictures alone made anew side by side go on, since their sound and their times are the source's."""
    result: list[Piece] = []
    follows = False
    for (_segment, gap), pieces in zip(base, found, strict=True):
        follows = follows and not gap
        for piece in pieces:
            before = result[-1] if result else None
            whole = before is not None and follows and piece.since_ms == piece.segment.start_ms
            unbroken = (
                before is not None and whole and not (before.sound or piece.sound) and before.picture == piece.picture
            )
            result.append(_with_gap(piece, before is not None and not unbroken))
            follows = piece.until_ms == piece.segment.end_ms
        follows = follows and bool(pieces)
    return result


def _with_gap(piece: Piece, gap: bool) -> Piece:
    return Piece(
        piece.segment, piece.since_ms, piece.until_ms, piece.picture, piece.sound, piece.bleeps, piece.blurs, gap
    )


def _merged(cuts: Iterable[Mark]) -> list[tuple[int, int]]:
    spans = sorted(
        (
            -_EVER if mark.since_ms is None else mark.since_ms,
            _EVER if mark.until_ms is None else mark.until_ms,
        )
        for mark in cuts
    )
    found: list[tuple[int, int]] = []
    for since, until in spans:
        if found and since <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], until))
        else:
            found.append((since, until))
    return found


def _left(since: int, until: int, cuts: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """What of a stretch no cut holds."""
    edges = [(since, since), *(cut for cut in cuts if cut[1] > since and cut[0] < until), (until, until)]
    for (_start, begins), (ends, _end) in pairwise(edges):
        left, right = max(begins, since), min(ends, until)
        if right > left:
            yield left, right
