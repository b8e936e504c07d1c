"""The interface of storage, its errors and its rule for keys; it reads and writes nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Protocol

from broadcast.errors import BroadcastError, Conflict, Unavailable

ALGORITHM = "sha256"
CHUNK = 1 << 20


class StorageDown(Unavailable):
    """The store does not answer, or not rightly, after several tries; nothing is lost, try again later."""

    code = "storage_down"


class StorageRefused(BroadcastError):
    """The store answers and refuses us: wrong key, no such bucket, no right. Trying again helps nothing; a person must look."""

    code = "storage_refused"
    status = 503


class Cold(Unavailable):
    """The bytes lie in a cold storage class and cannot be read before they are asked back; nothing is lost."""

    code = "storage_cold"


class Damaged(BroadcastError):
    """The bytes read are not the bytes that were written; data: key, expected, found."""

    code = "storage_damaged"
    status = 500


class StoredOtherwise(Conflict):
    """Another content is there under that key already; data: key, expected, found."""

    code = "stored_otherwise"


@dataclass(frozen=True)
class Stored:
    """An object in storage with the digest of its bytes, taken when it was written; "" when nobody took one."""

    key: str
    size: int
    digest: str
    algorithm: str = ALGORITHM


class Storage(Protocol):
    """Objects by key, such as `airings/<id>/public/<name>.ts`. Media are written once; only playlists and notes are replaced.

    All raise StorageDown and StorageRefused where the store is elsewhere.
    """

    def put(self, key: str, source: Path, *, replace: bool = False) -> Stored:
        """Keep the file's bytes under `key`; the digest is taken at this write. Putting the same again changes nothing.

        Without `replace` raises StoredOtherwise when other bytes are there.
        """

    def mend(self, key: str, source: Path) -> None:
        """Write the right bytes of an object that has others or is missing, even where the store believes that it has them.

        Names that share the object's bytes have them right then too.
        """

    def write(self, key: str, content: bytes) -> Stored:
        """Keep or replace a small object in one step: a reader sees the old or the new one."""

    def copy(self, key: str, target: str) -> Stored:
        """A second name for an object. Raises FileNotFoundError."""

    def open(self, key: str, start: int = 0, length: int | None = None) -> BinaryIO:
        """The object's bytes, or `length` of them from `start`. Raises FileNotFoundError; when read whole, Damaged at the end.

        A body that ends too early raises StorageDown, never looks like the end. What is in cold storage raises Cold.
        """

    def head(self, key: str) -> Stored | None:
        """What is known of the object without reading it; None when it is not there."""

    def list(self, prefix: str) -> Iterator[str]:
        """Keys that begin with `prefix`, a folder, in order."""

    def delete(self, key: str) -> None:
        """Forget the object; silent when it is not there."""

    def probe(self) -> None:
        """Ask whether the store is there and ours. Raises StorageDown, StorageRefused or OSError."""

    def hurry(self) -> None:
        """The process ends: what fails now is not tried again."""

    def address(self, key: str, seconds: int, media_type: str) -> str | None:
        """An address that anybody can read the object from for so long; None where there is no such thing."""


def checked_key(key: str) -> str:
    """The key itself. Raises ValueError for one that would leave the folder it belongs in."""
    parts = key.split("/")
    if not key or any(part in {"", ".", ".."} or "\0" in part or "\\" in part for part in parts):
        raise ValueError(f"not a key: {key!r}")
    return key


def digest_of(stream: BinaryIO) -> tuple[int, str]:
    """Size and digest of all that is left in the stream, read piece by piece."""
    taken = hashlib.new(ALGORITHM)
    size = 0
    while piece := stream.read(CHUNK):
        taken.update(piece)
        size += len(piece)
    return size, taken.hexdigest()


def read_back(storage: Storage, key: str) -> Stored:
    """Read the whole object and take its digest anew. Raises FileNotFoundError."""
    with storage.open(key) as stream:
        size, digest = digest_of(stream)
    return Stored(key, size, digest)
