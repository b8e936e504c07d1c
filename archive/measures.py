"""What was measured of each segment: reads ffmpeg's words about loudness and black, keeps a line a segment; it runs nothing."""

from __future__ import annotations

import json
import math
import re
import threading
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import BinaryIO

from archive.ffmpeg import BLACK_PERCENT
from archive.streams import Facts

FILE = "measures.jsonl"
# A segment whose loudest sample stays below this is silent. Room noise of an open microphone lies above it.
SILENT_DBFS = -50.0
_FLOOR = -99.0
_LOUDNESS = re.compile(r"^lavfi\.r128\.M=(\S+)", re.MULTILINE)
_PEAK = re.compile(r"^lavfi\.r128\.sample_peak=(\S+)", re.MULTILINE)
_BLACK = re.compile(r"^lavfi\.blackframe\.pblack=(\d+)", re.MULTILINE)


@dataclass(frozen=True)
class Measure:
    """One segment. `loudness` is the loudest 400 ms in LUFS, `peak` the highest sample in dBFS; None: not measured or no sound.

    `fps` is the usual rate, `drops` how many pictures are missing in it and since the segment before.
    """

    number: int
    loudness: float | None = None
    peak: float | None = None
    silent: bool = False
    black: bool = False
    frames: int = 0
    width: int = 0
    height: int = 0
    fps: float = 0.0
    sample_rate: int = 0
    drops: int = 0
    bytes: int = 0
    codecs: str = ""


def read_loudness(text: str) -> tuple[float | None, float | None]:
    """(loudest 400 ms in LUFS, highest sample in dBFS) out of what ebur128 wrote; None where it says nothing."""
    loudness = [value for value in map(_number, _LOUDNESS.findall(text)) if value is not None]
    peaks = [value for value in map(_number, _PEAK.findall(text)) if value is not None]
    loudest = max(_FLOOR, round(max(loudness), 1)) if loudness else None
    highest = max(peaks) if peaks else None
    if highest is None:
        return loudest, None
    return loudest, max(_FLOOR, round(20 * math.log10(highest), 1)) if highest > 0 else _FLOOR


def read_black(text: str) -> bool:
    """Whether every picture that blackframe saw was dark; no picture is not black."""
    shares = [int(share) for share in _BLACK.findall(text)]
    return bool(shares) and min(shares) >= BLACK_PERCENT


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:
        return None
    return None if math.isnan(value) else value


def of(number: int, facts: Facts, size: int, before: Facts | None, loudness: str, black: str) -> Measure:
    """Put together what was read of a segment; `before` are the facts of the one before it in the same part, if known."""
    loudest, peak = read_loudness(loudness)
    return Measure(
        number=number,
        loudness=loudest,
        peak=peak,
        # No sound at all is silence too; what could not be measured is not.
        silent=not facts.sound or (peak is not None and peak <= SILENT_DBFS),
        black=read_black(black),
        frames=facts.frames,
        width=facts.width,
        height=facts.height,
        fps=facts.fps,
        sample_rate=facts.sample_rate,
        drops=facts.drops + _missing_between(before, facts),
        bytes=size,
        codecs=facts.codecs,
    )


def _missing_between(before: Facts | None, facts: Facts) -> int:
    """Pictures that are missing at the seam of two segments."""
    if before is None or not before.times or not facts.times or before.step <= 0:
        return 0
    hole = (facts.times[0] - before.times[-1]) % (1 << 33)
    # More than a minute is another clock, not a hole.
    return round(hole / before.step) - 1 if 1.5 * before.step < hole < 60 * 90_000 else 0


class Log:
    """The measures of a part: read on as lines come, a torn one at the end waits until it is whole."""

    def __init__(self, part: Path) -> None:
        self.file = part / FILE
        self.known: dict[int, Measure] = {}
        self._at = 0
        self._lock = threading.Lock()

    def refresh(self) -> bool:
        """Read what came. Returns whether something did. Blocks on the disk."""
        with self._lock:
            return self._refresh()

    def _refresh(self) -> bool:
        try:
            if self.file.stat().st_size <= self._at:
                return False
            with self.file.open("rb") as stream:
                stream.seek(self._at)
                raw = stream.read()
        except FileNotFoundError:
            return False
        whole = raw[: raw.rfind(b"\n") + 1]
        self._at += len(whole)
        for line in whole.splitlines():
            measure = _parsed(line)
            if measure is not None:
                self.known[measure.number] = measure
        return bool(whole)

    def add(self, measure: Measure) -> None:
        """Append a line. A torn one that a crash left is closed first, so that it spoils only itself."""
        with self.file.open("ab+") as stream:
            if stream.tell() and not _ends_whole(stream):
                stream.write(b"\n")
            stream.write(json.dumps(asdict(measure)).encode() + b"\n")
        self.refresh()


def _ends_whole(stream: BinaryIO) -> bool:
    stream.seek(-1, 2)
    return bool(stream.read(1) == b"\n")


_NAMES = {each.name for each in fields(Measure)}


def _parsed(line: bytes) -> Measure | None:
    try:
        found = json.loads(line)
        return Measure(**{name: value for name, value in found.items() if name in _NAMES})
    except (ValueError, TypeError, AttributeError):
        return None
