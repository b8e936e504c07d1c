"""Media that tests only read, made once for all workers of a run and all runs of a checkout; never anything a test is about."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from broadcast.house.places import ROOT

FOLDER = ROOT / "var" / "cache" / "test-media"
KEPT_DAYS = 14


def made_once(facts: object, target: Path, make: Callable[[Path], object]) -> Path:
    """A copy in `target`, which must not exist, of the file or folder that `make` makes from these facts; returns `target`.

    What has other facts (the words of a command, the content of a source) is made anew.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    original = FOLDER / f"{hashlib.sha256(repr(facts).encode()).hexdigest()[:32]}{target.suffix}"
    with (FOLDER / f"{original.stem}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not original.exists():
            fresh = FOLDER / f"{original.stem}.new{target.suffix}"
            _remove(fresh)
            make(fresh)
            fresh.rename(original)
            _forget_old()
        os.utime(original)
        (shutil.copytree if original.is_dir() else shutil.copyfile)(original, target)
    return target


def _forget_old() -> None:
    """What nobody used for two weeks is gone."""
    for each in FOLDER.iterdir():
        if each.suffix != ".lock" and time.time() - each.stat().st_mtime > KEPT_DAYS * 86400:
            _remove(each)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
