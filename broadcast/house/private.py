"""A PostgreSQL and a Valkey of one's own for one test run, in a folder that goes with it; never used for a real show."""

from __future__ import annotations

import os
import secrets
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from broadcast.house import processes
from broadcast.house.places import Places
from broadcast.house.postgres import Postgres, ServerFailed
from broadcast.house.valkey import Valkey

READY_SECONDS = 30


class PrivateServers:
    """Both servers on random ports. The addresses are known before `start`, so settings can be loaded first."""

    def __init__(self) -> None:
        # Removed even when a test run is killed: the next one sweeps what has no living owner.
        self.folder = Path(tempfile.mkdtemp(prefix=f"yishi-test-{os.getpid()}-"))
        self.folder.chmod(0o711)
        self.places = Places(self.folder)
        self.postgres = Postgres(self.places, durable=False)
        self.valkey = Valkey(self.places)
        self._servers: list[Postgres | Valkey] = [self.postgres, self.valkey]
        self._running: list[subprocess.Popen[bytes]] = []

    def environ(self) -> dict[str, str]:
        """The YISHI_* variables that make Django use these servers and write only below their folder."""
        return {
            "YISHI_VAR": str(self.folder),
            "YISHI_SECRET_KEY": secrets.token_urlsafe(48),
            "YISHI_DATABASE_URL": self.postgres.url,
            "YISHI_BUS_URL": self.valkey.url,
        }

    def start(self) -> None:
        """Start both and return when they answer. Raises ServerFailed with the server's last words."""
        for server in self._servers:
            server.prepare()
            self._running.append(
                processes.start(
                    server.command(),
                    log=self.places.logs / f"{server.name}.log",
                    environ={"PATH": os.defpath},
                    account=server.account,
                    death_signal=server.stop_signal,
                    folder=server.data,
                )
            )
        deadline = time.monotonic() + READY_SECONDS
        for server, process in zip(self._servers, self._running, strict=True):
            while not server.answers():
                if process.poll() is not None or time.monotonic() > deadline:
                    words = processes.tail(self.places.logs / f"{server.name}.log")
                    self.stop()
                    raise ServerFailed(f"the private {server.name} for tests did not start:\n{words}")
                time.sleep(0.02)

    def stop(self) -> None:
        """End both and remove the folder; may be called twice."""
        for process, server in zip(self._running, self._servers, strict=False):
            processes.stop(process, server.stop_signal, patience_seconds=5)
        self._running.clear()
        outside = self.postgres.data.parent if self.postgres.data.parent != self.folder else None
        for folder in (self.folder, outside):
            if folder:
                shutil.rmtree(folder, ignore_errors=True)


def sweep() -> None:
    """Remove folders of test runs that were killed."""
    for folder in Path(tempfile.gettempdir()).glob("yishi-test-*-*"):
        owner = folder.name.split("-")[2]
        if owner.isdigit() and processes.identify(int(owner)) is None:
            shutil.rmtree(folder, ignore_errors=True)
