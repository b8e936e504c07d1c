"""Runs one finite ffmpeg for a step: fed or read by us, nice, bounded, with progress and time-outs; it knows no row."""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import subprocess
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import IO, Protocol

from archive.modest import modest
from archive.runner import redact
from broadcast.house import processes

logger = logging.getLogger(__name__)
_MEMORY_BYTES = 4 << 30
_STALL_SECONDS = 120.0
_LOOK_SECONDS = 0.5
_CHUNK = 1 << 20
_RING_LINES = 40
PREFIX = ("-hide_banner", "-nostdin", "-y", "-nostats", "-loglevel", "level+warning")


class StepFailed(Exception):
    """A step cannot be done now, or `for_good` not at all. `problem` is a stable code, the text is for people."""

    def __init__(self, problem: str, words: str = "", *, for_good: bool = False) -> None:
        super().__init__(words or problem)
        self.problem, self.words, self.for_good = problem, words, for_good


class Held(Protocol):
    """What a child asks of whoever it works for."""

    def check(self) -> None:
        """Raise when the work is not ours any more."""

    def tell(self, progress: float) -> None:
        """How far the step is, 0 to 1."""


class Bench(Held, Protocol):
    """The same with a scratch folder."""

    folder: Path


class Child:
    """One ffmpeg. Use as a context: whatever happens, it is gone at the end. `wait` raises StepFailed unless it went well."""

    def __init__(
        self,
        words: Sequence[str],
        held: Held,
        *,
        seconds: float,
        feeds: bool = False,
        output: int | None = None,
        on_line: Callable[[str], None] | None = None,
    ) -> None:
        self.words, self.held, self._on_line = list(words), held, on_line
        self._deadline = time.monotonic() + seconds
        self.ring: deque[str] = deque(maxlen=_RING_LINES)
        self._moved = time.monotonic()
        self._ended = threading.Event()
        self._why = ""
        self.process = subprocess.Popen(
            self.words,
            stdin=subprocess.PIPE if feeds else subprocess.DEVNULL,
            stdout=subprocess.PIPE if output is None else output,
            stderr=subprocess.PIPE,
            env=processes.bare_environ(),
            start_new_session=True,
            preexec_fn=modest(memory=_MEMORY_BYTES),
        )
        self._threads = [
            threading.Thread(target=self._read_words, daemon=True),
            threading.Thread(target=self._guard, daemon=True),
        ]
        for thread in self._threads:
            thread.start()

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self._kill("")
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                with contextlib.suppress(OSError):
                    stream.close()
        self.process.wait()
        self._ended.set()
        for thread in self._threads:
            thread.join(5)

    def moved(self) -> None:
        """Something went on: the watchdog waits anew."""
        self._moved = time.monotonic()

    @property
    def stdin(self) -> IO[bytes]:
        """Where it is fed."""
        assert self.process.stdin is not None
        return self.process.stdin

    @property
    def stdout(self) -> IO[bytes]:
        """What it says."""
        assert self.process.stdout is not None
        return self.process.stdout

    def feed(self, pieces: Iterable[bytes]) -> None:
        """Write everything and close. A child that ended early is no error here: `wait` says why."""
        try:
            for piece in pieces:
                self.held.check()
                self.stdin.write(piece)
                self.moved()
            self.stdin.close()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def follow(self, seconds: float, first: float = 0.0, last: float = 1.0) -> None:
        """Read `-progress pipe:1` until it ends and tell it, as a share from `first` to `last` of media `seconds` long."""
        for raw in self.stdout:
            name, _, value = raw.decode("ascii", "replace").strip().partition("=")
            if name == "out_time_us" and value.isdigit():
                self.moved()
                share = min(1.0, int(value) / 1e6 / seconds) if seconds > 0 else 1.0
                self.held.tell(first + (last - first) * share)

    def wait(self) -> list[str]:
        """Wait for the end and return its last words. Raises StepFailed, or what `check` raises."""
        status = self.process.wait()
        self._threads[0].join(5)
        self.held.check()
        if self._why:
            raise StepFailed(self._why)
        if status:
            raise StepFailed("ffmpeg_failed", " | ".join(list(self.ring)[-4:])[-400:])
        return list(self.ring)

    def _kill(self, why: str) -> None:
        self._why = self._why or why
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if self.process.poll() is None:
                os.killpg(self.process.pid, signal.SIGKILL)

    def _read_words(self) -> None:
        assert self.process.stderr is not None
        for raw in self.process.stderr:
            line = redact(raw[:2000].decode("utf-8", "replace").rstrip())
            self.ring.append(line[:300])
            if self._on_line:
                self._on_line(line)

    def _guard(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            now = time.monotonic()
            if now > self._deadline:
                return self._kill("too_slow")
            if now - self._moved > _STALL_SECONDS:
                return self._kill("stalled")
            try:
                self.held.check()
            except Exception:
                return self._kill("fenced_out")
            if self.process.poll() is not None:
                return None
        return None


def run(
    words: Sequence[str],
    held: Held,
    *,
    media_seconds: float,
    share: tuple[float, float] = (0.0, 1.0),
    on_line: Callable[[str], None] | None = None,
) -> list[str]:
    """Run a job over files whose words ask for `-progress pipe:1`; returns its last words. Raises StepFailed."""
    with Child(words, held, seconds=patience(media_seconds), on_line=on_line) as child:
        child.follow(media_seconds, *share)
        return child.wait()


def patience(media_seconds: float) -> float:
    """How long a job over so much media may take: four times its length, and ten minutes."""
    return 600 + 4 * media_seconds


def chunks(stream: IO[bytes]) -> Iterable[bytes]:
    """The rest of a stream, piece by piece."""
    while piece := stream.read(_CHUNK):
        yield piece


def threads() -> str:
    """Half the machine at most: shows that run now come first."""
    return str(max(1, (os.cpu_count() or 2) // 2))
