"""A composer whose ticks have one size and one pace: what a benchmark of the way to the sockets sends down it.

Import it when Servers run: it needs Django's settings.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from types import TracebackType
from uuid import UUID

from django.db import connection, connections

from broadcast import clock
from live import protocol, wording
from live import state as states
from live.bus import Bus
from live.envelope import Header
from live.services import leases
from live.state import State

_OWNER = "benchmark"
_RENEW_SECONDS = 0.25
_TAKE_SECONDS = 20.0


class Pacer:
    """Holds the airing's lease, so that no web process composes it, and publishes on the bus as a composer elsewhere would.

    `with Pacer(airing_id, 500) as pacer: pacer.run(ticks=10, every=1.0)`. A tick has `size` bytes and holds one comment with an
    "ns=" mark of its time. `cpu`: processor seconds of composing and publishing, until the last tick.
    """

    def __init__(self, airing_id: UUID, size: int = 500) -> None:
        self._airing_id, self._size = airing_id, size
        self._state = State(0, 0, wording.iso(clock.now()), 500)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="pacer", daemon=True)
        self.cpu = 0.0

    def __enter__(self) -> Pacer:
        self._thread.start()
        try:
            self._do(self._begin())
        except BaseException:
            self._end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._do(self._finish())
        self._end()

    def run(self, ticks: int, every: float) -> None:
        """Send so many ticks, one each `every` seconds; returns `every` seconds after the last. Raises when the bus is away."""
        self._do(self._run(ticks, every))

    def _do(self, work: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _end(self) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _begin(self) -> None:
        self._bus = Bus(lambda *_heard: None, lambda: None)
        deadline = time.monotonic() + _TAKE_SECONDS
        while (epoch := await asyncio.to_thread(_wrest, self._airing_id)) is None:
            if time.monotonic() > deadline:
                raise TimeoutError("somebody else always has the lease")
            await asyncio.sleep(0.05)
        self._state = State(epoch, 0, wording.iso(clock.now()), 500)
        self._keeping = asyncio.create_task(self._keep(epoch))
        await self._publish()

    async def _finish(self) -> None:
        self._keeping.cancel()
        await self._bus.close()

    async def _keep(self, epoch: int) -> None:
        while True:
            await asyncio.sleep(_RENEW_SECONDS)
            if not await asyncio.to_thread(_renew, self._airing_id, epoch):
                return

    async def _run(self, ticks: int, every: float) -> None:
        due = time.monotonic()
        for _each in range(ticks):
            if self._keeping.done():
                raise RuntimeError("lost the lease")
            await self._publish()
            self.cpu = time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
            due += every
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    async def _publish(self) -> None:
        state = self._state
        state.seq, state._bytes = state.seq + 1, None
        mark = f"ns={time.monotonic_ns()} "
        bare = states.tick(state, [protocol.encode(_comment(state, mark))], [])
        comment = _comment(state, mark + "x" * max(0, self._size - len(bare)))
        state.objects = states.encoded([comment])
        tick = states.tick(state, [protocol.encode(comment)], [])
        header = Header(lane="public", epoch=state.epoch, seq=state.seq)
        if not await self._bus.publish_tick(self._airing_id, header, tick, state.snapshot()):
            raise RuntimeError("the bus does not answer")


def _comment(state: State, text: str) -> protocol.CommentObject:
    return protocol.CommentObject(key="comment:1", id=1, text=text, author="市民", badge="", at=state.at)


def _wrest(airing_id: UUID) -> int | None:
    """Take the lease even from a living holder, whose next renewal then fails as if it had been late."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("UPDATE live_composerlease SET expires_at = '2000-01-01' WHERE airing_id = %s", [airing_id])
        return leases.take(airing_id, _OWNER)
    finally:
        connections.close_all()


def _renew(airing_id: UUID, epoch: int) -> bool:
    try:
        return leases.renew(airing_id, _OWNER, epoch)
    finally:
        connections.close_all()
