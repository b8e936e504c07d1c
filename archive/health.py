"""What the control room sees of each feed: rates, pictures, loudness, silence, black, age; pure sums over measures, it measures nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any

from archive.measures import Measure
from archive.parts import PartFolder
from archive.playlists import Segment, format_time
from broadcast import clock

# Rates and counts are those of so many last segments: one minute.
WINDOW = 30


def of_lanes(parts: Iterable[PartFolder]) -> dict[str, Any]:
    """One object a lane, by the part of it that received last."""
    newest: dict[str, PartFolder] = {}
    for part in parts:
        known = newest.get(part.lane)
        if part.segments and (known is None or part.segments[-1].received_ms > known.segments[-1].received_ms):
            newest[part.lane] = part
    return {lane: _of_part(part.segments, part.log.known) | {"part": part.number} for lane, part in newest.items()}


def _of_part(segments: Sequence[Segment], known: dict[int, Measure]) -> dict[str, Any]:
    window = segments[-WINDOW:]
    measured = [(each, known[each.number]) for each in window if each.number in known]
    last = measured[-1][1] if measured else Measure(-1)
    seconds = sum(each.duration for each, _ in measured)
    return {
        "last_segment_at": format_time(segments[-1].received_ms),
        "bitrate": round(sum(found.bytes for _, found in measured) * 8 / seconds) if seconds else 0,
        "frames": sum(found.frames for _, found in measured),
        "drops": sum(found.drops for _, found in measured),
        "drops_total": sum(found.drops for found in list(known.values())),
        "fps": last.fps,
        "width": last.width,
        "height": last.height,
        "sample_rate": last.sample_rate,
        "codecs": last.codecs,
        "loudness": last.loudness,
        "peak": last.peak,
        "silence_seconds": _run(segments, known, "silent"),
        "black_seconds": _run(segments, known, "black"),
        "unmeasured": len(window) - len(measured),
    }


def _run(segments: Sequence[Segment], known: dict[int, Measure], what: str) -> float:
    """How long it has been so without a break, up to the newest segment that was measured; unmeasured ones do not break it."""
    seconds = 0.0
    for segment in reversed(segments):
        found = known.get(segment.number)
        if found is not None and not getattr(found, what):
            break
        if found is not None:
            seconds += segment.duration
    return round(seconds, 1)


def view(health: dict[str, Any]) -> dict[str, Any]:
    """The same for people: with how old each lane's last segment is as of now."""
    lanes = {name: lane | {"last_segment_age_seconds": _age(lane)} for name, lane in health.get("lanes", {}).items()}
    return health | {"lanes": lanes}


def _age(lane: dict[str, Any]) -> float | None:
    try:
        at = dt.datetime.fromisoformat(str(lane["last_segment_at"]))
    except (KeyError, ValueError):
        return None
    return round((clock.now() - at).total_seconds(), 1)
