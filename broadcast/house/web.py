"""`web`: one web process under Daphne, pages and sockets; the same application as `edge`, and no rule of the house."""

from __future__ import annotations

import argparse
import asyncio
import os
from collections.abc import Callable, Sequence
from typing import Any

from broadcast import env
from broadcast.house import garbage, leaving
from broadcast.house.edge import BACKLOG, FRAME_MOST
from broadcast.house.environment import completed

# As long as uvicorn waits for the answer to a close.
CLOSING_SECONDS = 10


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(prog="yishi web", description="网页进程 · a web process")
    parser.add_argument("--host", default=env.read("WEB_HOST"), help="监听地址 · address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=env.read("WEB_PORT"), help="端口 · port (%(default)s)")
    told = parser.parse_args(arguments)
    os.environ.update(completed(os.environ))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadcast.settings")
    _serve(told.host, told.port)
    return 0


def _serve(host: str, port: int) -> None:
    # Before anything of Twisted's: it installs the reactor that runs on asyncio's loop.
    from daphne import server as daphne  # type: ignore[import-untyped]

    from broadcast.asgi import application

    daphne.HTTPFactory = _patient(daphne.HTTPFactory)
    daphne.WebSocketFactory.protocol = _with_reasons(daphne.WebSocketFactory.protocol)
    address = host.replace(":", r"\:")
    server = daphne.Server(
        application,
        endpoints=[f"tcp:port={port}:interface={address}:backlog={BACKLOG}"],
        # They are ours.
        signal_handlers=False,
        websocket_max_message_size=FRAME_MOST,
        websocket_max_frame_size=FRAME_MOST,
        server_name="",
        verbosity=0,
    )

    def stop_listening() -> None:
        for each in server.listeners:
            each.addCallback(lambda listening: listening.stopListening())

    def waiting() -> int:
        return sum(getattr(each, "is_sent_away", False) for each in server.connections)

    async def begin() -> None:
        leaving.watch(stop_listening, lambda: leaving.when_answered(waiting, server.stop))
        garbage.look_seldom()

    server.ready_callable = lambda: _keep(daphne.twisted_loop, begin)
    server.run()


_running: set[asyncio.Task[None]] = set()


def _keep(loop: asyncio.AbstractEventLoop, work: Callable[[], Any]) -> None:
    task = loop.create_task(work())
    _running.add(task)
    task.add_done_callback(_running.discard)


def _patient(base: Any) -> Any:
    class Patient(base):  # type: ignore[misc]
        """Ends connections whose first request does not come to its point: Twisted's clock begins anew with every byte."""

        def buildProtocol(self, addr: Any) -> Any:  # noqa: N802  # Twisted's name
            from twisted.internet import reactor

            made = super().buildProtocol(addr)
            channel = made._channel
            later: Any = reactor
            late = later.callLater(leaving.HEAD_SECONDS, lambda: leaving.cut_slow_head(channel.forceAbortClient))
            whole, lost = channel.allHeadersReceived, channel.connectionLost

            def on_time(then: Callable[..., Any]) -> Callable[..., Any]:
                def call(*arguments: Any) -> Any:
                    if late.active():
                        late.cancel()
                    return then(*arguments)

                return call

            channel.allHeadersReceived, channel.connectionLost = on_time(whole), on_time(lost)
            return made

    return Patient


def _with_reasons(base: Any) -> Any:
    class WithReasons(base):  # type: ignore[misc]
        """Sends the reason of a close too, which Daphne leaves out: it tells the page when to come back. And sends what is longer
        than what it takes in: a desk's snapshot is, and autobahn holds both to one limit, dropping it without a word."""

        maxMessagePayloadSize: int  # noqa: N815  # autobahn's name
        # With autobahn's one second, whoever is slow to answer a close is cut off and may not have read it.
        closeHandshakeTimeout = CLOSING_SECONDS  # noqa: N815  # autobahn's name

        @property
        def is_sent_away(self) -> bool:
            """Whether a close was said and not answered yet."""
            return bool(self.state == self.STATE_CLOSING)

        def sendMessage(self, payload: bytes, *rest: Any, **more: Any) -> None:  # noqa: N802  # autobahn's name
            taken, self.maxMessagePayloadSize = self.maxMessagePayloadSize, 0
            try:
                super().sendMessage(payload, *rest, **more)
            finally:
                self.maxMessagePayloadSize = taken

        def handle_reply(self, message: dict[str, Any]) -> None:
            if message["type"] == "websocket.close" and message.get("reason") and self.state == self.STATE_OPEN:
                self.sendClose(code=message["code"], reason=message["reason"])
            else:
                super().handle_reply(message)

    return WithReasons
