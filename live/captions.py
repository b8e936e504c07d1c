"""Caption lines as WebVTT, and how long each stands; pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

# A reader of Chinese takes about five characters a second; nobody reads faster than the eye moves, or wants a line for long.
READ_PER_CHARACTER = 0.22
SHORTEST, LONGEST = 2.5, 8.0


@dataclass(frozen=True)
class Line:
    """What was said from `at` on; `until` where somebody knows."""

    at: dt.datetime
    text: str
    until: dt.datetime | None = None


def seconds(text: str) -> float:
    """How long a line stands where nothing follows; as in static/live/captions.js."""
    return min(LONGEST, max(SHORTEST, 1.2 + READ_PER_CHARACTER * len(text)))


def vtt(lines: Sequence[Line], start: dt.datetime) -> str:
    """WebVTT of lines in order of time, counted from `start`; what was said before it is left out."""
    said = [line for line in lines if line.at >= start]
    cues = ["WEBVTT", ""]
    for number, line in enumerate(said, 1):
        end = line.until or line.at + dt.timedelta(seconds=seconds(line.text))
        if number < len(said):
            end = min(end, said[number].at)
        if end <= line.at:
            continue
        cues += [str(number), f"{_clock(line.at - start)} --> {_clock(end - start)}", _escaped(line.text), ""]
    return "\n".join(cues) + "\n"


def _clock(span: dt.timedelta) -> str:
    milliseconds = round(span.total_seconds() * 1000)
    hours, rest = divmod(milliseconds, 3_600_000)
    minutes, rest = divmod(rest, 60_000)
    return f"{hours:02d}:{minutes:02d}:{rest // 1000:02d}.{rest % 1000:03d}"


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
