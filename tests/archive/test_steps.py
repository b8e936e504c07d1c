"""What becomes of a finished recording: masters, loudness, pictures and waveform, measured by others than us."""

from __future__ import annotations

import json
import re
import subprocess
from array import array
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import m3u8
import pytest
import webvtt

from archive import tools
from archive.models import Derivative, Recording, Step
from archive.playlists import parse_time
from archive.steps import acts, engine, images, verify, work
from archive.storage import media
from broadcast import clock
from broadcast.access import HOUSE

from .sources import dying
from .steps_making import Made, Source, finished

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


def shown_seconds(made: Made) -> float:
    """Length of the public replay, as a player of HLS sees it."""
    return sum(segment.duration for segment in m3u8.load(str(made.folder["replay.m3u8"])).segments)


def file_of(derivative: Derivative) -> Path:
    return media().path(derivative.key)


def master(kind: str = "public") -> Derivative:
    return Derivative.objects.get(kind="master", is_public=kind == "public")


def test_odd_parts_become_one_master_of_right_length_with_an_unbroken_tone(media_root: Path) -> None:
    made = finished(Source(8), Source(6, size="480x270", rate=44_100, after_gap=10), Source(6), cuts=((3, 4),))
    all_steps()
    assert set(Step.objects.values_list("kind", "state")) == {(kind, "done") for kind in engine.plan.kinds()}
    shown = shown_seconds(made)
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


STAIRS = "color=black:size={size}:rate=25,geq=lum='16+20*floor(T/4)':cb=128:cr=128"


def grey(file: Path, crop: str) -> int:
    """Brightness in the middle of a stretch of a picture."""
    words = [tools.path(), "-v", "error", "-i", file, "-vf", f"crop={crop},scale=1:1:flags=area,format=gray"]
    return subprocess.run([*words, "-f", "rawvideo", "-"], capture_output=True, check=True).stdout[0]


def test_previews_are_where_their_index_says_and_show_that_time(media_root: Path) -> None:
    finished(Source(40, picture=STAIRS, size="160x90"))
    all_steps()
    index = file_of(Derivative.objects.get(kind="sprite_index"))
    captions = list(webvtt.read(str(index)))
    assert len(captions) == 20
    assert captions[0].start_in_seconds == 0
    assert captions[-1].end_in_seconds == 40
    places = set()
    for number, caption in enumerate(captions):
        sheet, _, place = caption.text.partition("#xywh=")
        left, top, width, height = map(int, place.split(","))
        places.add((left, top))
        assert (width, height) == (160, 90)
        shade = grey(index.with_name(sheet), f"{width - 8}:{height - 8}:{left + 4}:{top + 4}")
        # A key frame every 2 s: the picture is that of the time or of the step just before or after.
        steps = {16 + 20 * int(max(0, number * 2 + off) / 4) for off in (-2, 0, 2)}
        assert min(abs(shade - luma(step)) for step in steps) <= 6, (number, shade)
    assert len(places) == 20
    poster = file_of(Derivative.objects.get(kind="poster"))
    assert images.jpeg_size(poster.read_bytes()) == (160, 90)


def luma(value: int) -> int:
    """Limited range to full."""
    return round((value - 16) * 255 / 219)


def test_peaks_are_those_of_a_known_tone_and_of_silence(media_root: Path) -> None:
    # Two seconds of a tone at half height, then two of silence, again.
    tone = "0.5*sin(2*PI*200*t)*lt(mod(t,4),2)"
    finished(Source(8, sound=f"aevalsrc='{tone}|{tone}'"))
    all_steps()
    head, _, body = file_of(Derivative.objects.get(kind="peaks")).read_bytes().partition(b"\n")
    facts = json.loads(head)
    assert [zoom["samples"] for zoom in facts["zooms"]] == [160, 1600, 16000]
    assert sum(zoom["pairs"] * 2 for zoom in facts["zooms"]) == len(body)
    pairs = array("b", body)
    at = 0
    for zoom in facts["zooms"]:
        seconds = zoom["samples"] / facts["rate"]
        assert abs(zoom["pairs"] * seconds - 8) <= seconds
        for number in range(zoom["pairs"]):
            low, high = pairs[at + 2 * number], pairs[at + 2 * number + 1]
            middle = (number + 0.5) * seconds
            if seconds < 1 and 0.2 < middle % 4 < 1.8:
                assert -68 <= low <= -60
                assert 60 <= high <= 68
            elif seconds < 1 and 2.2 < middle % 4 < 3.8:
                assert (low, high) == (0, 0)
        at += 2 * zoom["pairs"]


@pytest.mark.parametrize(
    ("sound", "how"),
    [
        ("aevalsrc='0.02*sin(2*PI*1000*t)'", "gain"),
        # Quiet for long, with peaks that gain alone would drive over the ceiling.
        ("aevalsrc='(0.05+0.85*lt(mod(t,4),0.02))*sin(2*PI*1000*t)'", "limited"),
        ("anullsrc", "silent"),
    ],
)
def test_the_sound_for_listening_is_as_loud_as_asked(media_root: Path, sound: str, how: str) -> None:
    finished(Source(20, sound=sound, size="160x90"))
    all_steps()
    derivative = Derivative.objects.get(kind="sound")
    assert derivative.details["how"] == how
    said = subprocess.run(
        [tools.path(), "-i", file_of(derivative), "-af", "ebur128=peak=true:framelog=verbose", "-f", "null", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stderr
    measured = float(re.findall(r"I:\s+(-?[\d.]+) LUFS", said)[-1])
    peak = re.findall(r"Peak:\s+(-?(?:[\d.]+|inf)) dBFS", said)[-1]
    if how == "silent":
        assert derivative.details["within"] is False
        return
    assert abs(measured + 16) <= 1
    assert float(peak) <= -0.9
    assert derivative.details["within"] is True


def test_a_show_of_sound_alone_has_no_pictures_and_all_the_rest(media_root: Path) -> None:
    made = finished(Source(6, picture=""), Source(4, picture="", rate=44_100))
    all_steps()
    assert set(Step.objects.values_list("state", flat=True)) == {"done"}
    assert Step.objects.get(kind="images").result["skipped"] == "no_picture"
    file = file_of(master())
    seconds = shown_seconds(made)
    assert abs(duration(file) - seconds) < 0.1
    assert "Video" not in said_of(file)
    assert abs(len(pcm(file)) / RATE - seconds) < 0.1


def test_a_part_without_sound_or_without_picture_does_not_shorten_the_others(media_root: Path) -> None:
    made = finished(Source(6), Source(4, sound=""), Source(6, picture=""))
    all_steps()
    seconds = shown_seconds(made)
    assert seconds >= 13.9
    assert set(Step.objects.values_list("state", flat=True)) == {"done"}
    file = file_of(master())
    assert abs(duration(file) - seconds) < 0.1
    samples = pcm(file)
    assert abs(len(samples) / RATE - seconds) < 0.1
    quiet = samples[int(6.5 * RATE) : int(9.5 * RATE)]
    assert max(map(abs, quiet)) < 50
    assert abs(frequencies(samples[11 * RATE : 13 * RATE])[5] - 440) < 30
    frames = subprocess.run(
        [tools.path(), "-v", "error", "-i", file, "-map", "0:v", "-f", "framecrc", "-"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert abs(sum(not line.startswith("#") for line in frames.splitlines()) - seconds * 25) <= 5


def test_verifying_tells_silence_black_errors_and_holes(media_root: Path) -> None:
    made = finished(Source(8, picture="color=black", sound="anullsrc"), Source(8, size="480x270", after_gap=6))
    damaged = made.folder["parts/002/000001.ts"]
    content = bytearray(damaged.read_bytes())
    for at in range(5_000, len(content) - 200, 2_000):
        content[at : at + 40] = b"\x55" * 40
    damaged.write_bytes(content)
    made.folder["parts/002/000002.ts"].unlink()
    all_steps()
    found = Step.objects.get(kind="verify").result
    assert found["ok"] is False
    assert found["errors"] > 0
    assert found["words"]
    assert len(found["missing"]) == 1
    assert found["missing"][0].endswith("parts/002/000002.ts")
    assert 0.5 < found["silence_ratio"] < 0.65
    assert 0.5 < found["black_ratio"] < 0.65
    assert [round((parse_time(end) - parse_time(start)) / 1000) for start, end in found["gaps"]] == [6]
    assert found["changes"][0]["before"]["width"] == 320
    assert found["changes"][0]["after"]["width"] == 480
    step = Step.objects.get(kind="master")
    assert (step.state, step.problem) == ("waiting", "media_missing"), "a master with a hole is not made in silence"


def test_a_killed_ffmpeg_says_nothing_of_the_media(media_root: Path, tmp_path: Path, monkeypatch) -> None:
    finished(Source(4))
    program = str(dying(tmp_path, 1))
    monkeypatch.setattr(verify, "tools", SimpleNamespace(path=lambda: program))
    all_steps()
    step = Step.objects.get(kind="verify")
    assert (step.state, step.problem) == ("waiting", "ffmpeg_failed")
    Step.objects.update(not_before=None)
    all_steps()
    step.refresh_from_db()
    assert (step.state, step.result["errors"], step.result["ok"]) == ("done", 0, True)


def test_rungs_that_were_given_up_are_made_and_the_replays_name_them(media_root: Path) -> None:
    made = finished(Source(8, size="640x360"), cuts=((4, 6),))
    there = made.folder["parts/001/240p/000000.ts"]
    there.parent.mkdir()
    there.write_bytes(made.folder["parts/001/000000.ts"].read_bytes())
    (made.folder["parts/001/sound"]).mkdir()
    made.folder["parts/001/sound/000000.ts"].write_bytes(b"made before")
    all_steps()
    assert Step.objects.get(kind="rungs").result["made"] == 3
    assert made.folder["parts/001/sound/000000.ts"].read_bytes() == b"made before", "what is there stays"
    staff = m3u8.load(str(made.folder["staff-240p.m3u8"]))
    assert [segment.uri for segment in staff.segments] == [f"parts/001/240p/{number:06d}.ts" for number in range(4)]
    top, lower = (m3u8.load(str(made.folder[f"replay{name}.m3u8"])) for name in ("", "-240p"))
    assert [segment.duration for segment in lower.segments] == [segment.duration for segment in top.segments]
    names = {segment.uri for segment in (*top.segments, *lower.segments)}
    assert len(names) == 2 * len(top.segments) < 8
    sounds = {segment.uri for segment in m3u8.load(str(made.folder["replay-sound.m3u8"])).segments}
    assert {file.name for file in made.folder["public"].iterdir()} == names | sounds, "nothing of the cut has a name"


def test_what_was_made_goes_to_the_store_and_comes_from_there_when_this_disk_has_it_not(
    media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YISHI_STORE", str(tmp_path / "store"))
    made = finished(Source(4, size="160x90"))
    all_steps()
    assert Step.objects.get(kind="upload").result["stores"] == ["main"]
    keys = set(Derivative.objects.values_list("key", flat=True))
    stored = {file.relative_to(tmp_path / "store").as_posix() for file in (tmp_path / "store").rglob("*.*")}
    assert {key for key in stored if "/parts/" not in key} == keys
    file_of(master()).unlink()
    Step.objects.filter(kind="peaks").update(state="failed")
    acts.retry(HOUSE, made.airing.pk, "peaks")
    all_steps()
    assert set(Step.objects.values_list("kind", "state")) == {(kind, "done") for kind in engine.plan.kinds()}
    assert Step.objects.get(kind="upload").attempt > 1, "sent again after a later success"
    Recording.objects.update(replay_ready_at=clock.now())
    engine.ensure_all()
    left = {file.name for file in (tmp_path / "store").rglob("derived/*/*.*")}
    assert left == {"sealed.mp4"}, "public files of a replay that is no more are gone from the store too"
