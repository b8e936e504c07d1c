"""The disk guard: how full the media folder is, what is given up for it, and in which order; the recording is never given up."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import shutil
from collections.abc import Iterator
from pathlib import Path

from archive import playlists
from archive.rung_names import LIVE, MASTER, PUBLIC, STAFF, playlist_file, public_name
from archive.storage import write_atomically

logger = logging.getLogger(__name__)
OK, LOW, SHEDDING, FULL = "ok", "low", "shedding", "full"
LEVELS = (OK, LOW, SHEDDING, FULL)
# Shares of the space that is to be kept free (YISHI_DISK_KEEP_GB) below which each level begins.
_BEGINS = {LOW: 1.0, SHEDDING: 0.5, FULL: 0.1}
# A level is left again only with so much more, or it would come and go with every segment.
_EASE = 1.2
# What a rung's folder is called while it is deleted: nobody reads hidden folders.
_GONE = ".gone"
_LOCK = ".rungs.lock"


def level(before: str, free: int, keep: int) -> str:
    """The level at `free` bytes when `keep` should be free. It rises at once and falls only when there is clearly more room."""
    found = OK
    for name, share in _BEGINS.items():
        limit = keep * share
        held = LEVELS.index(before) >= LEVELS.index(name) and free < limit * _EASE
        if free < limit or held:
            found = name
    return found


def free_bytes(root: Path) -> int:
    """Free space of the disk that the folder lies on. Raises OSError."""
    return shutil.disk_usage(root).free


def shed(airings: Iterator[Path], until_free: int, root: Path) -> int:
    """Take the rungs of finished airings away, in the order given, until so much is free. Returns how many were taken.

    Each can be made again from the recording. Blocks on the disk.
    """
    taken = 0
    for folder in airings:
        if free_bytes(root) >= until_free:
            break
        try:
            if take_away(folder):
                taken += 1
                logger.warning("rungs taken away for want of space airing=%s", folder.name)
        except OSError:
            logger.exception("rungs cannot be taken away airing=%s", folder.name)
    return taken


@contextlib.contextmanager
def making_rungs(folder: Path) -> Iterator[bool]:
    """Keep others from making or taking away rungs of a finished airing; False when somebody is at it. Goes with the process."""
    if not folder.is_dir():
        yield True
        return
    with (folder / _LOCK).open("w") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def take_away(folder: Path) -> bool:
    """Delete all rungs of a finished airing and their playlists; its replays are the source alone until they are made again.

    The sound stays: it is small. Returns whether there were any; none are taken while they are being made. Blocks on the disk.
    """
    if not _rungs_of(folder):
        return False
    with making_rungs(folder) as free:
        made = _rungs_of(folder) if free else []
        for name in (LIVE, STAFF, PUBLIC):
            master = folder / playlist_file(name, MASTER)
            if made and master.exists():
                write_atomically(master, playlists.without_rungs(master.read_text(encoding="utf-8")).encode())
        for rung in made:
            _delete(folder, rung)
    return bool(made)


def _rungs_of(folder: Path) -> list[Path]:
    """Folders of rungs, also such as somebody was killed over."""
    found = [each for each in folder.glob("parts/*/*") if each.is_dir() and _rung_name(each) is not None]
    # What is left over first: under its own name it may have been made again.
    return sorted(found, key=lambda each: not each.name.endswith(_GONE))


def _rung_name(rung: Path) -> str | None:
    """480p for the folders 480p and .480p.gone; None for any other."""
    name = rung.name.removeprefix(".").removesuffix(_GONE) if rung.name.endswith(_GONE) else rung.name
    return name if name.endswith("p") and name[:-1].isdigit() else None


def _delete(folder: Path, rung: Path) -> None:
    """The folder's name goes first, in one step: who looks sees all of the rung or nothing of it."""
    name, part = _rung_name(rung) or "", int(rung.parent.name)
    gone = rung.with_name(f".{name}{_GONE}")
    if rung != gone:
        rung.rename(gone)
    for file in gone.glob("*.ts"):
        if file.stem.isdigit():
            (folder / "public" / f"{public_name(folder.name, part, int(file.stem), name)}.ts").unlink(missing_ok=True)
    for playlist in (LIVE, STAFF, PUBLIC):
        (folder / playlist_file(playlist, name)).unlink(missing_ok=True)
    shutil.rmtree(gone)
