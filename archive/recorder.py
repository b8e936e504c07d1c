"""The recorder process: compares what is wanted with what runs, twice a second, for all airings; it serves no page."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import Coroutine, Iterable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import InterfaceError, OperationalError

from archive import clips, orders, outage, runner, services, tools
from archive.asking import Asker
from archive.editing.following import Following
from archive.intake import Intake
from archive.ladders import Ladders
from archive.orders import Wanted
from archive.panel import RECORDER
from archive.parts import AiringFolder, now_ms
from archive.pushing import Pushing
from archive.rtmp_gate import Gate
from archive.services import Report
from archive.session import LINES, Session
from archive.storage import media
from archive.uploader import Uploader
from archive.withdrawn import Withdrawals
from broadcast import env
from broadcast.house import alive

logger = logging.getLogger(__name__)
PASS_SECONDS = 0.5
REPORT_SECONDS = 1.0
# Cuts may have been unknown for so long before the database is seen to be down; one question's patience and two passes.
BLIND_MS = 5_000
_GATE_PAUSE = 3.0


class Recorder:
    """One process, one machine. All that it knows it can learn again from rows and disk after being killed."""

    def __init__(self) -> None:
        self.root = Path(settings.MEDIA_ROOT)
        self.register = self.root / "run"
        self.program = tools.find()
        self.sessions: dict[UUID, Session] = {}
        self.gate = Gate(str(env.read("INGEST_HOST")), int(env.read("RTMP_PORT")), self.intake_of)
        self.pushing = Pushing(self.program.path, self.register)
        self.ladders = Ladders(self.program.path, self.root)
        self.uploader = Uploader(self.root)
        self.leaving: dict[UUID, Session] = {}
        self.wanted: dict[UUID, Wanted] = {}
        self.as_of: dict[UUID, int] = {}
        # A report that waits for a row must not keep us from reading the cuts.
        self._orders, self._reports = Asker("orders"), Asker("reports")
        self._known_ms = 0
        self._unread: frozenset[UUID] = frozenset()
        self._last_words: list[Report] = []
        self._reporting: asyncio.Task[None] | None = None
        self._stop = asyncio.Event()
        self._reported = 0.0

    def intake_of(self, key_digest: str) -> tuple[Intake, str] | None:
        """The intake and lane whose stream key has that digest; every key is compared, each in constant time."""
        found = [(each.intake, each.lane_of_key(key_digest)) for each in list(self.sessions.values())]
        return next(((intake, lane) for intake, lane in found if lane is not None), None)

    async def run(self) -> None:
        """Work until INT or TERM, then end all children cleanly."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(number, self._stop.set)
        left = await asyncio.to_thread(runner.end_orphans, self.register)
        if left:
            logger.warning("ended orphans count=%s", left)
        aside = [
            asyncio.create_task(self._make_filler(), name="filler"),
            asyncio.create_task(self._open_gate(), name="gate"),
            asyncio.create_task(Withdrawals().run(), name="withdrawals"),
            asyncio.create_task(Following(self.uploader.take_back).run(), name="edits"),
        ]
        logger.info("recorder ready ffmpeg=%s", self.program.path)
        try:
            while not self._stop.is_set():
                try:
                    await self._pass()
                except Exception:
                    # Whatever one pass stumbles over, the children record on and the next pass tries again.
                    logger.exception("a pass failed")
                try:
                    await asyncio.wait_for(self._stop.wait(), PASS_SECONDS)
                except TimeoutError:
                    continue
        finally:
            for task in aside:
                task.cancel()
            await self.gate.stop()
            everybody = [*self.sessions.values(), *self.leaving.values()]
            ends = (each.intake.stop() for each in everybody)
            aside_stops = (self.pushing.stop(), self.ladders.stop(), self.uploader.stop())
            await asyncio.gather(*aside_stops, *ends, return_exceptions=True)
            if self._reporting is not None:
                await asyncio.wait([self._reporting])
            await self._report(final=True)
            self._orders.close()
            self._reports.close()

    async def _make_filler(self) -> None:
        """Make the filler when there is none; recording does not wait for it."""
        try:
            await clips.ensure_filler(self.program.path)
        except (RuntimeError, OSError):
            logger.exception("the filler cannot be made")

    async def _open_gate(self) -> None:
        """Listen for RTMP; while the port is taken try again, and record SRT meanwhile."""
        while True:
            try:
                await self.gate.start()
            except OSError as error:
                logger.error("rtmp gate cannot listen port=%s: %s", self.gate.port, error.strerror)
                self.gate.refused["port_in_use"] = {"count": 1, "at": now_ms() / 1000}
                await asyncio.sleep(_GATE_PAUSE)
            else:
                self.gate.refused.pop("port_in_use", None)
                logger.info("rtmp gate ready port=%s", self.gate.port)
                return

    async def _pass(self) -> None:
        await self._learn()
        for airing_id in [each for each in self.sessions if each not in self.wanted]:
            self.leaving[airing_id] = self.sessions.pop(airing_id)
        await self._each("be left", (self._leave(airing_id) for airing_id in list(self.leaving)))
        # One that comes back while its children still die waits for them: they hold its port.
        fresh = [each for key, each in self.wanted.items() if key not in self.sessions and key not in self.leaving]
        await self._each("be entered", map(self._welcome, fresh))
        await self._each("be sent to platforms", [self._send_out()])
        await self._each(
            "go on", (each.advance(self.wanted[key], self.as_of[key]) for key, each in self.sessions.items())
        )
        await self._each("be stored", [self.uploader.advance(self.sessions)])
        if self._reporting is None or self._reporting.done():
            self._reporting = asyncio.create_task(self._report(), name="report")

    @staticmethod
    async def _each(what: str, jobs: Iterable[Coroutine[Any, Any, None]]) -> None:
        """Do all of them; one that fails keeps no other from being done."""
        for result in await asyncio.gather(*jobs, return_exceptions=True):
            if isinstance(result, Exception):
                logger.error("an airing cannot %s", what, exc_info=result)

    async def _send_out(self) -> None:
        try:
            self.pushing.advance({key: each.writer for key, each in self.sessions.items()})
        finally:
            self.ladders.advance(self.sessions)

    async def _welcome(self, wanted: Wanted) -> None:
        loop = asyncio.get_running_loop()
        self.sessions[wanted.airing_id] = await loop.run_in_executor(LINES, self._enter, wanted)

    async def _learn(self) -> None:
        """Bring `wanted` and `as_of` up to date: what to do, and for each airing the time before which no cut is unknown.

        Only what is due as of that time is released, so an airing whose cuts cannot be read stands still: the question failed,
        takes too long or waits for a lock, only we are cut off, or its own rows cannot be read. The one exception is a database
        that is down for everybody (outage.known_down): nobody can cut then, and the show goes on with what was known. That holds
        only while knowledge was fresh when it went down: after seconds of not knowing, a cut may be in it that we never saw.
        """
        fresh = await self._orders.ask(orders.wanted)
        if fresh is not None:
            self._known_ms = fresh.as_of_ms
            known = {each.airing_id: each for each in fresh.wanted}
            kept = {key: each for key, each in self.wanted.items() if key in fresh.unread}
            self.wanted = known | kept
            self.as_of = dict.fromkeys(known, fresh.as_of_ms) | {key: self.as_of[key] for key in kept}
            self._unread = frozenset(kept)
            return
        asked_ms = now_ms()
        if asked_ms - self._known_ms > BLIND_MS or not await asyncio.to_thread(outage.known_down):
            return
        self._known_ms = asked_ms
        self.as_of = {key: at if key in self._unread else max(at, asked_ms) for key, at in self.as_of.items()}

    def _enter(self, wanted: Wanted) -> Session:
        folder = AiringFolder(wanted.airing_id)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.load()
        intake = Intake(folder, program=self.program.path, host=str(env.read("INGEST_HOST")), register=self.register)
        return Session(wanted, folder, intake, media())

    async def _leave(self, airing_id: UUID) -> None:
        session = self.leaving[airing_id]
        if not await session.leave():
            return
        del self.leaving[airing_id]
        show = session.wanted.show
        self._last_words.append(session.report(off=show is None or show.end_ms is None))

    def _report_of(self, airing_id: UUID) -> Report:
        session = self.sessions[airing_id]
        health = {**self.ladders.health(airing_id, session), "store": self.uploader.report(airing_id)}
        return replace(session.report(), health=health)

    def _reports_now(self) -> Iterator[Report]:
        for key in self.sessions:
            try:
                yield self._report_of(key)
            except Exception:
                logger.exception("an airing cannot be reported airing=%s", key)

    async def _report(self, *, final: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        urgent = bool(self._last_words) or any(each.urgent for each in self.sessions.values())
        if now - self._reported < REPORT_SECONDS and not final and not urgent:
            return
        self._reported = now
        alive.beat("recorder")
        last_words = list(self._last_words)
        reports = [*last_words, *self._reports_now()]

        def write() -> bool:
            refused, disk = dict(self.gate.refused), self.ladders.disk_report()
            services.note_recorder(RECORDER, os.getpid(), self.program.version, refused, disk)
            for report in reports:
                try:
                    services.note_report(report)
                except (OperationalError, InterfaceError):
                    raise
                except Exception:
                    # One airing whose rows cannot be written keeps no other from being reported.
                    logger.exception("report cannot be noted airing=%s", report.airing_id)
            return True

        if await self._reports.ask(write):
            del self._last_words[: len(last_words)]
            for each in self.sessions.values():
                each.reported()


def alone(root: Path) -> Any:
    """Hold the lock that lets only one recorder work in a media folder. Raises BlockingIOError when another has it.

    The lock goes with the process, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    held = (root / "recorder.lock").open("w")
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return held
