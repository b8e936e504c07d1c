"""All ladders of the recorder process: one an airing, few children at once, none while the disk is short; it never holds up a pass."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import UUID

from archive import disk, health
from archive.ladder import Ladder
from broadcast import env

if TYPE_CHECKING:
    from archive.session import Session

logger = logging.getLogger(__name__)
_DISK_SECONDS = 5.0


class Ladders:
    """Follows the sessions of the recorder. `advance` returns at once; all work is in tasks and children of its own."""

    def __init__(self, program: str, root: Path) -> None:
        self.program, self.root = program, root
        self.level = disk.OK
        self.free_bytes = 0
        self._places = asyncio.Semaphore(max(1, (os.cpu_count() or 2) // 2))
        self._ladders: dict[UUID, Ladder] = {}
        self._asides: dict[str, asyncio.Task[None]] = {}
        self._looked = 0.0

    def advance(self, sessions: Mapping[UUID, Session]) -> None:
        """One pass: work for those that are there, an end for those that went."""
        for key in [each for each in self._ladders if each not in sessions]:
            self._aside(f"stop {key}", self._ladders.pop(key).stop())
        for key, session in sessions.items():
            ladder = self._ladders.get(key)
            if ladder is None:
                ladder = self._ladders[key] = Ladder(session.folder, self.program, self._places)
            wanted = session.wanted
            session.rungs.follow(wanted.rungs, wanted.show.delay_ms if wanted.show else 0)
            ladder.advance(wanted.show, wanted.rungs if self.level in {disk.OK, disk.LOW} else ())
            if session.rungs.pending:
                self._aside(f"late {key}", asyncio.to_thread(session.rungs.write_playlists, session.writer))
        if time.monotonic() - self._looked > _DISK_SECONDS:
            self._looked = time.monotonic()
            busy = {str(key) for key in sessions}
            self._aside("disk", asyncio.to_thread(self._watch_disk, busy))

    def _aside(self, name: str, work: Any) -> None:
        """Do it in a task, once at a time; what goes wrong there is logged."""
        if name in self._asides:
            work.close()
            return

        async def done() -> None:
            try:
                await work
            except Exception:
                logger.exception("ladders stumble over %s", name)
            finally:
                del self._asides[name]

        self._asides[name] = asyncio.create_task(done(), name=name)

    def _watch_disk(self, busy: set[str]) -> None:
        """Know the level; at the third one make room by the rungs of airings that are over, the oldest first."""
        keep = int(env.read("DISK_KEEP_GB")) * 10**9
        self.free_bytes = disk.free_bytes(self.root)
        found = disk.level(self.level, self.free_bytes, keep)
        if found != self.level:
            logger.log(
                logging.INFO if found == disk.OK else logging.ERROR,
                "disk level=%s before=%s free_bytes=%s",
                found,
                self.level,
                self.free_bytes,
            )
            self.level = found
        if found in {disk.SHEDDING, disk.FULL}:
            airings = [each for each in (self.root / "airings").glob("*") if each.name not in busy]
            airings.sort(key=lambda each: each.stat().st_mtime)
            disk.shed(iter(airings), keep, self.root)

    async def stop(self) -> None:
        """End all children."""
        await asyncio.gather(*(each.stop() for each in self._ladders.values()), return_exceptions=True)
        if self._asides:
            await asyncio.wait(list(self._asides.values()), timeout=5)

    def disk_report(self) -> dict[str, Any]:
        """For RecorderStatus.disk."""
        return {"free_bytes": self.free_bytes, "level": self.level}

    def health(self, key: UUID, session: Session) -> dict[str, Any]:
        """For Recording.health."""
        ladder = self._ladders.get(key)
        found: dict[str, Any] = {"lanes": health.of_lanes(session.folder.parts)}
        if ladder is not None:
            found["rungs"] = ladder.report() | {"heights": list(session.wanted.rungs)}
        return found
