"""Group commit: commands that arrive within a few milliseconds share one transaction; it knows no command and no table."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import BroadcastError, TooMany, Unavailable
from live import protocol
from live.services.audience import Answer

logger = logging.getLogger(__name__)

GATHER_SECONDS = 0.005
# When many come at once a transaction begins at most so often in a lane: what each one costs is shared by more.
BUSY_FROM = 8
BUSY_SECONDS = 0.04
BATCH_MOST = 500
WAITING_MOST = 4_000

Order = tuple[Actor, UUID, protocol.AudienceCommand]
Outcome = Answer | BroadcastError
Commit = Callable[[Sequence[Order]], Awaitable[list[Outcome]]]


@dataclass
class _Waiting:
    order: Order
    told: asyncio.Future[Outcome]
    since: float


class _Lane:
    """One batch under way at a time; what comes meanwhile is the next batch."""

    def __init__(self, commit: Commit) -> None:
        self._commit = commit
        self.waiting: deque[_Waiting] = deque()
        self.slowest = 0.0
        self._worker: asyncio.Task[None] | None = None

    def add(self, waiting: _Waiting) -> None:
        self.waiting.append(waiting)
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())

    async def _work(self) -> None:
        await asyncio.sleep(GATHER_SECONDS)
        clock = asyncio.get_running_loop().time
        while self.waiting:
            began = clock()
            batch = [self.waiting.popleft() for _each in range(min(BATCH_MOST, len(self.waiting)))]
            await self._tell(batch)
            rest = BUSY_SECONDS - (clock() - began)
            if BUSY_FROM <= len(batch) < BATCH_MOST and rest > 0:
                await asyncio.sleep(rest)

    async def _tell(self, batch: list[_Waiting]) -> None:
        try:
            outcomes = await self._commit([each.order for each in batch])
        except Exception:
            # A fault of ours: nothing is acknowledged, the browsers try again with the same ids.
            logger.exception("batch not committed size=%s", len(batch))
            outcomes = [_not_committed(each.order[0]) for each in batch]
        # In the order in which they came.
        self.slowest = max(self.slowest, time.monotonic() - batch[0].since)
        for each, outcome in zip(batch, outcomes, strict=True):
            if not each.told.done():
                each.told.set_result(outcome)

    async def finish(self) -> None:
        if self._worker is not None:
            await asyncio.wait([self._worker], timeout=5)


def _not_committed(actor: Actor) -> Outcome:
    with actor.spoken_to():
        return Unavailable(_("系统正在恢复，刚才的操作没有记下。页面会自动再试。"), retry_after_seconds=2)


class Batcher:
    """A fixed number of lanes. A participant always takes the same one, so that one person's commands keep their order."""

    def __init__(self, commit: Commit, lanes: int) -> None:
        self._lanes = [_Lane(commit) for _each in range(lanes)]
        self.refused = 0

    @property
    def waiting(self) -> int:
        """Commands that no transaction has taken up yet."""
        return sum(len(lane.waiting) for lane in self._lanes)

    def slowest(self) -> float:
        """Seconds that a command took at most until it was answered, since this was asked last; what still waits counts too."""
        slowest, now = 0.0, time.monotonic()
        for lane in self._lanes:
            slowest = max(slowest, lane.slowest, now - lane.waiting[0].since if lane.waiting else 0.0)
            lane.slowest = 0.0
        return slowest

    def submit(self, actor: Actor, airing_id: UUID, command: protocol.AudienceCommand) -> asyncio.Future[Outcome]:
        """A future that is done after the commit; at once with TooMany when too much is waiting."""
        told: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        lane = self._lanes[hash(actor.participant_id) % len(self._lanes)]
        if len(lane.waiting) >= WAITING_MOST:
            self.refused += 1
            with actor.spoken_to():
                told.set_result(TooMany(_("现在人很多，请几秒后再试。内容还在，不用重写。"), retry_after_seconds=3))
        else:
            lane.add(_Waiting((actor, airing_id, command), told, time.monotonic()))
        return told

    async def finish(self) -> None:
        """Wait until what is under way is committed and told."""
        await asyncio.gather(*(lane.finish() for lane in self._lanes))
