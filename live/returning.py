"""Tells the sockets of this process in which window to come back if all are cut off in one moment; it sends nobody away."""

from __future__ import annotations

import asyncio

from live import protocol
from live.admission import SHORTEST_MS, Admission
from live.hub import BREATH, Hub
from live.seat import Seat


class Returning:
    """The window grows with those who sit here. A small room is told nothing: pages begin with the shortest by themselves."""

    def __init__(self, hub: Hub, admission: Admission) -> None:
        self._hub, self._admission = hub, admission
        self.window_ms = SHORTEST_MS
        self._text = ""

    def tell(self, seat: Seat) -> None:
        """Whoever comes in."""
        if self._text:
            seat.tell(self._text)

    async def look(self) -> None:
        """Tell everybody once the window is twice or half of what they know."""
        window = self._admission.return_ms()
        if self.window_ms < 2 * window and window < 2 * self.window_ms:
            return
        self.window_ms = window
        self._text = protocol.encode(protocol.Pace(return_ms=window)).decode()
        for audience in tuple(self._hub.audiences.values()):
            for number, seat in enumerate(tuple(audience.seats)):
                seat.tell(self._text)
                if number % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
