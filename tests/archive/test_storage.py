"""Storage keeps bytes as they were given, in a folder and in S3, whatever the network does in between."""

from __future__ import annotations

import hashlib
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import storage as stores
from archive.storage import Damaged, LocalStorage, Storage, StorageDown, StorageRefused, StoredOtherwise, s3, trying
from archive.storage.base import read_back
from archive.storage.s3 import S3Storage

from .making import until
from .s3_servers import Proxy, Server

NAME = "airings/一 二/parts/001/000000.ts"


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test waits for a pause between tries."""
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)


@pytest.fixture(params=["folder", "moto", "nanio"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    """Each kind of storage, empty."""
    if request.param == "folder":
        return LocalStorage(tmp_path / "folder", links=False)
    server: Server = request.getfixturevalue(request.param)
    return server.storage()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A segment of 300 kB."""
    made = tmp_path / "000000.ts"
    made.write_bytes(hashlib.sha256(b"seed").digest() * 9400)
    return made


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_what_is_put_is_read_listed_and_gone(storage: Storage, file: Path) -> None:
    assert storage.head(NAME) is None
    with pytest.raises(FileNotFoundError):
        storage.open(NAME)
    stored = storage.put(NAME, file)
    assert (stored.key, stored.size, stored.digest) == (NAME, file.stat().st_size, digest(file))
    assert read_back(storage, NAME) == stored
    found = storage.head(NAME)
    assert found is not None
    assert found.size == stored.size
    with storage.open(NAME, 10, 20) as part:
        assert part.read() == file.read_bytes()[10:30]
    with storage.open(NAME, 300_000) as rest:
        assert rest.read() == file.read_bytes()[300_000:]
    storage.copy(NAME, "airings/一 二/public/a.ts")
    assert list(storage.list("airings/一 二")) == [NAME, "airings/一 二/public/a.ts"]
    storage.delete(NAME)
    storage.delete(NAME)
    assert storage.head(NAME) is None
    assert read_back(storage, "airings/一 二/public/a.ts").digest == digest(file)


def test_putting_again_is_harmless_and_other_bytes_are_refused(storage: Storage, file: Path, tmp_path: Path) -> None:
    first = storage.put(NAME, file)
    assert storage.put(NAME, file) == first
    other = tmp_path / "other.ts"
    other.write_bytes(b"other")
    with pytest.raises(StoredOtherwise):
        storage.put(NAME, other)
    assert read_back(storage, NAME) == first
    assert storage.put(NAME, other, replace=True).digest == digest(other)
    assert read_back(storage, NAME).digest == digest(other)
    storage.write("airings/一 二/live.m3u8", b"old")
    storage.write("airings/一 二/live.m3u8", b"newer")
    with storage.open("airings/一 二/live.m3u8") as text:
        assert text.read() == b"newer"


@pytest.mark.parametrize("key", ["", "/etc/passwd", "a/../b", "a//b", "a/./b", "a\\b", "a\0b"])
def test_no_key_leaves_its_folder(storage: Storage, file: Path, key: str) -> None:
    with pytest.raises(ValueError, match="key"):
        storage.put(key, file)


@pytest.mark.parametrize("kind", ["moto", "nanio"])
def test_a_large_file_goes_up_in_parts(
    kind: str, request: pytest.FixtureRequest, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3, "PART_BYTES", 5 << 20)
    file.write_bytes(bytes(range(256)) * (44 << 10))
    server: Server = request.getfixturevalue(kind)
    proxy = Proxy(server.port, server.storage())
    storage = S3Storage(server.bucket(), "", server.account(proxy.port))
    proxy.fail("500", "PUT", "partNumber=2")
    proxy.fail("torn", "PUT", "partNumber=3")
    try:
        stored = storage.put(NAME, file)
        assert stored.digest == digest(file)
        assert read_back(storage, NAME) == stored
        assert storage.head(NAME) == stored, "our own digest, not that of the parts"
        assert sum("partNumber" in path for method, path in proxy.seen if method == "PUT") >= 4
        asked = proxy.count("PUT")
        assert storage.put(NAME, file) == stored
        assert proxy.count("PUT") == asked, "nothing was sent again"
    finally:
        proxy.stop()


def test_signatures_are_made_as_a_strict_server_wants_them(nanio: Server, file: Path) -> None:
    storage = nanio.storage()
    storage.put(NAME, file)
    wrong = S3Storage(storage.bucket, storage.prefix, nanio.account(secret="another-secret-9876543210"))
    for act in (lambda: wrong.head(NAME), lambda: wrong.open(NAME), lambda: wrong.put("x", file), wrong.probe):
        with pytest.raises(StorageRefused):
            act()
    storage.probe()
    nowhere = S3Storage("no-such-bucket", "", nanio.account())
    with pytest.raises(StorageRefused):
        nowhere.probe()


def test_an_address_opens_one_object_and_expires(nanio: Server, file: Path) -> None:
    storage = nanio.storage()
    storage.put(NAME, file)
    address = storage.address(NAME, 2, "video/mp2t")
    assert address is not None
    with urllib.request.urlopen(address, timeout=10) as answer:
        assert answer.read() == file.read_bytes()
    with pytest.raises(urllib.error.HTTPError) as tampered:
        urllib.request.urlopen(address.replace("000000.ts", "000001.ts"), timeout=10)
    assert tampered.value.code == 403
    until(lambda: status(address) == 403, 30, "the address expires")


def status(address: str) -> int:
    try:
        return int(urllib.request.urlopen(address, timeout=10).status)
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture
def proxied(nanio: Server) -> Iterator[tuple[S3Storage, Proxy]]:
    """A storage behind the proxy that fails."""
    proxy = Proxy(nanio.port, nanio.storage())
    yield S3Storage(nanio.bucket(), "p", nanio.account(proxy.port, silent_seconds=1.0)), proxy
    proxy.stop()


@pytest.mark.parametrize("act", ["500", "503", "reset", "silence", "corrupt", "lost"])
def test_a_put_outlives_a_fault(proxied: tuple[S3Storage, Proxy], file: Path, act: str) -> None:
    storage, proxy = proxied
    proxy.fail(act, "PUT")
    stored = storage.put(NAME, file)
    assert proxy.count("PUT") == 2
    assert read_back(storage, NAME) == stored
    assert stored.digest == digest(file)


@pytest.mark.parametrize("act", ["500", "reset"])
def test_what_goes_on_failing_is_said_to_be_down_and_leaves_nothing_wrong(
    proxied: tuple[S3Storage, Proxy], file: Path, act: str
) -> None:
    storage, proxy = proxied
    proxy.fail(act, "*", times=1000)
    with pytest.raises(StorageDown):
        storage.put(NAME, file)
    assert len(proxy.seen) == trying.TRIES
    proxy.faults.clear()
    assert storage.head(NAME) is None
    assert storage.put(NAME, file).digest == digest(file)


def test_a_torn_body_never_looks_like_the_end(proxied: tuple[S3Storage, Proxy], file: Path) -> None:
    storage, proxy = proxied
    storage.put(NAME, file)
    proxy.fail("torn", "GET")
    with pytest.raises(StorageDown), storage.open(NAME) as stream:
        stream.read()
    assert read_back(storage, NAME).digest == digest(file)


def test_a_flipped_byte_on_the_way_is_noticed(proxied: tuple[S3Storage, Proxy], file: Path) -> None:
    storage, proxy = proxied
    storage.put(NAME, file)
    proxy.fail("corrupt", "GET")
    with pytest.raises(Damaged), storage.open(NAME) as stream:
        stream.read()


def test_the_places_are_those_of_the_variables(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nanio: Server, settings
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    assert stores.kept() is None
    assert list(stores.places()) == ["main"]
    account = nanio.account()
    for name, value in {
        "STORE": f"s3://{nanio.bucket()}/台",
        "STORE_COPY": str(tmp_path / "copy"),
        "S3_ENDPOINT": account.endpoint,
        "S3_KEY": account.key,
        "S3_SECRET": account.secret,
    }.items():
        monkeypatch.setenv(f"YISHI_{name}", value)
    found = stores.places()
    assert list(found) == ["main", "copy"]
    assert isinstance(found["main"], S3Storage)
    assert isinstance(found["copy"], LocalStorage)
    assert found["main"] is stores.kept()
    found["main"].probe()
    assert account.secret not in repr(found["main"].account)
    monkeypatch.setenv("YISHI_STORE", "ftp://elsewhere")
    with pytest.raises(ValueError, match="YISHI_STORE"):
        stores.kept()


def test_what_is_mended_is_written_whatever_the_store_believes(storage: Storage, file: Path) -> None:
    storage.put(NAME, file)
    storage.copy(NAME, "airings/a/public/x.ts")
    if isinstance(storage, LocalStorage):
        storage.path(NAME).write_bytes(b"rotten")
    storage.mend(NAME, file)
    assert read_back(storage, NAME).digest == digest(file)
    assert read_back(storage, "airings/a/public/x.ts").digest == digest(file), "by all its names"
    if isinstance(storage, LocalStorage):
        storage.delete(NAME)
        storage.mend(NAME, file)
        assert read_back(storage, NAME).digest == digest(file)
