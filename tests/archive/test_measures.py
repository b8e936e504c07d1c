"""What is measured of each segment, on ffmpeg's real words: loudness, silence, black, missing pictures; and the file they are kept in."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from archive import jobs, measures, tools
from archive.jobs import Job
from archive.measures import Log, Measure
from archive.parts import PartFolder
from archive.streams import Facts

from .sources import part

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]
QUIET = "anullsrc=r={sample_rate}:cl=stereo"
DARK = "color=c=black:s={size}:r={rate}"


def measured(folder: Path, number: int = 0, heights: tuple[int, ...] = ()) -> Measure:
    """The measure of one segment of a part, made as the recorder makes it."""
    received = PartFolder(folder, {"source": "srt"})
    received.refresh()
    done = asyncio.run(jobs.make(tools.path(), Job(received, received.segments[number], heights)))
    assert done is not None
    assert done.well
    return done.measure


def test_a_tone_is_as_loud_as_it_is(tmp_path: Path) -> None:
    # The sine's peak is an eighth of full scale, -18.06 dBFS, on both channels: -18.06 LUFS at 1 kHz. AAC swings over a little.
    tone = "aevalsrc=0.125*sin(2*PI*1000*t)|0.125*sin(2*PI*1000*t):s={sample_rate}"
    found = measured(part(tmp_path / "001", sound=tone), number=1)
    assert found.peak == pytest.approx(-18.1, abs=1.0)
    assert found.loudness == pytest.approx(-18.1, abs=0.6)
    assert (found.silent, found.black) == (False, False)
    assert (found.frames, found.fps, found.sample_rate, found.width, found.height) == (50, 25.0, 48_000, 320, 180)


def test_silence_and_black_are_seen_with_and_without_rungs(tmp_path: Path) -> None:
    folder = part(tmp_path / "001", picture=DARK, sound=QUIET, seconds=2)
    for heights in ((), (90,)):
        found = measured(folder, heights=heights)
        assert (found.silent, found.black) == (True, True)
        assert found.loudness == found.peak == -99.0


def test_no_sound_at_all_is_silence_and_no_picture_is_not_black(tmp_path: Path) -> None:
    mute = measured(part(tmp_path / "001", sound="", seconds=1))
    assert (mute.silent, mute.loudness, mute.peak, mute.sample_rate) == (True, None, None, 0)
    radio = measured(part(tmp_path / "002", picture="", seconds=1))
    assert (radio.silent, radio.black, radio.frames, radio.width) == (False, False, 0, 0)


def test_a_hole_between_two_segments_counts_once() -> None:
    before = Facts(picture="h264", times=tuple(range(0, 36_000, 3_600)))
    after = Facts(picture="h264", times=tuple(range(50_400, 86_400, 3_600)))
    assert measures.of(1, after, 0, before, "", "").drops == 4
    assert measures.of(1, after, 0, None, "", "").drops == 0
    other_clock = Facts(picture="h264", times=tuple(range(90_000 * 4_000, 90_000 * 4_000 + 36_000, 3_600)))
    assert measures.of(1, other_clock, 0, before, "", "").drops == 0


def test_words_that_say_nothing_measure_nothing() -> None:
    assert measures.read_loudness("") == (None, None)
    assert measures.read_loudness("lavfi.r128.M=nan\nlavfi.r128.sample_peak=x\n") == (None, None)
    assert measures.read_loudness("lavfi.r128.M=-inf\nlavfi.r128.sample_peak=0\n") == (-99.0, -99.0)
    assert not measures.read_black("")


def test_the_log_is_read_on_and_a_torn_line_spoils_only_itself(tmp_path: Path) -> None:
    log = Log(tmp_path)
    log.add(Measure(0, silent=True))
    with log.file.open("ab") as stream:
        stream.write(b'{"number": 1, "sil')
    again = Log(tmp_path)
    again.refresh()
    assert set(again.known) == {0}
    again.add(Measure(2, loudness=-20.0))
    assert set(again.known) == {0, 2}
    assert log.refresh()
    assert log.known == again.known
    assert not log.refresh()
    assert json.loads(log.file.read_text().splitlines()[-1])["loudness"] == -20.0
