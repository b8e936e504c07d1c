"""Starts a process so that it dies with us, recognises it again later, and ends it with all it started; it decides nothing."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from broadcast.house.account import Account

# Stands in the environment of all that a house starts, and of what that starts; the value names the house.
MARK = "_YISHI_HOUSE"
_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True)
class Identity:
    """A process beyond its number, which the kernel gives to others later: with start time and boot."""

    pid: int
    started: int
    boot: str

    @property
    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        state = _stat(self.pid)
        return state is not None and state.started == self.started and state.letter != "Z" and self.boot == boot_id()


@dataclass(frozen=True)
class _Stat:
    letter: str
    parent: int
    session: int
    started: int


def boot_id() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def identify(pid: int) -> Identity | None:
    """Who has this number now; None when nobody has."""
    state = _stat(pid)
    return Identity(pid, state.started, boot_id()) if state else None


def bare_environ() -> dict[str, str]:
    """What a program needs that is told nothing else: next to nothing, but the mark by which the house finds its children."""
    marked = {MARK: os.environ[MARK]} if MARK in os.environ else {}
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", **marked}


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    environ: Mapping[str, str],
    account: Account | None = None,
    death_signal: signal.Signals = signal.SIGTERM,
    folder: Path = Path("/"),
) -> subprocess.Popen[bytes]:
    """Start a process in a session of its own, its output appended to `log`; when we die it gets `death_signal`.

    Call it from the main thread only: the kernel watches the thread that forked, not the process.
    """
    identity = (account.uid, account.gid, list[int]()) if account else (None, None, None)
    with log.open("ab") as output:
        return subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environ),
            cwd=folder,
            start_new_session=True,
            user=identity[0],
            group=identity[1],
            extra_groups=identity[2],
            preexec_fn=_die_with(os.getpid(), death_signal),
        )


def _die_with(parent: int, death_signal: signal.Signals) -> Callable[[], None]:
    def in_child() -> None:
        _libc.prctl(_PR_SET_PDEATHSIG, int(death_signal), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)
        signal.pthread_sigmask(signal.SIG_SETMASK, [])

    return in_child


def adopt_orphans() -> None:
    """Become the parent of every process that loses its own below us, so that none can slip away."""
    if _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "prctl(PR_SET_CHILD_SUBREAPER)")


def children() -> list[int]:
    """Numbers of our living children, those adopted too."""
    own = os.getpid()
    return [pid for pid, state in _all() if state.parent == own and state.letter != "Z"]


def marked(value: str) -> list[Identity]:
    """Living processes, ourselves aside, whose environment carries the mark of that house."""
    entry = f"{MARK}={value}".encode()
    found = []
    for pid, state in _all():
        if pid != os.getpid() and state.letter != "Z" and entry in _environment(pid).split(b"\0"):
            found.append(Identity(pid, state.started, boot_id()))
    return found


def send(pid: int, number: signal.Signals) -> None:
    """Send to one process; silent when it is gone."""
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return


def signal_group(pid: int, number: signal.Signals) -> None:
    """Send to every process of the session that `pid` began; silent when there is none."""
    for each in [each for each, state in _all() if state.session == pid]:
        send(each, number)


def end(identities: Sequence[Identity], *, patience_seconds: float = 5.0) -> None:
    """End processes that may not be our children: TERM, then KILL to those that remain. Returns when all are gone."""
    for number, seconds in ((signal.SIGTERM, patience_seconds), (signal.SIGKILL, 5.0)):
        for each in identities:
            if each.alive:
                send(each.pid, number)
                signal_group(each.pid, number)
        deadline = time.monotonic() + seconds
        while any(each.alive for each in identities) and time.monotonic() < deadline:
            time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], first: signal.Signals, *, patience_seconds: float) -> None:
    """End a child of ours and its session: `first` to the child alone, then KILL to all. Returns when it is gone."""
    if process.poll() is None:
        process.send_signal(first)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(patience_seconds)
    signal_group(process.pid, signal.SIGKILL)
    process.wait()


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, for a message about a failure."""
    try:
        with log.open("rb") as stream:
            stream.seek(max(0, log.stat().st_size - 8192))
            text = stream.read().decode("utf-8", "replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-lines:])


def _all() -> Iterator[tuple[int, _Stat]]:
    for name in os.listdir("/proc"):  # noqa: PTH208 - thousands of entries, names are enough
        if name.isdigit():
            state = _stat(int(name))
            if state:
                yield int(name), state


def _stat(pid: int) -> _Stat | None:
    try:
        content = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # The command's name, in brackets, may hold spaces and brackets itself.
    fields = content.rpartition(")")[2].split()
    return _Stat(fields[0], int(fields[1]), int(fields[3]), int(fields[19]))


def _environment(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/environ").read_bytes()
    except OSError:
        return b""
