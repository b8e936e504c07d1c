"""A small cluster of the bus's own server program on loopback, which a test may hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import redis
from redis.crc import key_slot

from broadcast.house import processes
from broadcast.house.places import Places, free_port
from broadcast.house.valkey import Valkey

SLOTS = 16_384


class OwnCluster:
    """Masters alone, each with its share of the slots."""

    def __init__(self, folder: Path, servers: int = 3) -> None:
        folder.chmod(0o711)
        self._folder, self._servers = folder, servers
        self.ports: list[int] = []
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """Any of them."""
        return f"redis://127.0.0.1:{self.ports[0]}/0"

    def start(self) -> None:
        """Return when every server knows who holds every slot."""
        valkey = Valkey(Places(self._folder))
        for number in range(self._servers):
            port, home = free_port(), valkey.data / f"node-{number}"
            home.mkdir(parents=True)
            if valkey.account:
                valkey.account.owns(home)
            words = [valkey.program, "--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes"]
            words += ["--cluster-port", str(free_port()), "--dir", str(home), "--save", "", "--appendonly", "no"]
            self._running.append(
                processes.start(
                    words,
                    log=self._folder / f"node-{number}.log",
                    environ={"PATH": os.defpath},
                    account=valkey.account,
                    death_signal=signal.SIGKILL,
                    folder=home,
                )
            )
            self.ports.append(port)
        self._join()

    def client(self, number: int) -> redis.Redis:
        """A plain client of one server."""
        return redis.Redis(port=self.ports[number], socket_timeout=5)

    def holder(self, name: str) -> int:
        """Which server holds a name, as they were told in `start`."""
        return min(key_slot(name.encode()) * self._servers // SLOTS, self._servers - 1)

    def stop(self) -> None:
        for each in self._running:
            each.kill()
            each.wait()

    def _join(self) -> None:
        deadline = time.monotonic() + 30
        for number in range(self._servers):
            while not _answers(self.client(number)):
                assert time.monotonic() < deadline, (self._folder / f"node-{number}.log").read_text()
                time.sleep(0.02)
        for number in range(self._servers):
            first, last = -(-number * SLOTS // self._servers), -(-(number + 1) * SLOTS // self._servers) - 1
            self.client(number).execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            if number:
                bus_port = _bus_port(self.client(number))
                self.client(0).execute_command("CLUSTER MEET", "127.0.0.1", self.ports[number], bus_port)
        for number in range(self._servers):
            while self.client(number).cluster("INFO").get("cluster_state") != "ok":
                assert time.monotonic() < deadline
                time.sleep(0.05)


def _bus_port(client: redis.Redis) -> int:
    return int(client.config_get("cluster-port")["cluster-port"])


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
