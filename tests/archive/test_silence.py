"""A feed that is silent for longer than the programme bears: something else goes out, and the feed again when it is heard."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import playout, services
from archive.models import AsRunEntry, IngestSecret, Recording
from broadcast import lifecycle
from broadcast.access import HOUSE

from .making import Publisher, RecorderProcess, make_airing, make_programme, until
from .pushes import make_numbered
from .test_line_show import kinds


# The rule itself is tested in test_line.py; this sees that measures reach it.
@pytest.mark.long
@pytest.mark.ffmpeg
@pytest.mark.timeout(400)
@pytest.mark.django_db(transaction=True)
def test_a_silent_feed_gives_way_to_the_filler_and_comes_back_when_it_is_heard(
    recorder: RecorderProcess, publishers: list[Publisher], tmp_path: Path, media_root: Path
) -> None:
    programme = make_programme()
    playout.set_rule(HOUSE, programme.pk, fallback="filler", missing_seconds=5, silence_seconds=6, steady_seconds=4)
    airing = make_airing(programme, delay=10)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    folder = media_root / "airings" / str(airing.pk)
    clip = make_numbered(tmp_path / "silent.mp4", 60, tone="if(between(t,14,32),0,440)")
    until(lambda: Recording.objects.get(airing=airing).state == "listening", 90, recorder.words)
    ingest = services.addresses_of(airing, IngestSecret.objects.get(airing=airing))
    publishers.append(Publisher(clip, tmp_path / "publisher.log").send_srt(ingest.srt_port, ingest.passphrase))
    until(lambda: (folder / "parts" / "001" / "000001.ts").exists(), 90, "the feed is received")
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: kinds(folder)[-1:] == ["filler"], 120, "the filler goes out")
    until(
        lambda: Recording.objects.get(airing=airing).health["lanes"]["main"]["silence_seconds"] >= 6, 60, "staff see it"
    )
    assert Recording.objects.get(airing=airing).state == "receiving", "the recording goes on"
    until(lambda: kinds(folder)[-1:] == ["main"], 120, "the feed again, once it is heard")
    assert kinds(folder) == ["main", "filler", "main"]
    filler = until(lambda: AsRunEntry.objects.filter(airing=airing, kind="filler").first(), 60, "the record")
    assert filler.reason == "feed_silent"
