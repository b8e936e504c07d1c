"""A web machine without the recorder's disk serves the same media from the store, by the same rights."""

from __future__ import annotations

import urllib.error
import urllib.request
from pathlib import Path

import m3u8
import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from archive import uploader, views
from archive.storage import serving, trying
from archive.uploader import Uploader
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode

from .making import make_airing, make_programme, make_staff, until
from .s3_servers import Proxy
from .stored import NAMES, Show, nothing_waits, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing is remembered of another test, and no pause is waited for."""
    serving.forget()
    views.forget_rights()
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(uploader, "_PASS_SECONDS", 0.0)


def prepared() -> Airing:
    airing = make_airing(make_programme())
    lifecycle.start(HOUSE, airing.pk)
    return airing


async def stored(media_root: Path, settings, tmp_path: Path) -> tuple[Airing, Show, dict[str, bytes]]:
    """An airing on air whose media are in the store, and a web machine with an empty folder."""
    airing = await sync_to_async(prepared)()
    show = Show(media_root, airing.pk)
    for _ in range(4):
        show.close_segment()
    show.release()
    show.write("replay.m3u8", [f"{name}.ts" for name in NAMES[:3]], ended=True)
    (show.folder / "replay-spans.json").write_text('{"spans": []}')
    sender = Uploader()
    await work(sender, [show.id], lambda: nothing_waits(sender, show))
    await sender.stop()
    contents = {file.relative_to(show.folder).as_posix(): file.read_bytes() for file in show.folder.rglob("*.ts")}
    settings.MEDIA_ROOT = str(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").mkdir()
    return airing, show, contents


async def get(client: AsyncClient, airing: Airing, path: str):
    return await client.get(f"/media/airings/{airing.pk}/{path}")


async def test_live_and_replay_come_from_the_store(proxy: Proxy, media_root: Path, settings, tmp_path: Path) -> None:
    airing, _, contents = await stored(media_root, settings, tmp_path)
    outside, inside = AsyncClient(), AsyncClient()
    await inside.aforce_login(await sync_to_async(make_staff)(airing.episode.programme))
    playlist = await get(outside, airing, "live/index.m3u8")
    assert playlist["Cache-Control"] == "public, max-age=1"
    uris = [each.uri for each in m3u8.loads(playlist.content.decode()).segments]
    assert uris == [f"{name}.ts" for name in NAMES[:3]]
    for uri in uris:
        assert (await get(outside, airing, f"live/{uri}")).content == contents[f"public/{uri}"]
    assert (await get(outside, airing, f"live/{NAMES[3]}.ts")).status_code == 404, "not released"
    assert (await get(outside, airing, "replay/index.m3u8")).status_code == 404, "not released to the public"
    staff = m3u8.loads((await get(inside, airing, "replay/index.m3u8")).content.decode())
    assert len(staff.segments) == 4
    newest = staff.segments[-1].uri
    assert (await get(inside, airing, f"replay/{newest}")).content == contents[newest]
    assert (await get(inside, airing, "replay/spans.json?as=public")).json() == {"spans": []}
    asked = len(proxy.seen)
    for uri in uris:
        await get(outside, airing, f"live/{uri}")
    assert len(proxy.seen) == asked, "what was read lately is not read again"


async def test_withdrawn_is_gone_whatever_is_remembered(
    proxy: Proxy, media_root: Path, settings, tmp_path: Path
) -> None:
    airing, _, _ = await stored(media_root, settings, tmp_path)
    client = AsyncClient()
    assert (await get(client, airing, f"live/{NAMES[0]}.ts")).status_code == 200
    assert (await get(client, airing, "live/index.m3u8")).status_code == 200
    await Episode.objects.filter(pk=airing.episode_id).aupdate(publication="withdrawn")
    views.forget_rights()
    for path in (f"live/{NAMES[0]}.ts", "live/index.m3u8", "replay/index.m3u8"):
        assert (await get(client, airing, path)).status_code == 404


async def test_a_store_that_is_down_is_said_to_be_and_comes_back(
    proxy: Proxy, media_root: Path, settings, tmp_path: Path
) -> None:
    airing, _, contents = await stored(media_root, settings, tmp_path)
    client = AsyncClient()
    proxy.fail("reset", "GET", times=1_000)
    assert (await get(client, airing, f"live/{NAMES[0]}.ts")).status_code == 503
    proxy.faults.clear()
    answer = await get(client, airing, f"live/{NAMES[0]}.ts")
    assert answer.content == contents[f"public/{NAMES[0]}.ts"]


async def test_players_are_sent_to_a_short_lived_address_where_that_is_wanted(
    proxy: Proxy, media_root: Path, settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    airing, _, contents = await stored(media_root, settings, tmp_path)
    monkeypatch.setenv("YISHI_MEDIA_REDIRECT", "1")
    monkeypatch.setattr(serving, "ADDRESS_SECONDS", 3)
    client = AsyncClient()
    assert (await get(client, airing, "live/index.m3u8")).status_code == 200, "playlists stay ours"
    answer = await get(client, airing, f"live/{NAMES[0]}.ts")
    assert answer.status_code == 302
    assert "max-age=20" in answer["Cache-Control"]
    address = answer["Location"]

    def status() -> int:
        try:
            with urllib.request.urlopen(address, timeout=10) as found:
                assert found.read() == contents[f"public/{NAMES[0]}.ts"]
                return int(found.status)
        except urllib.error.HTTPError as refused:
            return refused.code

    assert await sync_to_async(status)() == 200
    await sync_to_async(until)(lambda: status() == 403, 30, "the address expires")
    assert (await get(client, airing, "live/released.jsonl")).status_code == 404
