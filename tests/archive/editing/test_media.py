"""What edits do to the media: cut to the picture, bleeped to the sample, blurred for good, in every rung; sources stay."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from archive import playlists
from archive.editing import writing
from archive.models import Derivative, EditedReplay, PlayoutRule
from archive.output import Show
from archive.parts import AiringFolder
from archive.rungs import Rungs
from archive.storage import media
from archive.writer import Writer
from tests.archive.pushes import numbers, numbers_in

from .showing import FPS, digests, edit, file_of, lift, listed, master, media_of, show, spans, steps, tone_at, tones

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]


def test_a_cut_and_a_bleep_from_the_rows_to_the_master(media_root: Path) -> None:
    made = show(16)
    steps("master", "sound", "loudness", "rungs")
    before, sources = (made.folder.path / "replay.m3u8").read_text(), digests(made)
    sealed = master(public=False).digest
    untouched = media_of(made)

    cut = edit(made, "cut", 5.0, 7.5)
    bleep = edit(made, "bleep", 10.3, 10.9)
    assert writing.write(made.airing.pk)
    assert not writing.write(made.airing.pk), "there is nothing more to do"
    # Segments of two seconds: those with 5.0-7.5 and 10.3-10.9 in or near them are gone until they are made anew.
    assert EditedReplay.objects.get().missing == 4
    assert len(listed(made)) == 4
    assert not (set(untouched) - set(media_of(made))) & set((made.folder.path / "public").iterdir())

    steps("edit", "master", "sound", "loudness", "rungs")
    state = EditedReplay.objects.get()
    assert (state.missing, state.written) == (0, state.wanted)
    public = master(public=True)
    assert public.details["seconds"] == pytest.approx(13.5, abs=0.05)
    removed = set(range(5 * FPS, int(7.5 * FPS) + 1))
    assert numbers(file_of(public)) == set(range(16 * FPS)) - removed
    assert numbers(*media_of(made)) == set(range(16 * FPS)) - removed
    at, until = 10.3 - 2.5, 10.9 - 2.5
    sound = Derivative.objects.get(kind="sound")
    for file in (file_of(public), file_of(sound)):
        assert tones(file, at + 0.02, until - 0.02) == {1000}
        assert tones(file, at - 0.25, at - 0.03) == {tone_at(10)}
        assert tones(file, until + 0.03, until + 0.1) <= {tone_at(10)}
    assert not set(map(tone_at, (6,))) & tones(file_of(public), 0, 13.4)
    assert [row["offset"] for row in spans(made)][-1] > 0
    assert sum(row["duration"] for row in spans(made)) == pytest.approx(13.5, abs=0.002)

    assert digests(made) == sources
    assert master(public=False).digest == sealed
    assert hashlib.sha256(file_of(master(public=False)).read_bytes()).hexdigest() == sealed

    lift(made, cut)
    lift(made, bleep)
    steps("edit", "master")
    assert (made.folder.path / "replay.m3u8").read_text() == before
    assert all(file.exists() for file in untouched)
    assert numbers(file_of(master(public=True))) == set(range(16 * FPS))


def test_a_blurred_region_is_gone_for_good_in_every_rung_and_the_rest_of_the_picture_stays(media_root: Path) -> None:
    made = show(8, size="480x270")
    PlayoutRule.objects.create(programme=made.airing.episode.programme, rungs=[240])
    # The numbers are read in the middle of the picture; the same stands above.
    edit(made, "blur", 3.0, 3.4, region=(0, 35, 100, 30))
    steps("edit", "rungs")
    hidden, seen = set(range(75, 85)), set(range(8 * FPS))
    for name in ("replay.m3u8", "replay-240p.m3u8"):
        files = media_of(made, name)
        assert len(files) == 4
        middle = [each for file in files for each in numbers_in(file)]
        assert [number for number, found in enumerate(middle) if found != number] == sorted(hidden)
        above = [each for file in files for each in numbers_in(file, "crop=iw:ih/5:0:0,")]
        assert set(above) == seen
    assert len(set(media_of(made)) & set(media_of(made, "replay-240p.m3u8"))) == 0


def test_a_bleep_is_in_every_rung_and_in_the_sound_alone(media_root: Path) -> None:
    made = show(8, size="480x270")
    PlayoutRule.objects.create(programme=made.airing.episode.programme, rungs=[240])
    steps("rungs")
    edit(made, "bleep", 2.8, 3.2)
    steps("edit", "rungs")
    for name in ("replay.m3u8", "replay-240p.m3u8", "replay-sound.m3u8"):
        files = media_of(made, name)
        assert len(files) == 4
        for number, file in enumerate(files):
            bleeped = number == 1
            assert (1000 in tones(file, 0, 2.1)) == bleeped, name
            if bleeped:
                assert tones(file, 0.9, 1.15) == {1000}
                assert tones(file, 0.05, 0.75) == {tone_at(2)}
                assert tones(file, 1.3, 1.9) == {tone_at(3)}
    text = (made.folder.path / "replay-master.m3u8").read_text()
    assert "240p.m3u8" in text
    assert "sound.m3u8" in text


def test_a_trim_keeps_what_it_says(media_root: Path) -> None:
    made = show(8)
    edit(made, "trim", 2.5, 6.0)
    steps("edit")
    assert numbers(*media_of(made)) == set(range(63, 150))
    assert spans(made)[0]["offset"] == 0
    assert playlists.parse_time(spans(made)[0]["at"]) == made.start_ms + 2_500
    assert sum(row["duration"] for row in spans(made)) == pytest.approx(3.5, abs=0.002)


def test_the_ended_line_names_nothing_that_is_withheld(media_root: Path) -> None:
    made = show(8)
    folder = AiringFolder(made.airing.pk)
    folder.load()
    rungs = Rungs(folder)
    writer = Writer(folder, media(), window_seconds=7200, sound_only=False, rungs=rungs)
    line = Show(made.start_ms, made.start_ms + 8_000, 0)
    while not writer.closed:
        writer.advance(folder.segments(), line, made.start_ms + 600_000, frozenset())
    before = {name: (folder.path / name).read_text() for name in ("live.m3u8", "live-sound.m3u8")}
    third = listed(made, "live.m3u8")[2]
    one = edit(made, "cut", 4.8, 5.2)
    writing.write(made.airing.pk)
    assert third not in listed(made, "live.m3u8")
    for name in before:
        assert len(listed(made, name)) == 3
        assert all((folder["public"] / uri).exists() for uri in listed(made, name))
        assert "#EXT-X-DISCONTINUITY\n" in (folder.path / name).read_text()
    lift(made, one)
    writing.write(made.airing.pk)
    assert {name: (folder.path / name).read_text() for name in before} == before
