"""Servers of a benchmark's own: PostgreSQL, Valkey, an airing on air with its participants, web processes whose cost is known.

Used as `with Servers() as servers:`; everything ends with it. It measures nothing by itself but processor time and memory.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

ROOT = Path(__file__).resolve().parent.parent
_TICKS = os.sysconf("SC_CLK_TCK")
# As `./yishi web` and `./yishi edge` run them; %d is the port.
KINDS: dict[str, tuple[str, ...]] = {
    "daphne": ("broadcast", "web", "--host", "127.0.0.1", "--port", "%d"),
    "uvicorn": ("broadcast", "edge", "--host", "127.0.0.1", "--port", "%d"),
}


@dataclass
class Process:
    """One running process: its number, what it used so far, what it holds now."""

    name: str
    running: subprocess.Popen[bytes]
    port: int = 0
    log: Path = Path(os.devnull)

    @property
    def pid(self) -> int:
        """The kernel's number."""
        return self.running.pid

    @property
    def http(self) -> str:
        """Where a web process answers."""
        return f"http://127.0.0.1:{self.port}"

    def cpu(self) -> float:
        """Processor seconds, user and system, of the process and of all below it that live or were waited for."""
        return tree_cpu(self.pid)

    def pss_kib(self) -> float:
        """Memory of the process alone, its share of shared pages included, in KiB; the kernel's socket buffers are not in it."""
        return pss_kib(self.pid)

    def stop(self, with_signal: signal.Signals = signal.SIGKILL, patience_seconds: float = 5.0) -> None:
        """End it; may be called twice."""
        if self.running.poll() is None:
            self.running.send_signal(with_signal)
            try:
                self.running.wait(patience_seconds)
            except subprocess.TimeoutExpired:
                self.running.kill()
                self.running.wait()


@dataclass(frozen=True)
class Seeded:
    """An airing on air and whoever may take part in it. `cookies` are whole Cookie headers, one a participant."""

    airing_id: uuid.UUID
    cookies: list[str]
    participants: list[uuid.UUID]
    show: object = field(repr=False)

    @property
    def socket(self) -> str:
        """Path of the audience's socket."""
        return f"/live/airings/{self.airing_id}/socket"

    @property
    def state(self) -> str:
        """Path of the cacheable state."""
        return f"/live/airings/{self.airing_id}/state"


# A benchmark that measures what limits do gives its own.
NO_LIMITS = ",".join(
    f"{name}=10000000"
    for name in (
        *("sockets", "sockets_person", "sockets_address", "sockets_partner"),
        *("joins", "joins_person", "joins_address", "joins_partner"),
        *("commands_person", "commands_address", "commands_partner", "bytes_person", "bytes_address", "bytes_partner"),
    )
)


class Servers:
    """Private PostgreSQL (with `durable` it flushes to disk as a real one) and Valkey, migrated; Django is set up on them.

    Web processes limit nothing (YISHI_LIMITS) unless `environ` here or in `start` says otherwise ("" for the defaults).
    """

    def __init__(self, *, durable: bool = False, environ: Mapping[str, str] | None = None) -> None:
        from broadcast.house import private

        private.sweep()
        self._private = private.PrivateServers()
        self._private.postgres.durable = durable
        settings = {
            "DJANGO_SETTINGS_MODULE": "broadcast.settings",
            "YISHI_LIMITS": NO_LIMITS,
            # Staff of a benchmark have a password alone.
            "YISHI_SECOND_FACTOR": "0",
        }
        self.environ = self._private.environ() | settings | dict(environ or {})
        self.web: list[Process] = []

    def __enter__(self) -> Servers:
        for name in [each for each in os.environ if each.startswith("YISHI_") and each != "YISHI_FFMPEG"]:
            del os.environ[name]
        os.environ.update(self.environ)
        self._private.start()
        try:
            import django

            django.setup()
            from django.core.management import call_command

            call_command("migrate", verbosity=0)
        except BaseException:
            self._private.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        from django.db import connections

        self.stop_web()
        with contextlib.suppress(Exception):
            connections.close_all()
        self._private.stop()

    @property
    def folder(self) -> Path:
        """Scratch that goes with the servers."""
        return self._private.folder

    @property
    def postgres(self) -> Process:
        """The database server with its backends."""
        return Process("postgres", self._private._running[0])

    @property
    def valkey(self) -> Process:
        """The bus."""
        return Process("valkey", self._private._running[1], self._private.valkey.port)

    def seed(self, participants: int = 300, **programme: object) -> Seeded:
        """A programme, its airing on air, and participants with verified phones who agreed to everything.

        `programme` sets columns of Programme and Room policies as tests.live.making.make_show takes them.
        """
        from django.conf import settings

        from broadcast import clock
        from broadcast.identity import COOKIE, Identity, sign
        from broadcast.models import Consent, Participant
        from broadcast.models.catalogue import Assurance
        from tests.live import making

        show = making.make_show(**programme)  # type: ignore[arg-type]
        now = clock.now()
        rows = Participant.objects.bulk_create(
            [Participant(assurance=Assurance.PHONE, display_name="市民", created_at=now) for _ in range(participants)]
        )
        documents = settings.CONSENT_VERSIONS.items()
        Consent.objects.bulk_create(
            [
                Consent(participant=row, document=name, version=version, at=now)
                for row in rows
                for name, version in documents
            ]
        )
        cookies = [f"{COOKIE}={sign(Identity(row.pk, Assurance.PHONE, None, '市民'))}" for row in rows]
        return Seeded(show.id, cookies, [row.pk for row in rows], show)

    def start(
        self, kind: str, count: int = 1, environ: Mapping[str, str] | None = None, command: Sequence[str] = ()
    ) -> list[Process]:
        """Web processes of this kind, each on a port of its own; returns when they answer.

        `command`: what to run in place of the kind's own, after `python -m`; "%d" stands for the port.
        """
        begun = [self.begin(kind, environ, command) for _each in range(count)]
        for each in begun:
            wait_http(each)
        return begun

    def begin(self, kind: str, environ: Mapping[str, str] | None = None, command: Sequence[str] = ()) -> Process:
        """As `start`, one process, without waiting for it: `wait_http` does."""
        from broadcast.house import processes

        port = free_port()
        words = [sys.executable, "-m", *(str(port) if word == "%d" else word for word in command or KINDS[kind])]
        log = self.folder / f"{kind}-{port}.log"
        # A whole environment of its own: nothing of who runs the benchmark changes the figures.
        told = {
            "PATH": os.environ.get("PATH", os.defpath),
            "YISHI_LOG_LEVEL": "WARNING",
            **self.environ,
            **(environ or {}),
        }
        running = processes.start(words, log=log, environ=told, death_signal=signal.SIGKILL, folder=ROOT)
        self.web.append(Process(f"{kind}-{port}", running, port, log))
        return self.web[-1]

    def stop_web(self) -> None:
        """End every web process; the database and the bus go on."""
        for each in self.web:
            each.stop()
        self.web.clear()


def wait_http(process: Process, seconds: float = 60.0) -> None:
    """Return when it answers anything over HTTP. Raises RuntimeError with its last words."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            urllib.request.urlopen(f"{process.http}/healthz", timeout=2).close()
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.running.poll() is not None or time.monotonic() > deadline:
                words = process.log.read_text(encoding="utf-8", errors="replace")[-2000:]
                process.stop()
                raise RuntimeError(f"{process.name} does not answer: {words}") from None
            time.sleep(0.05)
        else:
            return


def free_port() -> int:
    """A TCP port on loopback that nobody has now."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def tree_cpu(pid: int) -> float:
    """Processor seconds, user and system, of a process and of all below it."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii", errors="replace").rpartition(")")[2].split()
        own = sum(int(fields[each]) for each in (11, 12)) / _TICKS
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        finer = sum(int((task / "schedstat").read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9
        children = [int(each) for task in tasks for each in (task / "children").read_text(encoding="ascii").split()]
    except (FileNotFoundError, ProcessLookupError, IndexError):
        return 0.0
    # The kernel tells the whole in hundredths of a second, and each living thread to the nanosecond.
    own = finer if abs(finer - own) < 0.03 else own
    waited_for = sum(int(fields[each]) for each in (13, 14)) / _TICKS
    return own + waited_for + sum(tree_cpu(child) for child in children)


def pss_kib(pid: int) -> float:
    """Proportional set size of one process in KiB."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Pss:"):
            return float(line.split()[1])
    raise RuntimeError(f"the kernel does not tell the memory of {pid}")
