"""Looks again, every few seconds, who may still sit in a room that is not for everybody; rules are asked for, not made here."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Collection
from uuid import UUID

from broadcast.identity import Identity
from live.protocol import CloseCode
from live.queries import Door
from live.seat import Seat

logger = logging.getLogger(__name__)

AGAIN_SECONDS = 5.0

FindDoor = Callable[[UUID], Awaitable[Door | None]]
Admit = Callable[[Collection[Identity], Door], Awaitable[set[Identity]]]


class Guard:
    """The audience's seats of this process with what their tokens said at the entrance."""

    def __init__(self, door: FindDoor, admitted: Admit) -> None:
        self._door, self._admitted = door, admitted
        self._seats: dict[UUID, dict[Seat, Identity | None]] = {}

    def enter(self, airing_id: UUID, seat: Seat, who: Identity | None) -> None:
        """Keep an eye on this seat."""
        self._seats.setdefault(airing_id, {})[seat] = who

    def leave(self, airing_id: UUID, seat: Seat) -> None:
        """It is free."""
        seats = self._seats.get(airing_id, {})
        seats.pop(seat, None)
        if not seats:
            self._seats.pop(airing_id, None)

    async def watch(self) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(AGAIN_SECONDS)
            for airing_id in list(self._seats):
                try:
                    await self._look(airing_id)
                except Exception as error:
                    # The database is away: whoever was let in stays until it answers.
                    logger.warning("guard stumbles airing=%s error=%s", airing_id, error)

    async def _look(self, airing_id: UUID) -> None:
        door = await self._door(airing_id)
        if door is not None and door.is_public:
            return
        seats = dict(self._seats.get(airing_id, {}))
        known = {who for who in seats.values() if who is not None}
        stay = await self._admitted(known, door) if door is not None else set()
        for seat, who in seats.items():
            if who not in stay:
                # An account lost its right; for all others the room is gone, as it is at the entrance.
                lost = who is not None and who.user_id is not None
                seat.close(CloseCode.NOT_ALLOWED if lost else CloseCode.NOT_FOUND)
