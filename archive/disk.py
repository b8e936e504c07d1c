"""The disk guard: how full the media folder is, what is given up for it, and in which order; the recording is never given up."""

from __future__ import annotations

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
        if take_away(folder):
            taken += 1
            logger.warning("rungs taken away for want of space airing=%s", folder.name)
    return taken


def take_away(folder: Path) -> bool:
    """Delete all rungs of a finished airing and their playlists; its replays are the source alone until they are made again.

    The sound stays: it is small. Returns whether there were any. Blocks on the disk.
    """
    made = [each for each in folder.glob("parts/*/*p") if each.is_dir() and each.name[:-1].isdigit()]
    for name in (LIVE, STAFF, PUBLIC):
        master = folder / playlist_file(name, MASTER)
        if made and master.exists():
            write_atomically(master, playlists.without_rungs(master.read_text(encoding="utf-8")).encode())
    for rung in made:
        part = int(rung.parent.name)
        for file in rung.glob("*.ts"):
            name = f"{public_name(folder.name, part, int(file.stem), rung.name)}.ts"
            (folder / "public" / name).unlink(missing_ok=True)
            file.unlink(missing_ok=True)
        rung.rmdir()
        for name in (LIVE, STAFF, PUBLIC):
            (folder / playlist_file(name, rung.name)).unlink(missing_ok=True)
    return bool(made)
