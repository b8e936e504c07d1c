"""Where the house keeps what it writes, and the few facts it must remember (ports, secrets); it starts nothing."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from broadcast import env

ROOT = Path(__file__).resolve().parent.parent.parent
# Below the kernel's range for outgoing connections, so that no client socket takes a port of ours by chance.
PORTS = range(20_000, 32_000)


@dataclass(frozen=True)
class Places:
    """The folders below one `var`; two houses with two `var` folders share nothing."""

    var: Path

    @property
    def logs(self) -> Path:
        return self.var / "log"

    @property
    def run(self) -> Path:
        return self.var / "run"

    def prepare(self) -> None:
        """Make the folders. Raises PermissionError with the folder when that is not possible."""
        for folder in (self.var, self.logs, self.run):
            folder.mkdir(parents=True, exist_ok=True)

    def secret(self, name: str) -> str:
        """The random secret `name`, made at the first call and kept in `secrets.json`, readable by its owner alone."""
        file = self.var / "secrets.json"
        kept = _load(file)
        if name not in kept:
            with _alone(self.var):
                kept = _load(file)
                kept.setdefault(name, secrets.token_urlsafe(48))
                _save(file, kept)
        return str(kept[name])

    def remembered(self, name: str, default: Any = None) -> Any:
        """A fact about this house, such as a port it chose, or the default."""
        return _load(self.var / "house.json").get(name, default)

    def remember(self, name: str, value: Any) -> None:
        """Keep a fact for the next run."""
        with _alone(self.var):
            kept = _load(self.var / "house.json")
            kept[name] = value
            _save(self.var / "house.json", kept)

    @property
    def house_id(self) -> str:
        """Names this house outside its folder (for data that must lie elsewhere); a new `var` is a new house."""
        known = self.remembered("id")
        if known is None:
            known = secrets.token_hex(6)
            self.remember("id", known)
        return str(known)

    def port(self, name: str) -> int:
        """The port this house uses for `name`: the one it used before, else a free one. It may be taken by now."""
        known = self.remembered(f"{name}_port")
        return int(known) if known else self.new_port(name)

    def new_port(self, name: str) -> int:
        """Choose and remember another free loopback port for `name`."""
        number = free_port()
        self.remember(f"{name}_port", number)
        return number


def here() -> Places:
    """The places that YISHI_VAR names."""
    return Places((ROOT / env.read("VAR")).resolve())


def free_port(kind: socket.SocketKind = socket.SOCK_STREAM) -> int:
    """A loopback port that nobody has now. Raises RuntimeError when a hundred tries found none."""
    for _ in range(100):
        number = secrets.choice(PORTS)
        if port_is_free(number, kind=kind):
            return number
    raise RuntimeError("no free port between 20000 and 31999 after a hundred tries")


def port_is_free(number: int, host: str = "127.0.0.1", kind: socket.SocketKind = socket.SOCK_STREAM) -> bool:
    """Whether this machine would let us listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1 if kind == socket.SOCK_STREAM else 0)
        try:
            probe.bind((host, number))
        except OSError:
            return False
    return True


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder against other processes that want to write the same file."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".house.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _load(file: Path) -> dict[str, Any]:
    try:
        content: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return content


def _save(file: Path, content: dict[str, Any]) -> None:
    """Replace the file in one step, so that a crash leaves the old or the new one."""
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_suffix(f".{os.getpid()}.new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with open(descriptor, "w", encoding="utf-8") as stream:  # noqa: PTH123 - a descriptor, to have the mode from the start
        json.dump(content, stream, indent=1)
        stream.flush()
        os.fsync(stream.fileno())
    fresh.replace(file)
