"""The overlays of this process: each is sent what it shows when that changes, and sent away when its link ends; it never writes."""

from __future__ import annotations

import asyncio
import logging
import time
from dataclasses import dataclass, field
from uuid import UUID

import msgspec

from broadcast import clock
from live import protocol, wording
from live.overlay_token import Link
from live.protocol import CloseCode, OverlayScene
from live.queries import overlay as overlays
from live.threads import Threads
from live.waking import ended, woken

logger = logging.getLogger(__name__)

LOOK_ANYWAY_SECONDS = 0.5
GATHER_SECONDS = 0.02
# An overlay that hears nothing for longer takes everything away (static/live/overlay.js).
BEAT_SECONDS = 2.0
# Every venue of an evening has its own page: one more costs a frame, not another look (queries.overlay.look).
SEATS_MOST = 100
QUEUE = 8


@dataclass(eq=False)
class OverlaySeat:
    """One overlay's socket. What it waits to be sent is bounded; `code` is set when it has to go."""

    link: Link
    frames: asyncio.Queue[str] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    sent: OverlayScene | None = None
    sent_at: float = 0.0
    code: int = 0

    def offer(self, scene: OverlayScene, now: float) -> None:
        """Send the scene when it is another one, or when nothing was sent for a while."""
        if scene == self.sent and now - self.sent_at < BEAT_SECONDS:
            return
        self.sent, self.sent_at = scene, now
        try:
            self.frames.put_nowait(worded(scene))
        except asyncio.QueueFull:
            self.leave(CloseCode.TOO_SLOW)

    def leave(self, code: int) -> None:
        """Wake whoever sends, to close the socket."""
        self.code = code
        while not self.frames.empty():
            self.frames.get_nowait()
        self.frames.put_nowait("")


class _Lane:
    def __init__(self, airing_id: UUID, threads: Threads) -> None:
        self.airing_id, self._threads = airing_id, threads
        self.seats: set[OverlaySeat] = set()
        self.event = asyncio.Event()
        self.task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        while True:
            try:
                await self._look()
            except Exception as error:
                logger.warning("overlay stumbles airing=%s error=%s", self.airing_id, error)
            if await woken(self.event, LOOK_ANYWAY_SECONDS):
                await asyncio.sleep(GATHER_SECONDS)
            self.event.clear()

    async def _look(self) -> None:
        links = {seat.link for seat in self.seats}
        if not links:
            return
        found = await self._threads.run(overlays.look, self.airing_id, links)
        now = time.monotonic()
        for seat in tuple(self.seats):
            scene = found.get(seat.link)
            if scene is not None:
                seat.offer(scene, now)
            elif seat.link in found:
                seat.leave(CloseCode.NOT_ALLOWED)


class OverlayLane:
    """The overlays of all airings at this process."""

    def __init__(self, threads: Threads) -> None:
        self._threads = threads
        self._lanes: dict[UUID, _Lane] = {}

    def hint(self, airing_id: UUID) -> None:
        """Something changed: look now."""
        lane = self._lanes.get(airing_id)
        if lane is not None:
            lane.event.set()

    def enter(self, seat: OverlaySeat) -> bool:
        """Show this one everything from now on; False when the airing has too many."""
        lane = self._lanes.get(seat.link.airing_id)
        if lane is None:
            lane = self._lanes[seat.link.airing_id] = _Lane(seat.link.airing_id, self._threads)
        if len(lane.seats) >= SEATS_MOST:
            return False
        lane.seats.add(seat)
        lane.event.set()
        return True

    def leave(self, seat: OverlaySeat) -> None:
        """Free the seat; the last one closes the lane."""
        lane = self._lanes.get(seat.link.airing_id)
        if lane is not None:
            lane.seats.discard(seat)
            if not lane.seats:
                del self._lanes[seat.link.airing_id]
                lane.task.cancel()

    def send_away(self) -> None:
        """Everybody: this process is leaving."""
        for lane in self._lanes.values():
            for seat in tuple(lane.seats):
                seat.leave(CloseCode.MOVING)

    async def stop(self) -> None:
        """End every lane."""
        lanes = list(self._lanes.values())
        self._lanes.clear()
        await ended(lane.task for lane in lanes)


def worded(scene: OverlayScene) -> str:
    """The frame's text, with the time at which it was true."""
    return protocol.encode(msgspec.structs.replace(scene, at=wording.iso(clock.now()))).decode()
