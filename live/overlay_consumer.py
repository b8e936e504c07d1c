"""The overlay's socket: the signed link is all that opens it, it is read only, and it is closed when the link ends; no rules here."""

from __future__ import annotations

import asyncio
import logging

from channels.generic.websocket import AsyncWebsocketConsumer

from live import process
from live.overlay_lane import OverlaySeat
from live.overlay_token import Link
from live.protocol import CloseCode
from live.queries import overlay as overlays

logger = logging.getLogger(__name__)


class OverlayConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]
    """One overlay. What it says is not listened to."""

    seat: OverlaySeat | None = None
    sender: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Let in who has a link that opens; the page understands the close code only after the handshake."""
        self.live = process.current()
        await self.accept()
        try:
            link: Link | None = await self.live.reading.run(
                overlays.admitted, self.scope["url_route"]["kwargs"]["token"]
            )
        except Exception as error:
            # The database is away: the page tries again.
            logger.warning("overlay entrance closed error=%s", error)
            await self.close(CloseCode.FULL)
            return
        if link is None:
            await self.close(CloseCode.NOT_ALLOWED)
            return
        self.live.bus.subscribe(link.airing_id)
        seat = OverlaySeat(link)
        if not self.live.overlay.enter(seat):
            await self.close(CloseCode.FULL)
            return
        self.seat = seat
        self.sender = asyncio.create_task(self._send_frames(seat))

    async def disconnect(self, code: int) -> None:
        """Free the seat."""
        if self.sender is not None:
            self.sender.cancel()
        if self.seat is not None:
            self.live.overlay.leave(self.seat)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """It has nothing to say."""

    async def _send_frames(self, seat: OverlaySeat) -> None:
        while True:
            text = await seat.frames.get()
            if seat.code:
                await self.close(seat.code)
                return
            await self.send(text_data=text)
