"""One show with everything that goes wrong: a drop, another picture size, another sound, the back-up, a CUT; and one true replay of it."""

from __future__ import annotations

import json
import math
import time
from array import array
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import groupby, pairwise
from pathlib import Path

import m3u8
import pytest

from archive import cuts, ffmpeg, playout, queries, services
from archive.models import AsRunEntry, Derivative, IngestSecret, OutputCut, Recording, Step
from archive.parts import AiringFolder
from archive.playlists import parse_time
from archive.steps import engine, work
from archive.storage import media
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing

from .making import RecorderProcess, make_programme, until
from .one_show import FPS, RATE, Encoder, listen, pcm, runs, tones_of
from .pushes import make_numbered, numbers_in
from .test_line_show import kinds, log, with_backup

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]
DELAY = 6
RUNGS = ("", "-240p", "-sound")
# Picture numbers begin there; size; sound; the tones of the two that are cut tell every second apart.
REELS = {
    "first": (0, "640x360", 48_000, "440"),
    "smaller": (800, "480x270", 48_000, "540"),
    "other_sound": (1600, "480x270", 44_100, "660"),
    "backup": (2400, "640x360", 48_000, "1500+20*floor(t)"),
    "again": (3200, "640x360", 48_000, "3200+20*floor(t)"),
}


@dataclass
class Stage:
    """The airing, who sends to it, and what the test knows of the truth."""

    airing: Airing
    folder: Path
    clips: dict[str, Path]
    rtmp_port: int
    encoders: dict[str, Encoder] = field(default_factory=dict)
    parts: dict[str, Path] = field(default_factory=dict)

    def send(self, name: str, way: str) -> Encoder:
        """Begin to send that reel: srt, rtmp or backup."""
        ingest = services.addresses_of(self.airing, IngestSecret.objects.get(airing=self.airing))
        assert ingest.backup
        port = ingest.backup.srt_port if way == "backup" else ingest.srt_port
        url = ffmpeg.Srt("127.0.0.1", port, ingest.passphrase).url("caller")
        if way == "rtmp":
            url = f"rtmp://127.0.0.1:{self.rtmp_port}/live/{ingest.stream_key}"
        known = self._parts()
        self.encoders[name] = Encoder(self.clips[name], REELS[name][0], url).start()
        (self.parts[name],) = until(lambda: self._parts() - known, 40, f"the first segment of {name}")
        return self.encoders[name]

    def _parts(self) -> set[Path]:
        return {each.parent for each in self.folder.glob("parts/*/*.ts")}

    def has(self, name: str, count: int) -> None:
        """Wait until so many of its segments are closed."""
        until(lambda: len(list(self.parts[name].glob("*.ts"))) >= count, 40, f"{count} segments of {name}")

    def sent_at(self, number: int) -> float:
        """When that picture was sent."""
        found = [at for each in self.encoders.values() if (at := each.sent_at(number)) and number - each.first < 800]
        assert len(found) == 1, number
        return found[0]


@pytest.fixture
def stage(recorder: RecorderProcess, tmp_path: Path, media_root: Path) -> Iterator[Stage]:
    """A recorder that listens, and the reels."""
    programme = make_programme()
    playout.set_rule(HOUSE, programme.pk, rungs=[240], missing_seconds=3, steady_seconds=4)
    airing = with_backup(programme=programme, delay=DELAY)

    def make(name: str) -> Path:
        first, size, rate, tone = REELS[name]
        return make_numbered(tmp_path / f"{name}.mp4", 80, first=first, fps=FPS, size=size, rate=rate, tone=tone)

    with ThreadPoolExecutor(2) as pool:
        made = dict(zip(REELS, pool.map(make, REELS), strict=True))
    until(lambda: Recording.objects.get(airing=airing).state == "listening", what=recorder.words)
    until(lambda: len(list((media_root / "filler" / "1" / "picture").glob("*.ts"))) == 30, 60, "the filler is made")
    stage = Stage(airing, media_root / "airings" / str(airing.pk), made, recorder.rtmp_port)
    yield stage
    for each in stage.encoders.values():
        each.pull_the_cable()


def play(stage: Stage) -> None:
    """The show, from its start until the recording is finished."""
    airing, folder = stage.airing, stage.folder
    first = stage.send("first", "srt")
    lifecycle.start(HOUSE, airing.pk)
    stage.has("first", 5)
    first.pull_the_cable()
    time.sleep(10)
    smaller = stage.send("smaller", "rtmp")
    stage.has("smaller", 4)
    smaller.pull_the_cable()
    other = stage.send("other_sound", "rtmp")
    stage.send("backup", "backup")
    stage.has("backup", 3)
    other.pull_the_cable()
    until(lambda: kinds(folder)[-1:] == ["backup"] and log(folder)[-2]["lane"] == "backup", 40, "the back-up is public")
    cuts.cut_output(HOUSE, airing.pk, "test")
    stage.send("again", "srt")
    stage.has("again", 3)
    cuts.resume_output(HOUSE, airing.pk)
    until(lambda: kinds(folder)[-1] == "main" and log(folder)[-2]["lane"] == "main", 60, "main is public again")
    lifecycle.end(HOUSE, airing.pk)
    until(lambda: (folder / "replay.m3u8").exists(), 60, "the replay for the public")
    until(lambda: Recording.objects.get(airing=airing).state == "finished", 30, "finished")
    for each in stage.encoders.values():
        each.pull_the_cable()
    airing.refresh_from_db()


@dataclass
class Shown:
    """What was found in a playlist."""

    numbers: list[int] = field(default_factory=list)
    tones: set[int] = field(default_factory=set)
    seconds: float = 0.0


def uris(stage: Stage, name: str) -> list[str]:
    return [str(each.uri) for each in m3u8.loads((stage.folder / name).read_text()).segments]


def place_in(folder: Path) -> Callable[[str], Path | None]:
    """The file on disk of an address in one of the airing's playlists; a filler has none of the airing."""

    def place(uri: str) -> Path | None:
        if uri.startswith("filler-"):
            return None
        return folder / (uri if uri.startswith("parts/") else f"public/{uri}")

    return place


def watch(stage: Stage, name: str) -> Shown:
    """Go through a playlist as a player does: every run is unbroken in picture and sound, and was when it says that it was."""
    shown = Shown()
    for run in runs(stage.folder / name, place_in(stage.folder)):
        where = f"{name} at {run.start:.1f}"
        if "sound" not in name:
            pictures = [each for each in run.pictures if each is not None]
            assert pictures == list(range(pictures[0], pictures[0] + len(pictures))), f"{where}: none lacks, none twice"
            assert abs(len(pictures) / FPS - run.duration) <= 1.01 / FPS, f"{where}: as long as it says"
            half = len(pictures) // 2
            late = [run.start + at / FPS - stage.sent_at(pictures[at]) for at in (0, half)]
            print(
                f"{where}: {run.duration:.2f} s, pictures from {pictures[0]}, dated {late[0]:+.2f} s of their sending"
            )
            assert all(-0.5 < each < 2 for each in late), (
                f"{where}: the time of the programme is that of the source: {late}"
            )
            shown.numbers += pictures
        shown.tones |= hear(run.sound, run.duration, where)
        shown.seconds += run.duration
    return shown


def hear(samples: array[int], seconds: float, where: str) -> set[int]:
    """No hole, no click, as long as the picture but for the last bytes of who was cut off. Returns its tones."""
    assert abs(len(samples) / RATE - seconds) < 0.5, f"{where}: {len(samples) / RATE} s of sound for {seconds} s"
    # The first frame of AAC has nothing before it to overlap with.
    heard = listen(samples)[2:-1]
    usual = sorted(each.strength for each in heard)[len(heard) // 2]
    assert min(each.strength for each in heard) > 0.9 * usual, f"{where}: a hole in the sound"
    assert max(each.jump for each in heard) < 0.05, f"{where}: a click in the sound"
    return tones_of(heard)


def check_spans(stage: Stage, name: str) -> None:
    """The map of times says of each run of the playlist where it begins in the replay."""
    spans = json.loads((stage.folder / name.replace(".m3u8", "-spans.json")).read_text())["spans"]
    offset = 0.0
    for span, run in zip(spans, runs(stage.folder / name, place_in(stage.folder)), strict=True):
        assert abs(span["offset"] - offset) < 0.01
        assert abs(span["duration"] - run.duration) < 0.01
        assert parse_time(span["at"]) == round(run.start * 1000)
        offset += run.duration


def check_record(stage: Stage) -> None:
    """As-run record and gap map say what the encoders did."""
    rows = list(AsRunEntry.objects.filter(airing=stage.airing).order_by("started_at", "id"))
    for row in rows:
        print(f"as run: {row.kind} {row.started_at:%T.%f} - {row.ended_at:%T.%f} {row.reason}")
    assert [kind for kind, _ in groupby(row.kind for row in rows if row.kind != "nothing")] == kinds(stage.folder)
    assert kinds(stage.folder)[:3] == ["main", "backup", "cut"]
    assert kinds(stage.folder)[-1] == "main"
    assert next(row.reason for row in rows if row.kind == "backup") == "feed_missing"
    assert all(one.ended_at <= other.started_at for one, other in pairwise(rows))
    first, smaller = stage.encoders["first"], stage.encoders["smaller"]
    dropped, back = first.times[-1], smaller.times[0]
    assert back - dropped > 9.5
    # The short one between two connections may be in the map too.
    gap = max(queries.gap_map(stage.airing), key=lambda each: parse_time(each[1]) - parse_time(each[0]))
    nothing = max((row for row in rows if row.kind == "nothing"), key=lambda row: row.ended_at - row.started_at)
    for since, until_ in (
        [parse_time(each) / 1000 for each in gap],
        (nothing.started_at.timestamp(), nothing.ended_at.timestamp()),
    ):
        print(f"dropped {since - dropped:+.2f} s, back {until_ - back:+.2f} s")
        assert abs(since - dropped) < 2
        assert abs(until_ - back) < 2


def check_numbers_agree(stage: Stage) -> None:
    """The playlists of the rungs say of every item the same as the source's."""

    def facts(name: str) -> list[tuple[object, ...]]:
        found = m3u8.loads((stage.folder / name).read_text())
        return [
            (found.media_sequence, found.discontinuity_sequence),
            *((each.duration, each.discontinuity, each.program_date_time) for each in found.segments),
        ]

    for name in ("live", "replay", "staff"):
        assert facts(f"{name}.m3u8") == facts(f"{name}-240p.m3u8") == facts(f"{name}-sound.m3u8")
        assert m3u8.loads((stage.folder / f"{name}.m3u8").read_text()).is_endlist


def unweighted(samples: array[int]) -> float:
    """LUFS of the mean power in two channels. K-weighting adds nothing at 500 Hz and 4 dB above 2 kHz."""
    power = sum(each * each for each in samples) / len(samples) / 32768**2
    return -0.691 + 10 * math.log10(2 * power)


def derived(kind: str, *, public: bool = True) -> list[Path]:
    return [media().path(each.key) for each in Derivative.objects.filter(kind=kind, is_public=public)]


def check_derivatives(replay: Shown, hidden: set[int]) -> None:
    """What the steps made holds the replay, all of it and nothing else."""
    engine.ensure_all()
    while work.once("test"):
        pass
    assert set(Step.objects.values_list("kind", "state")) == {(kind, "done") for kind in engine.plan.kinds()}
    (master,) = derived("master")
    shown = [each for each in numbers_in(master) if each is not None]
    assert sorted(set(shown)) == sorted(replay.numbers), "every picture of the replay is in the master, and no other"
    assert shown == sorted(shown), "in their order"
    details = Derivative.objects.get(kind="master", is_public=True).details
    assert abs(details["seconds"] - replay.seconds) < 0.2
    for file in (master, *derived("sound")):
        samples = pcm(file)
        assert abs(len(samples) / RATE - replay.seconds) < 0.5
        heard = tones_of(listen(samples))
        assert not heard & hidden
        assert heard >= {440, 540, 660}
    previews = {number for sheet in derived("sprite") for number in numbers_in(sheet, "untile=10x10,")}
    assert len(previews) > 10
    assert previews - {None} <= set(replay.numbers)
    assert set(numbers_in(derived("poster")[0])) <= set(replay.numbers)
    loudness = Step.objects.get(kind="loudness").result
    print("loudness", loudness, "master", details["seconds"], "of", replay.seconds)
    assert -0.5 < loudness["public"]["integrated"] - unweighted(pcm(master)) < 4


def test_one_show_one_replay(stage: Stage) -> None:
    play(stage)
    folder = AiringFolder(stage.airing.pk)
    folder.load()
    cut = queries.cut_span(OutputCut.objects.get())
    withheld = [folder[f"parts/{each.part:03d}/{each.file}"] for each in folder.segments() if cut.withholds(each)]
    secret = {number for file in withheld for number in numbers_in(file.read_bytes())} - {None}
    hidden = {tone for file in withheld for tone in tones_of(listen(pcm(file.read_bytes())))}
    assert len(secret) > 60
    assert len(hidden) > 6

    staff = watch(stage, "staff.m3u8")
    assert secret & set(staff.numbers)
    assert hidden & staff.tones, "staff have what was cut"
    seen = [watch(stage, f"replay{rung}.m3u8") for rung in RUNGS]
    for shown in seen:
        assert not set(shown.numbers) & secret
        assert not shown.tones & hidden
    replay = seen[0]
    assert replay.numbers == sorted(replay.numbers), "one replay, in order, nothing twice"
    assert {number // 800 for number in replay.numbers} == {0, 1, 2, 3, 4}, "something of every source"
    assert seen[1].numbers == replay.numbers
    watched, live = (
        {uri for rung in RUNGS for uri in uris(stage, f"{name}{rung}.m3u8")} for name in ("replay", "live")
    )
    assert {each for each in live if not each.startswith("filler-")} <= watched, "the public line had nothing else"
    assert {each.name for each in stage.folder.glob("public/*")} <= watched, "and no other file has a public name"
    check_numbers_agree(stage)
    for name in ("staff.m3u8", "replay.m3u8"):
        check_spans(stage, name)
    check_record(stage)
    check_derivatives(replay, hidden)
