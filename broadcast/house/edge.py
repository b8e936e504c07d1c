"""`edge`: one web process under uvicorn, for many viewers; the same application as the web, and no other rule."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from broadcast import env
from broadcast.house import garbage, leaving
from broadcast.house.environment import completed

if TYPE_CHECKING:
    import uvicorn

# Commands are far smaller; whoever sends more is sent away (1009).
FRAME_MOST = 65_536
BACKLOG = 4_096


def main(arguments: Sequence[str]) -> int:
    """Serve until told to stop; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="yishi edge", description="观众多时的网页进程 · a web process for many viewers"
    )
    parser.add_argument("--host", default=env.read("WEB_HOST"), help="监听地址 · address to listen on (%(default)s)")
    parser.add_argument("--port", type=int, default=env.read("WEB_PORT"), help="端口 · port (%(default)s)")
    told = parser.parse_args(arguments)
    os.environ.update(completed(os.environ))
    try:
        server = serving(told.host, told.port)
    except ImportError as error:
        sys.stderr.write(
            f"[!] 缺少 {error.name} · `edge` needs {error.name}: install the lock file requirements/edge.lock, or use Daphne\n"
        )
        return 1
    server.run()
    return 0 if server.started else 1


def serving(host: str, port: int) -> uvicorn.Server:
    """The server, not yet started. Raises ImportError where the extra `edge` is not installed."""
    import uvicorn
    import uvloop  # noqa: F401  # asked for here, so that its absence is said in words

    from broadcast.house.edge_protocol import ThinProtocol

    config = uvicorn.Config(
        "broadcast.asgi:application",
        host=host,
        port=port,
        interface="asgi3",
        loop="uvloop",
        ws=ThinProtocol,
        # One copy of each frame serves everybody; compressed, each socket would have its own.
        ws_per_message_deflate=False,
        ws_max_size=FRAME_MOST,
        backlog=BACKLOG,
        lifespan="off",
        timeout_graceful_shutdown=2,
        access_log=False,
        log_level="warning",
        # Who stands before us is said in YISHI_PROXIES and read in one place, broadcast.identity.
        proxy_headers=False,
        server_header=False,
    )
    config.load()
    config.http_protocol_class = leaving.patient(config.http_protocol_class)

    class Server(uvicorn.Server):
        """Leaves as `broadcast.house.leaving` says, instead of cutting everybody off."""

        async def startup(self, sockets: Any = None) -> None:
            await super().startup(sockets)
            if self.started:
                garbage.look_seldom()
                leaving.watch(self._stop_listening, self._exit)

        @contextlib.contextmanager
        def capture_signals(self) -> Iterator[None]:
            # They are ours.
            yield

        def _stop_listening(self) -> None:
            for each in self.servers:
                each.close()

        def _exit(self) -> None:
            leaving.when_answered(self._waiting, self._end)

        def _waiting(self) -> int:
            return sum(isinstance(each, ThinProtocol) and each.close_sent for each in self.server_state.connections)

        def _end(self) -> None:
            self.should_exit = True

    return Server(config)
