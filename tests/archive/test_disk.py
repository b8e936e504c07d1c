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


def test_stray_files_of_a_rung_go_with_it_and_one_airing_keeps_no_other_from_giving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = airing(tmp_path, "first"), airing(tmp_path, "second")
    (first / "parts/001/480p/.000001.ts.123").write_bytes(b"left by a job")
    assert disk.take_away(first)
    assert not list((first / "parts/001").glob("*480p*"))
    assert [each.name for each in (first / "parts/001").iterdir() if each.name.startswith(".")] == []
    take, taken = disk.take_away, []

    def fail(folder: Path) -> bool:
        taken.append(folder.name)
        if folder == first:
            raise OSError(5, "EIO")
        return take(folder)

    monkeypatch.setattr(disk, "take_away", fail)
    monkeypatch.setattr(disk, "free_bytes", lambda _root: 0)
    assert disk.shed(iter([first, second]), KEEP, tmp_path) == 1
    assert taken == ["first", "second"]


def test_a_rung_goes_in_one_step_and_one_half_deleted_goes_wholly(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = airing(tmp_path, "first")
    public = folder / "public" / f"{disk.public_name('first', 1, 0, '480p')}.ts"
    public.parent.mkdir()
    public.hardlink_to(folder / "parts/001/480p/000000.ts")
    with monkeypatch.context() as patch:

        def killed(*_: object, **__: object) -> None:
            raise KeyboardInterrupt

        patch.setattr(disk.shutil, "rmtree", killed)
        with pytest.raises(KeyboardInterrupt):
            disk.take_away(folder)
    assert not (folder / "parts/001/480p").exists(), "nobody takes the rest for a rung that has holes"
    assert not public.exists()
    assert disk.take_away(folder)
    assert {each.name for each in (folder / "parts/001").iterdir()} == {"000000.ts", "sound"}


def test_rungs_that_are_being_made_are_left_alone(tmp_path: Path) -> None:
    folder = airing(tmp_path, "first")
    with disk.making_rungs(folder):
        assert not disk.take_away(folder)
        assert (folder / "parts/001/480p/000000.ts").exists()
    assert disk.take_away(folder)
