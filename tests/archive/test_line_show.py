"""A real recorder with two feeds: what goes out when one drops, when both do, and when they come back."""

from __future__ import annotations

import json
import socket
from itertools import pairwise
from pathlib import Path
from typing import Any

import m3u8
import pytest

from archive import playout, queries, services
from archive.models import AsRunEntry, IngestSecret, Recording
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.house.places import free_port
from broadcast.models import Airing, Feed

from .making import Publisher, RecorderProcess, make_airing, make_programme, until

# The same changes of source are in test_one_show.py and in the journey of playback.
pytestmark = [
    pytest.mark.long,
    pytest.mark.ffmpeg,
    pytest.mark.django_db(transaction=True),
    pytest.mark.timeout(400),
]


def with_backup(**facts: Any) -> Airing:
    """An airing that listens on two feeds."""
    airing = make_airing(**facts)
    spare = Feed.objects.create(name=f"spare of {airing.feed}", srt_port=free_port(socket.SOCK_DGRAM))
    Airing.objects.filter(pk=airing.pk).update(backup_feed=spare)
    airing.refresh_from_db()
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    return airing


def log(folder: Path) -> list[dict[str, Any]]:
    file = folder / "released.jsonl"
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def kinds(folder: Path) -> list[str]:
    """What went out one after the other, by lane or tape."""
    found: list[str] = []
    for each in log(folder):
        kind = each["source"].partition(":")[0] or each["lane"]
        if found[-1:] != [kind]:
            found.append(kind)
    return found


def test_backup_takes_over_without_a_break_then_filler_then_the_feed_again(
    recorder: RecorderProcess, publishers: list[Publisher], clip: Path, tmp_path: Path, media_root: Path
) -> None:
    programme = make_programme()
    playout.set_rule(HOUSE, programme.pk, fallback="filler", missing_seconds=5, steady_seconds=4)
    airing = with_backup(programme=programme, delay=10)
    folder = media_root / "airings" / str(airing.pk)
    until(lambda: Recording.objects.get(airing=airing).state == "listening", what=recorder.words)
    until(lambda: len(list((media_root / "filler" / "1" / "picture").glob("*.ts"))) == 30, 60, "the filler is made")
    ingest = services.addresses_of(airing, IngestSecret.objects.get(airing=airing))
    assert ingest.backup

    def publish(port: int) -> Publisher:
        publishers.append(Publisher(clip, tmp_path / f"publisher{len(publishers)}.log"))
        return publishers[-1].send_srt(port, ingest.passphrase)

    main, backup = publish(ingest.srt_port), publish(ingest.backup.srt_port)
    until(lambda: len(list(folder.glob("parts/*/000002.ts"))) == 2, 90, "both lanes receive")
    lifecycle.start(HOUSE, airing.pk)
    until(lambda: len(log(folder)) >= 2, 90, "public media")
    assert kinds(folder) == ["main"]
    main.stop()
    until(lambda: kinds(folder) == ["main", "backup"], 90, "the back-up goes out")
    assert Recording.objects.get(airing=airing).state == "receiving"
    main = publish(ingest.srt_port)
    until(lambda: kinds(folder) == ["main", "backup", "main"], 90, "main again")
    main.stop()
    backup.stop()
    until(lambda: kinds(folder)[-1] == "filler", 90, "the filler goes out")
    until(lambda: Recording.objects.get(airing=airing).going_out == "filler", what="staff see it")
    told = queries.public_media(Airing.objects.select_related("episode__programme").get(pk=airing.pk))
    assert (told["state"], told["showing"]) == ("live", "filler"), "and so does the public"
    publish(ingest.srt_port)
    until(lambda: kinds(folder)[-1] == "main", 90, "the feed again")
    until(lambda: Recording.objects.get(airing=airing).going_out == "main", what="staff see it")
    for before, after in pairwise(log(folder)):
        hole = after["start_ms"] - before["start_ms"] - round(before["duration"] * 1000)
        assert -250 <= hole < 2_300, "no more than a segment is missing between any two"
    lifecycle.end(HOUSE, airing.pk)
    until(lambda: (folder / "replay.m3u8").exists(), 60, "the replay for the public")
    until(lambda: Recording.objects.get(airing=airing).state == "finished", 90, "finished")

    shown = kinds(folder)
    assert shown.count("filler") == 1
    assert [each for each in shown if each != "filler"][:3] == ["main", "backup", "main"]
    entries = [each for each in AsRunEntry.objects.filter(airing=airing) if each.kind != "nothing"]
    assert [each.kind for each in entries] == shown, "the record says what went out"
    assert {each.reason for each in entries if each.kind in {"backup", "filler"}} == {"feed_missing"}
    assert next(each for each in entries if each.kind == "filler").subject == "house"
    assert all(one.ended_at <= other.started_at for one, other in pairwise(AsRunEntry.objects.filter(airing=airing)))

    live = m3u8.loads((folder / "live.m3u8").read_text())
    assert live.is_endlist
    assert all((folder / "public" / each.uri).exists() for each in live.segments), "all that is listed can be had"
    public = {each.uri for each in m3u8.loads((folder / "replay.m3u8").read_text()).segments}
    fillers = {each.uri for each, item in zip(live.segments, log(folder), strict=True) if item["source"]}
    assert fillers
    assert not public & fillers, "the replay has no filler"
