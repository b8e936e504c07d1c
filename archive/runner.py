"""Runs one ffmpeg: own process group, progress, watchdog, stop ladder, redacted words; it decides nothing about recording."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import re
import signal
import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from archive.watching import Progress, Watch
from broadcast.house import processes

logger = logging.getLogger(__name__)
_RING_LINES = 60
_STEP_SECONDS = 5.0
_LOOK_SECONDS = 1.0
# libsrt's caller is in; said at the level "verbose", with much else that nobody needs to keep.
_ACCEPTED = "accept streamid"
_CHATTER = re.compile(r"\[(?:info|verbose)\]")
_HIDDEN = re.compile(
    r"((?:passphrase|key|token|streamid)=)[^&\s'\"]+|(rtmps?://[^/\s]+/[^/\s]+/)[^\s'\"]+", re.IGNORECASE
)
_BAD_INPUT = re.compile(r"Invalid data|could not find codec|does not contain any stream", re.IGNORECASE)
_die_with = processes._die_with


@dataclass(frozen=True)
class Ended:
    """How a run ended. `code` is a stable word.

    ended, stopped, failed, wrong_passphrase, killed, bad_input, or what Watch.verdict says.
    """

    code: str
    status: int
    words: tuple[str, ...] = field(default=(), repr=False)


def redact(text: str, secrets: Sequence[str] = ()) -> str:
    """`text` without passphrases and keys: those named, and whatever looks like one in an address."""
    for secret in secrets:
        text = text.replace(secret, "***")
    return _HIDDEN.sub(lambda found: f"{found.group(1) or found.group(2)}***", text)


class Run:
    """One child. `start`, then `wait` for its end or `stop` it; both may be awaited by several."""

    def __init__(
        self,
        words: Sequence[str],
        *,
        name: str,
        secrets: Sequence[str] = (),
        feed: bool = False,
        stale_seconds: float | None = 10.0,
        watch: Watch | None = None,
        register: Path | None = None,
        on_words: Callable[[str], None] | None = None,
    ) -> None:
        self.words, self.name, self.secrets = list(words), name, tuple(secrets)
        self.progress = Progress()
        self._feed, self._register, self._on_words = feed, register, on_words
        self._watching = watch or Watch(stale=stale_seconds)
        self._ring: deque[str] = deque(maxlen=_RING_LINES)
        self._process: asyncio.subprocess.Process | None = None
        self._reason = ""
        self._stopping: asyncio.Task[None] | None = None
        self._end: asyncio.Task[Ended] | None = None
        self._file: Path | None = None
        self._asked = self._never = False
        self._begun = asyncio.Event()

    @property
    def pid(self) -> int:
        """The child's number; 0 before start."""
        return self._process.pid if self._process else 0

    @property
    def stdin(self) -> asyncio.StreamWriter:
        """Where to write, for a run with `feed=True`."""
        assert self._process is not None
        assert self._process.stdin is not None
        return self._process.stdin

    async def start(self) -> None:
        """Start the child. It gets a nearly empty environment, a session of its own, and dies with us. Raises OSError."""
        self._asked = True
        try:
            if self._never:
                raise ProcessLookupError("stopped before it began")
            await self._spawn()
        finally:
            self._begun.set()

    async def _spawn(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            *self.words,
            stdin=asyncio.subprocess.PIPE if self._feed else asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=processes.bare_environ(),
            start_new_session=True,
            # KILL, not TERM: a trailer half written when its reader is gone can leave an empty playlist; without one the
            # playlist of the closed segments stands as it is.
            preexec_fn=_die_with(os.getpid(), signal.SIGKILL),
        )
        end = self._end = asyncio.create_task(self._watch(self._process), name=f"run {self.name}")
        if self._register:
            self._file = await asyncio.to_thread(remember, self._register, self._process.pid)
            if end.done() and self._file:
                # It was gone before it was noted.
                self._file.unlink(missing_ok=True)
        logger.info("run started name=%s pid=%s", self.name, self.pid)

    async def wait(self) -> Ended:
        """Wait for the end."""
        assert self._end is not None
        return await asyncio.shield(self._end)

    async def begun(self) -> None:
        """Wait until `start` has done its work, whether it could or not."""
        await self._begun.wait()

    @property
    def running(self) -> bool:
        """Whether the child lives."""
        return self._end is not None and not self._end.done()

    async def stop(self, reason: str = "stopped", *, hard: bool = False) -> Ended:
        """End the child: INT, then TERM, then KILL to its whole group, five seconds apart (at once with `hard`).

        One that is just being started is waited for, and one not started yet never starts: none slips away.
        """
        if not self._asked:
            self._never = True
            return Ended("stopped", 0)
        await self._begun.wait()
        if self._end is None:
            return Ended("failed", -1)
        if self.running and self._stopping is None:
            self._reason = self._reason or reason
            self._stopping = asyncio.create_task(self._descend(hard))
        return await self.wait()

    async def _descend(self, hard: bool) -> None:
        assert self._end is not None
        for number in (signal.SIGKILL,) if hard else (signal.SIGINT, signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)
            done, _ = await asyncio.wait([self._end], timeout=_STEP_SECONDS)
            if done:
                return
        logger.error("run does not die name=%s pid=%s", self.name, self.pid)

    async def _watch(self, process: asyncio.subprocess.Process) -> Ended:
        assert process.stdout is not None
        assert process.stderr is not None
        readers = [
            asyncio.create_task(self._read_progress(process.stdout)),
            asyncio.create_task(self._read_words(process.stderr)),
            asyncio.create_task(self._guard()),
        ]
        status = await process.wait()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.gather(*readers[:2], return_exceptions=True), 2)
        for reader in readers:
            reader.cancel()
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        if self._file:
            self._file.unlink(missing_ok=True)
        ended = Ended(self._reason or self._explained(status), status, tuple(self._ring))
        logger.info("run ended name=%s pid=%s code=%s status=%s", self.name, process.pid, ended.code, status)
        return ended

    def _explained(self, status: int) -> str:
        said = "\n".join(self._ring)
        if status == -signal.SIGKILL:
            return "killed"
        if self.progress.moved_at is None and re.search(r"Incorrect passphrase|BADSECRET", said):
            return "wrong_passphrase"
        if self.progress.moved_at is None and _BAD_INPUT.search(said):
            return "bad_input"
        return "ended" if status in (0, 255) else "failed"

    async def _read_progress(self, stream: asyncio.StreamReader) -> None:
        while line := await _line(stream):
            name, _, value = line.partition("=")
            if name == "out_time_us" and value.lstrip("-").isdigit():
                self._moved("out_time_us", int(value))
            elif name in {"frame", "total_size"} and value.isdigit():
                self._moved({"frame": "frames"}.get(name, name), int(value))
            elif name.startswith("stream_"):
                # ffmpeg tells the quality of pictures alone.
                self.progress.has_picture = True

    def _moved(self, what: str, value: int) -> None:
        progress, now = self.progress, time.monotonic()
        if value <= getattr(progress, what):
            return
        setattr(progress, what, value)
        if what == "total_size":
            progress.bytes_at = now
            return
        progress.frames_at = now if what == "frames" else progress.frames_at
        progress.moved_first = progress.moved_first or now
        progress.moved_at = now

    def begin(self) -> None:
        """Somebody is connected: from now on media must come."""
        self.progress.begun_at = self.progress.begun_at or time.monotonic()

    def feed(self, data: bytes) -> None:
        """Write to its standard input and note that bytes came; wait for `stdin.drain` yourself."""
        self.begin()
        self.progress.bytes_at = time.monotonic()
        self.stdin.write(data)

    async def _read_words(self, stream: asyncio.StreamReader) -> None:
        while line := await _line(stream):
            said = redact(line, self.secrets)[:500]
            if _ACCEPTED in said:
                self.begin()
            if not _CHATTER.search(said):
                self._ring.append(said)
            if self._on_words:
                self._on_words(said)

    async def _guard(self) -> None:
        """Stop a child that gets nothing more, or nothing that it can use."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            code = self._watching.verdict(self.progress, time.monotonic())
            if code:
                logger.warning("run given up name=%s pid=%s code=%s", self.name, self.pid, code)
                self._reason = self._reason or code
                hard = self.progress.moved_at is None
                self._stopping = self._stopping or asyncio.create_task(self._descend(hard))
                return


async def _line(stream: asyncio.StreamReader) -> str:
    """The next line; an overlong one is cut. Empty at the end."""
    try:
        raw = await stream.readuntil(b"\n")
    except asyncio.IncompleteReadError as error:
        raw = error.partial
    except asyncio.LimitOverrunError as error:
        raw = await stream.read(max(error.consumed, 1))
    text = raw.decode("utf-8", "replace")
    return text.rstrip("\n") or ("\n" if text else "")


def remember(folder: Path, pid: int) -> Path | None:
    """Note who this child is (number, start time, boot), so that the next recorder can end it if we cannot."""
    identity = processes.identify(pid)
    if identity is None:
        return None
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{pid}.json"
    file.write_text(
        json.dumps({"pid": identity.pid, "started": identity.started, "boot": identity.boot}), encoding="ascii"
    )
    return file


def end_orphans(folder: Path) -> int:
    """End children that an earlier recorder left behind; returns how many still lived. Blocks for some seconds at worst."""
    left = []
    for file in folder.glob("*.json") if folder.is_dir() else ():
        with contextlib.suppress(ValueError, TypeError, OSError):
            left.append(processes.Identity(**json.loads(file.read_text(encoding="ascii"))))
        file.unlink(missing_ok=True)
    alive = [identity for identity in left if identity.alive]
    processes.end(alive)
    return len(alive)


async def run_to_end(words: Sequence[str], *, name: str, seconds: float) -> None:
    """Run a finite job, at most that long. Raises RuntimeError with its last words when it fails."""
    run = Run(words, name=name, stale_seconds=None)
    await run.start()
    try:
        ended = await asyncio.wait_for(run.wait(), seconds)
    except TimeoutError:
        ended = await run.stop("timeout")
    if ended.status != 0:
        raise RuntimeError(f"{name}: ffmpeg ended with {ended.status} ({ended.code}): " + " | ".join(ended.words[-5:]))
