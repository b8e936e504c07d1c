"""An encoder whose every picture carries its number, and the numbers read back: what was sent, kept and lost is counted, not guessed."""

from __future__ import annotations

import subprocess
import threading
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from archive import tools

RATE, GOP = 10, 20
WIDTH, HEIGHT, SIDE, BITS = 128, 144, 16, 16


def _picture(number: int) -> bytes:
    """A row of squares, white for the ones of the number, and below the same turned round: a damaged picture shows itself."""
    bits = [number >> place & 1 for place in range(BITS)]
    top = b"".join(bytes([235 if bit else 16]) * SIDE for bit in bits[:8]) * SIDE
    middle = b"".join(bytes([235 if bit else 16]) * SIDE for bit in bits[8:]) * SIDE
    check = bits[0:8] if number % 3 else [1 - bit for bit in bits[0:8]]
    bottom = b"".join(bytes([235 if bit else 16]) * SIDE for bit in check) * SIDE
    grey = bytes([128]) * (WIDTH * (HEIGHT - 3 * SIDE) + WIDTH * HEIGHT // 2)
    return top + middle + bottom + grey


def make_clip(path: Path, seconds: int) -> Path:
    """A clip of numbered pictures with a tone, a key frame every two seconds."""
    words = [tools.path(), "-hide_banner", "-loglevel", "error", "-f", "rawvideo", "-pix_fmt", "yuv420p"]
    words += ["-s", f"{WIDTH}x{HEIGHT}", "-r", str(RATE), "-i", "pipe:0", "-f", "lavfi", "-i", "sine=f=440:r=48000"]
    words += ["-c:v", "libx264", "-preset", "ultrafast", "-g", str(GOP), "-keyint_min", str(GOP), "-sc_threshold", "0"]
    words += ["-bf", "0", "-c:a", "aac", "-b:a", "32k", "-t", str(seconds), "-y", str(path)]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as process:
        assert process.stdin is not None
        for number in range(seconds * RATE):
            process.stdin.write(_picture(number))
        process.stdin.close()
        assert process.wait(300) == 0
    return path


def read_numbers(files: Iterable[Path]) -> list[int]:
    """The numbers of all pictures in segments of one part that follow one another."""
    words = [tools.path(), "-hide_banner", "-loglevel", "error", "-f", "mpegts", "-i", "pipe:0", "-map", "0:v:0"]
    words += ["-vsync", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1"]
    media = b"".join(each.read_bytes() for each in files)
    raw = subprocess.run(words, input=media, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False).stdout
    size = WIDTH * HEIGHT
    return [_number(raw[at : at + size]) for at in range(0, len(raw) - size + 1, size)]


def _number(picture: bytes) -> int:
    def square(row: int, column: int) -> int:
        at = (row * SIDE + SIDE // 2) * WIDTH + column * SIDE + SIDE // 2
        return int(picture[at] > 128)

    return sum(square(place // 8, place % 8) << place for place in range(BITS))


@dataclass
class Connection:
    """One connection of an encoder: the number of its first picture, and how many it had sent when."""

    first: int
    began: float
    ended: float | None = None
    times: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    def sent_at(self, count: int) -> float | None:
        """When it had sent so many; None when it never had."""
        place = bisect_left(self.counts, count)
        return self.times[place] if place < len(self.times) else None

    def sent_by(self, at: float) -> int:
        """How many pictures it had sent by then, as it said itself (twenty times a second)."""
        place = bisect_right(self.times, at)
        return self.counts[place - 1] if place else 0


class NumberedEncoder:
    """Sends the clip at the speed of the clock, and comes back whenever its connection ends, at the picture of that time."""

    def __init__(self, clip: Path, address: Callable[[], str], container: str, began: float) -> None:
        self.clip, self.address, self.container, self.began = clip, address, container, began
        self.connections: list[Connection] = []
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> NumberedEncoder:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._process is not None:
            self._process.kill()
        if self._thread.is_alive():
            self._thread.join(20)

    def _run(self) -> None:
        while not self._stop.is_set():
            # From the next key frame on, at its own time: no picture is ever sent twice.
            at = int((time.monotonic() - self.began) * RATE) // GOP * GOP + GOP
            if self._stop.wait(max(0.0, self.began + at / RATE - time.monotonic())):
                return
            self._send(at)

    def _send(self, first: int) -> None:
        words = [tools.path(), "-hide_banner", "-nostdin", "-loglevel", "error", "-progress", "pipe:1"]
        words += ["-stats_period", "0.05", "-re", "-ss", str(first / RATE), "-i", str(self.clip), "-c", "copy"]
        words += ["-muxdelay", "0.05", "-f", self.container, self.address()]
        with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as process:
            self._process = process
            if self._stop.is_set():
                process.kill()
            connection = Connection(first, time.monotonic())
            self.connections.append(connection)
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith(b"frame="):
                    connection.times.append(time.monotonic())
                    connection.counts.append(int(line[6:]))
            connection.ended = time.monotonic()


class Sink:
    """Another platform: takes what is pushed to it by SRT, and listens again whenever that ends."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._process: subprocess.Popen[bytes] | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> Sink:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._stop.set()
        if self._process is not None:
            self._process.kill()
        if self._thread.is_alive():
            self._thread.join(20)

    def _run(self) -> None:
        words = [tools.path(), "-hide_banner", "-nostdin", "-loglevel", "quiet", "-f", "mpegts"]
        words += ["-i", f"srt://127.0.0.1:{self.port}?mode=listener&timeout=5000000", "-c", "copy", "-f", "null", "-"]
        while not self._stop.is_set():
            with subprocess.Popen(words) as process:
                self._process = process
                if self._stop.is_set():
                    process.kill()
                process.wait()
            self._stop.wait(0.2)
