"""What stands at each way in and receives, one connection after another: an SRT listener here, a fetcher in fetching.py."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Protocol

from archive import ffmpeg
from archive.entrances import Entrance
from archive.ffmpeg import Srt
from archive.parts import PartFolder
from archive.runner import Ended, Run
from archive.watching import receiving

logger = logging.getLogger(__name__)
LEAST_PAUSE, MOST_PAUSE = 0.1, 5.0
# A connection shorter than this makes the next one wait longer.
QUICK_SECONDS = 2.0
_SETTLED_SECONDS = 3.0


class House(Protocol):
    """What a door needs of the intake that it belongs to."""

    program: str
    host: str
    register: Path

    def new_part(self, source: str, lane: str) -> PartFolder:
        """A part for a connection to come."""
        ...

    async def record(self, run: Run, part: PartFolder) -> Ended:
        """Run the child to its end and close its part."""
        ...

    def blind(self, lane: str) -> bool:
        """Whether only the sound of that lane is to be recorded, because its picture stands still."""
        ...

    def refused_one(self, code: str) -> None:
        """Count a refusal by its stable code."""
        ...


class Door:
    """One lane's way in. `open` it once; `close` ends it. What it receives goes into a part for each connection."""

    least_pause, most_pause = LEAST_PAUSE, MOST_PAUSE

    def __init__(self, house: House, entrance: Entrance, passphrase: str) -> None:
        self.house, self.entrance, self.passphrase = house, entrance, passphrase
        self.problem = ""
        self._shut = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    @property
    def closing(self) -> bool:
        """Whether nothing new begins here any more."""
        return self._shut.is_set()

    def shut(self) -> None:
        """Begin nothing new; what runs is the intake's to end."""
        self._shut.set()

    def serves(self, entrance: Entrance, passphrase: str) -> bool:
        """Whether it is the door for exactly that, and still stands."""
        alive = self._task is not None and not self._task.done()
        return alive and not self.closing and (self.entrance, self.passphrase) == (entrance, passphrase)

    def open(self) -> None:
        """Begin to receive."""
        self._task = asyncio.create_task(self._keep(), name=f"door {self.entrance.lane}")

    async def close(self) -> None:
        """Shut, and wait for the loop to end; its child has been told to by the intake."""
        self.shut()
        if self._task is None:
            return
        with contextlib.suppress(asyncio.CancelledError, TimeoutError):
            await asyncio.wait_for(self._task, 5)
        self._task = None

    async def _keep(self) -> None:
        """One connection after another: as soon as one is gone the next may come; later each time nothing comes of it."""
        pause = self.least_pause
        while not self.closing:
            began = time.monotonic()
            try:
                received = await self.attempt()
            except OSError as error:
                # A disk that takes no new folder: told, and tried again.
                logger.error("way in cannot open lane=%s error=%s", self.entrance.lane, error.strerror)
                received, self.problem = False, "ingest_failed"
            quick = not received and time.monotonic() - began < max(QUICK_SECONDS, pause)
            pause = min(max(pause * 2, self.least_pause), self.most_pause) if quick else self.least_pause
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._shut.wait(), pause)

    async def attempt(self) -> bool:
        """One connection from its beginning to its end. Returns whether media came."""
        raise NotImplementedError


class SrtDoor(Door):
    """Listens for an SRT caller who knows the passphrase."""

    async def attempt(self) -> bool:
        """Wait for a caller and record it."""
        lane, secret = self.entrance.lane, self.passphrase
        part = self.house.new_part("srt", lane)
        blind = self.house.blind(lane)
        srt = Srt(self.house.host, self.entrance.srt_port, secret)
        words = ffmpeg.ingest_srt(self.house.program, srt, part.path, sound_only=blind)
        run = Run(
            words,
            name=f"srt-{lane}-{part.path.parent.parent.name}-{part.number}",
            secrets=[secret],
            register=self.house.register,
            watch=receiving(ends_when_silent=True, sound_only=blind),
            on_words=self._heard(),
        )
        settled = asyncio.get_running_loop().call_later(_SETTLED_SECONDS, self._settle, run)
        ended = await self.house.record(run, part)
        settled.cancel()
        received = run.progress.moved_at is not None
        if received:
            self.problem = ""
        elif ended.code in {"failed", "bad_input", "no_frames"} and not self.closing:
            self.house.refused_one(ended.code)
            self.problem = explain(ended)
        return received

    def _settle(self, run: Run) -> None:
        """A child that has lived so long has its port, whoever had it before."""
        if run.running and self.problem == "port_in_use":
            self.problem = ""

    def _heard(self) -> Callable[[str], None]:
        """What ffmpeg says while it listens: a caller with a wrong passphrase shows only there."""
        last = 0.0

        def heard(line: str) -> None:
            nonlocal last
            wrong = ("Incorrect passphrase", "rejecting per enforced encryption", "ERROR:UNSECURE")
            if any(word in line for word in wrong) and time.monotonic() - last > 0.5:
                last = time.monotonic()
                logger.warning("srt refused lane=%s code=wrong_passphrase", self.entrance.lane)
                self.house.refused_one("wrong_passphrase")

        return heard


def explain(ended: Ended) -> str:
    """The stable code for people of a connection from which nothing came."""
    said = " ".join(ended.words)
    if "in use" in said or "setup failure" in said:
        return "port_in_use"
    return ended.code if ended.code in {"bad_input", "no_frames"} else "ingest_failed"
