"""A folder and its store: one odd object, or a store that refuses one thing, keeps nothing else from being sent or taken back."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive.storage import LocalStorage, StorageRefused
from archive.storage.listing import named
from archive.storage.shelf import Shelf

from .stored import NAMES, Show


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def show(media_root: Path) -> Show:
    made = Show(media_root)
    for _ in range(4):
        made.close_segment()
    made.release()
    return made


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store"


def shelf_of(show: Show, store: Path) -> Shelf:
    return Shelf(show.folder, f"airings/{show.id}", "main", LocalStorage(store, links=False))


def listed(show: Show, store: Path) -> list[str]:
    file = store / show.key("live.m3u8")
    return named(file.read_text()) if file.exists() else []


def test_one_odd_object_keeps_no_playlist_from_the_store_and_nothing_there(
    show: Show, store: Path, pool: ThreadPoolExecutor
) -> None:
    odd = store / show.key("parts/001/000003.ts")
    odd.parent.mkdir(parents=True)
    odd.write_bytes(b"other")
    shelf = shelf_of(show, store)
    assert shelf.round(pool).problem == "stored_otherwise"
    assert listed(show, store) == [f"{name}.ts" for name in NAMES[:3]]
    withdrawn = show.folder / f"public/{NAMES[1]}.ts"
    withdrawn.unlink()
    assert shelf.round(pool).problem == "stored_otherwise", "it goes on being told"
    assert not (store / show.key(f"public/{NAMES[1]}.ts")).exists()
    assert odd.read_bytes() == b"other"


def test_what_is_withdrawn_goes_first_even_where_nothing_can_be_sent(
    show: Show, store: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = shelf_of(show, store)
    assert shelf.round(pool).problem == ""

    def refuse(*_: object, **__: object) -> None:
        raise StorageRefused("no right to write")

    monkeypatch.setattr(shelf.storage, "put", refuse)
    show.close_segment()
    (show.folder / f"public/{NAMES[0]}.ts").unlink()
    assert shelf.round(pool).problem == "storage_refused"
    assert not (store / show.key(f"public/{NAMES[0]}.ts")).exists()


def test_a_store_that_lets_nothing_be_deleted_still_gets_the_show(
    show: Show, store: Path, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf = shelf_of(show, store)
    shelf.round(pool)

    def refuse(key: str) -> None:
        raise StorageRefused(f"no right to delete {key}")

    monkeypatch.setattr(shelf.storage, "delete", refuse)
    (show.folder / f"public/{NAMES[0]}.ts").unlink()
    show.close_segment()
    show.release()
    assert shelf.round(pool).problem == "storage_refused"
    assert listed(show, store)[-1] == f"{NAMES[3]}.ts"


def test_the_stored_playlist_goes_on_past_what_was_withdrawn(show: Show, store: Path, pool: ThreadPoolExecutor) -> None:
    shelf = shelf_of(show, store)
    shelf.round(pool)
    (show.folder / f"public/{NAMES[1]}.ts").unlink()
    show.close_segment()
    show.release()
    assert shelf.round(pool).waiting == 0
    assert listed(show, store) == [f"{name}.ts" for name in NAMES[:4]], "as the one of the recorder's disk"
