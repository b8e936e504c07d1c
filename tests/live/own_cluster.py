"""A small cluster of the bus's own server program on loopback, which a test may hurt."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import redis
from redis.crc import key_slot

from broadcast.house import processes
from broadcast.house.places import Places, free_port
from broadcast.house.valkey import Valkey

SLOTS = 16_384


class OwnCluster:
    """Masters, each with its share of the slots, and replicas after them, each of the master of the same number."""

    def __init__(self, folder: Path, servers: int = 3, replicas: int = 0) -> None:
        folder.chmod(0o711)
        self._folder, self.masters, self._replicas = folder, servers, replicas
        self._words: list[list[str]] = []
        self.ports: list[int] = []
        self._running: list[subprocess.Popen[bytes]] = []

    @property
    def url(self) -> str:
        """Any of them."""
        return f"redis://127.0.0.1:{self.ports[0]}/0"

    def start(self) -> None:
        """Return when every server knows who holds every slot."""
        valkey = self._valkey = Valkey(Places(self._folder))
        for number in range(self.masters + self._replicas):
            port, home = free_port(), valkey.data / f"node-{number}"
            home.mkdir(parents=True)
            if valkey.account:
                valkey.account.owns(home)
            words = [valkey.program, "--port", str(port), "--bind", "127.0.0.1", "--cluster-enabled", "yes"]
            words += ["--cluster-port", str(free_port()), "--dir", str(home), "--save", "", "--appendonly", "no"]
            # What one server holds is away when it is; the rest goes on. As docs/operations.md asks for.
            words += ["--cluster-require-full-coverage", "no", "--cluster-node-timeout", "2000"]
            self._words.append(words)
            self._running.append(self._begin(number))
            self.ports.append(port)
        self._join()

    def kill(self, number: int) -> None:
        """End a server as a machine that loses power."""
        self._running[number].kill()
        self._running[number].wait()

    def restart(self, number: int) -> None:
        """Begin it again at the same place, empty, as the member it was."""
        self._running[number] = self._begin(number)
        deadline = time.monotonic() + 30
        while not _answers(self.client(number)):
            assert time.monotonic() < deadline
            time.sleep(0.02)

    def _begin(self, number: int) -> subprocess.Popen[bytes]:
        return processes.start(
            self._words[number],
            log=self._folder / f"node-{number}.log",
            environ={"PATH": os.defpath},
            account=self._valkey.account,
            death_signal=signal.SIGKILL,
            folder=self._valkey.data / f"node-{number}",
        )

    def client(self, number: int) -> redis.Redis:
        """A plain client of one server."""
        return redis.Redis(port=self.ports[number], socket_timeout=5)

    def holder(self, name: str) -> int:
        """Which server holds a name, as they were told in `start`."""
        return min(key_slot(name.encode()) * self.masters // SLOTS, self.masters - 1)

    def stop(self) -> None:
        for each in self._running:
            each.kill()
            each.wait()

    def _join(self) -> None:
        deadline = time.monotonic() + 30
        everybody = range(self.masters + self._replicas)
        _until(deadline, lambda: all(_answers(self.client(number)) for number in everybody))
        for number in everybody:
            if number < self.masters:
                first, last = -(-number * SLOTS // self.masters), -(-(number + 1) * SLOTS // self.masters) - 1
                self.client(number).execute_command("CLUSTER ADDSLOTSRANGE", first, last)
            if number:
                bus_port = _bus_port(self.client(number))
                self.client(0).execute_command("CLUSTER MEET", "127.0.0.1", self.ports[number], bus_port)
        _until(deadline, lambda: all(self._knows_all(number) for number in everybody))
        for number in range(self._replicas):
            identity = self.client(number).execute_command("CLUSTER MYID").decode()
            self.client(self.masters + number).execute_command("CLUSTER REPLICATE", identity)
        _until(deadline, lambda: all(self._is_settled(number) for number in everybody))

    def _knows_all(self, number: int) -> bool:
        return bool(self.client(number).cluster("INFO").get("cluster_known_nodes") == str(len(self.ports)))

    def _is_settled(self, number: int) -> bool:
        if self.client(number).cluster("INFO").get("cluster_state") != "ok":
            return False
        return number < self.masters or self.client(number).info("replication")["master_link_status"] == "up"


def _until(deadline: float, true: Callable[[], bool]) -> None:
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _bus_port(client: redis.Redis) -> int:
    return int(client.config_get("cluster-port")["cluster-port"])


def _answers(client: redis.Redis) -> bool:
    try:
        return bool(client.ping())
    except redis.RedisError:
        return False
