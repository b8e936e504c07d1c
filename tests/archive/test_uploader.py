"""What the recorder closes leaves for the store, outages or not, and the stored playlists name only what is there."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path

import pytest

from archive import playlists, uploader
from archive.playlists import Entry
from archive.storage import listing, trying
from archive.storage.base import read_back
from archive.storage.s3 import S3Storage
from archive.uploader import Uploader

from .s3_servers import Proxy
from .stored import NAMES, Show, nothing_waits, waiting, work


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(uploader, "_FIRST_PAUSE", 0.05)
    monkeypatch.setattr(uploader, "_LONGEST_PAUSE", 0.2)
    monkeypatch.setattr(uploader, "_PASS_SECONDS", 0.0)


@pytest.fixture
def show(media_root: Path) -> Show:
    return Show(media_root)


async def test_segments_leave_as_they_close_and_playlists_follow(proxy: Proxy, show: Show) -> None:
    store = proxy.storage
    sender = Uploader()
    for _ in range(3):
        file = show.close_segment()
        show.release()
        await work(sender, [show.id], lambda file=file: store.head(show.key(f"parts/001/{file.name}")))
    await work(sender, [show.id], lambda: len(listed(store, show, "live.m3u8")) == 2)
    for name in listed(store, show, "live.m3u8"):
        there = read_back(store, show.key(f"public/{name}"))
        found = store.head(show.key(f"public/{name}"))
        assert found == there, "the copy made by the service kept our digest"
    assert "ENDLIST" not in text(store, show, "live.m3u8")
    show.release(ended=True)
    await work(sender, [], lambda: "ENDLIST" in text(store, show, "live.m3u8"))
    assert len(listed(store, show, "staff.m3u8")) == 3
    await sender.stop()


async def test_an_outage_is_caught_up_and_never_listed_too_early(proxy: Proxy, show: Show) -> None:
    store = proxy.storage
    sender = Uploader()
    show.close_segment()
    show.close_segment()
    show.release()
    await work(sender, [show.id], lambda: len(listed(store, show, "live.m3u8")) == 1)
    proxy.fail("reset", "*", times=10_000)
    for _ in range(20):
        show.close_segment()
        show.release()
    await work(sender, [show.id], lambda: waiting(sender, show) >= 20)
    report = sender.report(show.id)["places"][0]
    assert report["problem"] == "storage_down"
    assert len(listed(store, show, "live.m3u8")) == 1
    # Only public names of one kind of request fail now: the playlist must stop before the first that is missing.
    proxy.faults.clear()
    proxy.fail("500", "PUT", f"public/{NAMES[9]}", times=10_000)
    await work(
        sender,
        [show.id],
        lambda: len(listed(store, show, "live.m3u8")) <= 9 and store.head(show.key(f"public/{NAMES[8]}.ts")),
    )
    proxy.faults.clear()
    await work(sender, [show.id], lambda: nothing_waits(sender, show))
    assert listed(store, show, "live.m3u8") == [f"{name}.ts" for name in NAMES[:21]]
    for name in listed(store, show, "live.m3u8"):
        assert store.head(show.key(f"public/{name}")) is not None
    await sender.stop()


async def test_one_that_was_killed_goes_on_where_it_was(proxy: Proxy, show: Show) -> None:
    store = proxy.storage
    for _ in range(6):
        show.close_segment()
    show.release()
    first = Uploader()
    await work(first, [show.id], lambda: nothing_waits(first, show))
    with (show.folder / "stored.jsonl").open("ab") as log:
        log.write(b'{"place": "torn')
    show.close_segment()
    show.release()
    before = proxy.count("PUT")
    second = Uploader()
    await work(second, [show.id], lambda: nothing_waits(second, show) and store.head(show.key("parts/001/000006.ts")))
    sent = [path for method, path in proxy.seen if method == "PUT"][before:]
    assert not any("parts/001/000003.ts" in path for path in sent), "what was sent is not sent again"
    third = Uploader()
    await work(third, [], lambda: third.lanes["main"].due.get(str(show.id)))
    await asyncio.gather(*(each.stop() for each in (first, second, third)))


async def test_what_loses_its_public_name_loses_it_in_the_store(proxy: Proxy, show: Show) -> None:
    store = proxy.storage
    for _ in range(4):
        show.close_segment()
    show.release()
    sender = Uploader()
    await work(sender, [show.id], lambda: store.head(show.key(f"public/{NAMES[2]}.ts")))
    (show.folder / f"public/{NAMES[1]}.ts").unlink()
    await work(sender, [show.id], lambda: store.head(show.key(f"public/{NAMES[1]}.ts")) is None)
    assert store.head(show.key("parts/001/000001.ts")) is not None, "as received it stays"
    await sender.stop()


async def test_without_a_store_nothing_is_done(show: Show) -> None:
    sender = Uploader()
    await sender.advance([show.id])
    assert sender.report(show.id) == {}
    await sender.stop()


async def test_a_second_copy_shares_no_bytes(show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_STORE_COPY", str(tmp_path / "copy"))
    file = show.close_segment()
    show.release(ended=True)
    sender = Uploader()
    await work(sender, [], lambda: (tmp_path / "copy" / show.key("live.m3u8")).exists())
    copy = tmp_path / "copy" / show.key("parts/001/000000.ts")
    assert copy.read_bytes() == file.read_bytes()
    assert not copy.samefile(file)
    await sender.stop()


def text(store: S3Storage, show: Show, name: str) -> str:
    try:
        with store.open(show.key(name)) as stream:
            return stream.read().decode()
    except FileNotFoundError:
        return ""


def listed(store: S3Storage, show: Show, name: str) -> list[str]:
    return listing.named(text(store, show, name))


def test_a_playlist_is_cut_before_the_first_that_is_missing() -> None:
    whole = playlists.render(
        [Entry(f"{each}.ts", each * 2000, 2.0, each == 2) for each in range(4)],
        sequence=7,
        discontinuities=3,
        ended=True,
    )
    assert listing.trimmed(whole, lambda name: True) == (True, whole)
    complete, cut = listing.trimmed(whole, lambda name: name != "2.ts")
    assert not complete
    assert listing.named(cut) == ["0.ts", "1.ts"]
    assert "ENDLIST" not in cut
    assert cut.endswith("1.ts\n")
    assert "#EXT-X-MEDIA-SEQUENCE:7" in cut
    assert "#EXT-X-DISCONTINUITY-SEQUENCE:3" in cut
    assert "#EXT-X-DISCONTINUITY\n" not in cut


async def test_what_is_on_air_waits_for_nothing_that_is_over(
    proxy: Proxy, show: Show, media_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    old, go_on = Show(media_root), threading.Event()
    old.close_segment()
    old.release(ended=True)
    put = S3Storage.put

    def slowly(self: S3Storage, key: str, source: Path, **facts: bool) -> object:
        if str(old.id) in key:
            assert go_on.wait(60)
        return put(self, key, source, **facts)

    monkeypatch.setattr(S3Storage, "put", slowly)
    sender = Uploader()
    await work(sender, [], lambda: any("archive" in name for name in sender._tasks))
    for _ in range(3):
        show.close_segment()
        show.release()
    await work(sender, [show.id], lambda: len(listed(proxy.storage, show, "live.m3u8")) == 2)
    assert proxy.storage.head(old.key("parts/001/000000.ts")) is None
    go_on.set()
    await work(sender, [show.id], lambda: proxy.storage.head(old.key("parts/001/000000.ts")))
    await sender.stop()


async def test_a_long_log_of_what_is_settled_is_not_read_again(
    show: Show, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YISHI_STORE_COPY", str(tmp_path / "copy"))
    monkeypatch.setattr(uploader, "_RESTING_SECONDS", 0.0)
    show.close_segment()
    show.release(ended=True)
    first = Uploader()
    await work(first, [], lambda: first.lanes["copy"].settled.get(str(show.id)))
    await first.stop()
    opened = []
    second = Uploader()
    make = second._shelf
    monkeypatch.setattr(second, "_shelf", lambda lane, name: (opened.append(name), make(lane, name))[1])
    lane = second.lanes["copy"]
    await work(second, [], lambda: lane.due.get(str(show.id)))
    due = lane.due[str(show.id)]
    await work(second, [], lambda: lane.due[str(show.id)] > due)
    assert str(show.id) not in opened
    show.close_segment()
    await work(second, [], lambda: (tmp_path / "copy" / show.key("parts/001/000001.ts")).exists())
    assert str(show.id) in opened
    await second.stop()
