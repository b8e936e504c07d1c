"""Storage classes on real servers: what goes cold is the same object, is not read before it was asked back, and no request is believed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archive.storage import Cold, StorageDown, cold, trying
from archive.storage.base import read_back
from archive.storage.s3 import S3Storage

from .s3_servers import Proxy, Server


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)


@pytest.fixture
def store(moto: Server) -> S3Storage:
    return moto.storage()


@pytest.fixture
def object_file(tmp_path: Path) -> Path:
    file = tmp_path / "000001.ts"
    file.write_bytes(os.urandom(20_000))
    return file


def test_a_cold_object_is_not_read_before_it_was_asked_back(store: S3Storage, object_file: Path) -> None:
    kept = store.put("a/1.ts", object_file)
    assert cold.cool(store, "a/1.ts", "GLACIER").storage_class == "GLACIER"
    assert store.head("a/1.ts") == kept, "length and digest go with it"
    found = cold.standing(store, "a/1.ts")
    assert found is not None
    assert not found.is_readable
    assert not found.asked
    with pytest.raises(Cold):
        store.open("a/1.ts")
    with pytest.raises(Cold):
        store.copy("a/1.ts", "a/2.ts")
    cold.ask_back(store, "a/1.ts", 3, "Standard")
    back = cold.standing(store, "a/1.ts")
    assert back is not None
    assert back.is_readable
    assert back.until is not None
    assert read_back(store, "a/1.ts") == kept
    cold.ask_back(store, "a/1.ts", 5, "Standard")
    longer = cold.standing(store, "a/1.ts")
    assert longer is not None
    assert longer.until is not None
    assert longer.until > back.until


@pytest.mark.parametrize("kind", ["STANDARD_IA", "GLACIER_IR"])
def test_some_classes_are_read_at_once(store: S3Storage, object_file: Path, kind: str) -> None:
    kept = store.put("a/1.ts", object_file)
    assert cold.cool(store, "a/1.ts", kind).is_readable
    assert read_back(store, "a/1.ts") == kept


def test_a_second_time_changes_nothing(store: S3Storage, object_file: Path, moto: Server) -> None:
    store.put("a/1.ts", object_file)
    proxy = Proxy(moto.port, store)
    try:
        through = S3Storage(store.bucket, store.prefix, moto.account(proxy.port))
        cold.cool(through, "a/1.ts", "DEEP_ARCHIVE")
        assert proxy.count("PUT") == 1
        cold.cool(through, "a/1.ts", "DEEP_ARCHIVE")
        assert proxy.count("PUT") == 1
        assert through.put("a/1.ts", object_file).size == 20_000
        assert proxy.count("PUT") == 1, "a sender that knows nothing of it does not wake it"
    finally:
        proxy.stop()


def test_an_answer_that_was_lost_is_asked_again(store: S3Storage, object_file: Path, moto: Server) -> None:
    kept = store.put("a/1.ts", object_file)
    proxy = Proxy(moto.port, store)
    try:
        through = S3Storage(store.bucket, store.prefix, moto.account(proxy.port))
        proxy.fail("503", "PUT")
        assert cold.cool(through, "a/1.ts", "STANDARD_IA").storage_class == "STANDARD_IA"
        proxy.fail("lost", "POST", "restore")
        cold.cool(through, "a/1.ts", "GLACIER")
        cold.ask_back(through, "a/1.ts", 3, "Bulk")
        assert read_back(through, "a/1.ts") == kept
        proxy.fail("500", "HEAD", times=10)
        with pytest.raises(StorageDown):
            cold.standing(through, "a/1.ts")
    finally:
        proxy.stop()


def test_one_that_is_on_its_way_is_not_read_yet(store: S3Storage, object_file: Path, moto: Server) -> None:
    store.put("a/1.ts", object_file)
    cold.cool(store, "a/1.ts", "GLACIER")
    proxy = Proxy(moto.port, store)
    try:
        proxy.told["x-amz-restore"] = 'ongoing-request="true"'
        found = cold.standing(S3Storage(store.bucket, store.prefix, moto.account(proxy.port)), "a/1.ts")
        assert found is not None
        assert found.asked
        assert not found.is_readable
    finally:
        proxy.stop()


def test_what_is_too_large_for_one_request_goes_in_parts(
    store: S3Storage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cold, "MOST_AT_ONCE", 1 << 20)
    monkeypatch.setattr(cold, "PART_BYTES", 5 << 20)
    file = tmp_path / "sealed.mp4"
    file.write_bytes(os.urandom(12 << 20))
    kept = store.put("a/sealed.mp4", file)
    assert cold.cool(store, "a/sealed.mp4", "GLACIER").storage_class == "GLACIER"
    cold.ask_back(store, "a/sealed.mp4", 1, "Standard")
    assert read_back(store, "a/sealed.mp4") == kept


def test_a_service_without_classes_is_found_out(nanio: Server, object_file: Path) -> None:
    store = nanio.storage()
    kept = store.put("a/1.ts", object_file)
    with pytest.raises(cold.ClassesIgnored):
        cold.cool(store, "a/1.ts", "GLACIER")
    assert read_back(store, "a/1.ts") == kept, "and the object is what it was"


def test_what_is_missing_is_said(store: S3Storage) -> None:
    assert cold.standing(store, "a/none.ts") is None
    with pytest.raises(FileNotFoundError):
        cold.cool(store, "a/none.ts", "GLACIER")
    with pytest.raises(FileNotFoundError):
        cold.ask_back(store, "a/none.ts", 1, "Standard")
