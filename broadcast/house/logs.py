"""The log files of the processes, one each, kept from growing without end; it reads none of them."""

from __future__ import annotations

import shutil
from pathlib import Path

ROTATE_AT_BYTES = 20 * 1024 * 1024
ROTATE_AT_START_BYTES = 2 * 1024 * 1024
KEPT = 3


class Logs:
    """`NAME.log` in one folder, with `NAME.log.1` (newest) to `.3` behind it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: set[str] = set()

    def file(self, name: str) -> Path:
        return self._folder / f"{name.removeprefix('once:')}.log"

    def begin(self, name: str) -> None:
        """Called before a process starts; at the first time in this run a long log is put away."""
        if name not in self._known:
            self._known.add(name)
            self._put_away(self.file(name), ROTATE_AT_START_BYTES)

    def rotate(self) -> None:
        """Put away each log that grew too long."""
        for name in self._known:
            self._put_away(self.file(name), ROTATE_AT_BYTES)

    def _put_away(self, log: Path, limit: int) -> None:
        try:
            if log.stat().st_size <= limit:
                return
        except FileNotFoundError:
            return
        for number in range(KEPT, 1, -1):
            older = log.with_name(f"{log.name}.{number - 1}")
            if older.exists():
                older.replace(log.with_name(f"{log.name}.{number}"))
        # Copied and emptied, not renamed: the process goes on writing to the file it holds, at its end (O_APPEND).
        shutil.copyfile(log, log.with_name(f"{log.name}.1"))
        with log.open("r+b") as stream:
            stream.truncate(0)
