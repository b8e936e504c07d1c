"""One audience socket as the hub sees it: frames go in, nobody waits; whoever cannot keep up is skipped, then closed. No meaning here."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from live.protocol import CloseCode

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

PENDING_BYTES = 65_536
BEHIND_SECONDS = 10.0
OWN_FRAMES = 64
GOODBYE_SECONDS = 2.0


class Counters:
    """What was not delivered, and why; read by tests, logs and later by the producer's page."""

    skipped_ticks = 0
    caught_up = 0
    closed_slow = 0
    lost_own = 0


class Seat:
    """Sends without a task and without waiting: the server's `send` is stepped by hand, and when it has to wait (the peer does
    not read) only this seat stands still. Where the server hides its buffer from `send` (Daphne), the transport is asked."""

    __slots__ = (
        "_abort",
        "_blocked",
        "_buffered",
        "_goodbye",
        "_own",
        "_send",
        "behind_since",
        "closed",
        "left",
        "participant",
        "position",
    )

    def __init__(self, send: Send, participant: str = "") -> None:
        self._send = send
        transport = transport_of(send)
        self._buffered = buffer_meter(transport)
        self._abort = getattr(transport, "abortConnection", None) or getattr(transport, "abort", None)
        self._goodbye: int | None = None
        self.left: Callable[[], None] | None = None
        self._blocked = False
        self._own: deque[str] = deque()
        self.behind_since: float | None = None
        self.closed = False
        self.participant = participant
        self.position = (0, -1)

    @property
    def pending(self) -> int:
        """Bytes that the server holds for this peer; more than the bound while its `send` waits."""
        if self._blocked:
            return PENDING_BYTES + 1
        return self._buffered() if self._buffered else 0

    def offer(self, text: str, position: tuple[int, int], now: float) -> bool:
        """A public frame. False when the peer is behind and the frame was skipped. Epoch 0 is always newer, as in the browser."""
        if self.closed or (position[0] and position <= self.position):
            return True
        if self.pending > PENDING_BYTES or self.behind_since is not None:
            Counters.skipped_ticks += 1
            self.behind_since = self.behind_since or now
            return False
        self.position = position
        self._write(text)
        return True

    def catch_up(self, snapshot: str, position: tuple[int, int], now: float) -> None:
        """Give a peer that reads again the newest state; close one that has not read for too long."""
        if self.closed or self.behind_since is None:
            return
        if self.pending <= PENDING_BYTES // 4:
            self.behind_since, self.position = None, position
            Counters.caught_up += 1
            self._write(snapshot)
        elif now - self.behind_since > BEHIND_SECONDS:
            Counters.closed_slow += 1
            self.close(CloseCode.TOO_SLOW)

    def tell(self, text: str) -> None:
        """A frame for this peer alone: an answer, an own item. In order, never skipped; a peer that does not take them is closed."""
        if self.closed:
            return
        if not self._blocked and self.pending <= 4 * PENDING_BYTES:
            self._write(text)
        elif len(self._own) < OWN_FRAMES and self._blocked:
            self._own.append(text)
        else:
            Counters.lost_own += 1
            self.close(CloseCode.TOO_SLOW)

    def close(self, code: int) -> None:
        """Close the socket and free the seat at once. A peer that does not take the close is cut off a little later."""
        if self.closed:
            return
        self.closed = True
        self._own.clear()
        if self.left is not None:
            self.left()
        self._goodbye = code
        if not self._blocked:
            self._say_goodbye()
        if self._abort is not None:
            asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self._cut)

    def _say_goodbye(self) -> None:
        code, self._goodbye = self._goodbye, None
        self._step(self._coroutine({"type": "websocket.close", "code": code}))

    def _cut(self) -> None:
        if self._abort is not None and self.pending:
            self._abort()

    def _write(self, text: str) -> None:
        self._step(self._coroutine({"type": "websocket.send", "text": text}))

    async def _coroutine(self, message: dict[str, Any]) -> None:
        await self._send(message)

    def _step(self, coroutine: Coroutine[Any, None, None], _done: Any = None) -> None:
        try:
            waits_for = coroutine.send(None)
        except StopIteration:
            self._blocked = False
            while self._own and not self._blocked and not self.closed:
                self._write(self._own.popleft())
            if self._goodbye is not None and not self._blocked:
                self._say_goodbye()
        except Exception as error:
            # The peer is gone; the edge's receive ends with the disconnect.
            self._blocked, self.closed = False, True
            logger.debug("socket gone error=%s", error)
        else:
            self._blocked = True
            again = partial(self._step, coroutine)
            if isinstance(waits_for, asyncio.Future):
                waits_for._asyncio_future_blocking = False
                waits_for.add_done_callback(again)
            else:
                asyncio.get_running_loop().call_soon(again)


def transport_of(send: Any) -> Any:
    """The connection's transport behind a server's `send`, or None where it cannot be found.

    Daphne hands out a partial over its connection; uvicorn a method of it.
    """
    protocol = send.args[0] if isinstance(send, partial) and send.args else getattr(send, "__self__", None)
    return getattr(protocol, "transport", None)


def buffer_meter(transport: Any) -> Callable[[], int] | None:
    """How to learn what is held back for a peer: Twisted buffers without bound and does not say it by waiting."""
    if hasattr(transport, "_tempDataLen"):
        return lambda: len(transport.dataBuffer) - int(transport.offset) + int(transport._tempDataLen)
    size = getattr(transport, "get_write_buffer_size", None)
    return size if callable(size) else None
