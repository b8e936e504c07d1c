"""What of a folder is known to be in which store: an append-only log beside the media; it sends nothing."""

from __future__ import annotations

import json
import logging
import os
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.storage.base import ALGORITHM, Stored

logger = logging.getLogger(__name__)
NAME = "stored.jsonl"
_TAIL_BYTES = 8 << 10


@dataclass
class Ledger:
    """The lines of one place in `stored.jsonl`. Losing a line costs one question to the store, never an object.

    Any number of processes may append; each reads what was there when it opened the log.
    """

    folder: Path
    place: str
    stored: dict[str, Stored] = field(default_factory=dict)
    # Times of the folders when nothing waited any more.
    settled: dict[str, int] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)

    def __post_init__(self) -> None:
        try:
            raw = (self.folder / NAME).read_bytes()
        except FileNotFoundError:
            return
        for line in raw.splitlines():
            try:
                self._learn(json.loads(line))
            except (ValueError, KeyError, TypeError, AttributeError):
                # Torn by a crash: what it said is asked of the store again.
                continue

    def _learn(self, line: dict[str, Any]) -> None:
        if line["place"] != self.place:
            return
        if "settled" in line:
            self.settled = {str(name): int(at) for name, at in line["settled"].items()}
        elif line.get("gone"):
            self.stored.pop(line["key"], None)
        else:
            self.stored[line["key"]] = Stored(line["key"], int(line["size"]), line["digest"], line["algorithm"])

    def __contains__(self, key: str) -> bool:
        return key in self.stored

    def add(self, key: str, stored: Stored) -> None:
        """The object is there, whole."""
        self._append(key=key, size=stored.size, digest=stored.digest, algorithm=stored.algorithm)
        self.stored[key] = Stored(key, stored.size, stored.digest, stored.algorithm)

    def drop(self, key: str) -> None:
        """The object is there no more."""
        self._append(key=key, gone=True)
        self.stored.pop(key, None)

    def settle(self, folders: dict[str, int]) -> None:
        """Nothing waits as long as the folders have these times."""
        if folders != self.settled:
            self._append(settled=folders)
            self.settled = folders

    def _append(self, **facts: Any) -> None:
        line = json.dumps({"place": self.place, **facts}, ensure_ascii=False).encode() + b"\n"
        with self._lock:
            torn = _ends_torn(self.folder / NAME)
            handle = os.open(self.folder / NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
            try:
                os.write(handle, b"\n" + line if torn else line)
            finally:
                os.close(handle)


def settled(folder: Path, place: str) -> dict[str, int]:
    """The same of a folder, from the end of the log alone; {} where that does not say it. A long log takes long to read whole."""
    try:
        with (folder / NAME).open("rb") as stream:
            stream.seek(max(0, stream.seek(0, os.SEEK_END) - _TAIL_BYTES))
            lines = stream.read().splitlines()
    except FileNotFoundError:
        return {}
    for line in reversed(lines):
        try:
            facts = json.loads(line)
            if facts["place"] == place:
                return {str(name): int(at) for name, at in facts.get("settled", {}).items()}
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return {}


def _ends_torn(file: Path) -> bool:
    try:
        with file.open("rb") as stream:
            stream.seek(-1, os.SEEK_END)
            return stream.read(1) != b"\n"
    except OSError:
        return False


def digests(folder: Path) -> dict[str, Stored]:
    """What any place was given from this folder, by key: the digests taken when it was sent."""
    found: dict[str, Stored] = {}
    try:
        raw = (folder / NAME).read_bytes()
    except FileNotFoundError:
        return found
    for line in raw.splitlines():
        try:
            facts = json.loads(line)
            if "digest" in facts and facts["algorithm"] == ALGORITHM:
                found[facts["key"]] = Stored(facts["key"], int(facts["size"]), facts["digest"])
        except (ValueError, KeyError, TypeError):
            continue
    return found
