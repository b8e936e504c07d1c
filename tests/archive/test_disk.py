"""The disk guard: levels that do not flutter, and what goes first when space is short."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import disk

KEEP = 1000


@pytest.mark.parametrize(
    ("before", "free", "after"),
    [
        ("ok", 1000, "ok"),
        ("ok", 999, "low"),
        ("ok", 499, "shedding"),
        ("ok", 99, "full"),
        ("low", 1100, "low"),
        ("low", 1200, "ok"),
        ("shedding", 550, "shedding"),
        ("shedding", 600, "low"),
        ("shedding", 1200, "ok"),
        ("full", 119, "full"),
        ("full", 120, "shedding"),
    ],
)
def test_a_level_begins_at_once_and_ends_with_room_to_spare(before: str, free: int, after: str) -> None:
    assert disk.level(before, free, KEEP) == after


@given(st.sampled_from(disk.LEVELS), st.lists(st.integers(0, 2000), min_size=2, max_size=30))
def test_less_space_never_means_a_lower_level(before: str, space: list[int]) -> None:
    found = [before]
    for free in space:
        found.append(disk.level(found[-1], free, KEEP))
    for (left, right), (more, less) in zip(pairwise(found[1:]), pairwise(space), strict=True):
        if less <= more:
            assert disk.LEVELS.index(right) >= disk.LEVELS.index(left)


def airing(root: Path, name: str) -> Path:
    folder = root / "airings" / name
    (folder / "parts" / "001" / "480p").mkdir(parents=True)
    (folder / "parts" / "001" / "sound").mkdir()
    for file in ("000000.ts", "480p/000000.ts", "sound/000000.ts"):
        (folder / "parts" / "001" / file).write_bytes(b"G" * 188)
    return folder


def test_only_rungs_go_and_only_as_many_as_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = airing(tmp_path, "first"), airing(tmp_path, "second")
    room = iter([400, 1300])
    monkeypatch.setattr(disk, "free_bytes", lambda _root: next(room))
    assert disk.shed(iter([first, second]), KEEP, tmp_path) == 1
    left = {str(each.relative_to(tmp_path / "airings")) for each in tmp_path.rglob("*.ts")}
    assert left == {
        "first/parts/001/000000.ts",
        "first/parts/001/sound/000000.ts",
        "second/parts/001/000000.ts",
        "second/parts/001/480p/000000.ts",
        "second/parts/001/sound/000000.ts",
    }
