"""Fixtures of archive's tests."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive.storage.s3 import S3Storage

from . import ready
from .making import Publisher, RecorderProcess
from .s3_servers import Proxy, Server


@pytest.fixture
def media_root(settings, tmp_path: Path) -> Path:
    """A media folder of the test's own."""
    settings.MEDIA_ROOT = str(tmp_path / "media")
    (tmp_path / "media").mkdir()
    return tmp_path / "media"


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo's loop, made once a run."""
    return ready.demo_clip(tmp_path_factory.mktemp("clip") / "demo.mp4")


@pytest.fixture
def bare_recorder(transactional_db, media_root: Path, tmp_path: Path) -> Iterator[RecorderProcess]:
    """A recorder process, ready, that finds an empty media folder."""
    process = RecorderProcess(tmp_path)
    process.start()
    try:
        process.wait_ready()
        yield process
    finally:
        # One that does not end would write beside the emptying of the tables.
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.stop()
        process.kill()


@pytest.fixture
def filler(media_root: Path) -> None:
    """The filler is made already."""
    ready.filler(media_root)


@pytest.fixture
def recorder(filler: None, bare_recorder: RecorderProcess) -> RecorderProcess:
    """A recorder process, ready, that has its filler."""
    return bare_recorder


@pytest.fixture
def publishers(clip: Path, tmp_path: Path) -> Iterator[list[Publisher]]:
    """Make publishers by `publishers.append(Publisher(clip, log))`; all end with the test."""
    made: list[Publisher] = []
    yield made
    for each in made:
        each.stop()


@pytest.fixture
def publisher(clip: Path, tmp_path: Path, publishers: list[Publisher]) -> Publisher:
    """One publisher, not started."""
    publishers.append(Publisher(clip, tmp_path / "publisher.log"))
    return publishers[-1]


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server that knows nearly every call and checks no signature."""
    server = Server("moto", tmp_path_factory.mktemp("moto")).start()
    yield server
    server.stop()


@pytest.fixture(scope="session")
def nanio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An S3 server that checks every signature."""
    server = Server("nanio", tmp_path_factory.mktemp("nanio")).start()
    yield server
    server.stop()


@pytest.fixture
def proxy(nanio: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The store of the variables: a new bucket, reached through a proxy that fails when told to; `storage` goes straight there."""
    bucket = nanio.bucket()
    proxy = Proxy(nanio.port, S3Storage(bucket, "archive", nanio.account()))
    account = nanio.account(proxy.port)
    for name, value in {
        "STORE": f"s3://{bucket}/archive",
        "S3_ENDPOINT": account.endpoint,
        "S3_KEY": account.key,
        "S3_SECRET": account.secret,
    }.items():
        monkeypatch.setenv(f"YISHI_{name}", value)
    yield proxy
    proxy.stop()
