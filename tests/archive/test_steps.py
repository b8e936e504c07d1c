"""What becomes of a finished recording: masters, loudness, pictures and waveform, measured by others than us."""

from __future__ import annotations

import re
import subprocess
from array import array
from itertools import pairwise
from pathlib import Path

import m3u8
import pytest

from archive import tools
from archive.models import Derivative, Step
from archive.steps import engine, work
from archive.storage import media

from .steps_making import Source, finished

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]
RATE = 8000


def all_steps() -> None:
    """Do everything that waits, here."""
    engine.ensure_all()
    while work.once("test"):
        pass


def said_of(file: Path) -> str:
    return subprocess.run(
        [tools.path(), "-hide_banner", "-i", file], capture_output=True, text=True, check=False
    ).stderr


def duration(file: Path) -> float:
    found = re.search(r"Duration: (\d+):(\d+):(\d+\.\d+)", said_of(file))
    assert found
    return int(found[1]) * 3600 + int(found[2]) * 60 + float(found[3])


def pcm(file: Path) -> array[int]:
    words = [tools.path(), "-v", "error", "-i", file, "-map", "0:a:0", "-ac", "1", "-ar", str(RATE), "-f", "s16le", "-"]
    samples = array("h")
    samples.frombytes(subprocess.run(words, capture_output=True, check=True).stdout)
    return samples


def frequencies(samples: array[int], window: float = 0.1) -> list[float]:
    """Crossings of zero as a frequency, window by window."""
    size = int(RATE * window)
    found = []
    for at in range(0, len(samples) - size, size):
        stretch = samples[at : at + size]
        crossings = sum(left < 0 <= right for left, right in pairwise(stretch))
        found.append(crossings / window)
    return found


def file_of(derivative: Derivative) -> Path:
    return media().path(derivative.key)


def master(kind: str = "public") -> Derivative:
    return Derivative.objects.get(kind="master", is_public=kind == "public")


def test_odd_parts_become_one_master_of_right_length_with_an_unbroken_tone(media_root: Path) -> None:
    made = finished(Source(8), Source(6, size="480x270", rate=44_100, after_gap=10), Source(6), cuts=((3, 4),))
    all_steps()
    assert set(Step.objects.values_list("kind", "state")) == {(kind, "done") for kind in engine.plan.kinds()}
    playlist = m3u8.load(str(made.folder["replay.m3u8"]))
    shown = sum(segment.duration for segment in playlist.segments)
    assert shown < 19
    for derivative, seconds in ((master("sealed"), 20.0), (master(), shown)):
        file = file_of(derivative)
        assert abs(duration(file) - seconds) < 0.1
        assert "320x180" in said_of(file)
        assert "48000 Hz" in said_of(file)
        errors = subprocess.run(
            [tools.path(), "-v", "error", "-i", file, "-f", "null", "-"], capture_output=True, check=True
        ).stderr
        assert errors == b""
        samples = pcm(file)
        assert abs(len(samples) / RATE - seconds) < 0.1, "no sound is missing, none is too much"
        seams = {round(span["offset"] * 10) for span in derivative.details["spans"]}
        off = {
            number: tone
            for number, tone in enumerate(frequencies(samples))
            # Two encoders' frames overlap for 20 ms at a seam.
            if abs(tone - 440) > 30 and not {number, number + 1} & seams
        }
        assert not off, f"the tone breaks at {off}"
        assert max(map(abs, samples)) < 1.3 * max(map(abs, samples[: RATE * 2])), "no click at a seam"
        assert derivative.details["encoded_seconds"] == 6, "what fits is copied"


def test_nothing_of_an_attempt_is_left_in_the_work_folder(media_root: Path) -> None:
    finished(Source(4))
    all_steps()
    assert list(engine.work_folder().iterdir()) == []
