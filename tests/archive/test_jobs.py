"""Rungs of single segments: same times as the source, the same sound, every picture, whatever the source is like."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from archive import jobs, streams, tools
from archive.ffmpeg import RUNG_CODEC
from archive.jobs import Job
from archive.parts import PartFolder

from .sources import PICTURE, decoded, dying, part

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]
HEIGHT = 90


def climb(folder: Path, heights: tuple[int, ...] = (HEIGHT,)) -> PartFolder:
    """Make the rungs of all segments of a part, each by itself."""
    received = PartFolder(folder, {"source": "srt"})
    received.refresh()
    for segment in received.segments:
        done = asyncio.run(jobs.make(tools.path(), Job(received, segment, heights)))
        assert done is not None
        assert done.well
    return received


def times(files: list[Path]) -> list[str]:
    return [time for time, _ in decoded(files, "v")]


KINDS = {
    "b-frames": {"video": ("-g", "50", "-sc_threshold", "0", "-preset", "veryfast", "-bf", "3")},
    "irregular": {"video": ("-force_key_frames", "0,0.6,2.9,3.1", "-g", "999", "-sc_threshold", "0")},
    "missing pictures": {"filters": "select='not(between(n,20,29)+eq(n,70))'"},
    "44.1 kHz": {"sample_rate": 44_100},
    "odd size": {"size": "322x242"},
    "ten bits": {"video": ("-pix_fmt", "yuv422p10le", "-profile:v", "high422", "-g", "50", "-sc_threshold", "0")},
    "interlaced": {"video": ("-flags", "+ilme+ildct", "-x264-params", "tff=1", "-g", "50", "-sc_threshold", "0")},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_rung_has_the_times_and_the_sound_of_its_source(tmp_path: Path, kind: str) -> None:
    folder = tmp_path / "001"
    received = climb(part(folder, **KINDS[kind]))  # type: ignore[arg-type]
    sources = [folder / each.file for each in received.segments]
    rungs = [folder / f"{HEIGHT}p" / each.name for each in sources]
    assert len(sources) >= 2
    for source, rung in zip(sources, rungs, strict=True):
        above, below = streams.look(source.read_bytes()), streams.look(rung.read_bytes())
        assert below.times == above.times
        assert below.sound_at == above.sound_at
        assert (below.height, below.picture_codec) == (HEIGHT, RUNG_CODEC)
    assert times(rungs) == times(sources), "joined as a player joins them, every picture at its time"
    assert decoded(rungs, "a") == decoded(sources, "a")
    assert decoded([folder / "sound" / each.name for each in sources], "a") == decoded(sources, "a")


def test_every_second_picture_of_fifty_a_second(tmp_path: Path) -> None:
    folder = tmp_path / "001"
    received = climb(part(folder, rate=50))
    sources = [folder / each.file for each in received.segments]
    rungs = [folder / f"{HEIGHT}p" / each.name for each in sources]
    assert times(rungs) == times(sources)[::2]
    assert streams.look(rungs[1].read_bytes()).times[0] == streams.look(sources[1].read_bytes()).times[0]


def test_rungs_are_lower_than_the_source_and_each_keeps_to_its_rate(tmp_path: Path) -> None:
    folder = tmp_path / "001"
    climb(part(folder, picture=PICTURE + ",noise=alls=60:allf=t", size="480x270", seconds=2), (480, 270, 240, 120))
    assert sorted(each.name for each in folder.iterdir() if each.is_dir()) == ["120p", "240p", "sound"]
    limit = (1.0 + 2 * 1.0) * 300_000 / 8 + 2 * 64_000 / 8
    assert (folder / "240p" / "000000.ts").stat().st_size < limit * 1.2, "noise cannot make a low rung dear"


def test_picture_alone_and_sound_alone(tmp_path: Path) -> None:
    mute, radio = tmp_path / "001", tmp_path / "002"
    climb(part(mute, sound="", seconds=2))
    assert streams.look((mute / f"{HEIGHT}p" / "000000.ts").read_bytes()).sound == ""
    assert not (mute / "sound").exists()
    climb(part(radio, picture="", seconds=2))
    assert not [each for each in radio.iterdir() if each.is_dir()], "its sound is the source itself"


def test_what_cannot_be_decoded_costs_nothing_but_its_rungs(tmp_path: Path) -> None:
    folder = tmp_path / "001"
    part(folder, seconds=2)
    file = folder / "000000.ts"
    data = bytearray(file.read_bytes())
    for at in range(188 * 6, len(data), 188):
        data[at + 40 : at + 188] = bytes(148)
    file.write_bytes(data)
    received = PartFolder(folder, {"source": "srt"})
    received.refresh()
    done = asyncio.run(jobs.make(tools.path(), Job(received, received.segments[0], (HEIGHT,))))
    assert done is not None
    assert done.measure.frames == 50
    file.write_bytes(b"\0" * 4_000)
    nothing = asyncio.run(jobs.make(tools.path(), Job(received, received.segments[0], (HEIGHT,))))
    assert nothing is not None
    assert not nothing.well
    assert not list(folder.glob(".job-*"))


def test_a_killed_job_is_done_again_and_one_that_is_killed_twice_is_not(tmp_path: Path) -> None:
    received = PartFolder(part(tmp_path / "001", seconds=2), {"source": "srt"})
    received.refresh()
    job = Job(received, received.segments[0], (HEIGHT,))
    done = asyncio.run(jobs.make(str(dying(tmp_path, 1)), job))
    assert done is not None
    assert done.well
    assert job.target(f"{HEIGHT}p").exists()
    assert done.measure.loudness is not None
    done = asyncio.run(jobs.make(str(dying(tmp_path, 2)), job))
    assert done is not None
    assert not done.well
    assert not list(received.path.glob(".job-*"))
