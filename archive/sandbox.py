"""Runs one program on files we do not trust: a folder of its own, limits on everything, no network; it knows nothing of media."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import IO

_NOBODY = 65534
_ASK_SECONDS = 10
_NICE = 10
_WORDS_KEPT = 8_192


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


def run(words: Sequence[str], box: Path, bounds: Bounds) -> Result:
    """Run it in `box` to its end or to ours. Never raises for what the program does. Raises OSError when it cannot start."""
    command = [*_limits(bounds), *isolation(), *_as_nobody(box), *words]
    process = subprocess.Popen(
        command,
        cwd=box,
        env={"PATH": os.environ.get("PATH", os.defpath), "HOME": str(box), "TMPDIR": str(box), "LC_ALL": "C.UTF-8"},
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


def _program(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"{name} is not on this machine: install util-linux")
    return found


@lru_cache(maxsize=1)
def isolation() -> tuple[str, ...]:
    """Words that take the network away; empty where this machine allows none of the ways."""
    for words in (("unshare", "-n", "--"), ("unshare", "-r", "-n", "--")):
        if shutil.which(words[0]) and _works([*words, "true"]):
            return words
    return ()


def _as_nobody(box: Path) -> list[str]:
    """Words that leave root's rights behind: another user where we are root and it can write in the box."""
    if shutil.which("setpriv") is None:
        return []
    if os.geteuid() != 0:
        return ["setpriv", "--no-new-privs", "--"]
    words = [
        "setpriv",
        f"--reuid={_NOBODY}",
        f"--regid={_NOBODY}",
        "--clear-groups",
        "--inh-caps=-all",
        "--no-new-privs",
        "--",
    ]
    for each in (box, *box.iterdir()):
        os.chown(each, _NOBODY, _NOBODY)
    return words if _works([*words, "test", "-w", str(box)]) else ["setpriv", "--no-new-privs", "--"]


def _works(words: Sequence[str]) -> bool:
    try:
        return subprocess.run(words, capture_output=True, timeout=_ASK_SECONDS, check=False).returncode == 0
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
