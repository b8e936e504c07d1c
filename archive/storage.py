"""Where media objects lie, behind one interface (a local folder now); it knows keys and bytes, not airings or rights."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings

ALGORITHM = "sha256"


@dataclass(frozen=True)
class Stored:
    """An object in storage with the digest of its bytes, taken when it was written."""

    key: str
    size: int
    digest: str
    algorithm: str = ALGORITHM


class Storage(Protocol):
    """Objects by key, such as `airings/<id>/public/<name>.ts`. A key is written once and never changed."""

    def put(self, key: str, source: Path) -> Stored:
        """Keep the file's bytes under `key`. Putting the same key again changes nothing."""

    def open(self, key: str) -> BinaryIO:
        """The object's bytes. Raises FileNotFoundError."""

    def list(self, prefix: str) -> Iterator[str]:
        """Keys that begin with `prefix`, a folder."""

    def delete(self, key: str) -> None:
        """Forget the object; silent when it is not there."""


class LocalStorage:
    """A folder on this machine; a file of the same disk is linked, not copied."""

    def __init__(self, root: Path) -> None:
        self.root = root.resolve()

    def path(self, key: str) -> Path:
        """The file of a key. Raises ValueError for a key that would leave the folder."""
        parts = key.split("/")
        if not key or any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
            raise ValueError(f"not a key: {key!r}")
        return self.root.joinpath(*parts)

    def put(self, key: str, source: Path) -> Stored:
        """Link the file, or copy it when that cannot be, in one step."""
        target = self.path(key)
        if not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            fresh = target.with_name(f".{target.name}.{os.getpid()}")
            fresh.unlink(missing_ok=True)
            try:
                fresh.hardlink_to(source)
            except OSError:
                shutil.copyfile(source, fresh)
            fresh.replace(target)
            # rename() of two names of one file leaves both.
            fresh.unlink(missing_ok=True)
        with target.open("rb") as stream:
            return Stored(key, target.stat().st_size, hashlib.file_digest(stream, ALGORITHM).hexdigest())

    def open(self, key: str) -> BinaryIO:
        """The object's bytes."""
        return self.path(key).open("rb")

    def list(self, prefix: str) -> Iterator[str]:
        """Keys below the folder `prefix`."""
        for file in sorted(self.path(prefix).rglob("*")):
            if file.is_file() and not file.name.startswith("."):
                yield file.relative_to(self.root).as_posix()

    def delete(self, key: str) -> None:
        """Remove the file."""
        with contextlib.suppress(FileNotFoundError):
            self.path(key).unlink()


def media() -> LocalStorage:
    """The storage of this installation."""
    return LocalStorage(Path(settings.MEDIA_ROOT))


def write_atomically(file: Path, content: bytes) -> None:
    """Replace the file in one step: a reader sees the old or the new one."""
    fresh = file.with_name(f".{file.name}.{os.getpid()}")
    fresh.write_bytes(content)
    fresh.replace(file)
