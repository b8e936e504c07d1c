"""The recorder process: compares what is wanted with what runs, twice a second, for all airings; it serves no page."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
import signal
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

from django.conf import settings
from django.db import close_old_connections

from archive import clips, orders, runner, services, tools
from archive.intake import Intake
from archive.orders import Wanted
from archive.panel import RECORDER
from archive.parts import AiringFolder, now_ms
from archive.rtmp_gate import Gate
from archive.session import Session
from archive.storage import media
from broadcast import env

logger = logging.getLogger(__name__)
T = TypeVar("T")
PASS_SECONDS = 0.5
REPORT_SECONDS = 1.0
# As long a database may keep us waiting before we go on with what we knew.
_DATABASE_PATIENCE = 3.0
_GATE_PAUSE = 3.0


class Recorder:
    """One process, one machine. All that it knows it can learn again from rows and disk after being killed."""

    def __init__(self) -> None:
        self.root = Path(settings.MEDIA_ROOT)
        self.register = self.root / "run"
        self.program = tools.find()
        self.sessions: dict[UUID, Session] = {}
        self.gate = Gate(str(env.read("INGEST_HOST")), int(env.read("RTMP_PORT")), self.intake_of)
        self._rows = ThreadPoolExecutor(1, thread_name_prefix="rows")
        self._asking: asyncio.Future[Any] | None = None
        self._wanted: list[Wanted] = []
        self._stop = asyncio.Event()
        self._reported = 0.0

    def intake_of(self, key_digest: str) -> Intake | None:
        """The intake whose stream key has that digest, compared in constant time with every one that listens."""
        return next((each.intake for each in self.sessions.values() if each.has_key(key_digest)), None)

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
            await asyncio.gather(*(each.intake.stop() for each in self.sessions.values()), return_exceptions=True)
            await self._report(final=True)
            self._rows.shutdown(wait=False, cancel_futures=True)

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
        fresh = await self._ask(orders.wanted)
        if fresh is not None:
            as_of, self._wanted = fresh
        else:
            # The database does not answer: nobody can cut now, and the show goes on with what we knew.
            as_of = now_ms()
        wanted = {each.airing_id: each for each in self._wanted}
        for airing_id in [each for each in self.sessions if each not in wanted]:
            await self._leave(airing_id)
        for each in wanted.values():
            if each.airing_id not in self.sessions:
                self.sessions[each.airing_id] = await asyncio.to_thread(self._enter, each)
        results = await asyncio.gather(
            *(self.sessions[key].advance(each, as_of) for key, each in wanted.items()), return_exceptions=True
        )
        for result in results:
            if isinstance(result, BaseException):
                logger.error("a session failed", exc_info=result)
        await self._report()

    def _enter(self, wanted: Wanted) -> Session:
        folder = AiringFolder(wanted.airing_id)
        folder.path.mkdir(parents=True, exist_ok=True)
        folder.load()
        intake = Intake(folder, program=self.program.path, host=str(env.read("INGEST_HOST")), register=self.register)
        return Session(wanted, folder, intake, media())

    async def _leave(self, airing_id: UUID) -> None:
        session = self.sessions.pop(airing_id)
        await session.intake.stop()
        show = session.wanted.show
        report = session.report(off=show is None or show.end_ms is None)
        await self._ask(lambda: services.note_report(report))

    async def _report(self, *, final: bool = False) -> None:
        now = asyncio.get_running_loop().time()
        urgent = any(each.urgent for each in self.sessions.values())
        if now - self._reported < REPORT_SECONDS and not final and not urgent:
            return
        self._reported = now
        reports = [each.report() for each in self.sessions.values()]

        def write() -> bool:
            services.note_recorder(RECORDER, os.getpid(), self.program.version, dict(self.gate.refused))
            for report in reports:
                services.note_report(report)
            return True

        if await self._ask(write):
            for each in self.sessions.values():
                each.reported()

    async def _ask(self, question: Callable[[], T]) -> T | None:
        """Ask the database in its own thread; None when it fails or takes too long (then it is not asked again before it ends)."""
        if self._asking is not None and not self._asking.done():
            return None

        def asked() -> T:
            close_old_connections()
            return question()

        self._asking = asyncio.get_running_loop().run_in_executor(self._rows, asked)
        done, _ = await asyncio.wait([self._asking], timeout=_DATABASE_PATIENCE)
        if not done:
            logger.error("database does not answer seconds=%s", _DATABASE_PATIENCE)
            self._asking.add_done_callback(lambda future: future.cancelled() or future.exception())
            return None
        error = self._asking.exception()
        if error is not None:
            logger.error("database question failed: %s: %s", type(error).__name__, str(error).splitlines()[:1])
            return None
        answer: T = self._asking.result()
        return answer


def alone(root: Path) -> Any:
    """Hold the lock that lets only one recorder work in a media folder. Raises BlockingIOError when another has it.

    The lock goes with the process, however that ends.
    """
    root.mkdir(parents=True, exist_ok=True)
    held = (root / "recorder.lock").open("w")
    fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    return held
