"""Where pieces made anew lie on disk, what they are called in public, and what the replay was before any edit; it decides nothing."""

from __future__ import annotations

import contextlib
import fcntl
import json
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from archive.editing.compose import Piece
from archive.parts import AiringFolder
from archive.playlists import Segment
from archive.rung_names import PUBLIC
from archive.steps.material import Piece as Listed
from archive.storage import write_atomically
from archive.writer import Writer
from broadcast import sealing

FOLDER = "edits"
FILE = "000000.ts"
# In place of media where nothing is left to see or hear.
NOTHING = "nothing"
_BASE = "replay-base.json"
_LOCK = ".editing.lock"
Base = list[tuple[Segment, bool]]


class BaseMissing(Exception):
    """What the replay was before its edits is not known."""


@contextlib.contextmanager
def alone(folder: AiringFolder) -> Iterator[None]:
    """Nobody else writes the public's replay meanwhile; waits for whoever does. It goes with the process, however that ends."""
    folder.path.mkdir(parents=True, exist_ok=True)
    with folder[_LOCK].open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def public_name(airing: object, key: str, rung: str = "") -> str:
    """Public file name of a piece made anew, or of a rung of it: cannot be guessed."""
    return f"{sealing.digest('media-segment', f'{airing}/edit/{key}/{rung}')[:20]}.ts"


def file_of(folder: AiringFolder, key: str, rung: str = "") -> Path:
    """Its file on this machine."""
    return folder[f"{FOLDER}/{key}/{rung}/{FILE}" if rung else f"{FOLDER}/{key}/{FILE}"]


def is_made(folder: AiringFolder, piece: Piece) -> bool:
    """Whether the piece is there whole: its folder appears by one rename."""
    return folder[f"{FOLDER}/{piece.key}"].is_dir()


def has_media(folder: AiringFolder, piece: Piece) -> bool:
    """Whether anything of it is left to see or hear."""
    return file_of(folder, piece.key).exists()


def keep(folder: AiringFolder, piece: Piece, made: Path) -> None:
    """The finished folder becomes the piece."""
    target = folder[f"{FOLDER}/{piece.key}"]
    target.parent.mkdir(exist_ok=True)
    if not target.exists():
        made.rename(target)


def made_keys(folder: AiringFolder) -> set[str]:
    """Keys of all pieces that lie here."""
    path = folder[FOLDER]
    return {each.name for each in path.iterdir() if each.is_dir()} if path.is_dir() else set()


def rungs_of(folder: AiringFolder, key: str) -> list[str]:
    """Rungs that a piece has, its sound among them."""
    path = folder[f"{FOLDER}/{key}"]
    return [each.name for each in path.iterdir() if each.is_dir()] if path.is_dir() else []


def drop(folder: AiringFolder, key: str) -> None:
    """Delete a piece that no edit wants any more."""
    shutil.rmtree(folder[f"{FOLDER}/{key}"], ignore_errors=True)


# -- the replay before any edit --------------------------------------------------------------------------------------


def base(folder: AiringFolder, writer: Writer, listed: Sequence[Listed]) -> Base:
    """The segments of the public's replay before any edit, each with its gap: as kept at the first edit, else as the playlist names
    them, and kept from now on. Raises BaseMissing."""
    known = {(each.part, each.number): each for each in folder.segments()}
    file = folder[_BASE]
    if not file.exists():
        names = {writer.name(*key): key for key in known}
        found = [(names.get(_stem(piece.key)), piece.gap) for piece in listed]
        if not found or any(key is None for key, _gap in found):
            raise BaseMissing(PUBLIC)
        rows = [[*(key or ()), int(gap and place > 0)] for place, (key, gap) in enumerate(found)]
        write_atomically(file, json.dumps({"segments": rows}).encode())
    rows = json.loads(file.read_bytes())["segments"]
    if any((part, number) not in known for part, number, _gap in rows):
        raise BaseMissing("segments")
    return [(known[part, number], bool(gap)) for part, number, gap in rows]


def forget_base(folder: AiringFolder) -> None:
    """The replay is again what it was."""
    folder[_BASE].unlink(missing_ok=True)


def has_base(folder: AiringFolder) -> bool:
    """Whether the public's replay was ever edited and may still be."""
    return folder[_BASE].exists()


def _stem(key: str) -> str:
    return key.rsplit("/", 1)[-1].removesuffix(".ts")
