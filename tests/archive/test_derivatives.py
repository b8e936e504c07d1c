"""Who gets the files made from a recording: the public only public ones of a released replay, whole or in ranges."""

from __future__ import annotations

import asyncio
import hashlib
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.test import AsyncClient

from archive import derivatives, views
from archive.derivatives import span_of
from archive.models import Derivative, Recording
from broadcast import clock
from broadcast.models import Airing, Episode

from .making import make_airing, make_staff

CONTENT = bytes(range(256)) * 4_000


@pytest.fixture
def airing(media_root: Path, transactional_db: None) -> Airing:
    """A released replay with a public and a sealed master."""
    now = clock.now()
    airing = make_airing(state="ended", actual_start=now, actual_end=now, delay=0)
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=now)
    recording = Recording.objects.create(airing=airing, state="finished", replay_ready_at=now)
    for name, public in (("master.mp4", True), ("sealed.mp4", False)):
        key = f"airings/{airing.pk}/derived/1/{name}"
        file = media_root / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(CONTENT)
        Derivative.objects.create(
            recording=recording,
            kind="master",
            key=key,
            size_bytes=len(CONTENT),
            digest=hashlib.sha256(CONTENT).hexdigest(),
            algorithm="sha256",
            media_type="video/mp4",
            is_public=public,
            made_at=now,
        )
    views.forget_rights()
    return airing


def path(airing: Airing, name: str = "master.mp4") -> str:
    return f"/media/airings/{airing.pk}/derived/{name}"


async def body(response) -> bytes:  # type: ignore[no-untyped-def]
    if response.streaming:
        return b"".join([piece async for piece in response.streaming_content])
    return bytes(response.content)


async def staff_of(airing: Airing) -> AsyncClient:
    client = AsyncClient()
    user = await sync_to_async(make_staff)(airing.episode.programme)
    await client.aforce_login(user)
    return client


async def test_everybody_gets_the_public_master_of_a_released_replay(airing: Airing) -> None:
    response = await AsyncClient().get(path(airing))
    assert response.status_code == 200
    assert await body(response) == CONTENT
    assert response["Content-Length"] == str(len(CONTENT))
    assert response["Content-Type"] == "video/mp4"
    assert response["Cache-Control"] == "private, no-cache"


async def test_the_sealed_master_is_for_staff_alone(airing: Airing) -> None:
    assert (await AsyncClient().get(path(airing, "sealed.mp4"))).status_code == 404
    staff = await staff_of(airing)
    assert await body(await staff.get(path(airing, "sealed.mp4"))) == CONTENT


@pytest.mark.parametrize(
    ("wanted", "status", "start", "end"),
    [
        ("bytes=0-0", 206, 0, 1),
        ("bytes=100-199", 206, 100, 200),
        ("bytes=1023000-", 206, 1_023_000, len(CONTENT)),
        ("bytes=-500", 206, len(CONTENT) - 500, len(CONTENT)),
        ("bytes=0-99999999", 206, 0, len(CONTENT)),
        ("bytes=5-3", 200, 0, len(CONTENT)),
        ("bytes=0-1,5-6", 200, 0, len(CONTENT)),
        ("lines=1-2", 200, 0, len(CONTENT)),
    ],
)
async def test_a_range_is_answered_as_asked(airing: Airing, wanted: str, status: int, start: int, end: int) -> None:
    response = await AsyncClient().get(path(airing), headers={"range": wanted})
    assert response.status_code == status
    assert await body(response) == CONTENT[start:end]
    if status == 206:
        assert response["Content-Range"] == f"bytes {start}-{end - 1}/{len(CONTENT)}"


@pytest.mark.parametrize("wanted", ["bytes=1024000-", "bytes=-0"])
async def test_a_range_beyond_the_end_cannot_be_had(airing: Airing, wanted: str) -> None:
    response = await AsyncClient().get(path(airing), headers={"range": wanted})
    assert response.status_code == 416
    assert response["Content-Range"] == f"bytes */{len(CONTENT)}"


async def test_a_range_of_another_version_is_answered_with_the_whole(airing: Airing) -> None:
    response = await AsyncClient().get(path(airing), headers={"range": "bytes=0-9", "if-range": '"other"'})
    assert response.status_code == 200


async def test_what_a_browser_has_is_not_sent_again(airing: Airing) -> None:
    tag = (await AsyncClient().get(path(airing)))["ETag"]
    assert (await AsyncClient().get(path(airing), headers={"if-none-match": tag})).status_code == 304


async def test_a_download_has_the_shows_name(airing: Airing) -> None:
    header = (await AsyncClient().get(path(airing) + "?download"))["Content-Disposition"]
    assert header.startswith("attachment; filename*=utf-8''")
    assert "master.mp4" in header


async def test_a_withdrawn_episode_has_no_files_for_the_public(airing: Airing) -> None:
    await Episode.objects.filter(pk=airing.episode_id).aupdate(publication="withdrawn")
    views.forget_rights()
    assert (await AsyncClient().get(path(airing))).status_code == 404


async def test_without_release_there_are_no_files_for_the_public(airing: Airing) -> None:
    await Episode.objects.filter(pk=airing.episode_id).aupdate(signed_off_at=None)
    views.forget_rights()
    assert (await AsyncClient().get(path(airing))).status_code == 404


async def test_files_of_a_replay_that_was_written_anew_are_gone_at_once_even_for_staff(airing: Airing) -> None:
    await Recording.objects.filter(pk=airing.pk).aupdate(replay_ready_at=clock.now())
    assert (await AsyncClient().get(path(airing))).status_code == 404
    staff = await staff_of(airing)
    assert (await staff.get(path(airing))).status_code == 404
    assert (await staff.get(path(airing, "sealed.mp4"))).status_code == 200


@pytest.mark.parametrize("name", ["other.mp4", "..", "%2e%2e%2fmaster.mp4", "master.mp4%00"])
async def test_only_names_of_rows_are_served(airing: Airing, name: str) -> None:
    assert (await AsyncClient().get(path(airing, name))).status_code == 404


def test_an_empty_file_has_no_part() -> None:
    assert span_of("bytes=0-", 0) == (0, 0)


async def test_a_slow_peer_is_not_sent_more_than_it_takes(airing: Airing, monkeypatch: pytest.MonkeyPatch) -> None:
    file = Path(settings.MEDIA_ROOT) / f"airings/{airing.pk}/derived/1/master.mp4"
    waiting, sent = [derivatives._MOST_WAITING + 1], []

    async def send() -> None:
        pieces = derivatives._pieces(file.open("rb"), len(CONTENT), lambda: waiting[0])
        sent.extend([piece async for piece in pieces])

    task = asyncio.create_task(send())
    await asyncio.sleep(0.2)
    assert sent == [], "it waits"
    waiting[0] = 0
    await task
    assert b"".join(sent) == CONTENT
    monkeypatch.setattr(derivatives, "_STUCK_SECONDS", 0.1)
    waiting[0], sent[:] = derivatives._MOST_WAITING + 1, []
    await send()
    assert sent == [], "one that takes nothing is left"


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("bytes={}-", (0, 0)),
        ("bytes=-{}", (0, 500)),
        ("bytes=0-{}", (0, 500)),
        ("bytes=٣-٤", None),
    ],
)
def test_numbers_of_any_length_are_numbers_and_nothing_else_is(text: str, span: tuple[int, int] | None) -> None:
    assert span_of(text.format("9" * 5000), 500) == span
