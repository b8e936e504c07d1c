"""A real Daphne on the tests' own database and bus, and sockets to it."""

from __future__ import annotations

import os
import signal
import socket
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.db import connection, connections

from broadcast.house import processes
from tests.live.own_bus import OwnValkey
from tests.live.sockets import Server

ROOT = Path(__file__).resolve().parents[2]


# The same tests pass on both: WEB_SERVER=uvicorn where it is installed.
_WEB = {"daphne": "web", "uvicorn": "edge"}


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def start_server(folder: Path, environ: dict[str, str] | None = None, kind: str = "") -> Server:
    """One web process, on Daphne unless WEB_SERVER or `kind` says uvicorn; returns when it answers."""
    parts = connection.settings_dict
    port = free_port()
    url = os.environ["YISHI_DATABASE_URL"]
    base, _, query = url.partition("?")
    database = base.rsplit("/", 1)[0] + f"/{parts['NAME']}" + (f"?{query}" if query else "")
    environment = {**os.environ, "YISHI_DATABASE_URL": database, "YISHI_LOG_LEVEL": "INFO", **(environ or {})}
    environment["DJANGO_SETTINGS_MODULE"] = "broadcast.settings"
    log = folder / f"web-{port}.log"
    process = processes.start(
        [sys.executable, "-m", "broadcast", _WEB[kind or os.environ.get("WEB_SERVER", "daphne")], "--port", str(port)],
        log=log,
        environ=environment,
        death_signal=signal.SIGKILL,
        folder=ROOT,
    )
    server = Server(port, process, log)
    deadline = time.monotonic() + 90
    while True:
        try:
            # As from a proxy with TLS: a web that is behind one would only point there.
            asked = urllib.request.Request(f"{server.http}/static/", headers={"X-Forwarded-Proto": "https"})
            urllib.request.urlopen(asked, timeout=1)
        except urllib.error.HTTPError:
            return server
        except OSError:
            if process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise RuntimeError(f"no web: {log.read_text()[-2000:]}") from None
            time.sleep(0.05)


@pytest.fixture(scope="module")
def shared_server(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One web process for the tests of a module that do not hurt it.

    Never beside the processes of `servers` on another bus: it would compete for the leases and tick where nobody listens.
    """
    server = start_server(tmp_path_factory.mktemp("web"))
    yield server
    server.stop()


@pytest.fixture
async def tidy() -> AsyncIterator[None]:
    """Close what the test's own database thread holds open."""
    yield
    await sync_to_async(connections.close_all)()


@pytest.fixture
def server(transactional_db: None, tidy: None, shared_server: Server) -> Server:
    """The shared web process, on tables that are emptied after the test."""
    return shared_server


@pytest.fixture
def servers(transactional_db: None, tidy: None, tmp_path: Path) -> Iterator[Callable[..., Server]]:
    """Starts web processes that a test may kill."""
    started: list[Server] = []

    def start(environ: dict[str, str] | None = None, kind: str = "") -> Server:
        started.append(start_server(tmp_path, environ, kind))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def own_valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnValkey]:
    with tempfile.TemporaryDirectory(prefix="yishi-bus-") as folder:
        found = OwnValkey(Path(folder))
        found.start()
        yield found
        found.kill()
