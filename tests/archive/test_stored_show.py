"""A show with a real recorder and a store: what web machines need leaves as it closes, and the recording does not notice an outage."""

from __future__ import annotations

from pathlib import Path

import m3u8
import pytest
from asgiref.sync import async_to_sync
from django.test import AsyncClient

from archive import services, views
from archive.models import Recording
from archive.storage import listing, serving
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Episode

from .making import Publisher, RecorderProcess, make_airing, until
from .s3_servers import Proxy

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]


@pytest.fixture
def stored_recorder(proxy: Proxy, recorder: RecorderProcess) -> RecorderProcess:
    """The recorder began with the store's variables."""
    return recorder


def test_a_show_leaves_for_the_store_through_an_outage(
    stored_recorder: RecorderProcess, proxy: Proxy, publisher: Publisher, media_root: Path, settings, tmp_path: Path
) -> None:
    airing = make_airing(delay=2)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: state(airing) == "listening", what="listening")
    publisher.srt(airing)
    until(lambda: state(airing) == "receiving", 60, stored_recorder.words)
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: len(listed(proxy, airing, "live.m3u8")) >= 2, 60, stored_recorder.words)
    proxy.fail("500", "*", times=100_000)
    before = received(airing)
    until(lambda: received(airing) > before + 4, 60, "the recording goes on without the store")
    until(lambda: any(each["problem"] == "storage_down" for each in places(airing)), 60, "the control room hears of it")
    proxy.faults.clear()
    until(lambda: len(listed(proxy, airing, "live.m3u8")) >= 6, 60, stored_recorder.words)
    lifecycle.end(HOUSE, airing.pk)
    publisher.stop()
    until(lambda: state(airing) == "finished", 60, stored_recorder.words)
    until(lambda: "ENDLIST" in text(proxy, airing, "replay.m3u8"), 60, stored_recorder.words)
    local = (media_root / "airings" / str(airing.pk) / "replay.m3u8").read_text()
    assert text(proxy, airing, "replay.m3u8") == local
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=airing.created_at)
    settings.MEDIA_ROOT = str(tmp_path / "another-machine")
    views.forget_rights()
    serving.forget()
    until(lambda: status(airing, "replay/index.m3u8") == 200, 60, "the delay has passed")
    for uri in listed(proxy, airing, "replay.m3u8"):
        assert status(airing, f"replay/{uri}") == 200
    variants = m3u8.loads(text(proxy, airing, "replay-master.m3u8")).playlists
    for variant in variants:
        assert status(airing, f"replay/{variant.uri}") == 200


def status(airing, path: str) -> int:
    async def ask() -> int:
        return int((await AsyncClient().get(f"/media/airings/{airing.pk}/{path}")).status_code)

    views.forget_rights()
    return async_to_sync(ask)()


def state(airing) -> str:
    found = Recording.objects.filter(airing=airing).first()
    return found.state if found else ""


def received(airing) -> float:
    return float(Recording.objects.get(airing=airing).received_seconds)


def places(airing) -> list[dict[str, object]]:
    return list(Recording.objects.get(airing=airing).health.get("store", {}).get("places", []))


def text(proxy: Proxy, airing, name: str) -> str:
    try:
        with proxy.storage.open(f"airings/{airing.pk}/{name}") as stream:
            return stream.read().decode()
    except FileNotFoundError:
        return ""


def listed(proxy: Proxy, airing, name: str) -> list[str]:
    return listing.named(text(proxy, airing, name))
