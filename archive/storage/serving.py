"""Reads media for the web: the local disk first, else the store, through a small memory; whether one may is asked elsewhere."""

from __future__ import annotations

import asyncio
import gzip
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from django.conf import settings

from archive.storage.places import kept
from broadcast import env

_T = TypeVar("_T")
# So much of the store's media one process keeps, and so long; a show's newest segments are what everybody asks for.
MOST_BYTES = 64 << 20
KEPT_SECONDS = 60.0
# A stored playlist may be so old.
TEXT_SECONDS = 1.0
MOST_TEXTS = 256
# Addresses into the store are good for so long; their redirects may be kept for less.
ADDRESS_SECONDS = 60
REDIRECT_SECONDS = 20


@dataclass(frozen=True)
class Text:
    """A playlist or another small text, with what tells it from another version, plain and packed."""

    tag: str
    plain: bytes
    packed: bytes


class _Memory:
    """What was read from the store lately. Whoever asks for the same meanwhile waits for the same answer."""

    def __init__(self) -> None:
        # A store that hangs must not take the threads that read the local disk.
        self.pool = ThreadPoolExecutor(8, thread_name_prefix="serve")
        self.media: OrderedDict[str, tuple[float, bytes | None]] = OrderedDict()
        self.size = 0
        self.texts: dict[str, tuple[float, Text | None]] = {}
        self.asked: dict[str, asyncio.Task[bytes | None]] = {}

    async def fetch(self, key: str) -> bytes | None:
        """The whole object from the store; None when it is not there."""
        task = self.asked.get(key)
        if task is None:
            task = asyncio.create_task(self._fetch(key))
            self.asked[key] = task
            task.add_done_callback(lambda _: self.asked.pop(key, None))
        # One viewer who goes must not take it from the others.
        return await asyncio.shield(task)

    async def _fetch(self, key: str) -> bytes | None:
        return await asyncio.get_running_loop().run_in_executor(self.pool, _read_stored, key)

    def keep(self, key: str, content: bytes | None) -> None:
        """Remember, and forget the oldest."""
        self.drop(key)
        self.media[key] = (time.monotonic(), content)
        self.size += len(content or b"")
        while self.size > MOST_BYTES or len(self.media) > 4_096:
            self.drop(next(iter(self.media)))

    def drop(self, key: str) -> None:
        """Forget one."""
        _, content = self.media.pop(key, (0.0, None))
        self.size -= len(content or b"")


_memory = _Memory()
_local: dict[Path, tuple[int, Text]] = {}


def forget() -> None:
    """Forget all that is kept, for tests."""
    global _memory
    _memory = _Memory()
    _local.clear()


def _read_stored(key: str) -> bytes | None:
    store = kept()
    if store is None:
        return None
    try:
        with store.open(key) as stream:
            return stream.read()
    except FileNotFoundError:
        return None


def key_of(file: Path) -> str:
    """The store's key of a file below the media folder. Raises ValueError for one elsewhere."""
    return file.relative_to(settings.MEDIA_ROOT).as_posix()


async def read(file: Path) -> bytes:
    """The bytes of a segment, which never change. Raises FileNotFoundError, StorageDown."""
    content = await asyncio.to_thread(_unless_missing, file.read_bytes)
    if content is None and kept() is not None:
        content = await _stored_media(key_of(file))
    if content is None:
        raise FileNotFoundError(file)
    return content


async def _stored_media(key: str) -> bytes | None:
    known = _memory.media.get(key)
    # That something is missing is believed for a second: it may be on its way.
    if known and time.monotonic() - known[0] < (KEPT_SECONDS if known[1] is not None else TEXT_SECONDS):
        _memory.media.move_to_end(key)
        return known[1]
    content = await _memory.fetch(key)
    _memory.keep(key, content)
    return content


async def read_text(file: Path) -> Text:
    """A playlist as it is now, or was a second ago in the store. Raises FileNotFoundError, StorageDown."""
    found = await asyncio.to_thread(_unless_missing, lambda: _local_text(file))
    if found is None and kept() is not None:
        found = await _stored_text(key_of(file))
    if found is None:
        raise FileNotFoundError(file)
    return found


def _local_text(file: Path) -> Text:
    written = file.stat().st_mtime_ns
    known = _local.get(file)
    if known and known[0] == written:
        return known[1]
    plain = file.read_bytes()
    if len(_local) >= MOST_TEXTS:
        _local.clear()
    text = Text(f"{written:x}", plain, gzip.compress(plain, 1))
    _local[file] = (written, text)
    return text


async def _stored_text(key: str) -> Text | None:
    known = _memory.texts.get(key)
    asked = time.monotonic()
    if known and asked - known[0] < TEXT_SECONDS:
        return known[1]
    plain = await _memory.fetch(key)
    if len(_memory.texts) >= MOST_TEXTS:
        _memory.texts.clear()
    text = None
    if plain is not None:
        text = Text(hashlib.sha256(plain).hexdigest()[:16], plain, gzip.compress(plain, 1))
    _memory.texts[key] = (asked, text)
    return text


async def address(file: Path, media_type: str) -> str | None:
    """A short-lived address of the file in the store, where players are to be sent there and this machine has it not."""
    store = kept()
    if store is None or not env.read("MEDIA_REDIRECT") or await asyncio.to_thread(file.exists):
        return None
    return store.address(key_of(file), ADDRESS_SECONDS, media_type)


def _unless_missing(act: Callable[[], _T]) -> _T | None:
    try:
        return act()
    except (FileNotFoundError, NotADirectoryError):
        return None
