"""The staff's socket, a Channels consumer behind the session: commands answered at once, changes by the staff lane; no rules here."""

from __future__ import annotations

import asyncio
import logging
from typing import Any
from urllib.parse import parse_qsl
from uuid import UUID

from channels.generic.websocket import AsyncWebsocketConsumer

from broadcast.access import Actor
from broadcast.errors import BroadcastError
from broadcast.identity import actor_of_scope, language_of_scope
from live import answers, commands, process, protocol, queries
from live.protocol import BadFrame, CloseCode
from live.queries import StaffView
from live.staff_lane import StaffSeat

logger = logging.getLogger(__name__)

LOOK_AGAIN_SECONDS = 5.0


class StaffConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One staff socket. The actor is built anew for each command, so that a right taken away works at the next act."""

    airing_id: UUID
    seat: StaffSeat | None = None
    sender: asyncio.Task[None] | None = None
    guard: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Let in who has a part of the staff lane; the page understands the close code only after the handshake."""
        self.airing_id = self.scope["url_route"]["kwargs"]["airing_id"]
        self.live = process.current()
        await self.accept()
        view = await self._view()
        if view is None:
            await self.close(CloseCode.NOT_ALLOWED)
            return
        self.seat = StaffSeat(self._actor, view)
        self.live.bus.subscribe(self.airing_id)
        await self.live.staff.enter(self.airing_id, self.seat)
        self.sender = asyncio.create_task(self._send_frames(self.seat))
        self.guard = asyncio.create_task(self._look_again())

    async def disconnect(self, code: int) -> None:
        """Free the seat."""
        for task in (self.sender, self.guard):
            if task is not None:
                task.cancel()
        if self.seat is not None:
            self.live.staff.leave(self.airing_id, self.seat)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One command, one answer."""
        if self.seat is None:
            return
        command_id = ""
        try:
            if text_data is None:
                raise BadFrame("binary", "text frames only")
            command: Any = protocol.decode(text_data, staff=True)
            command_id = command.id
            self._tell(answers.ack(command_id, await self._perform(command)))
        except BadFrame as bad:
            with self._actor().spoken_to():
                self._tell(answers.refused(bad.command_id, answers.Unreadable(bad)))
        except Exception as error:
            with self._actor().spoken_to():
                self._tell(answers.refused(command_id, answers.expected(error)))

    async def _perform(self, command: Any) -> dict[str, Any]:
        if type(command) not in commands.AUDIENCE:
            return await self.live.reading.run(commands.perform, self._actor(), self.airing_id, command)
        outcome = await self.live.batcher.submit(self._actor(), self.airing_id, command)
        if isinstance(outcome, BroadcastError):
            raise outcome
        if outcome.mine is not None:
            self._tell(outcome.mine)
        return outcome.result

    def _tell(self, frame: Any) -> None:
        if self.seat is not None:
            self.seat.offer(frame)

    def _actor(self) -> Actor:
        browser = actor_of_scope(self.scope) or Actor(language=language_of_scope(self.scope))
        user = self.scope["user"]
        return Actor(
            user_id=user.pk if user.is_authenticated else None,
            participant_id=browser.participant_id,
            assurance=browser.assurance,
            name=str(user) if user.is_authenticated else "",
            address=browser.address,
            port=browser.port,
            device=browser.device,
            device_id=browser.device_id,
            generation=browser.generation,
            language=browser.language,
        )

    async def _view(self) -> StaffView | None:
        door = await self.live.door(self.airing_id)
        if door is None or not self.scope["user"].is_authenticated:
            return None
        return await self.live.reading.run(queries.staff_view, self._actor(), door.airing, _asked(self.scope))

    async def _send_frames(self, seat: StaffSeat) -> None:
        while not seat.overflowed:
            text = await seat.frames.get()
            if text is not None:
                await self.send(text_data=text)
        await self.close(CloseCode.MOVING if self.live.is_leaving else CloseCode.TOO_SLOW)

    async def _look_again(self) -> None:
        """Rights and session reach an open socket: whoever lost them is sent away."""
        while True:
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            try:
                alive = await self.live.reading.run(_session_lives, self.scope.get("session"))
                if not alive or await self._view() is not (self.seat.view if self.seat else None):
                    await self.close(CloseCode.NOT_ALLOWED)
                    return
            except Exception as error:
                logger.warning("staff guard stumbles error=%s", error)


def _asked(scope: Any) -> str:
    """The part of the staff lane that the page asks for (`?view=`)."""
    return dict(parse_qsl(bytes(scope.get("query_string", b"")).decode("latin-1"))).get("view", "")


def _session_lives(session: Any) -> bool:
    key = getattr(session, "session_key", None)
    return bool(key) and bool(session.exists(key))
