"""Programme time and seconds of the replay, there and back, by the gap map of one recording; pure, it reads no file and knows no rights."""

from __future__ import annotations

import datetime as dt
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

# What is left of a line must be as much of it as this, else its words tell what was said in the cut.
LEAST_SHARE = 0.5
LEAST_SECONDS = 0.2


@dataclass(frozen=True)
class Span:
    """An unbroken stretch of programme time (milliseconds since 1970) and where it begins in the replay (seconds)."""

    at_ms: int
    offset: float
    seconds: float

    @property
    def until_ms(self) -> int:
        """Where it ends in programme time."""
        return self.at_ms + round(self.seconds * 1000)


@dataclass(frozen=True)
class Place:
    """Where a line stands in the replay; `whole` when nothing of it is missing there."""

    start: float
    end: float
    whole: bool


def place(start_ms: int, end_ms: int, spans: Sequence[Span]) -> Place | None:
    """Where what was said then is heard in the replay: shortened at gaps and cuts, None when it begins or ends in one and
    most of it lies there.

    `spans` in order of the replay. Of spans that overlap in time the first counts.
    """
    left = 0
    first = last = None
    began = until = start_ms
    for span in spans:
        since, end = max(start_ms, span.at_ms, until), min(end_ms, span.until_ms)
        if since >= end:
            continue
        left += end - since
        until = end
        if first is None:
            first, began = span.offset + (since - span.at_ms) / 1000, since
        last = span.offset + (end - span.at_ms) / 1000
    if first is None or last is None or left < LEAST_SECONDS * 1000:
        return None
    # Who began and ended outside the cut was heard on both sides of it; a person looks at the words before they are signed.
    outside = began == start_ms and until == end_ms
    if not outside and left < LEAST_SHARE * (end_ms - start_ms):
        return None
    return Place(round(first, 3), round(last, 3), left == end_ms - start_ms)


def moment(at_ms: int, spans: Sequence[Span]) -> float | None:
    """The second of the replay where a programme time is seen; None in a gap or a cut, before the beginning and after the end."""
    for span in spans:
        if span.at_ms <= at_ms < span.until_ms:
            return span.offset + (at_ms - span.at_ms) / 1000
    return None


def programme_ms(seconds: float, spans: Sequence[Span], *, end: bool = False) -> int:
    """The programme time of a second of the replay; on a border that of the stretch which begins, or with `end` of the one which ends.

    What lies behind the replay counts on from its last stretch. Raises ValueError without spans.
    """
    if not spans:
        raise ValueError("no spans")
    offsets = [span.offset for span in spans]
    at = max(0, bisect_right(offsets, seconds + 0.0005) - 1)
    if end and at > 0 and seconds - offsets[at] < 0.001:
        at -= 1
    span = spans[at]
    return span.at_ms + round((seconds - span.offset) * 1000)


def spans_of(rows: Iterable[Mapping[str, Any]]) -> list[Span]:
    """Spans as they are written beside a replay: `at`, `offset`, `duration`. Raises KeyError or ValueError for what is none."""
    return [Span(_milliseconds(str(row["at"])), float(row["offset"]), float(row["duration"])) for row in rows]


def offset_of(rows: Sequence[Mapping[str, Any]], at: dt.datetime) -> float | None:
    """Second of the replay at which a programme time is seen. One in a gap is where the picture goes on, one before the beginning 0,
    one after the end the end; None where there is no recording. `rows` are those of `*-spans.json`."""
    at_ms = round(at.timestamp() * 1000)
    for span in spans_of(rows):
        if at_ms < span.until_ms:
            return span.offset + max(0, at_ms - span.at_ms) / 1000
    return length(rows) if rows else None


def length(rows: Sequence[Mapping[str, Any]]) -> float:
    """Seconds that the whole replay lasts."""
    return float(rows[-1]["offset"] + rows[-1]["duration"]) if rows else 0.0


def _milliseconds(text: str) -> int:
    """Of a time as playlists have it: its zone with or without a colon, none is UTC."""
    if len(text) > 5 and text[-5] in "+-" and text[-4:].isdigit():
        text = f"{text[:-2]}:{text[-2:]}"
    at = dt.datetime.fromisoformat(text)
    return round((at if at.tzinfo else at.replace(tzinfo=dt.UTC)).timestamp() * 1000)
