"""Media for tests are made once for the same facts, anew for others, and are gone when nobody uses them."""

from __future__ import annotations

import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests import kept
from tests.kept import made_once


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(kept, "FOLDER", tmp_path / "kept")
    return tmp_path


def test_the_same_facts_are_made_once_whoever_asks_first(folder: Path) -> None:
    made: list[Path] = []

    def make(target: Path) -> None:
        made.append(target)
        time.sleep(0.2)
        target.write_text("loop")

    with ThreadPoolExecutor(4) as beside:
        copies = list(beside.map(lambda number: made_once(("a", 1), folder / f"{number}.mp4", make), range(4)))
    assert len(made) == 1
    copies[0].write_text("spoilt by a test")
    assert copies[1].read_text() == "loop"
    assert made_once(("a", 1), folder / "5.mp4", make).read_text() == "loop"
    made_once(("a", 2), folder / "6.mp4", make)
    assert len(made) == 2


def test_a_folder_is_copied_whole_and_half_made_ones_are_not_kept(folder: Path) -> None:
    def fails(target: Path) -> None:
        target.mkdir()
        raise RuntimeError

    def make(target: Path) -> None:
        target.mkdir()
        (target / "0.ts").write_text("picture")

    with pytest.raises(RuntimeError):
        made_once("filler", folder / "one", fails)
    assert (made_once("filler", folder / "two", make) / "0.ts").read_text() == "picture"


def test_what_nobody_used_for_long_is_gone(folder: Path) -> None:
    made_once("old", folder / "old.mp4", lambda target: target.write_text("x"))
    (old,) = kept.FOLDER.glob("*.mp4")
    long_ago = old.stat().st_mtime - (kept.KEPT_DAYS + 1) * 86400
    os.utime(old, (long_ago, long_ago))
    made_once("new", folder / "new.mp4", lambda target: target.write_text("y"))
    assert not old.exists()
    assert len(list(kept.FOLDER.glob("*.mp4"))) == 1
