"""Who gets media: the public what is released, members theirs, staff all; nobody what was withdrawn or never let out."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from django.test import AsyncClient

from archive import views
from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode

from .making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db(transaction=True)
NAME = "0123456789abcdef0123.ts"


def prepared(media_root: Path, **facts) -> Airing:
    """An airing on air with files as a recorder leaves them."""
    airing = make_airing(make_programme(**facts))
    lifecycle.start(HOUSE, airing.pk)
    folder = media_root / "airings" / str(airing.pk)
    (folder / "public").mkdir(parents=True)
    (folder / "parts" / "001").mkdir(parents=True)
    (folder / "live.m3u8").write_text("#EXTM3U\n# live\n")
    (folder / "live-master.m3u8").write_text("#EXTM3U\n# master\n")
    (folder / "live-480p.m3u8").write_text("#EXTM3U\n# low\n")
    (folder / "parts" / "001" / "480p").mkdir()
    (folder / "parts" / "001" / "480p" / "000000.ts").write_bytes(b"G" * 188)
    (folder / "staff.m3u8").write_text("#EXTM3U\n# staff\n")
    (folder / "replay.m3u8").write_text("#EXTM3U\n# public\n")
    (folder / "public" / NAME).write_bytes(b"G" * 188)
    (folder / "parts" / "001" / "000000.ts").write_bytes(b"G" * 376)
    (folder / "released.jsonl").write_text("secret")
    views.forget_rights()
    return airing


async def get(client: AsyncClient, airing: Airing, path: str):
    return await client.get(f"/media/airings/{airing.pk}/{path}")


async def test_the_public_gets_the_live_line_and_nothing_else(media_root: Path) -> None:
    airing = await _sync(prepared)(media_root)
    client = AsyncClient()
    playlist = await get(client, airing, "live/index.m3u8")
    assert playlist.status_code == 200
    assert playlist["Content-Type"] == "application/vnd.apple.mpegurl"
    assert playlist["Cache-Control"] == "public, max-age=1"
    assert not playlist.cookies
    segment = await get(client, airing, f"live/{NAME}")
    assert (segment.status_code, segment["Content-Type"]) == (200, "video/mp2t")
    assert "immutable" in segment["Cache-Control"]
    for path in (
        "replay/index.m3u8",
        "replay/spans.json",
        f"replay/{NAME}",
        "replay/parts/001/000000.ts",
        "live/released.jsonl",
        "live/..%2freleased.jsonl",
        "live/%2e%2e/released.jsonl",
        "replay/../released.jsonl",
        "replay/parts/../released.jsonl",
        "replay/parts/001/../../released.jsonl",
        "live/aaaaaaaaaaaaaaaaaaaa.ts",
        "live/filler-picture-999.ts",
        "live/part.json",
        "live/240p.m3u8",
        "live/released.m3u8",
        "live/staff.m3u8",
        "replay/master.m3u8",
        "replay/480p.m3u8",
        "replay/parts/001/480p/000000.ts",
    ):
        answer = await get(client, airing, path)
        assert answer.status_code == 404, path


async def test_rungs_have_the_rights_of_the_line(media_root: Path) -> None:
    airing = await _sync(prepared)(media_root)
    client = AsyncClient()
    assert b"# master" in (await get(client, airing, "live/master.m3u8")).content
    low = await get(client, airing, "live/480p.m3u8")
    assert (low.content, low["Cache-Control"]) == (b"#EXTM3U\n# low\n", "public, max-age=1")
    assert b"# live" in (await get(client, airing, "live/sound.m3u8")).content, (
        "without one of its own the source is the sound"
    )
    staff = await _sync(make_staff)(airing.episode.programme)
    inside = AsyncClient()
    await inside.aforce_login(staff)
    assert b"# staff" in (await get(inside, airing, "replay/master.m3u8")).content
    assert b"# public" in (await get(inside, airing, "replay/master.m3u8?as=public")).content
    assert (await get(inside, airing, "replay/parts/001/480p/000000.ts")).status_code == 200
    await Episode.objects.filter(pk=airing.episode_id).aupdate(publication="withdrawn")
    views.forget_rights()
    for path in ("live/master.m3u8", "live/480p.m3u8", "live/sound.m3u8"):
        assert (await get(client, airing, path)).status_code == 404


async def test_staff_get_everything_and_the_public_after_sign_off(media_root: Path) -> None:
    airing = await _sync(prepared)(media_root)
    staff = await _sync(make_staff)(airing.episode.programme)
    inside, outside = AsyncClient(), AsyncClient()
    await inside.aforce_login(staff)
    assert b"# staff" in (await get(inside, airing, "replay/index.m3u8")).content
    assert (await get(inside, airing, "replay/parts/001/000000.ts")).status_code == 200
    assert (await get(inside, airing, "replay/index.m3u8"))["Cache-Control"].startswith("private")
    await _sync(lifecycle.end)(HOUSE, airing.pk)
    views.forget_rights()
    assert (await get(outside, airing, "replay/index.m3u8")).status_code == 404
    await Episode.objects.filter(pk=airing.episode_id).aupdate(signed_off_at=airing.created_at)
    views.forget_rights()
    assert (await get(outside, airing, "replay/index.m3u8")).status_code == 404, "the delay has not passed"
    await Airing.objects.filter(pk=airing.pk).aupdate(actual_end=clock.now() - dt.timedelta(seconds=5))
    views.forget_rights()
    assert b"# public" in (await get(outside, airing, "replay/index.m3u8")).content
    assert (await get(outside, airing, f"replay/{NAME}")).status_code == 200
    assert (await get(outside, airing, "replay/parts/001/000000.ts")).status_code == 404


async def test_withdrawal_and_unannounced_and_members(media_root: Path) -> None:
    airing = await _sync(prepared)(media_root)
    client = AsyncClient()
    assert (await get(client, airing, f"live/{NAME}")).status_code == 200
    await Episode.objects.filter(pk=airing.episode_id).aupdate(publication="withdrawn")
    views.forget_rights()
    for path in ("live/index.m3u8", f"live/{NAME}", "replay/index.m3u8"):
        assert (await get(client, airing, path)).status_code == 404
    members = await _sync(prepared)(media_root, audience="members")
    assert (await get(client, members, "live/index.m3u8")).status_code == 404
    member = await _sync(make_staff)(members.episode.programme, "member")
    inside = AsyncClient()
    await inside.aforce_login(member)
    answer = await get(inside, members, "live/index.m3u8")
    assert answer.status_code == 200
    assert answer["Cache-Control"].startswith("private")
    unannounced = await _sync(prepared)(media_root)
    await Airing.objects.filter(pk=unannounced.pk).aupdate(announced_at=None)
    views.forget_rights()
    assert (await get(client, unannounced, "live/index.m3u8")).status_code == 404


async def test_rights_are_believed_for_a_second_at_most(media_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    airing = await _sync(prepared)(media_root)
    client = AsyncClient()
    assert (await get(client, airing, f"live/{NAME}")).status_code == 200
    await Episode.objects.filter(pk=airing.episode_id).aupdate(publication="withdrawn")
    later = views.time.monotonic() + 1.01
    monkeypatch.setattr(views.time, "monotonic", lambda: later)
    assert (await get(client, airing, f"live/{NAME}")).status_code == 404


def _sync(function):
    from asgiref.sync import sync_to_async

    return sync_to_async(function)
