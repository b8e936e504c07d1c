"""Brings the right bytes back where an object or its public name has others; what is right and where it is, fixity.py says."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from uuid import UUID

from archive import manifest
from archive.parts import AiringFolder
from archive.rung_names import public_name
from archive.storage import LocalStorage, Storage, Stored, media
from archive.storage.base import CHUNK, digest_of
from broadcast import sealing

_SEGMENT = re.compile(r"/parts/(\d+)/(?:(\w+)/)?(\d+)\.ts$")


def mend(wanted: Stored, source: Storage, target: Storage, key: str) -> bool:
    """Bring the good bytes over: they are compared once more on the way, and the new object is read again."""
    with tempfile.TemporaryDirectory(prefix="yishi-mend-") as folder:
        copy = Path(folder) / "object"
        with source.open(wanted.key) as stream, copy.open("wb") as out:
            while piece := stream.read(CHUNK):
                out.write(piece)
        with copy.open("rb") as stream:
            if digest_of(stream) != (wanted.size, wanted.digest):
                return False
        target.mend(key, copy)
    return manifest.check(target, replace(wanted, key=key)) is None


def public_key(airing_id: UUID, key: str) -> str | None:
    """Where the public has the object, if it has it; None for what never has a public name."""
    found = _SEGMENT.search(key)
    if found is None:
        return None
    part, rung, number = int(found[1]), found[2], int(found[3])
    name = (
        public_name(airing_id, part, number, rung)
        if rung
        else sealing.digest("media-segment", f"{airing_id}/{part}/{number}")[:20]
    )
    return f"airings/{airing_id}/public/{name}.ts"


def is_same(place: Storage, key: str, other: str) -> bool:
    """Whether both are names of one file."""
    try:
        return isinstance(place, LocalStorage) and place.path(key).samefile(place.path(other))
    except FileNotFoundError:
        return False


def is_withdrawn(airing_id: UUID, key: str) -> bool:
    """Whether it lost its name on the recorder's disk, where that is at hand, while it was mended elsewhere."""
    return (AiringFolder(airing_id).path / "public").is_dir() and media().head(key) is None
