"""One audience socket as the hub sees it: frames go in, nobody waits; whoever cannot keep up is skipped, then closed. No meaning here."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any

from live.frames import Frame, Position, framed, line_of
from live.protocol import CloseCode

logger = logging.getLogger(__name__)

Send = Callable[[dict[str, Any]], Awaitable[None]]

PENDING_BYTES = 65_536
BEHIND_SECONDS = 10.0
OWN_FRAMES = 64
GOODBYE_SECONDS = 2.0


class Counters:
    """What was not delivered, and why; read by tests, logs and the producer's page."""

    skipped_ticks = 0
    caught_up = 0
    closed_slow = 0
    lost_own = 0


class Seat:
    """Sends without a task and without waiting: ready-made bytes straight to the transport where the server is known; elsewhere
    the server's `send` is stepped by hand, and when it has to wait (the peer does not read) only this seat stands still."""

    __slots__ = (
        "__weakref__",
        "_blocked",
        "_goodbye",
        "_line",
        "_own",
        "_send",
        "_straight",
        "behind_since",
        "closed",
        "left",
        "participant",
        "position",
    )

    def __init__(self, send: Send, participant: str = "", *, straight: bool = True) -> None:
        self._send = send
        self._line = line_of(send, straight=straight)
        self._straight = self._line.is_straight
        self._goodbye: dict[str, Any] | None = None
        self.left: Callable[[], None] | None = None
        self._blocked = False
        # Made when first needed: most seats never have anything waiting.
        self._own: deque[str] | None = None
        self.behind_since: float | None = None
        self.closed = False
        self.participant = participant
        self.position: Position = (0, -1)

    @property
    def pending(self) -> int:
        """Bytes that the server holds for this peer; more than the bound while its `send` waits."""
        return PENDING_BYTES + 1 if self._blocked else self._line.waiting()

    def offer(self, frame: Frame, now: float) -> bool:
        """A public frame. False when the peer is behind and the frame was skipped. Epoch 0 is always newer, as in the browser."""
        position = frame.position
        if self.closed or (position[0] and position <= self.position):
            return True
        if self.behind_since is not None or self.pending > PENDING_BYTES:
            Counters.skipped_ticks += 1
            self.behind_since = self.behind_since or now
            return False
        self.position = position
        self._give(frame)
        return True

    def catch_up(self, snapshot: Frame, now: float) -> None:
        """Give a peer that reads again the newest state; close one that has not read for too long."""
        if self.closed or self.behind_since is None:
            return
        if self.pending <= PENDING_BYTES // 4:
            self.behind_since, self.position = None, snapshot.position
            Counters.caught_up += 1
            self._give(snapshot)
        elif now - self.behind_since > BEHIND_SECONDS:
            Counters.closed_slow += 1
            self.close(CloseCode.TOO_SLOW)

    def welcome(self, frame: Frame) -> None:
        """A public frame that this seat needs to begin with, whatever it holds already."""
        if not self.closed:
            self.position = frame.position
            self._give(frame)

    def tell(self, *texts: str) -> None:
        """Frames for this peer alone: an answer, an own item. In order, never skipped; a peer that does not take them is closed."""
        if self._straight and not self.closed and self.pending <= 4 * PENDING_BYTES:
            # One write for all: an answer and what changed by it leave in one packet.
            self.closed = not self._line.write(b"".join([framed(text.encode()) for text in texts]))
            return
        for text in texts:
            self._tell(text)

    def _tell(self, text: str) -> None:
        if self.closed:
            return
        if not self._blocked and self.pending <= 4 * PENDING_BYTES:
            self._write(text)
        elif self._blocked and (self._own is None or len(self._own) < OWN_FRAMES):
            self._own = deque() if self._own is None else self._own
            self._own.append(text)
        else:
            Counters.lost_own += 1
            self.close(CloseCode.TOO_SLOW)

    def close(self, code: int, reason: str = "") -> None:
        """Close the socket and free the seat at once. A peer that does not take the close is cut off a little later."""
        if self.closed:
            return
        self.closed = True
        self._own = None
        if self.left is not None:
            self.left()
        self._goodbye = {"type": "websocket.close", "code": code, "reason": reason}
        if not self._blocked:
            self._say_goodbye()
        asyncio.get_running_loop().call_later(GOODBYE_SECONDS, self._cut)

    def _say_goodbye(self) -> None:
        message, self._goodbye = self._goodbye, None
        if message is not None:
            self._step(self._coroutine(message))

    def _cut(self) -> None:
        if self.pending:
            self._line.abort()

    def _give(self, frame: Frame) -> None:
        if not self._straight:
            self._step(self._coroutine({"type": "websocket.send", "text": frame.text}))
        elif not self._line.write(frame.wire):
            self.closed = True

    def _write(self, text: str) -> None:
        if not self._straight:
            self._step(self._coroutine({"type": "websocket.send", "text": text}))
        elif not self._line.write(framed(text.encode())):
            self.closed = True

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
