"""How a web process leaves: no new sockets, leases given up, viewers sent elsewhere at a stated rate, what was begun is finished."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from collections.abc import Callable, Coroutine
from typing import Any

from live import hints, process
from live.process import Live
from live.protocol import CloseCode
from live.seat import Seat

logger = logging.getLogger(__name__)

STEP_SECONDS = 0.1
# So few at once hurt nobody, however long it may take: a small room is moved in one step.
STEP_LEAST = 10
# Those of one step come back within this: the steps are what spreads them. With a tick's pause and the way it stays under two ticks.
BACK_WITHIN_MS = 150
PATIENCE_SECONDS = 3.0


class Drain:
    """One process on its way out; the first call begins, a second one hurries. Belongs to the event loop of its Live."""

    def __init__(self, live: Live, stop_listening: Callable[[], None], gone: Callable[[], None]) -> None:
        self._live, self._stop_listening, self._gone = live, stop_listening, gone
        self._task: asyncio.Task[None] | None = None
        self.moved = 0

    def begin(self, seconds: float) -> None:
        """Leave within about so many seconds; called again: at once."""
        if self._task is None:
            self._task = asyncio.create_task(self._leave(seconds))
        else:
            logger.warning("leaving at once, asked twice")
            self._task.cancel()

    async def _leave(self, seconds: float) -> None:
        live, began = self._live, time.monotonic()
        logger.info("leaving sockets=%s seconds=%s", live.hub.sockets, seconds)
        try:
            live.leave()
            self._stop_listening()
            # First, so that those who still sit here have ticks by the bus from whoever composes now.
            led = await live.composers.stop()
            await live.reading.run(hints.lease_is_free, led)
            await self._move(seconds)
            await asyncio.wait_for(self._finish(), PATIENCE_SECONDS)
        except Exception as error:
            logger.warning("not left in order error=%s", error or type(error).__name__)
        finally:
            logger.info("left moved=%s seconds=%.1f", self.moved, time.monotonic() - began)
            self._gone()

    async def _move(self, seconds: float) -> None:
        """Say goodbye to everybody, evenly: the same share in each step."""
        live = self._live
        share = max(STEP_LEAST, math.ceil(live.hub.sockets * STEP_SECONDS / max(seconds, STEP_SECONDS)))
        live.staff.send_away()
        live.overlay.send_away()
        while seats := self._some(share):
            for seat in seats:
                self.moved += 1
                seat.close(CloseCode.MOVING, str(BACK_WITHIN_MS))
            await asyncio.sleep(STEP_SECONDS)

    def _some(self, share: int) -> list[Seat]:
        """The next ones, from all rooms."""
        found: list[Seat] = []
        for audience in self._live.hub.audiences.values():
            for seat in audience.seats:
                if len(found) == share:
                    return found
                # Whoever is gone already leaves by itself.
                if not seat.closed:
                    found.append(seat)
        return found

    async def _finish(self) -> None:
        """What was said before the goodbye is committed and answered."""
        await self._live.batcher.finish()
        # Answers and goodbyes are in the server's buffers by now; it writes them out.
        await asyncio.sleep(STEP_SECONDS)


def prepare(stop_listening: Callable[[], None], gone: Callable[[], None]) -> Callable[[float], None]:
    """Begin to tell the others that this process is here, and to hear them; what is returned makes it leave. On the server's loop."""
    live = process.current()

    async def end() -> None:
        with contextlib.suppress(Exception):
            await live.bus.absent(live.name)
            await asyncio.wait_for(process.shut_down(), PATIENCE_SECONDS)
        gone()

    drain = Drain(live, stop_listening, lambda: _keep(end()))
    _keep(_answer_requests(live, drain))
    return drain.begin


async def _answer_requests(live: Live, drain: Drain) -> None:
    """For ever: say who is here, and leave when somebody asks for it by the bus (`./yishi drain`)."""
    while True:
        asked = await live.bus.present(live.name, live.facts())
        if asked is not None and not live.is_leaving:
            drain.begin(asked)
        await asyncio.sleep(1.0)


_running: set[asyncio.Task[None]] = set()


def _keep(work: Coroutine[Any, Any, None]) -> None:
    task = asyncio.get_running_loop().create_task(work)
    _running.add(task)
    task.add_done_callback(_running.discard)
