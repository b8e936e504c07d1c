"""Programme time and replay time of one recording, by the rows of its gap map; pure, it reads no file and knows no rights."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any


def offset_of(spans: Sequence[Mapping[str, Any]], at: dt.datetime) -> float | None:
    """Second of the replay at which a programme time is seen. One in a gap is where the picture goes on, one before the beginning 0,
    one after the end the end; None where there is no recording. `spans` are rows of `*-spans.json`: `at`, `offset`, `duration`."""
    for span in spans:
        past = (at - dt.datetime.fromisoformat(span["at"])).total_seconds()
        if past < span["duration"]:
            return float(span["offset"]) + max(0.0, past)
    return length(spans) if spans else None


def length(spans: Sequence[Mapping[str, Any]]) -> float:
    """Seconds that the whole replay lasts."""
    return float(spans[-1]["offset"] + spans[-1]["duration"]) if spans else 0.0
