"""What a segment carries is read from its bytes, and its sound comes out of it without a click; garbage says nothing."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import codecs, streams

from .sources import decoded, part

pytestmark = [pytest.mark.ffmpeg, pytest.mark.timeout(120)]


@pytest.fixture(scope="module")
def segments(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two segments with B-frames."""
    gop = ("-g", "50", "-keyint_min", "50", "-sc_threshold", "0", "-bf", "2", "-preset", "veryfast")
    return sorted(part(tmp_path_factory.mktemp("streams"), video=gop).glob("*.ts"))


def test_size_rates_and_names_are_those_of_the_stream(segments: list[Path]) -> None:
    facts = streams.look(segments[0].read_bytes())
    assert (facts.width, facts.height, facts.fps, facts.frames, facts.drops) == (320, 180, 25.0, 50, 0)
    assert (facts.sample_rate, facts.channels, facts.interlaced) == (48_000, 2, False)
    assert facts.codecs.startswith("avc1.64")
    assert facts.codecs.endswith(",mp4a.40.2")
    assert facts.times[0] == 133_200, "pictures in order of showing, though B-frames are sent in another"


def test_the_sound_alone_is_the_same_sound(segments: list[Path], tmp_path: Path) -> None:
    alone = []
    for file in segments:
        alone.append(tmp_path / file.name)
        alone[-1].write_bytes(streams.sound_alone(file.read_bytes()))
    assert decoded(alone, "a") == decoded(segments, "a")
    facts = streams.look(alone[0].read_bytes())
    assert (facts.picture, facts.sound_codec) == ("", "mp4a.40.2")
    assert facts.sound_at == streams.look(segments[0].read_bytes()).sound_at
    assert alone[0].stat().st_size < segments[0].stat().st_size / 3


def test_missing_pictures_are_counted(tmp_path: Path) -> None:
    folder = part(tmp_path / "holes", filters="select='not(between(n,10,14)+between(n,60,60))'", seconds=4)
    found = [streams.look(file.read_bytes()) for file in sorted(folder.glob("*.ts"))]
    assert [facts.drops for facts in found] == [5, 1]
    assert [facts.frames for facts in found] == [45, 49]


@pytest.mark.parametrize(("kind", "encoder"), [("hevc", "libx265"), ("h264", "libx264")])
def test_names_of_other_pictures(tmp_path: Path, kind: str, encoder: str) -> None:
    video = ("-c:v", encoder, "-g", "50", "-profile:v", "main", "-preset", "superfast")
    file = min(part(tmp_path / kind, video=video, size="318x178", seconds=1, sound="").glob("*.ts"))
    facts = streams.look(file.read_bytes())
    assert (facts.picture, facts.width, facts.height) == (kind, 318, 178), "cropped borders are not part of the picture"
    assert facts.codecs.startswith({"hevc": "hvc1.1.6.L", "h264": "avc1.4d40"}[kind])


def test_a_segment_without_picture_is_its_own_sound(tmp_path: Path) -> None:
    file = min(part(tmp_path / "radio", picture="", sample_rate=44_100).glob("*.ts"))
    data = file.read_bytes()
    assert streams.sound_alone(data) == data
    assert streams.look(data).sample_rate == 44_100


def test_a_segment_without_sound_has_no_sound(tmp_path: Path) -> None:
    file = min(part(tmp_path / "mute", sound="", seconds=1).glob("*.ts"))
    assert streams.sound_alone(file.read_bytes()) == b""


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=600), st.integers(0, 187), st.binary(max_size=40))
def test_garbage_says_nothing_and_breaks_nothing(segments: list[Path], data: bytes, at: int, patch: bytes) -> None:
    streams.look(data)
    streams.sound_alone(data)
    whole = segments[0].read_bytes()[: 188 * 12]
    spoilt = whole[: at * 11] + patch + whole[at * 11 + len(patch) :]
    streams.look(spoilt)
    streams.sound_alone(spoilt)
    codecs.picture("h264", b"\0\0\1\x67" + data)
    codecs.picture("hevc", b"\0\0\1\x42" + data)
    codecs.sound("aac", data)
