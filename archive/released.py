"""The log of what an airing's public line released: append-only, a line an item; it decides nothing and gives no names."""

from __future__ import annotations

import contextlib
import json
import os
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from archive.output import CUT, Item

FILE = "released.jsonl"


class Log:
    """Any process goes on where another died: an item is released when its line is on disk as a whole."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.items: list[Item] = []
        # So many bytes are whole lines.
        self._good = 0
        if file.exists():
            self._load()

    def _load(self) -> None:
        """A line torn by a crash was never in a playlist and is cut off."""
        raw = self.file.read_bytes()
        for text in raw.splitlines(keepends=True):
            item = _parsed(text)
            if item is None or not text.endswith(b"\n") or item.sequence != len(self.items):
                break
            self.items.append(item)
            self._good += len(text)
        if self._good < len(raw):
            os.truncate(self.file, self._good)

    def add(self, item: Item, facts: dict[str, Any]) -> None:
        """Release an item, with what else is known of its file. Raises OSError; then it is not released.

        What a failure leaves is taken off again, at once or before the next line: nothing may follow a torn one.
        """
        text = json.dumps({**asdict(item), **facts}).encode() + b"\n"
        with self.file.open("ab") as log:
            if log.tell() > self._good:
                log.truncate(self._good)
            try:
                log.write(text)
                log.flush()
                os.fsync(log.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    os.truncate(self.file, self._good)
                raise
        self._good += len(text)
        self.items.append(item)


def _parsed(text: bytes) -> Item | None:
    try:
        found = json.loads(text)
        item = Item(**{name: value for name, value in found.items() if name in Item.__dataclass_fields__})
    except (ValueError, TypeError, AttributeError):
        return None
    # One written by an older version, which knew no other filler.
    return replace(item, source=CUT, reason=CUT) if item.part == 0 and not item.source else item
