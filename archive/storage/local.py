"""Storage in a folder of this machine; a file of the same disk is linked, not copied."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from archive.storage.base import Stored, StoredOtherwise, checked_key, digest_of


class LocalStorage:
    """A folder on this machine. With `links`, a file of the same disk shares its bytes; a second copy must not."""

    def __init__(self, root: Path, *, links: bool = True) -> None:
        self.root = root.resolve()
        self.links = links

    def path(self, key: str) -> Path:
        """The file of a key. Raises ValueError for a key that would leave the folder."""
        return self.root.joinpath(*checked_key(key).split("/"))

    def put(self, key: str, source: Path, *, replace: bool = False) -> Stored:
        """Link the file, or copy it when that cannot be, in one step."""
        target = self.path(key)
        there = target.exists() and not replace
        if not there:
            self._place(target, source)
        stored = self._digest(key)
        if there and not target.samefile(source):
            with source.open("rb") as stream:
                _, digest = digest_of(stream)
            if digest != stored.digest:
                raise StoredOtherwise(f"{key} is there with other bytes", key=key, expected=digest, found=stored.digest)
        return stored

    def mend(self, key: str, source: Path) -> None:
        """Over the bytes that are there, not beside them: other names of the file keep showing what it holds."""
        target = self.path(key)
        try:
            with source.open("rb") as right, target.open("rb+") as stream:
                shutil.copyfileobj(right, stream)
                stream.truncate()
                stream.flush()
                os.fsync(stream.fileno())
        except FileNotFoundError:
            self._place(target, source)

    def _place(self, target: Path, source: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        fresh.unlink(missing_ok=True)
        if not (self.links and _linked(source, fresh)):
            shutil.copyfile(source, fresh)
            _flush(fresh)
        fresh.replace(target)
        # rename() of two names of one file leaves both.
        fresh.unlink(missing_ok=True)

    def _digest(self, key: str) -> Stored:
        with self.path(key).open("rb") as stream:
            return Stored(key, *digest_of(stream))

    def write(self, key: str, content: bytes) -> Stored:
        """Replace the file in one step."""
        target = self.path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, content)
        return Stored(key, *digest_of(io.BytesIO(content)))

    def copy(self, key: str, target: str) -> Stored:
        """A second name for the same file."""
        fresh, source = self.path(target), self.path(key)
        if not fresh.exists():
            fresh.parent.mkdir(parents=True, exist_ok=True)
            if not _linked(source, fresh):
                self._place(fresh, source)
        return self._digest(target)

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """The object's bytes."""
        stream = self.path(key).open("rb")
        if not start and length is None:
            return stream
        with stream:
            stream.seek(start)
            return io.BytesIO(stream.read() if length is None else stream.read(length))

    def head(self, key: str) -> Stored | None:
        """Its size; a folder keeps no digest."""
        try:
            return Stored(key, self.path(key).stat().st_size, "")
        except (FileNotFoundError, NotADirectoryError):
            return None

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below the folder `prefix`."""
        for file in sorted(self.path(prefix).rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(self.root).as_posix()

    def delete(self, key: str) -> None:
        """Remove the file."""
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()

    def probe(self) -> None:
        """Write a file and take it away."""
        self.root.mkdir(parents=True, exist_ok=True)
        probe = self.root / f".probe.{os.getpid()}"
        probe.write_bytes(b"")
        probe.unlink()

    def hurry(self) -> None:
        """A folder keeps nobody waiting."""

    def address(self, key: str, seconds: int, media_type: str) -> str | None:
        """None: a folder has no addresses."""
        return None


def _linked(source: Path, target: Path) -> bool:
    try:
        target.hardlink_to(source)
    except FileExistsError:
        return True
    except OSError:
        return False
    return True


def _flush(file: Path) -> None:
    with file.open("rb+") as stream:
        os.fsync(stream.fileno())


def write_atomically(file: Path, content: bytes) -> None:
    """Replace the file in one step: a reader sees the old or the new one."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(file)
