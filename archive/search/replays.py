"""Where a time of the programme lies in the replay that the public gets; without a replay, nowhere."""

from __future__ import annotations

import datetime as dt
import json
import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from uuid import UUID

from archive import playlists, writer
from archive.steps import material
from archive.steps.run import StepFailed

# Start, place and length, milliseconds.
Span = tuple[int, int, int]
# As long as players believe a playlist.
_KEPT_SECONDS = 1.0
_MOST = 2_000
# Of a line at least so much must be left, or it is as if it were cut.
LEAST_SHARE = 0.5
_kept: OrderedDict[UUID, tuple[float, list[Span]]] = OrderedDict()
_lock = Lock()


def spans(airing_id: UUID) -> list[Span]:
    """The gap map of the public replay, at most a second old; none while there is no replay."""
    with _lock:
        known = _kept.get(airing_id)
    if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
        return known[1]
    asked = time.monotonic()
    found = _read(airing_id)
    with _lock:
        _kept[airing_id] = (asked, found)
        _kept.move_to_end(airing_id)
        while len(_kept) > _MOST:
            _kept.popitem(last=False)
    return found


def forget() -> None:
    """Forget what is kept, for tests."""
    with _lock:
        _kept.clear()


def second(at: dt.datetime, found: Sequence[Span], *, onward: bool = False) -> int | None:
    """The whole second of the replay where the time is seen; what lies in a gap or a cut is at none, or `onward` where it goes on."""
    ms = _ms(at)
    for start, place, length in found:
        if start <= ms < start + length:
            return (place + ms - start) // 1000
    if onward:
        return min((place // 1000 for start, place, _length in found if start > ms), default=None)
    return None


def line_second(starts_at: dt.datetime, ends_at: dt.datetime, found: Sequence[Span]) -> int | None:
    """The same of a line, where at least half of it is heard: its first second that is."""
    since, until = _ms(starts_at), _ms(ends_at)
    left, first = 0, None
    for start, place, length in found:
        begin, end = max(since, start), min(until, start + length)
        if begin < end:
            left += end - begin
            first = (place + begin - start) // 1000 if first is None else first
    return first if left >= LEAST_SHARE * (until - since) else None


def _ms(at: dt.datetime) -> int:
    return round(at.timestamp() * 1000)


def _read(airing_id: UUID) -> list[Span]:
    try:
        text = material.read(f"airings/{airing_id}/{writer.PUBLIC.replace('.m3u8', '-spans.json')}")
        return [_span(row) for row in json.loads(text)["spans"]]
    except (StepFailed, ValueError, KeyError, TypeError):
        return []


def _span(row: dict[str, object]) -> Span:
    place, length = (round(float(str(row[name])) * 1000) for name in ("offset", "duration"))
    return playlists.parse_time(str(row["at"])), place, length
