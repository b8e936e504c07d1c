"""Where a clip lies in the public replay: programme time through the gap map; pure, it reads no file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from archive.queries import from_milliseconds, milliseconds
from broadcast.replay_times import Span, programme_ms

# What is left after cuts must be as long as this to be a clip.
LEAST_SECONDS = 1.0
MOST_SECONDS = 900.0


@dataclass(frozen=True)
class Stretch:
    """From `start` to `end` in seconds of the replay; `whole` when nothing of what was marked is missing there."""

    start: float
    end: float
    whole: bool

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end - self.start


def stretch(since: dt.datetime, until: dt.datetime, spans: Sequence[Span]) -> Stretch | None:
    """What the public's replay holds of a span of programme time: shortened by gaps and cuts, None when nothing is left of it.

    Stretches of the replay follow each other without a gap, so that what is left is one stretch of it.
    """
    first_ms, last_ms = milliseconds(since), milliseconds(until)
    left = [
        (
            span.offset + (max(first_ms, span.at_ms) - span.at_ms) / 1000,
            min(last_ms, span.until_ms) - max(first_ms, span.at_ms),
        )
        for span in spans
        if max(first_ms, span.at_ms) < min(last_ms, span.until_ms)
    ]
    if not left:
        return None
    start = min(at for at, _long in left)
    end = max(at + long / 1000 for at, long in left)
    if end - start < LEAST_SECONDS:
        return None
    whole = sum(long for _at, long in left) >= last_ms - first_ms
    return Stretch(round(start, 3), round(end, 3), whole)


def programme_span(start: float, end: float, spans: Sequence[Span]) -> tuple[dt.datetime, dt.datetime]:
    """Seconds of the replay as programme time. Raises ValueError without spans."""
    return from_milliseconds(programme_ms(start, spans)), from_milliseconds(programme_ms(end, spans, end=True))
