"""Seconds of the staff's recording and programme time, and how long the public's replay becomes by edits; pure, it reads no file."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from broadcast.replay_times import Span, programme_ms

Stretch = tuple[int, int]
_CLOCK = re.compile(r"^(?:([0-9]{1,2}):)?([0-5]?[0-9]):([0-5]?[0-9])(?:[.,]([0-9]{1,3}))?$")


def second(at_ms: int, spans: Sequence[Span]) -> float:
    """Where a programme time stands in the recording; in a gap where it goes on, before the beginning 0, behind the end its length."""
    for span in spans:
        if at_ms < span.at_ms:
            return span.offset
        if at_ms < span.until_ms:
            return round(span.offset + (at_ms - span.at_ms) / 1000, 3)
    return seconds(spans)


def programme(at: float, spans: Sequence[Span], *, end: bool = False) -> int:
    """The other way, in milliseconds since 1970. What lies behind the end is the end. Raises ValueError without spans."""
    return programme_ms(min(at, seconds(spans)), spans, end=end or at >= seconds(spans))


def seconds(spans: Sequence[Span]) -> float:
    """How long it is."""
    return round(spans[-1].offset + spans[-1].seconds, 3) if spans else 0.0


def stretches(spans: Iterable[Span]) -> list[Stretch]:
    """The programme times that it holds."""
    return [(span.at_ms, span.until_ms) for span in spans]


def without(held: Iterable[Stretch], removed: Iterable[Stretch]) -> list[Stretch]:
    """What is left of `held`."""
    left = list(held)
    for since, until in removed:
        left = [
            piece
            for start, end in left
            for piece in ((start, min(end, since)), (max(start, until), end))
            if piece[0] < piece[1]
        ]
    return left


def length(held: Iterable[Stretch]) -> float:
    """Seconds of stretches that do not overlap."""
    return sum(end - start for start, end in held) / 1000


def shared(staff: Sequence[Span], public: Sequence[Span]) -> list[tuple[float, float, float]]:
    """Which seconds of the staff's recording the public's replay has, and from which of its own: (from, until, from there)."""
    found = []
    for ours in staff:
        for theirs in public:
            since, until = max(ours.at_ms, theirs.at_ms), min(ours.until_ms, theirs.until_ms)
            if since < until:
                at = ours.offset + (since - ours.at_ms) / 1000
                there = theirs.offset + (since - theirs.at_ms) / 1000
                found.append((round(at, 3), round(at + (until - since) / 1000, 3), round(there, 3)))
    return found


def parse_clock(text: str) -> float | None:
    """Seconds of 1:02:03.450 or 02:03; None for what is no time."""
    match = _CLOCK.match(text.strip())
    if match is None:
        return None
    hours, minutes, whole, parts = match.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + int((parts or "0").ljust(3, "0")) / 1000


def clock(at: float) -> str:
    """As 1:02:03.450, without hours 02:03.450."""
    ms = max(0, round(at * 1000))
    hours, minutes = ms // 3_600_000, ms // 60_000 % 60
    rest = f"{minutes:02d}:{ms // 1000 % 60:02d}.{ms % 1000:03d}"
    return f"{hours}:{rest}" if hours else rest
