"""All simulcast of a recorder: asks once a second what is wanted, keeps a pusher per airing and target, reports; it blocks no pass."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from uuid import UUID

from archive import simulcast
from archive.asking import Asker
from archive.push_child import Line, Means
from archive.pusher import Pusher, PushReport, Target

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
_Key = tuple[UUID, int]


class Pushing:
    """Give it the lines of the airings that run at every pass; it does the rest in tasks of its own."""

    def __init__(self, program: str, register: Path) -> None:
        # Disk and bytes of all pushers: threads of their own, so that none of the recorder's waits for them.
        self._threads = ThreadPoolExecutor(2, thread_name_prefix="push")
        self._means = Means(program, register, self._threads)
        self._asker = Asker("pushes")
        self._lines: dict[UUID, Line] = {}
        self._pushers: dict[_Key, Pusher] = {}
        self._finishing: dict[_Key, asyncio.Task[None]] = {}
        self._last_words: dict[_Key, PushReport] = {}
        self._task: asyncio.Task[None] | None = None

    def advance(self, lines: Mapping[UUID, Line]) -> None:
        """These lines are there now, by airing. Returns at once."""
        self._lines = dict(lines)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._go(), name="pushing")

    async def stop(self) -> None:
        """End all children; what is left of a line that is complete is sent first."""
        if self._task is not None:
            self._task.cancel()
        self._lines = {}
        for key in list(self._pushers):
            self._finish(key)
        await asyncio.gather(*self._finishing.values(), return_exceptions=True)
        for _ in range(3):
            # A question that the cancelled look had begun may still be on its way.
            if await self._report({}) is not None:
                break
            await asyncio.sleep(0.2)
        self._asker.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def _go(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                logger.exception("a look at the pushes failed")
            await asyncio.sleep(LOOK_SECONDS)

    async def _look(self) -> None:
        lines = self._lines
        for key in [each for each in self._pushers if each[0] not in lines]:
            self._finish(key)
        reports = {key: each.report() for key, each in self._pushers.items()}
        wanted = await self._report(reports, frozenset(lines))
        if wanted is None:
            # Whoever sends goes on while the database is away.
            return
        for airing_id, targets in wanted.items():
            for target_id, (target, past) in targets.items():
                self._want((airing_id, target_id), lines[airing_id], target, past)
        for key in [each for each in self._pushers if each[1] not in wanted.get(each[0], {})]:
            self._finish(key)

    def _want(self, key: _Key, line: Line, target: Target, past: PushReport) -> None:
        """Make the pusher where there is none; one that comes back waits until the one before it has ended."""
        pusher = self._pushers.get(key)
        if pusher is not None:
            pusher.update(target, line)
        elif key not in self._finishing and key not in self._last_words and past.state != "done":
            self._pushers[key] = Pusher(f"push-{key[0]}-{key[1]}", line, target, self._means, past)
            self._pushers[key].start()

    def _finish(self, key: _Key) -> None:
        pusher = self._pushers.pop(key)

        async def finish() -> None:
            try:
                await pusher.finish()
            finally:
                self._last_words[key] = pusher.report()
                self._finishing.pop(key, None)

        self._finishing[key] = asyncio.create_task(finish(), name=f"finish {pusher.name}")

    async def _report(
        self, reports: dict[_Key, PushReport], airings: frozenset[UUID] = frozenset()
    ) -> dict[UUID, dict[int, tuple[Target, PushReport]]] | None:
        """Write what is to be told and read what is wanted, in one question; None when the database does not answer."""
        last_words = dict(self._last_words)

        def ask() -> dict[UUID, dict[int, tuple[Target, PushReport]]]:
            simulcast.note_pushes(last_words | reports)
            return simulcast.wanted(airings)

        wanted = await self._asker.ask(ask)
        if wanted is not None:
            for key, each in last_words.items():
                if self._last_words.get(key) is each:
                    del self._last_words[key]
        return wanted
