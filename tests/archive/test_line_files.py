"""The log of the public line on disk: that of older shows is still read, and an airing without a feed goes out as its rerun."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from uuid import uuid4

import m3u8
import pytest
from django.db import transaction

from archive import clips, cuts, playlists, services
from archive.models import AsRunEntry, Recording
from archive.output import Show
from archive.parts import AiringFolder
from archive.storage import media
from archive.writer import Writer
from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing

from .making import RecorderProcess, make_airing, make_programme, until


def test_a_log_from_before_there_were_sources_is_read_and_goes_on(media_root: Path) -> None:
    folder = AiringFolder(uuid4())
    folder.path.mkdir(parents=True)
    plain = {
        "sequence": 0,
        "part": 1,
        "number": 4,
        "start_ms": 0,
        "duration": 2.0,
        "gap": False,
        "size": 9,
        "digest": "x",
    }
    filler = {"sequence": 1, "part": 0, "number": 0, "start_ms": 2_000, "duration": 2.0, "gap": True}
    lines = "".join(json.dumps(each) + "\n" for each in (plain, filler)) + '{"sequence": 2, "pa'
    (folder.path / "released.jsonl").write_text(lines)
    writer = Writer(folder, media(), window_seconds=60, sound_only=False)
    assert [(item.part, item.source) for item in writer.items] == [(1, ""), (0, "cut")]
    assert [writer.uri(item) for item in writer.items][1] == "filler-picture-000.ts"
    assert writer.path_of(writer.items[0]) == folder["parts/001/000004.ts"]
    assert writer.path_of(writer.items[1]) == clips.filler_folder() / "picture" / "000000.ts"
    (folder["parts"] / "001").mkdir(parents=True)
    (folder["parts"] / "001" / "000005.ts").write_bytes(b"media")
    segment = playlists.Segment(1, 5, 4_000, 2.0, 6_000, "000005.ts")
    assert writer.advance([segment], Show(0, None, 0), 9_000, frozenset({1}))
    again = Writer(folder, media(), window_seconds=60, sound_only=False)
    assert again.items == writer.items
    assert again.items[-1].lane == "main"


def earlier_episode(root: Path, programme, seconds: int) -> Airing:
    """An airing with a released public replay on disk; its media are bytes that say which they are."""
    at = clock.now() - dt.timedelta(days=7)
    # In one piece: a recorder that looks between two of these would finish it, and write the replay of what it never had.
    with transaction.atomic():
        airing = make_airing(programme)
        Airing.objects.filter(pk=airing.pk).update(
            state="ended", actual_start=at, actual_end=at + dt.timedelta(minutes=1)
        )
        Recording.objects.create(airing=airing, state="finished", replay_ready_at=at)
        airing.episode.signed_off_at = at
        airing.episode.save()
    public = root / "airings" / str(airing.pk) / "public"
    public.mkdir(parents=True)
    entries = []
    for number in range(seconds // 2):
        (public / f"{number:020x}.ts").write_bytes(f"earlier {number}".encode())
        entries.append(playlists.Entry(f"{number:020x}.ts", number * 2_000, 2.0, number == 3))
    (public.parent / "replay.m3u8").write_text(playlists.render(entries, kind="VOD", ended=True))
    airing.refresh_from_db()
    return airing


@pytest.mark.ffmpeg
@pytest.mark.timeout(120)
@pytest.mark.django_db(transaction=True)
def test_an_airing_without_a_feed_goes_out_as_its_rerun(recorder: RecorderProcess, media_root: Path) -> None:
    programme = make_programme()
    earlier = earlier_episode(media_root, programme, 600)
    airing = make_airing(programme, kind="rerun", rerun_of=earlier, feed=None, delay=0)
    services.ensure_recording(airing.pk)
    lifecycle.open_feed(HOUSE, airing.pk)
    lifecycle.start(HOUSE, airing.pk)
    folder = media_root / "airings" / str(airing.pk)

    def live() -> m3u8.M3U8:
        return m3u8.loads((folder / "live.m3u8").read_text() if (folder / "live.m3u8").exists() else "")

    until(lambda: len(live().segments) >= 5, 40, recorder.words)
    assert [(folder / "public" / each.uri).read_bytes() for each in live().segments[:5]] == [
        f"earlier {number}".encode() for number in range(5)
    ]
    assert [bool(each.discontinuity) for each in live().segments[:5]] == [False, False, False, True, False]
    until(lambda: Recording.objects.get(airing=airing).going_out == "rerun", what="staff see it")
    given = [folder / "public" / each.uri for each in live().segments]
    cuts.cut_output(HOUSE, airing.pk, "test")
    until(lambda: any(each.uri.startswith("filler") for each in live().segments), 60, "a cut holds for a rerun too")
    shown = len([each for each in live().segments if not each.uri.startswith("filler")])
    earlier.episode.publication = "withdrawn"
    earlier.episode.save()
    until(lambda: not any(each.exists() for each in given), 60, "what is withdrawn cannot be had here either")
    lifecycle.end(HOUSE, airing.pk)
    until(lambda: live().is_endlist, 60, "the line ends")
    until(lambda: Recording.objects.get(airing=airing).state == "finished", 60, "finished")
    assert len([each for each in live().segments if not each.uri.startswith("filler")]) == shown
    entries = AsRunEntry.objects.filter(airing=airing).exclude(kind="nothing")
    assert [(each.kind, each.reason) for each in entries] == [("rerun", "planned"), ("cut", "cut")]
    assert entries[0].subject == str(earlier.pk)
    assert "#EXTINF" not in (folder / "replay.m3u8").read_text(), "nothing of its own is kept"
