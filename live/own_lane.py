"""Tells people in this process what others did to their words: found by number, so that a lost message costs a moment; it writes nothing.

A hint only says "somebody's own changed". Who misses it is told at the next look; late or doubled hints change nothing, since what
is told is read anew each time. One look is the same few queries however many sit here.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.utils import translation

from live import protocol, queries
from live.hub import Hub
from live.threads import Threads
from live.waking import woken

logger = logging.getLogger(__name__)

LOOK_ANYWAY_SECONDS = 2.0
GATHER_SECONDS = 0.05
# Looks at one airing are never nearer than this, however many hints come.
LEAST_SECONDS = 0.25
FIRST_NUMBERS = 500


@dataclass
class _Watch:
    seq: int | None = None
    due_at: float = 0.0
    looked_at: float = 0.0


class OwnLane:
    """The airings with sockets in this process."""

    def __init__(self, hub: Hub, threads: Threads) -> None:
        self._hub, self._threads = hub, threads
        self._watched: dict[UUID, _Watch] = {}
        self._wake = asyncio.Event()

    def want(self, airing_ids: Collection[UUID]) -> None:
        """Look at these and at no others; a new one at once."""
        for airing_id in set(self._watched) - set(airing_ids):
            del self._watched[airing_id]
        for airing_id in airing_ids:
            self._watched.setdefault(airing_id, _Watch())
        self._wake.set()

    def hint(self, airing_id: UUID) -> None:
        """Something changed: look soon."""
        watch = self._watched.get(airing_id)
        if watch is not None:
            soon = max(time.monotonic() + GATHER_SECONDS, watch.looked_at + LEAST_SECONDS)
            watch.due_at = min(watch.due_at, soon)
            self._wake.set()

    async def run(self) -> None:
        """Until cancelled. A failing look is repeated from the same number, so it loses nothing."""
        while True:
            now = time.monotonic()
            for airing_id in [pk for pk, each in self._watched.items() if each.due_at <= now]:
                await self._look(airing_id)
            soonest = min((each.due_at for each in self._watched.values()), default=now + LOOK_ANYWAY_SECONDS)
            self._wake.clear()
            await woken(self._wake, max(0.01, soonest - time.monotonic()))

    async def _look(self, airing_id: UUID) -> None:
        watch, audience = self._watched.get(airing_id), self._hub.audiences.get(airing_id)
        if watch is None:
            return
        watch.looked_at = time.monotonic()
        watch.due_at = watch.looked_at + LOOK_ANYWAY_SECONDS
        sits: Callable[[str], bool] = audience.sits if audience is not None else (lambda _seat: False)
        try:
            watch.seq, told = await self._threads.run(_changed, airing_id, watch.seq, sits)
        except Exception as error:
            logger.warning("own lane stumbles airing=%s error=%s", airing_id, error)
            return
        if audience is not None:
            for seat, mine in told.items():
                audience.tell(seat, protocol.encode(mine).decode())


def _changed(airing_id: UUID, after: int | None, sits: Callable[[str], bool]) -> tuple[int, dict[str, protocol.Mine]]:
    if after is None:
        # Whoever sits here already has asked for all a moment ago; to tell the last of it again does no harm.
        after = max(0, queries.staff_seq(airing_id) - FIRST_NUMBERS)
    # The reader's language is not known here: the house's.
    with translation.override(settings.LANGUAGE_CODE):
        return queries.changed_own(airing_id, after, sits)
