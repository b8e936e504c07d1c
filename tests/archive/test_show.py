"""A show from feed to replay with a real recorder and a real ffmpeg."""

from __future__ import annotations

import time
from pathlib import Path

import m3u8
import pytest

from archive import services
from archive.models import Recording
from broadcast import lifecycle
from broadcast.access import HOUSE

from .making import Publisher, RecorderProcess, make_airing, until

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True), pytest.mark.timeout(180)]


def live(root: Path, airing) -> m3u8.M3U8:
    file = root / "airings" / str(airing.pk) / "live.m3u8"
    return m3u8.loads(file.read_text() if file.exists() else "")


def state(airing) -> str:
    recording = Recording.objects.filter(airing=airing).first()
    return recording.state if recording else ""


def test_a_show_over_srt_becomes_live_and_then_a_replay(
    recorder: RecorderProcess, publisher: Publisher, media_root: Path
) -> None:
    airing = make_airing(delay=4)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    until(lambda: state(airing) == "listening", what="listening")
    publisher.srt(airing)
    until(lambda: state(airing) == "receiving", what=recorder.words())
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: len(live(media_root, airing).segments) >= 3, what="three public segments")
    airing.refresh_from_db()
    first = live(media_root, airing).segments[0]
    assert first.program_date_time >= airing.actual_start
    lifecycle.end(HOUSE, airing.pk)
    began = time.monotonic()
    staff = media_root / "airings" / str(airing.pk) / "staff.m3u8"
    until(lambda: "#EXT-X-ENDLIST" in staff.read_text(), 5, "replay within five seconds")
    print("replay after", time.monotonic() - began)
    until(lambda: live(media_root, airing).is_endlist, what="the live playlist ends")
    until(lambda: state(airing) == "finished")
    print(staff.read_text(), (media_root / "airings" / str(airing.pk) / "live.m3u8").read_text(), recorder.words())
