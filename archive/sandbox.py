"""Runs one program on files we do not trust: a root of its own, limits on everything, no network; it knows nothing of media."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

from archive import jail

_NOBODY = 65534
_ASK_SECONDS = 10
_NICE = 10
_WORDS_KEPT = 8_192
_PROGRAMS = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/sbin", "/sbin")
_MACHINES = ("/usr/bin/", "/usr/local/bin/", "/bin/")
_PROBE = "/usr/bin/true"


@dataclass(frozen=True)
class Bounds:
    """What one run may use: memory and the largest file in bytes, processor and wall time in seconds."""

    memory: int
    file: int
    cpu_seconds: int
    wall_seconds: float
    output: int = 1 << 20
    # Counted over all that our user runs, so it only stops a flood.
    processes: int = 4_096


@dataclass(frozen=True)
class Result:
    """How a run ended: `stopped` is "", time, output, memory or size; what it wrote to its outputs, as far as we read."""

    code: int
    stopped: str
    output: bytes
    words: str


@dataclass(frozen=True)
class Way:
    """How this machine lets us shut a program in. `jailed`: with a root and processes of its own; else at best without a network."""

    words: tuple[str, ...]
    jailed: bool

    def named(self) -> list[str]:
        """What it takes away from the program, for `doctor`."""
        taken = ["no network"] if self.words else []
        return [*taken, "a read-only root", "no other processes"] if self.jailed else taken


def run(words: Sequence[str], box: Path, bounds: Bounds) -> Result:
    """Run it in `box` to its end or to ours. Never raises for what the program does. Raises OSError when it cannot start."""
    program, box = _program(words[0]), box.resolve()
    process = subprocess.Popen(
        [*_limits(bounds), *_shut_in(way(program), box), program, *words[1:]],
        cwd=box,
        env=_environ(box),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    assert process.stdout is not None
    assert process.stderr is not None
    output, errors = _Reader(process.stdout, bounds.output, process), _Reader(process.stderr, -_WORDS_KEPT, process)
    stopped = ""
    try:
        process.wait(bounds.wall_seconds)
    except subprocess.TimeoutExpired:
        stopped = "time"
    finally:
        _kill(process)
        process.wait()
    for reader in (output, errors):
        reader.thread.join(5)
    if output.full:
        stopped = "output"
    words_said = errors.content.decode("utf-8", "replace")
    if process.returncode == jail.EXIT_CANNOT and words_said.startswith(jail.NAME):
        raise OSError(words_said.strip())
    return Result(process.returncode, stopped or _reason(process.returncode, words_said), output.content, words_said)


def _limits(bounds: Bounds) -> list[str]:
    return [
        # A show that runs comes first.
        *(_program("nice"), "-n", str(_NICE)),
        _program("prlimit"),
        f"--as={bounds.memory}",
        f"--cpu={bounds.cpu_seconds}:{bounds.cpu_seconds + 1}",
        f"--fsize={bounds.file}",
        f"--nproc={bounds.processes}",
        "--nofile=64",
        "--core=0",
        "--",
    ]


def _environ(box: Path) -> dict[str, str]:
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), *_PROGRAMS])
    return {"PATH": path, "HOME": str(box), "TMPDIR": str(box), "LC_ALL": "C.UTF-8"}


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path=os.pathsep.join(_PROGRAMS))
    if found is None:
        raise FileNotFoundError(f"{name} is not on this machine: install util-linux")
    return found


@lru_cache(maxsize=16)
def way(program: str = _PROBE) -> Way:
    """The best way to shut this program in that works here."""
    if shutil.which("unshare") is None:
        return Way((), False)
    # Root in a container may lack what an ordinary user's own namespace has.
    own = ("--user", "--map-root-user")
    kinds = ("--mount", "--pid", "--fork", "--kill-child", "--net", "--ipc", "--uts")
    tried = [Way(("unshare", *user, *kinds, "--"), True) for user in ((), own)]
    tried += [Way(("unshare", *user, "--net", "--"), False) for user in ((), own)]
    return next((each for each in tried if _holds(each, program)), Way((), False))


def _holds(tried: Way, program: str) -> bool:
    """Whether a program starts in there; one that lies apart from the machine's own brings libraries of its own, so it is asked itself."""
    asked = [_PROBE] if program.startswith(_MACHINES) or not tried.jailed else [program, "-version"]
    with tempfile.TemporaryDirectory(prefix="yishi-way-") as folder:
        try:
            return _works([*_shut_in(tried, Path(folder).resolve()), *asked], folder)
        except OSError:
            return False


def _shut_in(chosen: Way, box: Path) -> list[str]:
    """The words before the program's: namespaces, the new root, another user."""
    if not chosen.jailed:
        return [*chosen.words, *_as_nobody(box)]
    user = ""
    if os.geteuid() == 0 and "--user" not in chosen.words:
        user = str(_NOBODY)
        _hand_over(box)
    return [*chosen.words, sys.executable, "-I", "-S", jail.__file__, str(box), user]


def _hand_over(box: Path) -> None:
    for each in (box, *box.iterdir()):
        os.chown(each, _NOBODY, _NOBODY)


def _as_nobody(box: Path) -> list[str]:
    """Words that leave root's rights behind: another user where we are root and it can write in the box."""
    if shutil.which("setpriv") is None:
        return []
    if os.geteuid() != 0:
        return ["setpriv", "--no-new-privs", "--"]
    words = ["setpriv", f"--reuid={_NOBODY}", f"--regid={_NOBODY}", "--clear-groups"]
    words += ["--inh-caps=-all", "--no-new-privs", "--"]
    _hand_over(box)
    return words if _works([*words, "test", "-w", str(box)]) else ["setpriv", "--no-new-privs", "--"]


def _works(words: Sequence[str], folder: str | None = None) -> bool:
    try:
        done = subprocess.run(words, capture_output=True, timeout=_ASK_SECONDS, check=False, cwd=folder)
        return done.returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The whole group, and whatever it left behind."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _reason(code: int, words: str) -> str:
    number = -code if code < 0 else code - 128
    if number == signal.SIGXCPU or number == signal.SIGKILL:
        return "time"
    if number == signal.SIGXFSZ or "File too large" in words:
        return "size"
    if "Cannot allocate memory" in words or "Out of memory" in words:
        return "memory"
    return ""


class _Reader:
    """Reads a pipe to its end: keeps the first `most` bytes and ends the run when there are more, or the last when negative."""

    def __init__(self, stream: IO[bytes], most: int, process: subprocess.Popen[bytes]) -> None:
        self.content, self.full = b"", False
        self._stream, self._most, self._process = stream, most, process
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self) -> None:
        while piece := self._stream.read1(65_536):  # type: ignore[attr-defined]
            self.content += piece
            if self._most < 0:
                self.content = self.content[self._most :]
            elif len(self.content) > self._most and not self.full:
                self.full = True
                self.content = self.content[: self._most]
                _kill(self._process)
        self._stream.close()
