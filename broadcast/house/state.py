"""What a running house leaves on disk about itself: its lock, its address and its processes; it starts and ends nothing alive."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Mapping
from dataclasses import asdict
from typing import IO, Any

from broadcast.house import processes
from broadcast.house.places import Places
from broadcast.house.processes import Identity


class AlreadyRunning(RuntimeError):
    """Another `up` holds this house."""


class State:
    """`run/up.lock`, held as long as the house runs, and `run/up.json` with what it started."""

    def __init__(self, places: Places) -> None:
        self._places = places
        self._file = places.run / "up.json"
        self._lock: IO[str] | None = None

    def take(self) -> None:
        """Become the one `up` of this house. Raises AlreadyRunning with the address of the other."""
        self._places.prepare()
        lock = (self._places.run / "up.lock").open("w")
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.close()
            known = self.read()
            address = known.get("address", "…")
            raise AlreadyRunning(
                f"已在运行 · already running: {address} (process {known.get('supervisor', {}).get('pid', '?')}). "
                "先在那里按 Ctrl-C · press Ctrl-C there first, or use another folder: YISHI_VAR=… with --port"
            ) from None
        self._lock = lock

    @property
    def held(self) -> bool:
        """Whether some `up` holds this house now."""
        try:
            with (self._places.run / "up.lock").open("r") as lock:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except FileNotFoundError:
            return False
        except BlockingIOError:
            return True
        return False

    def read(self) -> dict[str, Any]:
        """What the last `up` wrote; empty when there was none."""
        try:
            content: dict[str, Any] = json.loads(self._file.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return {}
        return content

    def write(self, facts: Mapping[str, Any], children: Mapping[str, Identity]) -> None:
        """Replace the facts: who supervises, at which address, and each child's identity."""
        own = processes.identify(os.getpid())
        content = {
            **facts,
            "supervisor": asdict(own) if own else {},
            "children": {name: asdict(identity) for name, identity in children.items()},
        }
        fresh = self._file.with_suffix(".new")
        fresh.write_text(json.dumps(content, indent=1, ensure_ascii=False), encoding="utf-8")
        fresh.replace(self._file)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)

    def left_behind(self) -> list[Identity]:
        """Living processes of an earlier `up` that was killed: those it wrote down, and all that carry its mark."""
        written = [Identity(**entry) for entry in self.read().get("children", {}).values()]
        found = {identity.pid: identity for identity in written if identity.alive}
        found.update((identity.pid, identity) for identity in processes.marked(self.mark))
        return list(found.values())

    @property
    def mark(self) -> str:
        return self._places.house_id
