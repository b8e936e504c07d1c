"""A show from feed to replay with a real recorder and a real ffmpeg."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import m3u8
import pytest

from archive import queries, services
from archive.models import RecorderStatus, Recording
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.house.places import ROOT
from broadcast.models import Airing, Feed
from broadcast.services import episodes

from .making import RecorderProcess, make_airing, until

# The journeys see a whole show from outside, and test_one_show.py its replay.
pytestmark = [
    pytest.mark.long,
    pytest.mark.ffmpeg,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]


def live(root: Path, airing) -> m3u8.M3U8:
    file = root / "airings" / str(airing.pk) / "live.m3u8"
    return m3u8.loads(file.read_text() if file.exists() else "")


def state(airing) -> str:
    recording = Recording.objects.filter(airing=airing).first()
    return recording.state if recording else ""


def own_rung(folder: Path) -> bool:
    """Whether the lower rung's playlist names something of its own."""
    lists = [folder / name for name in ("live.m3u8", "live-240p.m3u8")]
    if not all(file.exists() for file in lists):
        return False
    source, rung = ({each.uri for each in m3u8.loads(file.read_text()).segments} for file in lists)
    return bool(rung - source)


@pytest.fixture
def demo(recorder: RecorderProcess) -> Iterator[subprocess.Popen[bytes]]:
    """The demo publisher's process."""
    words = [sys.executable, "-W", "ignore", "-m", "django", "publish_demo"]
    process = subprocess.Popen(words, cwd=ROOT, env=recorder.environ)
    yield process
    if process.poll() is None:
        process.terminate()
        process.wait(15)


def test_a_show_over_srt_becomes_live_and_then_a_replay(
    recorder: RecorderProcess, demo: subprocess.Popen[bytes], media_root: Path
) -> None:
    airing = make_airing(delay=4)
    Feed.objects.filter(pk=airing.feed_id).update(name="demo 1")
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: state(airing) == "listening", what="listening")
    until(lambda: state(airing) == "receiving", what=recorder.words(), seconds=60)
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: len(live(media_root, airing).segments) >= 3, what="three public segments")
    airing.refresh_from_db()
    folder = media_root / "airings" / str(airing.pk)
    until(lambda: own_rung(folder), what="rungs beside the source on the live line")
    lanes = until(lambda: Recording.objects.get(airing=airing).health.get("lanes"), what="health")
    until(lambda: Recording.objects.get(airing=airing).health["lanes"]["main"]["loudness"] is not None, what="loudness")
    assert (lanes["main"]["width"], lanes["main"]["height"]) in {(640, 360), (0, 0)}
    assert RecorderStatus.objects.get().disk["free_bytes"] > 0
    first = live(media_root, airing).segments[0]
    assert first.program_date_time >= airing.actual_start
    lifecycle.end(HOUSE, airing.pk)
    staff = media_root / "airings" / str(airing.pk) / "staff.m3u8"
    until(lambda: "#EXT-X-ENDLIST" in staff.read_text(), what="the replay for staff")
    demo.terminate()
    assert demo.wait(15) == 0, "the demo publisher ends cleanly"
    until(lambda: live(media_root, airing).is_endlist, what="the live playlist ends")
    until(lambda: state(airing) == "finished")
    public = media_root / "airings" / str(airing.pk) / "replay.m3u8"
    assert public.read_text().count("#EXTINF") >= 3
    rungs = [m3u8.loads((folder / f"replay-{rung}.m3u8").read_text()) for rung in ("240p", "sound")]
    assert {len(each.segments) for each in rungs} == {public.read_text().count("#EXTINF")}
    recording = Recording.objects.get(airing=airing)
    assert recording.public_media["replay"] is None, "nobody has signed it off"
    assert airing.episode_id
    episodes.sign_off(HOUSE, airing.episode_id)
    assert queries.public_media(Airing.objects.get(pk=airing.pk))["replay"]
