"""Where a time of the programme lies in the replay that the public gets; without a replay, nowhere."""

from __future__ import annotations

import datetime as dt
import time
from collections import OrderedDict
from collections.abc import Sequence
from threading import Lock
from uuid import UUID

from archive.queries import milliseconds
from archive.transcripts import queries
from broadcast import replay_times
from broadcast.replay_times import Span

# As long as players believe a playlist.
_KEPT_SECONDS = 1.0
_MOST = 2_000
_kept: OrderedDict[UUID, tuple[float, list[Span]]] = OrderedDict()
_lock = Lock()


def spans(airing_id: UUID) -> list[Span]:
    """The gap map of the public replay, at most a second old; none while there is no replay."""
    with _lock:
        known = _kept.get(airing_id)
    if known is not None and time.monotonic() - known[0] < _KEPT_SECONDS:
        return known[1]
    asked = time.monotonic()
    found = queries.spans(airing_id)
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
    ms = milliseconds(at)
    seen = replay_times.moment(ms, found)
    if seen is not None:
        return int(seen)
    return min((int(each.offset) for each in found if each.at_ms > ms), default=None) if onward else None


def line_second(starts_at: dt.datetime, ends_at: dt.datetime, found: Sequence[Span]) -> int | None:
    """The same of a line, by the rule of the transcript itself: None when most of it lies in a cut."""
    place = replay_times.place(milliseconds(starts_at), milliseconds(ends_at), found)
    return None if place is None else int(place.start)
