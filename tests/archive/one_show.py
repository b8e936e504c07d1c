"""What the test of one whole show needs: encoders whose pictures have known times, and replays decoded as a player goes through them."""

from __future__ import annotations

import math
import subprocess
import threading
import time
from array import array
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import m3u8

from archive import tools

from .pushes import numbers_in

FPS = 10
RATE = 16_000
_WINDOW = RATE // 20


@dataclass
class Encoder:
    """Sends a numbered clip once, at the speed of the clock, and notes when how many pictures were sent.

    `first` is the number of the first picture, `skip` the seconds of the clip that are left out.
    """

    clip: Path
    first: int
    url: str
    skip: int = 0
    process: subprocess.Popen[bytes] | None = None
    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def start(self) -> Encoder:
        container = "flv" if self.url.startswith("rtmp") else "mpegts"
        words = [tools.path(), "-nostdin", "-loglevel", "error", "-progress", "pipe:1", "-stats_period", "0.05", "-re"]
        words += [
            "-ss",
            str(self.skip),
            "-i",
            str(self.clip),
            "-c",
            "copy",
            "-muxdelay",
            "0.05",
            "-f",
            container,
            self.url,
        ]
        self.process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        threading.Thread(target=self._follow, daemon=True).start()
        return self

    def _follow(self) -> None:
        assert self.process
        assert self.process.stdout
        for line in self.process.stdout:
            if line.startswith(b"frame="):
                self.times.append(time.time())
                self.counts.append(int(line[6:]))

    def pull_the_cable(self) -> None:
        """It is gone at once and says nothing."""
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()

    def sent_at(self, number: int) -> float | None:
        """When it had sent that picture, seconds since 1970; None for one that is not its own."""
        index = number - self.first
        place = bisect_right(self.counts, index)
        return self.times[place] if index >= 0 and place < len(self.times) else None


@dataclass
class Run:
    """What a player shows without a discontinuity: since when by the playlist, and the files in order."""

    start: float
    duration: float
    files: list[Path]

    @property
    def media(self) -> bytes:
        return b"".join(file.read_bytes() for file in self.files)

    @property
    def pictures(self) -> list[int | None]:
        return numbers_in(self.media)

    @property
    def sound(self) -> array[int]:
        return pcm(self.media)


def runs(playlist: Path, place: Callable[[str], Path | None]) -> list[Run]:
    """The runs of a playlist; `place` says which file an address is, None for one to be left out (a filler)."""
    found: list[Run] = []
    for segment in m3u8.loads(playlist.read_text()).segments:
        if segment.discontinuity or not found:
            at = segment.program_date_time
            assert at, "each run says when it was"
            found.append(Run(at.timestamp(), 0.0, []))
        file = place(str(segment.uri))
        if file is not None:
            found[-1].duration += float(segment.duration or 0)
            found[-1].files.append(file)
    return [run for run in found if run.files]


def pcm(media: bytes | Path) -> array[int]:
    """The sound of a file or its bytes in one channel at RATE."""
    file, data = (str(media), None) if isinstance(media, Path) else ("pipe:0", media)
    words = [tools.path(), "-v", "error", "-i", file, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE)]
    samples = array("h")
    samples.frombytes(subprocess.run([*words, "-f", "s16le", "-"], input=data, capture_output=True, check=True).stdout)
    return samples


@dataclass(frozen=True)
class Heard:
    """A twentieth of a second of sound: its tone in Hz, its strength, and the worst jump out of that tone against its strength."""

    tone: float
    strength: float
    jump: float


def listen(samples: array[int]) -> list[Heard]:
    """A pure tone obeys x[n+1] + x[n-1] = c x[n]; whatever is missing, doubled or clipped does not."""
    return [_heard(samples[at : at + _WINDOW]) for at in range(0, len(samples) - _WINDOW + 1, _WINDOW)]


def _heard(window: array[int]) -> Heard:
    power = sum(each * each for each in window)
    strength = math.sqrt(2 * power / len(window))
    if strength < 100:
        return Heard(0.0, strength, 0.0)
    inner = range(1, len(window) - 1)
    c = sum(window[n] * (window[n - 1] + window[n + 1]) for n in inner) / sum(window[n] ** 2 for n in inner)
    jump = max(abs(window[n + 1] - c * window[n] + window[n - 1]) for n in inner) / strength
    tone = math.acos(max(-1.0, min(1.0, c / 2))) * RATE / (2 * math.pi)
    return Heard(tone, strength, jump)


def tones_of(heard: Iterable[Heard]) -> set[int]:
    """Tones that were there for at least a fifth of a second, to the nearest 20 Hz."""
    found, last, count = set(), 0, 0
    for each in heard:
        tone = round(each.tone / 20) * 20
        count = count + 1 if tone == last else 1
        last = tone
        if tone and count >= 4:
            found.add(tone)
    return found
