"""Airings that are over, for those who still have them open: looked at seldom, one after the other, without a lease; it writes nothing."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from uuid import UUID

from live.hub import Audience, Hub
from live.queries import Mark
from live.state import State, difference
from live.waking import woken

logger = logging.getLogger(__name__)

LOOK_SECONDS = 8.0
# Looks at one airing are never nearer than this, however many hints come.
LEAST_SECONDS = 0.5
BEAT_SECONDS = 5.0
WAIT_MOST_SECONDS = 1.0
Read = Callable[[UUID, int], Awaitable[State | None]]


@dataclass
class _Watch:
    mark: Mark | None = None
    is_urgent: bool = True
    looked_at: float = 0.0
    due_at: float = 0.0
    beat_at: float = field(default_factory=time.monotonic)


class Quiet:
    """The settled airings with sockets in this process. Nobody numbers them: what changed goes out as a snapshot of epoch 0."""

    def __init__(self, hub: Hub, read: Read) -> None:
        self._hub, self._read = hub, read
        self._watched: dict[UUID, _Watch] = {}
        self._wake = asyncio.Event()

    def holds(self, airing_id: UUID) -> bool:
        """Whether the airing is looked at here."""
        return airing_id in self._watched

    def want(self, marks: Mapping[UUID, Mark]) -> None:
        """Look at these and at no others; at once where the mark moved: no hint is needed for what it tells."""
        for airing_id in set(self._watched) - set(marks):
            del self._watched[airing_id]
        for airing_id, mark in marks.items():
            watch = self._watched.setdefault(airing_id, _Watch())
            if watch.mark != mark:
                watch.mark = mark
                self.hint(airing_id)

    def hint(self, airing_id: UUID) -> None:
        """Something changed: look soon."""
        watch = self._watched.get(airing_id)
        if watch is not None:
            watch.is_urgent, watch.due_at = True, watch.looked_at + LEAST_SECONDS
            self._wake.set()

    def hint_all(self) -> None:
        """Hints may have been lost."""
        for airing_id in self._watched:
            self.hint(airing_id)

    async def run(self) -> None:
        """Until cancelled. What is urgent first; between the other looks a rest as long as the look took."""
        while True:
            now = time.monotonic()
            self._beat(now)
            due = [(not each.is_urgent, each.due_at, pk) for pk, each in self._watched.items() if each.due_at <= now]
            if due:
                routine, _due_at, airing_id = min(due)
                await self._look_at(airing_id)
                await asyncio.sleep(time.monotonic() - now if routine else 0)
                continue
            soonest = min((each.due_at for each in self._watched.values()), default=now + WAIT_MOST_SECONDS)
            self._wake.clear()
            await woken(self._wake, min(WAIT_MOST_SECONDS, max(0.01, soonest - now)))

    async def _look_at(self, airing_id: UUID) -> None:
        watch, audience = self._watched[airing_id], self._hub.audiences.get(airing_id)
        watch.is_urgent, watch.looked_at = False, time.monotonic()
        watch.due_at = watch.looked_at + LOOK_SECONDS * random.uniform(0.75, 1.25)
        if audience is None or audience.state is None:
            return
        try:
            await self._compare(audience, audience.state)
        except Exception as error:
            watch.due_at = watch.looked_at + WAIT_MOST_SECONDS
            logger.warning("quiet look stumbles airing=%s error=%s", airing_id, error)

    async def _compare(self, audience: Audience, shown: State) -> None:
        fresh = await self._read(audience.airing_id, shown.viewers)
        if fresh is None:
            return
        if audience.state is not shown:
            # A composer was heard meanwhile; compare again.
            self.hint(audience.airing_id)
            return
        if any(difference(shown.objects, fresh.objects)):
            audience.show(fresh)

    def _beat(self, now: float) -> None:
        """Browsers take a long silence for a broken line."""
        for airing_id, watch in self._watched.items():
            audience = self._hub.audiences.get(airing_id)
            if audience is not None and now - watch.beat_at >= BEAT_SECONDS:
                watch.beat_at = now
                audience.beat(now)
