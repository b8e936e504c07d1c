"""Receives one airing's feed: an SRT listener that is always there, RTMP sessions handed over by the gate, a part for each connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from pathlib import Path
from typing import Any

from archive import ffmpeg
from archive.ffmpeg import Srt
from archive.parts import AiringFolder, PartFolder
from archive.runner import Ended, Run

logger = logging.getLogger(__name__)
_LEAST_PAUSE, _MOST_PAUSE = 0.1, 5.0
MOST_RTMP = 3


class Busy(Exception):
    """As many RTMP sessions of this airing as there may be."""


class Intake:
    """What is running for one airing. `want` is level-triggered: call it as often as you like."""

    def __init__(self, folder: AiringFolder, *, program: str, host: str, register: Path) -> None:
        self.folder, self.program, self.host, self.register = folder, program, host, register
        self.refused: dict[str, Any] = {}
        self.problem = ""
        self._wanted: tuple[int, str] | None = None
        self._listener: asyncio.Task[None] | None = None
        self._runs: dict[int, Run] = {}
        self._closing = False
        self._tasks: set[asyncio.Task[None]] = set()

    async def want(self, srt_port: int, passphrase: str) -> None:
        """Listen there with that passphrase; a change drops whoever is connected with the old one."""
        if self._wanted == (srt_port, passphrase) and self._listener and not self._listener.done():
            return
        if self._wanted is not None:
            await self.stop()
        self._closing = False
        self._wanted = (srt_port, passphrase)
        self._listener = asyncio.create_task(self._listen(srt_port, passphrase), name=f"srt {self.folder.airing_id}")

    async def stop(self) -> None:
        """End all children, cleanly where something was received, and close their parts."""
        self._closing = True
        self._wanted = None
        await asyncio.gather(*(self._stop(run) for run in list(self._runs.values())), return_exceptions=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._listener:
            with contextlib.suppress(asyncio.CancelledError, TimeoutError):
                await asyncio.wait_for(self._listener, 5)
            self._listener = None

    @staticmethod
    async def _stop(run: Run) -> None:
        # One that still listens has nothing to finish; libsrt would make it wait.
        await run.stop(hard=run.progress.moved_at is None)

    @property
    def receiving(self) -> list[int]:
        """Parts into which media come right now."""
        return [number for number, run in self._runs.items() if run.progress.moved_at is not None]

    @property
    def writing(self) -> list[int]:
        """Parts that a living child may write."""
        return list(self._runs)

    async def _listen(self, port: int, passphrase: str) -> None:
        """One child after another: as soon as a caller is gone the next may come."""
        pause = _LEAST_PAUSE
        while not self._closing:
            began = time.monotonic()
            part = self.folder.new_part("srt")
            words = ffmpeg.ingest_srt(self.program, Srt(self.host, port, passphrase), part.path)
            run = Run(
                words,
                name=f"srt-{self.folder.airing_id}-{part.number}",
                secrets=[passphrase],
                register=self.register,
                on_words=self._heard,
            )
            ended = await self._record(run, part)
            if ended.code in {"failed", "bad_input"} and run.progress.moved_at is None and not self._closing:
                self.refused_one(ended.code)
                self.problem = self._explain(ended)
            quick = time.monotonic() - began < 2
            pause = min(pause * 2, _MOST_PAUSE) if quick else _LEAST_PAUSE
            if not self._closing:
                await asyncio.sleep(pause)

    async def _record(self, run: Run, part: PartFolder) -> Ended:
        self._runs[part.number] = run
        try:
            await run.start()
            ended = await run.wait()
        except OSError as error:
            logger.error("ffmpeg does not start program=%s error=%s", self.program, error)
            ended = Ended("failed", -1)
        finally:
            self._runs.pop(part.number, None)
        held = await asyncio.to_thread(self.folder.close_part, part, ended.code)
        if held:
            self.problem = ""
            logger.info("part closed airing=%s part=%s code=%s", self.folder.airing_id, part.number, ended.code)
        elif not self._closing:
            logger.warning(
                "nothing received airing=%s code=%s words=%s",
                self.folder.airing_id,
                ended.code,
                " | ".join(ended.words[-3:]),
            )
        return ended

    def _heard(self, line: str) -> None:
        """What ffmpeg says while it listens: a caller with a wrong passphrase shows only there."""
        if "Incorrect passphrase" in line or "rejecting per enforced encryption" in line or "ERROR:UNSECURE" in line:
            now = time.time()
            if now - self.refused.get("wrong_passphrase", {}).get("at", 0) > 0.5:
                logger.warning("srt refused airing=%s code=wrong_passphrase", self.folder.airing_id)
                self.refused_one("wrong_passphrase")

    def refused_one(self, code: str) -> None:
        """Count a refusal by its stable code."""
        count = self.refused.get(code, {}).get("count", 0)
        self.refused[code] = {"count": count + 1, "at": time.time()}

    @staticmethod
    def _explain(ended: Ended) -> str:
        said = " ".join(ended.words)
        if "in use" in said or "setup failure" in said:
            return "port_in_use"
        return "bad_input" if ended.code == "bad_input" else "ingest_failed"

    async def open_rtmp(self, key: str) -> Run:
        """A started child that reads FLV from `run.stdin` into a part of its own. Raises Busy or OSError.

        The part is closed when the child ends, whatever becomes of the caller.
        """
        if (
            self._closing
            or self._wanted is None
            or sum(run.name.startswith("rtmp") for run in self._runs.values()) >= MOST_RTMP
        ):
            raise Busy
        part = self.folder.new_part("rtmp")
        run = Run(
            ffmpeg.ingest_flv(self.program, part.path),
            name=f"rtmp-{self.folder.airing_id}-{part.number}",
            secrets=[key],
            feed=True,
            register=self.register,
        )
        self._runs[part.number] = run
        try:
            await run.start()
        except OSError:
            self._runs.pop(part.number, None)
            self.folder.close_part(part, "failed")
            raise
        task = asyncio.create_task(self._follow(run, part), name=run.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return run

    async def _follow(self, run: Run, part: PartFolder) -> None:
        ended = await run.wait()
        self._runs.pop(part.number, None)
        await asyncio.to_thread(self.folder.close_part, part, ended.code)
