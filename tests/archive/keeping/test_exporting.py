"""A bag holds all that is kept of an episode, by a library that is not ours it is valid, and nobody's name is in it unasked."""

from __future__ import annotations

import datetime as dt
import json
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import bagit
import pytest
import webvtt
from django.core.management import CommandError, call_command

from archive import manifest
from archive.keeping import bag, exporting
from archive.models import Derivative, Edit, Recording, Transcript
from archive.storage import media, trying
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Appearance, AuditEntry, Moment, Participant, Person
from live.models import Question, Room
from tests.archive.making import make_airing, make_programme
from tests.archive.s3_servers import Proxy
from tests.archive.stored import Show

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def airing(media_root: Path) -> Airing:
    """A finished recording of three segments with a sound file made of it."""
    now = clock.now()
    made = make_airing(make_programme(slug="forum"), state="ended", actual_start=now, actual_end=now)
    Recording.objects.create(airing=made, state="finished", replay_ready_at=now, reported_at=now)
    show = Show(media_root, made.pk)
    for _ in range(3):
        show.close_segment()
    file = show.folder / "derived/1/sound.m4a"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"sound")
    Derivative.objects.create(
        recording_id=made.pk,
        kind="sound",
        key=show.key("derived/1/sound.m4a"),
        size_bytes=5,
        digest=bag.digests(file)[0],
        algorithm="sha256",
        media_type="audio/mp4",
        made_at=now,
    )
    manifest.write(made)
    return made


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "bags"
    folder.mkdir()
    return folder


def master(airing: Airing, media_root: Path, number: int) -> Path:
    return media_root / f"airings/{airing.pk}/parts/001/{number:06d}.ts"


def listed(folder: Path) -> dict[str, int]:
    return {
        each.relative_to(folder).as_posix(): each.stat().st_mtime_ns for each in folder.rglob("*") if each.is_file()
    }


def test_a_bag_is_valid_by_others_and_says_what_is_what(airing: Airing, media_root: Path, target: Path) -> None:
    person = Person.objects.create(name="李委员", is_member=True)
    Appearance.objects.create(episode=airing.episode, person=person, role="member")
    Moment.objects.create(airing=airing, kind="note", at=clock.now(), title="议题一")
    made = exporting.export(HOUSE, airing.episode, target)
    assert (made.outcome, made.problem, made.rotten) == ("made", "", [])
    found = bagit.Bag(str(target / made.name))
    assert found.is_valid()
    assert set(found.algorithms) == {"sha256", "sha512"}
    data = target / made.name / "data"
    here = data / f"airings/{airing.pk}"
    assert (here / "parts/001/000002.ts").read_bytes() == master(airing, media_root, 2).read_bytes()
    assert (here / "derived/1/sound.m4a").read_bytes() == b"sound"
    assert json.loads((here / "moments.json").read_text())[0]["title"] == "议题一"
    assert json.loads((here / "airing.json").read_text())["masters"][0] == "parts/001/000000.ts"
    core = ET.parse(data / "episode/dublin-core.xml").getroot()
    assert core.findtext("{http://purl.org/dc/elements/1.1/}title") == airing.episode.title
    assert core.findtext("{http://purl.org/dc/elements/1.1/}contributor") == "李委员"
    ebu = json.loads((data / "episode/ebucore.json").read_text())["ebucore:ebuCoreMain"]["coreMetadata"]
    assert ebu["contributor"][0]["contactDetails"]["name"] == "李委员"
    assert "cat" in (data / "README.txt").read_text()
    assert AuditEntry.objects.filter(act="episode.export").count() == 1


def test_twice_the_same_changes_nothing_and_a_change_is_taken_up(airing: Airing, target: Path) -> None:
    name = exporting.export(HOUSE, airing.episode, target).name
    before = listed(target)
    assert exporting.export(HOUSE, airing.episode, target).outcome == "unchanged"
    assert listed(target) == before
    airing.episode.title = "换了题目"
    airing.episode.save()
    assert exporting.export(HOUSE, airing.episode, target).outcome == "made"
    assert bagit.Bag(str(target / name)).is_valid()
    assert [each.name for each in target.iterdir()] == [name]


def test_killed_in_the_middle_it_goes_on_where_it_was(
    airing: Airing, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    brought: list[str] = []
    bring = exporting._bring

    def slow(piece: bag.Piece, file: Path, made: exporting.Made) -> None:
        if len(brought) == 2:
            raise KeyboardInterrupt
        brought.append(piece.path)
        bring(piece, file, made)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(exporting, "_bring", slow)
        exporting.export(HOUSE, airing.episode, target)
    assert [each.name[:8] for each in target.iterdir()] == [".making-"], "no bag is there before it is whole"
    again: list[str] = []
    monkeypatch.setattr(
        exporting, "_bring", lambda piece, file, made: (again.append(piece.path), bring(piece, file, made))
    )
    made = exporting.export(HOUSE, airing.episode, target)
    assert not set(again) & set(brought)
    assert bagit.Bag(str(target / made.name)).is_valid()


def test_what_rotted_is_named_and_taken_from_the_other_place(
    airing: Airing, media_root: Path, target: Path, proxy: Proxy, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    for number in range(3):
        file = master(airing, media_root, number)
        proxy.storage.put(f"airings/{airing.pk}/parts/001/{file.name}", file)
    whole = master(airing, media_root, 1).read_bytes()
    manifest.write(airing)
    master(airing, media_root, 1).write_bytes(b"x" + whole[1:])
    made = exporting.export(HOUSE, airing.episode, target)
    assert made.outcome == "made"
    assert [each.split()[0] for each in made.rotten] == ["disk"]
    assert made.rotten[0].endswith("000001.ts damaged")
    assert (target / made.name / f"data/airings/{airing.pk}/parts/001/000001.ts").read_bytes() == whole


def test_what_is_good_nowhere_makes_no_bag_and_says_so(airing: Airing, media_root: Path, target: Path) -> None:
    master(airing, media_root, 1).write_bytes(b"rotten")
    said = StringIO()
    with pytest.raises(CommandError):
        call_command("export", "--all", str(target), stdout=said)
    assert "failed" in said.getvalue()
    assert "main airings/" in said.getvalue()
    assert not [each for each in target.iterdir() if not each.name.startswith(".")]


def test_nobody_is_named_unless_the_sealed_part_is_asked_for(airing: Airing, target: Path) -> None:
    room = Room.objects.create(airing=airing, created_at=clock.now())
    asker = Participant.objects.create(created_at=clock.now())
    Question.objects.create(
        room=room,
        author=asker,
        author_name="王阿姨",
        assurance=20,
        text="电梯什么时候装",
        state="approved",
        command_id="1",
        created_at=clock.now(),
    )
    caller = Person.objects.create(name="热心市民赵某")
    Appearance.objects.create(episode=airing.episode, person=caller, role="citizen")
    name = exporting.export(HOUSE, airing.episode, target).name

    def texts() -> str:
        return "".join(
            each.read_text() for each in (target / name).rglob("*.*") if each.suffix in {".json", ".xml", ".txt"}
        )

    assert "电梯什么时候装" in texts()
    assert "王阿姨" not in texts()
    assert "赵某" not in texts()
    assert exporting.export(HOUSE, airing.episode, target, sealed=True).outcome == "made"
    assert "王阿姨" in texts()


def test_the_command_takes_an_episode_by_its_address(airing: Airing, target: Path) -> None:
    said = StringIO()
    call_command("export", f"forum/{airing.episode.number}", str(target), stdout=said)
    assert f"forum-{airing.episode.number} made" in said.getvalue()
    with pytest.raises(CommandError):
        call_command("export", "forum/1", str(target), stdout=said)


def test_signed_words_travel_in_forms_that_others_read_and_drafts_sealed_alone(airing: Airing, target: Path) -> None:
    begins = airing.actual_start
    spans = [{"at": begins.isoformat().replace("+00:00", "Z"), "offset": 0, "duration": 6}]
    (media().path(f"airings/{airing.pk}") / "replay-spans.json").write_text(json.dumps({"spans": spans}))
    for number, state in enumerate(("signed", "draft"), 1):
        made = Transcript.objects.create(
            airing=airing, kind="corrected", state=state, made_at=begins, changed_at=begins, signed_at=begins
        )
        at = begins + dt.timedelta(seconds=number)
        made.lines.create(
            number=1, starts_at=at, ends_at=at + dt.timedelta(seconds=2), speaker="主持人", text=f"第{number}稿"
        )
    Edit.objects.create(
        airing=airing,
        kind="bleep",
        state="applied",
        reason="隐私",
        starts_at=begins + dt.timedelta(seconds=5),
        ends_at=begins + dt.timedelta(seconds=6),
        made_at=begins,
        changed_at=begins,
        applied_at=begins,
    )
    made_bag = target / exporting.export(HOUSE, airing.episode, target, sealed=True).name
    words = {path.name: path for path in made_bag.rglob("documents/*") if "/sealed/" not in str(path)}
    assert [each.text for each in webvtt.read(str(words["archive.transcripts-transcript.vtt"]))] == ["第1稿"]
    assert json.loads(words["archive.transcripts-transcript.json"].read_text())["lines"][0]["start"] == pytest.approx(
        1, abs=0.005
    )
    assert "archive.edits-edits.json" not in words
    (versions,) = made_bag.rglob("sealed/**/archive.transcripts-transcripts.json")
    assert {each["state"] for each in json.loads(versions.read_text())} == {"signed", "draft"}
    (edits,) = made_bag.rglob("sealed/**/archive.edits-edits.json")
    assert json.loads(edits.read_text())[0]["reason"] == "隐私"
    bagit.Bag(str(made_bag)).validate()
