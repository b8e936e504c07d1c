"""Clips as files: form, length and loudness as asked, nothing of what was cut, words in the picture or not, whatever they say."""

from __future__ import annotations

import datetime as dt
import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from archive import tools
from archive.clipping import queries, rows, work
from archive.models import Clip, Transcript
from archive.output import Cut
from archive.transcripts import drafts
from archive.transcripts.queries import Timed
from broadcast import clock

from .steps_making import Made, Source, finished, kept, write_replays

HOSTILE = r"{\p1}m 0 0 l 900 0{\p0} \N\h ';drawbox' 100% <b>[a],:x"
# Quiet speech would be: far from the house's loudness, so that something must be done.
QUIET = "aevalsrc=0.01*sin(2*PI*440*t)"


def clip_of(made: Made, since: float, until: float, **facts: Any) -> Clip:
    """A draft of this stretch of the show, in seconds of it."""
    start = made.airing.actual_start
    assert start is not None
    now = clock.now()
    return Clip.objects.create(
        airing=made.airing,
        title="片段",
        kind="later",
        starts_at=start + dt.timedelta(seconds=since),
        ends_at=start + dt.timedelta(seconds=until),
        made_at=now,
        changed_at=now,
        **facts,
    )


def rendered(clip: Clip) -> Clip:
    """It, after the worker took it up."""
    claim = work.once()
    assert claim is not None
    assert claim.clip.pk == clip.pk
    clip.refresh_from_db()
    return clip


def file_of(clip: Clip, name: str = "video") -> Path:
    return kept(str(clip.files[name]["key"]))


def probed(file: Path) -> dict[str, Any]:
    program = str(Path(tools.path()).with_name("ffprobe"))
    words = [program, "-v", "error", "-show_streams", "-show_format", "-of", "json", str(file)]
    found: dict[str, Any] = json.loads(subprocess.run(words, capture_output=True, check=True).stdout)
    return found


def loudness(file: Path) -> float:
    words = [
        tools.path(),
        "-hide_banner",
        "-nostats",
        "-i",
        str(file),
        "-af",
        "ebur128=framelog=verbose",
        "-f",
        "null",
        "-",
    ]
    said = subprocess.run(words, capture_output=True, text=True, check=True).stderr
    found = re.search(r"\bI:\s+(-?[\d.]+) LUFS", said[said.rindex("Summary") :])
    assert found
    return float(found[1])


def colours(file: Path, seconds: float, region: str = "iw:ih:0:0") -> tuple[int, int, int]:
    """The mean colour of a region of the picture at that second."""
    words = [tools.path(), "-v", "error", "-ss", str(seconds), "-i", str(file), "-frames:v", "1"]
    words += ["-vf", f"crop={region},scale=1:1:flags=area,format=rgb24", "-f", "rawvideo", "-"]
    red, green, blue = subprocess.run(words, capture_output=True, check=True).stdout[:3]
    return red, green, blue


def strongest_of(file: Path, region: str) -> int:
    """0 red, 1 green, 2 blue: which of them a region is."""
    seen = colours(file, 1, region)
    return seen.index(max(seen))


def lower_third(file: Path, seconds: float) -> bytes:
    words = [tools.path(), "-v", "error", "-ss", str(seconds), "-i", str(file), "-frames:v", "1"]
    words += ["-vf", "crop=iw:ih/3:0:ih*2/3,format=gray", "-f", "rawvideo", "-"]
    return subprocess.run(words, capture_output=True, check=True).stdout


def signed(made: Made, *lines: tuple[float, float, str]) -> Transcript:
    start = made.airing.actual_start
    assert start is not None
    timed = [Timed(start + dt.timedelta(seconds=a), start + dt.timedelta(seconds=b), "", text) for a, b, text in lines]
    found = drafts.keep_machine(made.airing.pk, "test", timed)
    assert found is not None
    Transcript.objects.filter(pk=found.pk).update(state="signed", signed_at=clock.now())
    return found


@pytest.fixture
def show(media_root: Path, transactional_db: None) -> Callable[..., Made]:
    """Make a finished recording of sources."""

    def made(*sources: Source) -> Made:
        return finished(*sources)

    return made


def test_a_clip_is_an_mp4_of_its_length_at_the_loudness_of_the_house_that_plays_while_it_comes(
    show: Callable[..., Made],
) -> None:
    made = show(Source(10, size="640x360", sound=QUIET))
    clip = rendered(clip_of(made, 3.2, 8.7))
    assert (clip.work, clip.problem) == ("done", "")
    found = probed(file_of(clip))
    picture, sound = sorted(found["streams"], key=lambda stream: stream["codec_type"], reverse=True)
    assert (picture["codec_name"], picture["width"], picture["height"], picture["pix_fmt"]) == (
        "h264",
        1280,
        720,
        "yuv420p",
    )
    assert (sound["codec_name"], sound["sample_rate"]) == ("aac", "48000")
    assert abs(float(found["format"]["duration"]) - 5.5) < 0.1
    assert abs(clip.seconds - 5.5) < 0.01
    assert abs(clip.second - 3.2) < 0.1
    content = file_of(clip).read_bytes()
    assert content.index(b"moov") < content.index(b"mdat")
    assert abs(loudness(file_of(clip)) - -16) <= 1.0
    assert file_of(clip, "poster").read_bytes()[:3] == b"\xff\xd8\xff"
    assert clip.facts["within"] is True


def test_nothing_of_what_was_cut_is_in_a_clip_and_one_of_which_nothing_is_left_is_refused(
    show: Callable[..., Made],
) -> None:
    # Six seconds of red, eight of blue that are cut, six of green: whole segments of two seconds.
    made = show(
        Source(6, picture="color=red:size={size}:rate=25", sound="sine=frequency=440"),
        Source(8, picture="color=blue:size={size}:rate=25", sound="sine=frequency=1500"),
        Source(6, picture="color=green:size={size}:rate=25", sound="sine=frequency=440"),
    )
    for file in made.folder.path.glob("parts/*/*.ts"):
        # As they came while it ran, not just now.
        os.utime(file, (made.start_ms / 1000, made.start_ms / 1000))
    write_replays(made, (Cut(made.start_ms + 6_000, made.start_ms + 14_000),))
    clip = rendered(clip_of(made, 3, 17))
    assert clip.work == "done"
    assert abs(clip.seconds - 6) < 0.1
    assert clip.facts["whole"] is False
    for second in range(6):
        red, green, blue = colours(file_of(clip), second + 0.5)
        assert blue < 60 < max(red, green), f"second {second} shows what was cut"
    assert colours(file_of(clip), 1)[0] > 150
    assert colours(file_of(clip), 5)[1] > 80
    gone = clip_of(made, 7, 13)
    assert rendered(gone).work == "refused"
    assert (gone.problem, gone.files) == ("nothing_left", {})


def test_an_upright_clip_shows_the_part_in_focus_or_the_whole_over_its_blur(show: Callable[..., Made]) -> None:
    # Left third red, middle green, right third blue.
    thirds = "color=lime:size={size}:rate=25,drawbox=0:0:iw/3:ih:red:fill,drawbox=iw*2/3:0:iw/3:ih:blue:fill"
    made = show(Source(6, size="640x360", picture=thirds))
    for focus, strongest in ((0, 0), (100, 2)):
        clip = rendered(clip_of(made, 1, 3, shape="9:16", focus=focus))
        picture = probed(file_of(clip))["streams"][0]
        assert (picture["width"], picture["height"]) == (720, 1280)
        assert strongest_of(file_of(clip), "iw/4:ih:iw*3/8:0") == strongest
    whole = rendered(clip_of(made, 1, 3, shape="9:16", fit="blur"))
    middle = ["40:100:60:590", "40:100:340:590", "40:100:620:590"]
    assert [strongest_of(file_of(whole), at) for at in middle] == [0, 1, 2]
    assert sum(colours(file_of(whole), 1, "iw:200:0:100")) > 30, "the ground is not black"


@pytest.mark.parametrize("words", ["停车收费由哪个部门负责？", HOSTILE])
def test_words_stand_in_the_lower_third_where_asked_for_and_nowhere_else(show: Callable[..., Made], words: str) -> None:
    made = show(Source(8, size="640x360", picture="color=0x204060:size={size}:rate=25"))
    signed(made, (2, 4, words))
    burnt = rendered(clip_of(made, 1, 6, captions=True))
    assert burnt.facts["lines"] == 1
    drawn = lower_third(file_of(burnt), 2)
    white = sum(value > 200 for value in drawn)
    assert 300 < white < len(drawn) // 8, "letters, neither nothing nor a drawn box"
    assert sum(value > 200 for value in lower_third(file_of(burnt), 4)) == 0, "nothing is said then"
    if words != HOSTILE:
        without = rendered(clip_of(made, 1, 4))
        assert sum(value > 200 for value in lower_third(file_of(without), 2)) == 0


def test_a_recording_without_a_picture_gets_its_waveform_with_the_words_on_it(show: Callable[..., Made]) -> None:
    made = show(Source(6, picture=""))
    signed(made, (1, 4, "热线里说的一句话"))
    clip = rendered(clip_of(made, 1, 4, shape="9:16", captions=True))
    assert (clip.work, clip.problem) == ("done", "")
    found = {stream["codec_type"]: stream for stream in probed(file_of(clip))["streams"]}
    assert (found["video"]["width"], found["video"]["height"], found["audio"]["codec_name"]) == (720, 1280, "aac")
    assert abs(float(found["video"]["duration"]) - 3) < 0.2
    assert sum(value > 200 for value in lower_third(file_of(clip), 2)) > 300


def test_words_that_are_withdrawn_leave_the_picture_and_a_replay_written_anew_makes_its_clips_anew(
    show: Callable[..., Made],
) -> None:
    made = show(Source(6, size="320x180"))
    transcript = signed(made, (2, 4, "这句要撤下"))
    clip = rendered(clip_of(made, 1, 5, captions=True))
    old = file_of(clip)
    assert clip.facts["lines"] == 1
    Transcript.objects.filter(pk=transcript.pk).update(state="withdrawn")
    assert not queries.standing().exists(), "nobody gets it before it is made anew"
    assert rows.follow() == 1
    assert not old.exists()
    assert rendered(clip).facts["lines"] == 0
    assert queries.standing().exists()
    for file in made.folder.path.glob("parts/*/*.ts"):
        os.utime(file, (made.start_ms / 1000, made.start_ms / 1000))
    write_replays(made, (Cut(made.start_ms + 2_000, made.start_ms + 4_000),))
    assert not queries.standing().exists()
    assert rows.follow() == 1
    assert rendered(clip).work == "done"
    assert abs(clip.seconds - 2) < 0.1


def test_who_lost_the_lease_leaves_nothing_and_a_clip_changed_meanwhile_is_made_as_it_is_now(
    show: Callable[..., Made],
) -> None:
    made = show(Source(6))
    clip = clip_of(made, 1, 4)
    slow = rows.claim()
    assert slow is not None
    assert rows.claim() is None, "it has a lease"
    Clip.objects.filter(pk=clip.pk).update(lease_until=clock.now() - dt.timedelta(seconds=1))
    rendered(clip)
    good = file_of(clip)
    assert work.do(slow) is False
    clip.refresh_from_db()
    assert (clip.work, file_of(clip)) == ("done", good)
    assert [file.parent for file in kept(f"airings/{made.airing.pk}/clips").glob("*/clip.mp4")] == [good.parent]
