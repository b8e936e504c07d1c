"""How a web process of ours ends: signals are handed to the app that knows its viewers; and who never asks anything is cut off here."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable
from typing import Any

# From the first byte of a connection to the end of its first request's head.
HEAD_SECONDS = 10.0
# So long those who were sent away have for their answer; a phone on a poor line needs a second or two.
ANSWER_SECONDS = 2.0
LOOK_SECONDS = 0.05
SIGNALS = (signal.SIGTERM, signal.SIGINT)


class Refused:
    """Connections that were ended before they asked anything."""

    slow_heads = 0


def cut_slow_head(abort: Callable[[], None]) -> None:
    """End a connection whose first request did not come to its point, and count it."""
    Refused.slow_heads += 1
    abort()


def watch(stop_listening: Callable[[], None], gone: Callable[[], None]) -> None:
    """From now on SIGTERM and SIGINT end this process in order: `gone` is called when nothing is left to do.

    Call on the running loop of the server, when it serves. An app that registered for it (`registry.leaving`) may take its time.
    """
    from django.conf import settings

    from broadcast import registry

    loop = asyncio.get_running_loop()
    begin: Callable[[float], None] = lambda _seconds: gone()  # noqa: E731  # where no app has anything to do
    for _name, prepare in registry.leaving:
        begin = prepare(stop_listening, gone)
    for each in SIGNALS:
        loop.add_signal_handler(each, begin, float(settings.DRAIN_SECONDS))


def when_answered(waiting: Callable[[], int], then: Callable[[], None]) -> None:
    """Call `then` when nobody who was sent away has still to answer, at the latest after ANSWER_SECONDS.

    Whoever's line ends with something of theirs unread is cut off, and may never read where to go.
    """
    until = time.monotonic() + ANSWER_SECONDS

    def look() -> None:
        if waiting() and time.monotonic() < until:
            asyncio.get_running_loop().call_later(LOOK_SECONDS, look)
        else:
            then()

    look()


def patient(base: Any) -> Any:
    """uvicorn's HTTP protocol, ending connections whose first request does not come to its point."""

    class Patient(base):  # type: ignore[misc]
        """The same with one clock."""

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self.late = self.loop.call_later(HEAD_SECONDS, self._too_late)

        def _too_late(self) -> None:
            # The handshake of a socket has handed the transport on.
            if self.cycle is None and not self.transport.is_closing() and self.transport.get_protocol() is self:
                cut_slow_head(self.transport.abort)

        def handle_websocket_upgrade(self, *arguments: Any) -> None:
            # Its head came whole; the clock would keep the first protocol beside the second.
            self.late.cancel()
            super().handle_websocket_upgrade(*arguments)

        def connection_lost(self, exc: Any) -> None:
            self.late.cancel()
            super().connection_lost(exc)

    return Patient
