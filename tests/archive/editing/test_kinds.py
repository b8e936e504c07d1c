"""Edits of every kind of show: radio, two lanes, a store that is a server, HEVC and open groups, fields."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from archive import streams
from archive.editing import following, rendering, writing
from archive.editing.compose import Piece
from archive.models import Derivative, EditedReplay
from archive.playlists import Segment
from archive.steps import material
from archive.storage.s3 import S3Storage
from archive.uploader import Uploader
from tests.archive.making import make_programme
from tests.archive.pushes import numbers, numbers_in
from tests.archive.s3_servers import Server
from tests.archive.steps_making import Made, Source, finished

from .showing import (
    FPS,
    PICTURE,
    SOUND,
    digests,
    edit,
    file_of,
    lift,
    listed,
    master,
    media_of,
    show,
    spans,
    steps,
    tone_at,
    tones,
)

pytestmark = [pytest.mark.ffmpeg, pytest.mark.django_db(transaction=True)]
# Three pictures of each group are shown before the one that it begins with.
GROUPS = "keyint=52:min-keyint=52:scenecut=0"
HEVC = ("libx265", "-preset", "ultrafast", "-x265-params", f"{GROUPS}:open-gop=1:bframes=3:log-level=error")
OPEN = ("libx264", "-preset", "veryfast", "-x264-params", f"{GROUPS}:open-gop=1:bframes=3:b-adapt=0")
FIELDS = ("libx264", "-preset", "ultrafast", "-g", "50", "-sc_threshold", "0", "-flags", "+ilme+ildct")
OTHER_TONE = 2000


def frames(since: float, until: float) -> set[int]:
    """Numbers of the pictures that begin between two seconds of the show."""
    return {number for number in range(round(until * FPS) + 1) if since <= number / FPS < until}


def length(made: Made) -> float:
    return sum(float(row["duration"]) for row in spans(made))


# -- radio -----------------------------------------------------------------------------------------------------------


def test_radio_is_cut_and_bleeped_wherever_it_is_heard(media_root: Path) -> None:
    made = finished(Source(12, picture="", sound=SOUND), programme=make_programme(kind="radio"))
    before, sources, whole = (made.folder.path / "replay.m3u8").read_text(), digests(made), length(made)
    cut, bleep = edit(made, "cut", 4.0, 6.2), edit(made, "bleep", 8.3, 8.9)
    steps("edit", "master", "loudness", "sound")
    assert EditedReplay.objects.get().missing == 0
    assert length(made) == pytest.approx(whole - 2.2, abs=0.003)
    heard = [file_of(master(public=True)), file_of(Derivative.objects.get(kind="sound"))]
    for file in heard:
        found = tones(file, 0, whole)
        assert {tone_at(3), tone_at(6), 1000} <= found
        assert not {tone_at(4), tone_at(5)} & found
        assert tones(file, 6.1 + 0.06, 6.7 - 0.06) == {1000}
        assert tones(file, 5.8, 6.1) == {tone_at(8)}
    assert not {tone_at(4), tone_at(5)} & {tone for file in media_of(made) for tone in tones(file, 0, 3)}
    assert digests(made) == sources
    lift(made, cut)
    lift(made, bleep)
    steps("edit")
    assert (made.folder.path / "replay.m3u8").read_text() == before


# -- two lanes -------------------------------------------------------------------------------------------------------


def test_an_edit_over_the_change_of_lanes_takes_from_both(media_root: Path) -> None:
    # The backup began a second later and counts its pictures by the same clock.
    later = PICTURE.replace("floor(n/", f"floor((n+{FPS})/")
    made = finished(
        Source(12, picture=PICTURE, sound=SOUND),
        Source(10, picture=later, sound=f"sine=frequency={OTHER_TONE}", after_gap=-11, lane="backup"),
        choices=((4, "backup"), (8, "main")),
    )
    before, whole, sources = numbers(*media_of(made)), length(made), digests(made)
    assert before == frames(0, 4) | frames(5, 9) | frames(10, 12)
    edit(made, "cut", 3.4, 5.6)
    edit(made, "bleep", 8.5, 10.5)
    writing.write(made.airing.pk)
    public = made.folder.path / "public"
    withheld = writing.withheld_names(made.airing.pk)
    assert not withheld & {each.name for each in public.iterdir()}
    own = replay_names(made)
    # Of the lane that did not go out too: whoever knows a name gets nothing of that time.
    assert {own[part, number] for part, number in ((1, 1), (1, 2), (2, 1), (2, 2), (2, 3), (1, 4), (1, 5))} <= withheld

    steps("edit", "master")
    assert numbers(*media_of(made)) == before - frames(3.4, 5.6)
    assert numbers(file_of(master(public=True))) == before - frames(3.4, 5.6)
    assert length(made) == pytest.approx(whole - 1.2, abs=0.003)
    bleeped = [found for file in media_of(made) if 1000 in (found := tones(file, 0, 2.1))]
    assert bleeped == [{OTHER_TONE, 1000}, {1000, tone_at(10), tone_at(11)}]
    assert digests(made) == sources


def replay_names(made: Made) -> dict[tuple[int, int], str]:
    """Public names by part and number, of whatever lane."""
    made.folder.load()
    writer = writing.Replay.of(made.airing.pk).writer
    return {(each.part, each.number): f"{writer.name(each.part, each.number)}.ts" for each in made.folder.segments()}


# -- a store that is a server ----------------------------------------------------------------------------------------


@pytest.fixture
def store(moto: Server, monkeypatch: pytest.MonkeyPatch) -> S3Storage:
    """The house's store: a new bucket of a server."""
    found, account = moto.storage(), moto.account()
    facts = {"ENDPOINT": account.endpoint, "REGION": account.region, "KEY": account.key, "SECRET": account.secret}
    monkeypatch.setenv("YISHI_STORE", f"s3://{found.bucket}/{found.prefix}")
    for name, value in facts.items():
        monkeypatch.setenv(f"YISHI_S3_{name}", value)
    return found


def test_what_is_withheld_leaves_a_store_that_is_a_server(media_root: Path, store: S3Storage) -> None:
    made = show(8)
    steps("rungs")
    base = f"airings/{made.airing.pk}"
    uploader = Uploader()

    def send() -> None:
        for lane in uploader.lanes.values():
            for _pass in range(4):
                lane.due.clear()
                uploader._work_resting(lane)

    def there() -> set[str]:
        return {key.rsplit("/", 1)[-1] for key in store.list(f"{base}/public")}

    def told(name: str) -> str:
        with store.open(f"{base}/{name}") as stream:
            return stream.read().decode()

    send()
    everything = there()
    assert everything == {each.name for each in (made.folder.path / "public").iterdir()}
    one = edit(made, "bleep", 4.8, 5.2)
    withheld = writing.withheld_names(made.airing.pk)
    gone = withheld & everything
    assert len(gone) == 2, "the segment and its sound alone"
    # Somebody copied there what our ledger does not know of.
    unknown = min(withheld - everything)
    store.write(f"{base}/public/{unknown}", b"of a rung that was made once")

    assert following.follow(made.airing.pk, uploader.take_back)
    assert there() == everything - gone
    send()
    for name in ("replay.m3u8", "replay-sound.m3u8"):
        assert not any(each in told(name) for each in withheld)

    steps("edit", "rungs")
    assert following.follow(made.airing.pk, uploader.take_back)
    send()
    assert not there() & withheld
    for name in ("replay.m3u8", "replay-sound.m3u8"):
        assert told(name) == (made.folder.path / name).read_text()
        assert set(listed(made, name)) <= there()

    lift(made, one)
    assert following.follow(made.airing.pk, uploader.take_back)
    send()
    assert everything <= there()


# -- what encoders send ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("coding", "kind"), [(HEVC, "hevc"), (OPEN, "h264")], ids=["hevc", "h264"])
def test_a_cut_is_exact_where_groups_are_open(media_root: Path, coding: tuple[str, ...], kind: str) -> None:
    """Pictures shown before the one that a segment was cut at lie behind it: its time must not be counted from them."""
    made = finished(Source(10, picture=PICTURE, sound=SOUND, coding=coding))
    sources = [streams.look(file.read_bytes()) for file in media_of(made)]
    assert {facts.picture for facts in sources} == {kind}
    assert [facts.leads for facts in sources[2:]] == [True, True]
    before, cut = numbers_in(b"".join(file.read_bytes() for file in media_of(made))), (4.9, 5.3)
    assert before == list(range(len(before)))
    edit(made, "cut", *cut)
    steps("edit", "master")
    pieces = [file for file in media_of(made) if is_edited(made, file)]
    found = [sorted(numbers(file)) for file in pieces]
    assert [each == list(range(each[0], each[-1] + 1)) for each in found] == [True, True]
    assert (found[0][-1] + 1, found[1][0]) == (min(frames(*cut)), max(frames(*cut)) + 1)
    assert tones(pieces[0], 0.1, 0.7) == {tone_at(4)}
    assert tones(pieces[1], 0.1, 0.5) == {tone_at(5)}
    # The last pictures before the piece came with what it was made of; nothing that was cut is among those that are shown.
    shown = numbers(file_of(master(public=True)))
    assert not shown & frames(*cut)
    assert set(range(len(before))) - frames(*cut) - shown <= frames(4, 4.2)


def test_fields_stay_fields_and_what_is_blurred_in_them_is_gone(media_root: Path) -> None:
    made = finished(Source(8, picture=f"{PICTURE},setfield=tff", sound=SOUND, coding=FIELDS))
    assert all(streams.look(file.read_bytes()).interlaced for file in media_of(made))
    edit(made, "blur", 2.4, 2.8, region=(0, 35, 100, 30))
    edit(made, "cut", 4.9, 5.3)
    steps("edit", "master")
    files = media_of(made)
    assert all(streams.look(file.read_bytes()).interlaced for file in files)
    above = {number for file in files for number in numbers_in(file, "crop=iw:ih/5:0:0,")}
    assert above == frames(0, 8) - frames(4.9, 5.3)
    middle = enumerate(numbers_in(files[1]), start=2 * FPS)
    assert {number for number, found in middle if found != number} == frames(2.4, 2.8)
    assert set(numbers_in(file_of(master(public=True)), "crop=iw:ih/5:0:0,")) == above


def test_nothing_is_shown_of_a_picture_whose_size_cannot_be_read(media_root: Path, tmp_path: Path) -> None:
    made = show(2)
    [file] = media_of(made)
    facts = replace(streams.look(file.read_bytes()), width=0, height=0)
    segment = Segment(1, 0, 10_000, 2.0, 12_000, file.name)
    piece = Piece(segment, 10_000, 12_000, picture=True, blurs=((10_400, 10_800, (90, 90, 10, 10)),))
    begins = material.first_time(facts)
    assert begins is not None
    target = tmp_path / "made.ts"
    subprocess.run(rendering.words(piece, facts, begins, (file, file, file), target), check=True)
    found = numbers_in(target)
    assert {number for number in range(2 * FPS) if found[number] != number} == frames(0.4, 0.8)
    assert set(found[10:20]) == {None}


def is_edited(made: Made, file: Path) -> bool:
    """Whether it is a piece made anew."""
    return any(each.samefile(file) for each in made.folder["edits"].glob("*/*.ts"))
