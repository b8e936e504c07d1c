"""uvicorn's WebSocket protocol for very many sockets that mostly listen: less memory each, no ping of ours; it knows no frame's meaning."""

from __future__ import annotations

import asyncio
import socket
from collections import deque
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

# Whoever does not acknowledge what was sent for so long is gone. Something is sent every few seconds.
LOST_MS = 30_000
# And whoever is sent nothing is asked by the kernel.
ASK_AFTER_SECONDS = 60


class Inbox:
    """What came for the application, for one reader: as asyncio.Queue, at a tenth of its size."""

    __slots__ = ("_reader", "_waiting")

    def __init__(self) -> None:
        self._waiting: deque[Any] | None = None
        self._reader: asyncio.Future[None] | None = None

    def put_nowait(self, message: Any) -> None:
        """Never full: the server stops reading while something waits."""
        if self._waiting is None:
            self._waiting = deque()
        self._waiting.append(message)
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)

    def empty(self) -> bool:
        """Whether nothing waits."""
        return not self._waiting

    async def get(self) -> Any:
        """The oldest, as soon as there is one."""
        while not self._waiting:
            self._reader = asyncio.get_running_loop().create_future()
            try:
                await self._reader
            finally:
                self._reader = None
        message = self._waiting.popleft()
        if not self._waiting:
            self._waiting = None
        return message


class Gate:
    """Whether the transport takes more: as asyncio.Event, with nothing kept while nobody waits."""

    __slots__ = ("_is_open", "_opened")

    def __init__(self) -> None:
        self._is_open = True
        self._opened: asyncio.Event | None = None

    def set(self) -> None:
        """Go on."""
        self._is_open = True
        if self._opened is not None:
            self._opened.set()
            self._opened = None

    def clear(self) -> None:
        """Wait."""
        self._is_open = False

    def is_set(self) -> bool:
        """Whether nobody need wait."""
        return self._is_open

    async def wait(self) -> None:
        """Return when it is open."""
        while not self._is_open:
            if self._opened is None:
                self._opened = asyncio.Event()
            await self._opened.wait()


class ThinProtocol(WebSocketsSansIOProtocol):
    """The same with what a listening socket does not need left out."""

    def __init__(self, *arguments: Any, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self.queue = Inbox()  # type: ignore[assignment]
        self.writable = Gate()  # type: ignore[assignment]

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Let the kernel find out who is gone."""
        super().connection_made(transport)
        plain = transport.get_extra_info("socket")
        if plain is not None and plain.family in (socket.AF_INET, socket.AF_INET6):
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, LOST_MS)
            plain.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, ASK_AFTER_SECONDS)

    def start_keepalive(self) -> None:
        """Called when the handshake is done: its request and answer are read no more. Nobody is pinged."""
        del self.request, self.response
