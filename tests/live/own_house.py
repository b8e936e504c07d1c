"""A database, a bus and web processes of a test's own, which it may kill at any time; the test's own Django never touches them."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from broadcast.house import processes
from broadcast.house.places import Places
from broadcast.house.postgres import Postgres
from broadcast.house.valkey import Valkey
from tests import migrated
from tests.live.conftest import free_port

ROOT = Path(__file__).resolve().parents[2]
_SEED = """
import json, sys, django
django.setup()
from tests.live import making
show = making.make_show()
poll, options = making.make_poll(show, ("甲", "乙", "丙"), results="always")
people = [making.make_viewer() for _each in range(int(sys.argv[1]))]
print(json.dumps({"airing": str(show.id), "poll": poll, "options": options, "producer": show.producer.pk,
    "cookies": [making.cookie(each) for each in people], "people": [str(each.participant_id) for each in people]}))
"""
_CLOSE = """
import sys, django
django.setup()
from broadcast.models import User
from live import protocol
from live.models import Poll
from live.services import polls
from tests.live import making
poll = Poll.objects.get(pk=int(sys.argv[1]))
producer = making.staff_actor(User.objects.get(pk=int(sys.argv[2])))
polls.close(producer, poll.room_id, protocol.ClosePoll(id=making.command_id(), poll=poll.pk))
polls.freeze_due()
"""
# Voters here send as fast as they are answered, and come back at once.
_UNLIMITED = ",".join(
    f"{name}=100000000"
    for name in (
        *(f"{word}_{kind}" for word in ("joins", "commands", "bytes") for kind in ("person", "address", "partner")),
        "joins",
        "sockets_person",
    )
)
_WEB = {
    "daphne": ["daphne", "-v", "0", "-b", "127.0.0.1", "-p", "%d", "broadcast.asgi:application"],
    "edge": ["broadcast", "edge", "--host", "127.0.0.1", "--port", "%d"],
}


_STARTERS = ThreadPoolExecutor(4, thread_name_prefix="start")


@dataclass
class OwnHouse:
    """Start with `begin`; every part is started again on the port it had."""

    folder: Path
    ports: dict[str, int] = field(default_factory=dict)
    _running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _starting: dict[str, Future[None]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder.chmod(0o711)
        self.places = Places(self.folder)
        # Durable as a real one: what a kill leaves is on disk.
        self.postgres, self.valkey = Postgres(self.places), Valkey(self.places)
        self.environ = {
            **processes.bare_environ(),
            "YISHI_VAR": str(self.folder),
            "YISHI_SECRET_KEY": secrets.token_urlsafe(48),
            "YISHI_DATABASE_URL": self.postgres.url,
            "YISHI_BUS_URL": self.valkey.url,
            "DJANGO_SETTINGS_MODULE": "broadcast.settings",
            "YISHI_LOG_LEVEL": "WARNING",
            "YISHI_LIMITS": _UNLIMITED,
            # Staff who have a password alone.
            "YISHI_SECOND_FACTOR": "0",
        }

    def begin(self, webs: int = 2) -> None:
        """Servers, tables, and a Daphne and an edge."""
        self.start("valkey")
        self.start("postgres")
        migrated.fill(self.postgres.url, self.environ)
        for number in range(webs):
            self.start(f"{list(_WEB)[number % 2]}-{number}")

    def seed(self, people: int) -> dict[str, Any]:
        """A show on air with an open poll, and people with their cookies."""
        return dict(json.loads(self.run("-c", _SEED, str(people))))

    def close(self, poll: int, producer: int) -> None:
        """End the poll and freeze it."""
        self.run("-c", _CLOSE, str(poll), str(producer))

    def run(self, *words: str) -> str:
        """Run Python in the house; its output. Raises with its last words."""
        done = subprocess.run(
            [sys.executable, *words], cwd=ROOT, env=self.environ, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]
        return done.stdout

    def start(self, name: str) -> None:
        """Start a part and return when it answers."""
        server = {"postgres": self.postgres, "valkey": self.valkey}.get(name)
        deadline = time.monotonic() + 90
        if server is None:
            self._start_web(name)
            while not self._web_answers(name):
                assert time.monotonic() < deadline, self.log(name)
                time.sleep(0.05)
            return
        while True:
            if name not in self._running or self._running[name].poll() is not None:
                # After a kill the old backends hold their shared memory for a moment; then the next try succeeds.
                server.prepare()
                self._running[name] = processes.start(
                    server.command(),
                    log=self.places.logs / f"{name}.log",
                    environ={"PATH": os.defpath},
                    account=server.account,
                    death_signal=signal.SIGKILL,
                    folder=server.data,
                )
            if server.answers():
                return
            assert time.monotonic() < deadline, self.log(name)
            time.sleep(0.05)

    def _start_web(self, name: str) -> None:
        port = self.ports.setdefault(name, free_port())
        words = [str(port) if word == "%d" else word for word in _WEB[name.partition("-")[0]]]
        self._running[name] = processes.start(
            [sys.executable, "-m", *words],
            log=self.places.logs / f"{name}.log",
            environ=self.environ,
            death_signal=signal.SIGKILL,
            folder=ROOT,
        )

    def _web_answers(self, name: str) -> bool:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{self.ports[name]}/static/", timeout=2).close()
        except urllib.error.HTTPError:
            return True
        except OSError:
            assert self._running[name].poll() is None, self.log(name)
            return False
        return True

    def pid(self, name: str) -> int:
        """The kernel's number of a part."""
        return self._running[name].pid

    def kill(self, name: str) -> None:
        """kill -9; returns when it is gone."""
        self.wait_started(name)
        self._running[name].kill()
        self._running[name].wait()

    def start_soon(self, name: str) -> None:
        """`start` without waiting; `wait_started` waits."""
        self._starting[name] = _STARTERS.submit(self.start, name)

    def wait_started(self, name: str) -> None:
        """Until what `start_soon` began answers."""
        starting = self._starting.pop(name, None)
        if starting is not None:
            starting.result(90)

    def log(self, name: str) -> str:
        """Last words of a part."""
        return (self.places.logs / f"{name}.log").read_text(errors="replace")[-2000:]

    def tails(self) -> str:
        """Last words of everybody, and who lives."""
        lives = {name: process.poll() is None for name, process in self._running.items()}
        return "\n".join([str(lives), *(f"--- {name}\n{self.log(name)}" for name in lives)])

    def end(self) -> None:
        """Kill everything; may be called twice."""
        for name in list(self._starting):
            with suppress(Exception):
                self.wait_started(name)
        for name, process in self._running.items():
            if process.poll() is None:
                if name == "postgres":
                    processes.stop(process, signal.SIGINT, patience_seconds=5)
                else:
                    process.kill()
            process.wait()
