"""Receives one airing's feeds: a door for each lane, RTMP sessions handed over by the gate, a part for each connection."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from archive import ffmpeg
from archive.doors import Door, SrtDoor
from archive.entrances import MAIN, Entrance
from archive.fetching import PullDoor
from archive.parts import AiringFolder, PartFolder
from archive.runner import Ended, Run
from archive.watching import receiving

logger = logging.getLogger(__name__)
# RTMP sessions of one lane at a time: a sender that reconnects before its old connection is seen to be dead.
MOST_RTMP = 3


class Busy(Exception):
    """As many RTMP sessions of this lane as there may be."""


@dataclass(frozen=True)
class _Child:
    """A child with the part that it writes."""

    run: Run
    part: PartFolder


class Intake:
    """What is running for one airing. `want` is level-triggered: call it as often as you like."""

    def __init__(self, folder: AiringFolder, *, program: str, host: str, register: Path) -> None:
        self.folder, self.program, self.host, self.register = folder, program, host, register
        self.refused: dict[str, Any] = {}
        self._doors: dict[str, Door] = {}
        self._children: dict[int, _Child] = {}
        # Lanes whose last connection was given up over what came, with the code: no_picture or no_frames.
        self._blind: dict[str, str] = {}
        self._closing = False
        self._tasks: set[asyncio.Task[Ended]] = set()

    async def want(self, entrances: Sequence[Entrance], passphrase: str) -> None:
        """Receive at those ways in; one that is another now drops whoever is connected by the old one, and no other lane."""
        self._closing = False
        wanted = {each.lane: each for each in entrances}
        gone = [
            lane
            for lane, door in self._doors.items()
            if lane not in wanted or not door.serves(wanted[lane], passphrase)
        ]
        await asyncio.gather(*(self._close(lane) for lane in gone))
        for lane, entrance in wanted.items():
            if lane not in self._doors:
                kind = SrtDoor if entrance.pull_url is None else PullDoor
                self._doors[lane] = kind(self, entrance, passphrase)
                self._doors[lane].open()

    async def stop(self) -> None:
        """End all children, cleanly where something was received, and close their parts."""
        self._closing = True
        await asyncio.gather(*(self._close(lane) for lane in list(self._doors)))
        await asyncio.gather(*(self._end(each.run) for each in list(self._children.values())), return_exceptions=True)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _close(self, lane: str) -> None:
        door = self._doors.pop(lane)
        door.shut()
        children = [each.run for each in list(self._children.values()) if each.part.lane == lane]
        await asyncio.gather(*(self._end(run) for run in children), return_exceptions=True)
        await door.close()

    @staticmethod
    async def _end(run: Run) -> None:
        # One that still listens has nothing to finish; libsrt would make it wait.
        await run.stop(hard=run.progress.moved_at is None)

    @property
    def problem(self) -> str:
        """The stable code of what is wrong at a door or with what comes, the main lane first; "" when nothing is."""
        busy = {each.part.lane for each in self._children.values() if each.run.progress.moved_at is not None}
        for lane in sorted(self._doors, key=lambda lane: lane != MAIN):
            code = self._doors[lane].problem or self._blind.get(lane, "")
            # What was wrong with the sender before is none of the one that sends now, but for a picture still awaited.
            if code and (lane not in busy or self.blind(lane)):
                return code
        return ""

    @property
    def receiving(self) -> list[int]:
        """Parts into which media come right now."""
        return [number for number, each in self._children.items() if each.run.progress.moved_at is not None]

    @property
    def writing(self) -> list[int]:
        """Parts that a living child may write."""
        return list(self._children)

    def new_part(self, source: str, lane: str) -> PartFolder:
        """A part for a connection to come."""
        return self.folder.new_part(source, lane)

    async def record(self, run: Run, part: PartFolder) -> Ended:
        """Run the child to its end and close its part. Never raises for a child that does not start."""
        self._children[part.number] = _Child(run, part)
        try:
            await run.start()
        except OSError as error:
            logger.error("ffmpeg does not start program=%s error=%s", self.program, error.strerror)
            self._children.pop(part.number, None)
            await asyncio.to_thread(self.folder.close_part, part, "failed")
            return Ended("failed", -1)
        return await self._follow(run, part)

    async def _follow(self, run: Run, part: PartFolder) -> Ended:
        try:
            ended = await run.wait()
        finally:
            self._children.pop(part.number, None)
        self._note(part.lane, ended.code, received=run.progress.moved_at is not None)
        held = await asyncio.to_thread(self.folder.close_part, part, ended.code)
        if held:
            logger.info("part closed airing=%s part=%s code=%s", self.folder.airing_id, part.number, ended.code)
        elif not self._closing:
            said = " | ".join(ended.words[-3:])
            logger.warning("nothing received airing=%s code=%s words=%s", self.folder.airing_id, ended.code, said)
        return ended

    def _note(self, lane: str, code: str, *, received: bool) -> None:
        """Remember a sender whose picture stands still: its next connection is recorded for its sound until there is one again."""
        if code in {"no_picture", "no_frames", "stalled"}:
            self._blind[lane] = code
            self.refused_one(code)
        elif code == "picture_back" or (received and self._blind.get(lane) != "no_picture"):
            self._blind.pop(lane, None)

    def blind(self, lane: str) -> bool:
        """Whether the picture of that lane stood still when its last connection was given up."""
        return self._blind.get(lane) == "no_picture"

    def refused_one(self, code: str) -> None:
        """Count a refusal by its stable code."""
        count = self.refused.get(code, {}).get("count", 0)
        self.refused[code] = {"count": count + 1, "at": time.time()}

    async def open_rtmp(self, key: str, lane: str = MAIN) -> Run:
        """A started child that reads FLV from `run.stdin` into a part of its own. Raises Busy or OSError.

        The part is closed when the child ends, whatever becomes of the caller.
        """
        same = [each for each in self._children.values() if each.part.lane == lane and each.part.source == "rtmp"]
        if self._closing or lane not in self._doors or len(same) >= MOST_RTMP:
            raise Busy
        part, blind = self.folder.new_part("rtmp", lane), self.blind(lane)
        run = Run(
            ffmpeg.ingest_pipe(self.program, part.path, "flv", sound_only=blind),
            name=f"rtmp-{lane}-{self.folder.airing_id}-{part.number}",
            secrets=[key],
            feed=True,
            register=self.register,
            watch=receiving(sound_only=blind),
        )
        self._children[part.number] = _Child(run, part)
        task = asyncio.create_task(self.record(run, part), name=run.name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        try:
            await run.begun()
        except asyncio.CancelledError:
            # Nobody is left to feed it.
            ending = asyncio.create_task(run.stop(hard=True))
            self._tasks.add(ending)
            ending.add_done_callback(self._tasks.discard)
            raise
        if not run.running:
            raise OSError("the child does not start")
        return run
