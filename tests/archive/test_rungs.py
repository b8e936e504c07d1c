"""Playlists of the rungs: the same numbers and breaks as the line, whatever rung is missing; a master that says the truth."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import m3u8
import pytest

from archive import clips, disk, jobs, tools
from archive.ffmpeg import RUNG_CODEC
from archive.jobs import Job
from archive.output import Cut, Show
from archive.parts import AiringFolder, now_ms
from archive.rungs import Rungs
from archive.storage import media
from archive.writer import Writer

from .sources import decoded, part

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(400)]
HEIGHTS = (120, 90)
DELAY = 20_000


class Line:
    """A recording of two parts on disk, released as of whatever time is asked."""

    def __init__(self, root: Path, *, heights: tuple[int, ...] = HEIGHTS, sound_only: bool = False) -> None:
        self.folder = AiringFolder(uuid.uuid4(), root)
        self.folder.path.mkdir(parents=True)
        self.heights, self.sound_only = heights, sound_only

    def add(self, number: int, at_ms: int, **source: object) -> None:
        """A closed part whose media began at that time."""
        folder = part(self.folder.path / "parts" / f"{number:03d}", **source)  # type: ignore[arg-type]
        text = (folder / "i.m3u8").read_text()
        wanted = "\n".join(line for line in text.splitlines() if not line.startswith("#EXT-X-PROGRAM"))
        at = f"#EXT-X-PROGRAM-DATE-TIME:{_iso(at_ms)}\n#EXTINF"
        (folder / "i.m3u8").write_text(wanted.replace("#EXTINF", at, 1) + "\n")
        note = {"source": "srt", "shift_ms": 0, "closed_ms": at_ms + 60_000, "end_code": "stopped"}
        (folder / "part.json").write_text(json.dumps(note))
        for count, file in enumerate(sorted(folder.glob("*.ts")), start=1):
            os.utime(file, (0, (at_ms + 2_000 * count) / 1000))

    def open(self) -> Writer:
        """The writer as a recorder that has just begun has it."""
        folder = AiringFolder(self.folder.airing_id, self.folder.path.parents[1])
        folder.load()
        self.folder = folder
        self.rungs = Rungs(folder, sound_only=self.sound_only)
        self.rungs.follow(self.heights, DELAY)
        return Writer(folder, media(), window_seconds=7200, sound_only=self.sound_only, rungs=self.rungs)

    def climb(self, *leave_out: tuple[int, int]) -> None:
        """Make all rungs but those of some (part, number)."""
        for each in self.folder.parts:
            for segment in each.segments:
                if (segment.part, segment.number) not in leave_out:
                    assert asyncio.run(jobs.make(tools.path(), Job(each, segment, self.heights)))

    def list(self, name: str) -> m3u8.M3U8:
        return m3u8.loads((self.folder.path / name).read_text())


def _iso(ms: int) -> str:
    from archive.playlists import format_time

    return format_time(ms)


@pytest.fixture
def began() -> int:
    return now_ms() - 120_000


@pytest.fixture
def line(media_root: Path, began: int) -> Iterator[Line]:
    """Two parts with 4 s between them; the second is smaller and has another sample rate."""
    made = Line(media_root)
    made.add(1, began, seconds=4)
    made.add(2, began + 8_000, seconds=4, size="160x100", sample_rate=44_100)
    return made


def same_shape(left: m3u8.M3U8, right: m3u8.M3U8) -> bool:
    shapes = [
        (
            each.media_sequence,
            each.discontinuity_sequence,
            each.target_duration,
            each.is_endlist,
            [(s.duration, s.discontinuity, s.program_date_time) for s in each.segments],
        )
        for each in (left, right)
    ]
    return shapes[0] == shapes[1]


def test_rungs_run_beside_the_line_and_a_missing_one_is_the_source(line: Line, began: int) -> None:
    writer = line.open()
    line.climb((1, 1))
    show = Show(began, began + 12_000, DELAY)
    writer.advance(line.folder.segments(), show, now_ms(), frozenset())
    top = line.list("live.m3u8")
    assert len(top.segments) == 4
    assert top.is_endlist
    for rung in ("120p", "90p", "sound"):
        assert same_shape(top, line.list(f"live-{rung}.m3u8"))
    own, low = [each.uri for each in top.segments], [each.uri for each in line.list("live-90p.m3u8").segments]
    assert [left == right for left, right in zip(own, low, strict=True)] == [False, True, False, False]
    assert [each.uri for each in line.list("live-120p.m3u8").segments][2:] == own[2:], "the source is lower already"
    assert set(own).isdisjoint(each.uri for each in line.list("live-sound.m3u8").segments), "the sound is never missing"
    public = line.folder["public"]
    assert all((public / each).is_file() for each in {*own, *low})
    sounds = [public / each.uri for each in line.list("live-sound.m3u8").segments]
    assert decoded(sounds[:2], "a") == decoded([public / each for each in own[:2]], "a")
    assert decoded(sounds[2:], "a") == decoded([public / each for each in own[2:]], "a")


def test_a_restart_changes_no_number_and_no_name(line: Line, began: int) -> None:
    writer = line.open()
    line.climb((2, 0))
    show = Show(began, None, DELAY)
    writer.advance(line.folder.segments(), show, began + 8_000 + DELAY, frozenset())
    before = {name: line.list(f"live-{name}.m3u8") for name in ("90p", "sound")}
    again = line.open()
    again.advance(line.folder.segments(), show, now_ms(), frozenset())
    for name, known in before.items():
        after = line.list(f"live-{name}.m3u8")
        assert [each.uri for each in after.segments][: len(known.segments)] == [each.uri for each in known.segments]
        assert len(after.segments) == 4
        assert same_shape(line.list("live.m3u8"), after)


def test_with_a_short_delay_a_rung_is_waited_for_a_little(line: Line, began: int) -> None:
    writer = line.open()
    line.rungs.follow(HEIGHTS, 0)
    shift = now_ms() - (began + 4_000)
    segments = [replace(each, start_ms=each.start_ms + shift) for each in line.folder.parts[0].segments]
    show = Show(segments[0].start_ms, None, 0)
    writer.advance(segments, show, now_ms() + 500, frozenset())
    assert len(line.list("live.m3u8").segments) == 2
    assert len(line.list("live-90p.m3u8").segments) == 0, "its rungs may still come"
    assert len(line.list("live-sound.m3u8").segments) == 2
    assert line.rungs.pending
    line.climb()
    line.rungs.write_playlists(writer)
    assert len(line.list("live-90p.m3u8").segments) == 2
    assert not line.rungs.pending
    own = {each.uri for each in line.list("live.m3u8").segments}
    assert own.isdisjoint(each.uri for each in line.list("live-90p.m3u8").segments)


def test_the_master_says_what_was_measured(line: Line, began: int) -> None:
    writer = line.open()
    line.climb()
    writer.advance(line.folder.segments(), Show(began, began + 12_000, DELAY), now_ms(), frozenset())
    master = line.list("live-master.m3u8")
    assert master.is_variant
    top, high, low, sound = master.playlists
    assert [each.uri for each in master.playlists] == ["index.m3u8", "120p.m3u8", "90p.m3u8", "sound.m3u8"]
    assert top.stream_info.resolution == (320, 180)
    assert (low.stream_info.resolution, low.stream_info.frame_rate) == ((160, 90), 25.0)
    assert top.stream_info.codecs.endswith(",mp4a.40.2")
    assert high.stream_info.codecs == low.stream_info.codecs == f"{RUNG_CODEC},mp4a.40.2"
    assert (sound.stream_info.codecs, sound.stream_info.resolution) == ("mp4a.40.2", None)
    for each, name in ((top, "live.m3u8"), (low, "live-90p.m3u8"), (sound, "live-sound.m3u8")):
        files = [(line.folder["public"] / s.uri, s.duration) for s in line.list(name).segments]
        rates = [file.stat().st_size * 8 / seconds for file, seconds in files]
        assert 0 <= each.stream_info.bandwidth - max(rates) <= 10_000
        mean = sum(file.stat().st_size * 8 for file, _ in files) / sum(seconds for _, seconds in files)
        assert 0 <= each.stream_info.average_bandwidth - mean <= 10_000
    assert sound.stream_info.bandwidth < low.stream_info.bandwidth < top.stream_info.bandwidth


def test_before_the_first_rung_is_made_the_master_names_it_already(line: Line, began: int) -> None:
    writer = line.open()
    writer.advance(line.folder.segments(), Show(began, None, DELAY), now_ms(), frozenset())
    rungs = {each.uri: each.stream_info for each in line.list("live-master.m3u8").playlists}
    assert rungs["90p.m3u8"].bandwidth > 0
    assert same_shape(line.list("live.m3u8"), line.list("live-90p.m3u8"))


def test_a_cut_has_its_filler_in_all_rungs_and_no_rung_of_it_gets_out(line: Line, began: int) -> None:
    asyncio.run(clips.ensure_filler(tools.path()))
    writer = line.open()
    line.climb()
    cut = Cut(began + 2_000, began + 6_000)
    show = Show(began, began + 12_000, DELAY, (cut,))
    writer.advance(line.folder.segments(), show, now_ms(), frozenset())
    top, low, sound = (line.list(f"live{name}.m3u8") for name in ("", "-90p", "-sound"))
    assert same_shape(top, low)
    assert same_shape(top, sound)
    fillers = [each.uri for each in top.segments if each.uri.startswith("filler-picture-")]
    assert len(fillers) == 2
    assert [each.uri for each in low.segments if each.uri.startswith("filler")] == fillers
    assert [each.uri for each in sound.segments if each.uri.startswith("filler-sound-")] == [
        each.replace("picture", "sound") for each in fillers
    ]
    hidden = line.folder.segments()[1]
    withheld = {(line.folder["parts/001"] / rung / hidden.file).read_bytes() for rung in ("120p", "90p", "sound")}
    shown = {file.read_bytes() for file in line.folder["public"].glob("*.ts")}
    assert withheld.isdisjoint(shown)


def test_replays_have_rungs_and_a_later_cut_takes_their_names_away(line: Line, began: int) -> None:
    writer = line.open()
    line.climb()
    show = Show(began, began + 12_000, DELAY)
    segments = line.folder.segments()
    writer.advance(segments, show, now_ms(), frozenset())
    writer.write_staff(segments, show, ended=True)
    cut = Show(began, began + 12_000, DELAY, (Cut(began + 2_000, began + 4_000),))
    writer.write_public(segments, cut)
    for rung in ("90p", "sound"):
        assert same_shape(line.list("replay.m3u8"), line.list(f"replay-{rung}.m3u8"))
        assert same_shape(line.list("staff.m3u8"), line.list(f"staff-{rung}.m3u8"))
    assert len(line.list("replay-90p.m3u8").segments) == 3
    hidden = {(line.folder["parts/001"] / rung / "000001.ts").read_bytes() for rung in ("120p", "90p", "sound")}
    assert hidden.isdisjoint(file.read_bytes() for file in line.folder["public"].glob("*.ts"))
    staff = line.list("staff-90p.m3u8")
    assert [each.uri for each in staff.segments][:2] == ["parts/001/90p/000000.ts", "parts/001/90p/000001.ts"]
    assert line.list("replay-master.m3u8").playlists[0].uri == "index.m3u8?as=public"


def test_rungs_taken_away_for_space_leave_a_whole_replay(line: Line, began: int) -> None:
    writer = line.open()
    line.climb()
    show = Show(began, began + 12_000, DELAY)
    writer.advance(line.folder.segments(), show, now_ms(), frozenset())
    writer.write_public(line.folder.segments(), show)
    before = {file.name for file in line.folder["public"].glob("*.ts")}
    assert disk.take_away(line.folder.path)
    assert [each.uri.split("?")[0] for each in line.list("replay-master.m3u8").playlists] == [
        "index.m3u8",
        "sound.m3u8",
    ]
    assert not list(line.folder.path.glob("parts/*/*p/*.ts"))
    left = {file.name for file in line.folder["public"].glob("*.ts")}
    assert len(before - left) == 6, "two rungs of the first part, one of the second"
    for name in ("replay.m3u8", "replay-sound.m3u8"):
        assert all(each.uri in left for each in line.list(name).segments)
    assert not disk.take_away(line.folder.path)
    again = line.open()
    line.climb()
    again.write_public(line.folder.segments(), show)
    assert len(line.list("replay-master.m3u8").playlists) == 4, "they can be made again"


def test_radio_is_its_own_sound(media_root: Path, began: int) -> None:
    radio = Line(media_root, heights=(), sound_only=True)
    radio.add(1, began, seconds=4, picture="")
    writer = radio.open()
    writer.advance(radio.folder.segments(), Show(began, began + 4_000, DELAY), now_ms(), frozenset())
    only = radio.list("live-master.m3u8").playlists
    assert [(each.uri, each.stream_info.codecs) for each in only] == [("index.m3u8", "mp4a.40.2")]
    with_picture = Line(media_root, heights=(), sound_only=True)
    with_picture.add(1, began, seconds=2)
    writer = with_picture.open()
    writer.advance(with_picture.folder.segments(), Show(began, began + 2_000, DELAY), now_ms(), frozenset())
    assert [each.uri for each in with_picture.list("live-master.m3u8").playlists] == ["sound.m3u8"]
