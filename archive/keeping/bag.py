"""The form of a bag (RFC 8493) on a disk: writes one under a temporary name and names it when it is whole; it knows no episode."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from archive.storage import write_atomically
from archive.storage.base import CHUNK, checked_key

DECLARATION = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
ALGORITHMS = ("sha256", "sha512")
# What is being made, and what a newer bag replaces, are never taken for bags.
_MAKING, _OLD = ".making-", ".old-"


@dataclass(frozen=True)
class Piece:
    """One file below `data/`: its bytes, or (None) those of the object `key`."""

    path: str
    size: int
    sha256: str
    content: bytes | None = None
    key: str = ""


def of_text(path: str, content: bytes) -> Piece:
    """A piece that is made of these bytes."""
    return Piece(checked_key(path), len(content), hashlib.sha256(content).hexdigest(), content)


def digests(file: Path) -> tuple[str, str]:
    """SHA-256 and SHA-512 of a file, in one reading."""
    taken = [hashlib.new(each) for each in ALGORITHMS]
    with file.open("rb") as stream:
        while piece := stream.read(CHUNK):
            for each in taken:
                each.update(piece)
    return taken[0].hexdigest(), taken[1].hexdigest()


def is_made(folder: Path, pieces: Sequence[Piece]) -> bool:
    """Whether a whole bag of exactly these pieces is there, by its manifest and the files' sizes; nothing is read anew."""
    try:
        lines = (folder / "manifest-sha256.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    if sorted(lines) != sorted(f"{each.sha256}  data/{each.path}" for each in pieces):
        return False
    files = [(folder / "data" / each.path, each.size) for each in pieces]
    return all(file.is_file() and file.stat().st_size == size for file, size in files)


def make(
    folder: Path, pieces: Sequence[Piece], info: Sequence[tuple[str, str]], bring: Callable[[Piece, Path], None]
) -> None:
    """Make the bag `folder`, or replace an older one; what an earlier try left is used where its bytes are right.

    `bring` writes an object's bytes to a path, right or not at all. What it raises leaves the unfinished bag for the next try.
    """
    making = folder.with_name(f"{_MAKING}{folder.name}")
    (making / "data").mkdir(parents=True, exist_ok=True)
    _drop_others(making / "data", {each.path for each in pieces})
    lines: dict[str, list[str]] = {each: [] for each in ALGORITHMS}
    for each in sorted(pieces, key=lambda piece: piece.path):
        for algorithm, digest in zip(ALGORITHMS, _place(making / "data" / each.path, each, bring), strict=True):
            lines[algorithm].append(f"{digest}  data/{each.path}\n")
    tags = {
        "bagit.txt": DECLARATION,
        "bag-info.txt": "".join(f"{name}: {' '.join(words.split())}\n" for name, words in [*info, _oxum(pieces)]),
        **{f"manifest-{algorithm}.txt": "".join(each) for algorithm, each in lines.items()},
    }
    for name, text in tags.items():
        write_atomically(making / name, text.encode())
    for algorithm in ALGORITHMS:
        listed = [f"{hashlib.new(algorithm, text.encode()).hexdigest()}  {name}\n" for name, text in tags.items()]
        write_atomically(making / f"tagmanifest-{algorithm}.txt", "".join(listed).encode())
    _name(making, folder)


def _oxum(pieces: Sequence[Piece]) -> tuple[str, str]:
    return "Payload-Oxum", f"{sum(each.size for each in pieces)}.{len(pieces)}"


def _place(target: Path, piece: Piece, bring: Callable[[Piece, Path], None]) -> tuple[str, str]:
    """Have the piece's bytes there; its digests."""
    if target.is_file() and target.stat().st_size == piece.size:
        found = digests(target)
        if found[0] == piece.sha256:
            return found
    target.parent.mkdir(parents=True, exist_ok=True)
    fresh = target.with_name(f".{target.name}.part")
    if piece.content is not None:
        fresh.write_bytes(piece.content)
    else:
        bring(piece, fresh)
    fresh.replace(target)
    return digests(target)


def _drop_others(data: Path, wanted: set[str]) -> None:
    """What an earlier try left and nobody wants any more."""
    for file in [each for each in data.rglob("*") if not each.is_dir()]:
        if file.relative_to(data).as_posix() not in wanted:
            file.unlink()


def _name(making: Path, folder: Path) -> None:
    """The whole bag takes its name. Killed between the two renames, the next run makes it again from nothing but time."""
    old = folder.with_name(f"{_OLD}{folder.name}")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    for file in making.glob("*.txt"):
        with file.open("rb+") as stream:
            os.fsync(stream.fileno())
    making.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
