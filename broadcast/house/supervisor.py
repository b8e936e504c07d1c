"""Keeps a set of processes running, and ends them all; it knows nothing of what they are for."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from broadcast.house import processes
from broadcast.house.account import Account
from broadcast.house.logs import Logs

# A child that lived this long and then died is started again at once; one that dies younger waits, longer each time.
GROWN_UP_SECONDS = 10.0
DELAYS_SECONDS = (0.0, 0.2, 0.5, 1.0, 2.0)
STRAY_PATIENCE_SECONDS = 1.0
_SIGNALS = {signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP}


class Stopped(Exception):
    """Somebody asked us to stop (Ctrl-C, TERM, a closed terminal)."""


class StartFailed(RuntimeError):
    """A process did not come up; the text holds its last words."""


@dataclass
class Child:
    """One process to keep running. `tier` 0 stops last (servers), 1 first (what uses them)."""

    name: str
    command: Sequence[str]
    environ: Mapping[str, str]
    folder: Path
    account: Account | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    patience_seconds: float = 8.0
    tier: int = 1
    before_start: Callable[[], None] = lambda: None
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0.0, init=False)
    died_young: int = field(default=0, init=False)
    due_at: float | None = field(default=None, init=False)

    @property
    def alive(self) -> bool:
        return self.process is not None and self.process.returncode is None


class Supervisor:
    """Single-threaded: signals wait in the kernel until `pump` takes them, so nothing is missed and nothing races."""

    def __init__(self, logs: Logs, say: Callable[[str], None], on_change: Callable[[], None] = lambda: None) -> None:
        self.children: list[Child] = []
        self._logs = logs
        self._say = say
        self._on_change = on_change
        self._strays: dict[int, float] = {}
        self._next_rotation = 0.0
        self._stopping = False
        signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
        processes.adopt_orphans()

    def start(self, child: Child) -> None:
        """Start it and keep it running from now on."""
        self.children.append(child)
        self._spawn(child)

    def run(self, child: Child, *, on_output: Callable[[str], None]) -> int:
        """Run a process once, handing on each line it prints; returns its exit code. Raises Stopped."""
        self._logs.begin(child.name)
        log = self._logs.file(child.name)
        position = log.stat().st_size if log.exists() else 0
        self.children.append(child)
        self._spawn(child)
        try:
            while child.alive:
                self.pump(0.1)
                position = _hand_on(log, position, on_output)
        finally:
            if not child.alive:
                self.children.remove(child)
        _hand_on(log, position, on_output)
        assert child.process is not None
        return int(child.process.returncode)

    def wait_until(self, ready: Callable[[], bool], child: Child, seconds: float) -> None:
        """Wait until `ready()`. Raises StartFailed when that takes too long or the child keeps dying, and Stopped."""
        deadline = time.monotonic() + seconds
        while not (child.alive and ready()):
            if time.monotonic() > deadline or child.died_young >= len(DELAYS_SECONDS):
                words = processes.tail(self._logs.file(child.name))
                raise StartFailed(
                    f"{child.name} 未能启动 · did not come up within {seconds:.0f} s. Its last words:\n{words}"
                )
            self.pump(0.05)

    def forever(self) -> None:
        """Supervise until somebody asks us to stop (raises Stopped)."""
        while True:
            self.pump(1.0)

    def pump(self, seconds: float) -> None:
        """Wait up to that long for news; reap, restart, rotate. Raises Stopped."""
        due = [child.due_at for child in self.children if child.due_at is not None] + list(self._strays.values())
        wait = max(0.0, min([seconds, *(moment - time.monotonic() for moment in due)]))
        news = signal.sigtimedwait(_SIGNALS, wait)
        self._reap()
        self._end_strays()
        if news is not None and news.si_signo != signal.SIGCHLD:
            raise Stopped(signal.Signals(news.si_signo).name)
        if not self._stopping:
            self._restart_due()
            self._rotate()

    def stop(self) -> None:
        """End everything in reverse order, those that use the servers before the servers. A second Ctrl-C hurries."""
        self._stopping = True
        for tier in (1, 0):
            self._stop_tier([child for child in reversed(self.children) if child.tier == tier])
        for pid in processes.children():
            processes.send(pid, signal.SIGKILL)
        deadline = time.monotonic() + 5
        while processes.children() and time.monotonic() < deadline:
            self._reap()
            time.sleep(0.02)
        self._reap()

    def _stop_tier(self, members: Sequence[Child]) -> None:
        for child in members:
            if child.alive and child.process:
                processes.send(child.process.pid, child.stop_signal)
        now = time.monotonic()
        while any(child.alive for child in members):
            try:
                self.pump(0.1)
            except Stopped:
                now -= 3600
            for child in members:
                if child.alive and child.process and time.monotonic() > now + child.patience_seconds:
                    processes.signal_group(child.process.pid, signal.SIGKILL)

    def _spawn(self, child: Child) -> None:
        child.due_at = None
        child.before_start()
        self._logs.begin(child.name)
        child.process = processes.start(
            child.command,
            log=self._logs.file(child.name),
            environ=child.environ,
            account=child.account,
            death_signal=child.stop_signal,
            folder=child.folder,
        )
        child.started_at = time.monotonic()
        self._on_change()

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            self._strays.pop(pid, None)
            for child in self.children:
                if child.process and child.process.pid == pid:
                    child.process.returncode = os.waitstatus_to_exitcode(status)
                    self._died(child)

    def _died(self, child: Child) -> None:
        """Plan its return, and mark what it left behind."""
        assert child.process is not None
        processes.signal_group(child.process.pid, signal.SIGKILL)
        if self._stopping or child.name.startswith("once:"):
            return
        young = time.monotonic() - child.started_at < GROWN_UP_SECONDS
        child.died_young = child.died_young + 1 if young else 0
        delay = DELAYS_SECONDS[min(max(child.died_young - 1, 0), len(DELAYS_SECONDS) - 1)]
        child.due_at = time.monotonic() + delay
        self._mark_strays()
        self._report(child, delay)

    def _report(self, child: Child, delay: float) -> None:
        code = child.process.returncode if child.process else 0
        how = signal.Signals(-code).name if code < 0 else f"exit {code}"
        if child.died_young in {0, 1} or child.died_young % 30 == 0:
            self._say(f"[!] {child.name} 意外退出，{delay:g} 秒后重启 · ended ({how}), restarting in {delay:g} s")
            if code >= 0:
                last = processes.tail(self._logs.file(child.name), 6)
                self._say("\n".join(f"    {child.name} | {line}" for line in last.splitlines()))

    def _mark_strays(self) -> None:
        """Children of ours that we did not start lost their own parent: ask them to end, and remember to insist."""
        known = {child.process.pid for child in self.children if child.process and child.alive}
        for pid in processes.children():
            if pid not in known and pid not in self._strays:
                processes.send(pid, signal.SIGTERM)
                self._strays[pid] = time.monotonic() + STRAY_PATIENCE_SECONDS

    def _end_strays(self) -> None:
        for pid, moment in list(self._strays.items()):
            if time.monotonic() > moment:
                processes.send(pid, signal.SIGKILL)
                del self._strays[pid]

    def _restart_due(self) -> None:
        for child in self.children:
            if child.due_at is not None and time.monotonic() >= child.due_at:
                try:
                    self._spawn(child)
                except (OSError, RuntimeError) as error:
                    self._say(f"[!] {child.name}: {error}")
                    child.due_at = time.monotonic() + DELAYS_SECONDS[-1]

    def _rotate(self) -> None:
        if time.monotonic() >= self._next_rotation:
            self._next_rotation = time.monotonic() + 60
            self._logs.rotate()
            for child in self.children:
                if child.alive and time.monotonic() - child.started_at > GROWN_UP_SECONDS:
                    child.died_young = 0


def _hand_on(log: Path, position: int, on_output: Callable[[str], None]) -> int:
    """Hand on whole lines that were written since `position`; returns the new position."""
    if not log.exists():
        return position
    with log.open("rb") as stream:
        stream.seek(position)
        whole = stream.read().rpartition(b"\n")
    for line in whole[0].splitlines():
        on_output(line.decode("utf-8", "replace"))
    return position + len(whole[0]) + len(whole[1])
