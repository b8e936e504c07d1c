"""A folder that this disk lost comes back whole from a store: bytes, names of the public, playlists; and nobody's name that was taken."""

from __future__ import annotations

import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from archive import manifest, mending, uploader
from archive.keeping import bringing
from archive.models import ColdKeeping, Recording
from archive.storage import trying
from archive.uploader import Uploader
from broadcast import clock
from broadcast.errors import Conflict
from broadcast.models import Airing, AuditEntry
from tests.archive.making import make_airing
from tests.archive.s3_servers import Proxy
from tests.archive.stored import NAMES, Show, nothing_waits, work

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(uploader, "_PASS_SECONDS", 0.0)


@pytest.fixture(params=["folder", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Where the second copy is."""
    if request.param == "s3":
        request.getfixturevalue("proxy")
    else:
        monkeypatch.setenv("YISHI_STORE_COPY", str(tmp_path / "copy"))
    return str(request.param)


@pytest.fixture
def show(media_root: Path, place: str) -> Show:
    """Three segments with a rung of each, released, edited once, sent; the second has the public name that the house gives it."""
    now = clock.now()
    airing = make_airing(state="ended", actual_start=now, actual_end=now)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=now, reported_at=now)
    show = Show(media_root, airing.pk)
    for _ in range(3):
        show.close_segment()
    show.release(ended=True)
    given = mending.public_key(airing.pk, show.key("parts/001/000001.ts"))
    assert given is not None
    name = given.rsplit("/", 1)[-1]
    (show.folder / "public" / name).hardlink_to(show.folder / "parts/001/000001.ts")
    piece = show.folder / "edits/abc/000000.ts"
    piece.parent.mkdir(parents=True)
    piece.write_bytes(b"piece" * 100)
    (show.folder / "public/piece0.ts").hardlink_to(piece)
    show.write("replay.m3u8", [f"{NAMES[0]}.ts", name, "piece0.ts"], ended=True)
    (show.folder / "replay-spans.json").write_text("[]")
    send(show)
    manifest.write(airing)
    send(show)
    return show


def send(show: Show) -> None:
    import asyncio

    async def go() -> None:
        sender = Uploader()
        await work(sender, [], lambda: nothing_waits(sender, show))
        await sender.stop()

    asyncio.run(go())


def files_of(folder: Path) -> dict[str, bytes]:
    found = {each.relative_to(folder).as_posix(): each.read_bytes() for each in folder.rglob("*") if each.is_file()}
    return {name: content for name, content in found.items() if name != "stored.jsonl"}


def lose(show: Show) -> dict[str, bytes]:
    before = files_of(show.folder)
    shutil.rmtree(show.folder)
    return before


def test_a_lost_folder_comes_back_byte_by_byte(show: Show) -> None:
    before = lose(show)
    assert bringing.missing() == [show.id]
    said = StringIO()
    call_command("bring_back", stdout=said)
    assert said.getvalue().startswith(f"{show.id} ok ")
    assert files_of(show.folder) == before
    assert AuditEntry.objects.filter(act="recording.retrieve").count() == 1
    done = bringing.bring(show.id)
    assert (done.came, done.names, done.lost) == (0, 0, []), "a second time changes nothing"
    assert AuditEntry.objects.filter(act="recording.retrieve").count() == 1


def test_what_is_missing_of_a_folder_comes_and_the_rest_stays(show: Show) -> None:
    before = files_of(show.folder)
    (show.folder / "parts/001/000002.ts").unlink()
    (show.folder / "replay.m3u8").unlink()
    stays = (show.folder / "parts/001/000000.ts").stat().st_ino
    assert bringing.bring(show.id).came == 2
    assert files_of(show.folder) == before
    assert (show.folder / "parts/001/000000.ts").stat().st_ino == stays


def test_a_name_that_no_playlist_names_is_not_given_again_and_leaves_the_store(show: Show) -> None:
    taken = f"{NAMES[2]}.ts"
    for name in ("live.m3u8", "replay.m3u8"):
        lines = (show.folder / name).read_text().replace(taken, "")
        (show.folder / name).write_text(lines)
    send(show)
    lose(show)
    assert bringing.bring(show.id).lost == []
    assert not (show.folder / "public" / taken).exists()
    assert (show.folder / "public" / f"{NAMES[0]}.ts").exists()
    store = next(iter(bringing.leaving().values()))
    assert store.head(show.key(f"public/{taken}")) is not None
    send(show)
    assert store.head(show.key(f"public/{taken}")) is None


def test_a_name_taken_after_the_folder_came_back_leaves_the_store(show: Show) -> None:
    """The sender knows by its note what to take back; the note was lost with the folder."""
    lose(show)
    bringing.bring(show.id)
    (show.folder / "public" / f"{NAMES[0]}.ts").unlink()
    send(show)
    store = next(iter(bringing.leaving().values()))
    assert store.head(show.key(f"public/{NAMES[0]}.ts")) is None
    assert store.head(show.key("public/piece0.ts")) is not None


def test_killed_in_the_middle_it_goes_on(show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    before = lose(show)

    class Killed(BaseException):
        """What no handler catches."""

    real, count = bringing._copy, 0

    def copy(*words: object) -> None:
        nonlocal count
        count += 1
        if count == 4:
            raise Killed
        real(*words)  # type: ignore[arg-type]

    monkeypatch.setattr(bringing, "_copy", copy)
    with pytest.raises(Killed):
        bringing.bring(show.id)
    assert not (show.folder / "public").exists(), "the public's names come whole or not at all"
    assert not (show.folder / "replay.m3u8").exists()
    monkeypatch.setattr(bringing, "_copy", real)
    assert bringing.bring(show.id).lost == []
    assert files_of(show.folder) == before


def test_what_is_good_nowhere_is_named(show: Show) -> None:
    lose(show)
    store = next(iter(bringing.leaving().values()))
    store.delete(show.key("parts/001/000001.ts"))
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("bring_back", str(show.id), stdout=StringIO(), stderr=said)
    assert "lost parts/001/000001.ts" in said.getvalue()


def test_without_a_store_it_says_so(media_root: Path) -> None:
    airing = make_airing(state="ended")
    with pytest.raises(Conflict):
        bringing.bring(Airing.objects.get(pk=airing.pk).pk)


def test_a_store_that_is_down_is_said_and_costs_nothing(
    media_root: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    airing = make_airing(state="ended")
    proxy.fail("500", "*", times=1_000)
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("bring_back", str(airing.pk), stderr=said)
    assert "storage_down" in said.getvalue()
    assert not ColdKeeping.objects.exists()
