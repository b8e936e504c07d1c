"""A bag comes back into an empty house as a draft that plays; one that is not whole, or would reach out of itself, does not."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import bagit
import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from archive import queries, tools
from archive.keeping import exporting, restoring
from archive.keeping.checking import BadBag
from archive.models import OutputCut, Recording, Step
from archive.parts import AiringFolder
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.errors import Conflict
from broadcast.models import Airing, Appearance, AuditEntry, Episode, Moment, Person, Programme
from tests.archive.making import make_airing, make_programme, make_staff

pytestmark = pytest.mark.django_db(transaction=True)


def record(airing: Airing, clip: Path) -> Airing:
    """Twelve seconds as a recorder leaves them, seconds 4 to 8 of them cut."""
    part = AiringFolder(airing.pk)["parts/001"]
    part.mkdir(parents=True)
    words = ["-t", "12", "-c", "copy", "-f", "hls", "-hls_time", "2", "-hls_list_size", "0"]
    words += ["-hls_flags", "program_date_time", "-hls_segment_filename", str(part / "%06d.ts"), str(part / "i.m3u8")]
    subprocess.run([tools.path(), "-v", "error", "-i", str(clip), *words], check=True, timeout=60)
    (part / "part.json").write_text(json.dumps({"source": "srt", "closed_ms": 1, "shift_ms": 0}))
    folder = AiringFolder(airing.pk)
    folder.load()
    segments = folder.segments()
    start = queries.from_milliseconds(segments[0].start_ms)
    end = queries.from_milliseconds(segments[-1].end_ms)
    Airing.objects.filter(pk=airing.pk).update(
        state="ended",
        actual_start=start,
        actual_end=end,
        planned_start=start,
        planned_end=end + dt.timedelta(minutes=1),
    )
    span = start + dt.timedelta(seconds=4), start + dt.timedelta(seconds=8)
    OutputCut.objects.create(
        airing=airing, state="resumed", requested_at=span[0], from_media_time=span[0], until_media_time=span[1]
    )
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=clock.now(), received_seconds=12)
    return Airing.objects.get(pk=airing.pk)


@pytest.fixture
def airing(media_root: Path, clip: Path) -> Airing:
    made = make_airing(make_programme(slug="forum"))
    person = Person.objects.create(name="李委员", is_member=True, sector="社会科学界")
    Appearance.objects.create(episode=made.episode, person=person, role="member")
    made = record(made, clip)
    Moment.objects.create(airing=made, kind="note", at=made.actual_start, title="议题一")
    return made


@pytest.fixture
def taken(airing: Airing, tmp_path: Path, media_root: Path) -> Path:
    """The episode's bag; the house is empty again."""
    folder = tmp_path / "bags"
    folder.mkdir()
    made = exporting.export(HOUSE, airing.episode, folder)
    assert (made.outcome, made.rotten) == ("made", [])
    shutil.rmtree(media_root / "airings")
    OutputCut.objects.all().delete()
    Moment.objects.all().delete()
    Airing.objects.all().delete()
    Episode.objects.all().delete()
    Person.objects.all().delete()
    Programme.objects.all().delete()
    return folder / made.name


def seconds(folder: Path, name: str) -> float:
    """How long a player finds the playlist's media to be."""
    text = "".join(
        line + "\n"
        if line.startswith("#") or not line
        else f"{folder / ('public' if '/' not in line else '')}/{line}\n"
        for line in (folder / name).read_text().splitlines()
    )
    file = folder / "played.m3u8"
    file.write_text(text)
    words = ["-v", "error", "-allowed_extensions", "ALL", "-i", str(file), "-f", "null", "-progress", "pipe:1", "-"]
    said = subprocess.run([tools.path(), *words], capture_output=True, text=True, timeout=60, check=True).stdout
    return int([line for line in said.splitlines() if line.startswith("frame=")][-1].split("=")[1]) / 25


def test_the_round_trip_brings_episode_recording_and_a_replay_that_plays(
    airing: Airing, taken: Path, media_root: Path, client: Client
) -> None:
    call_command("restore_bag", str(taken))
    back = Airing.objects.select_related("episode__programme", "recording").get(pk=airing.pk)
    assert (back.state, back.actual_start, back.actual_end) == ("ended", airing.actual_start, airing.actual_end)
    episode = back.episode
    assert (episode.publication, episode.signed_off_at) == ("draft", None)
    assert (episode.title, episode.number) == (airing.episode.title, airing.episode.number)
    assert episode.programme.audience == "closed"
    assert back.announced_at is not None, "else no publishing would ever show it"
    assert [each.person.sector for each in episode.appearances.select_related("person")] == ["社会科学界"]
    assert Moment.objects.get(airing=back).title == "议题一"
    assert back.recording.state == "finished"
    assert back.recording.parts.get().segments >= 4
    assert Step.objects.filter(recording_id=back.pk, kind="master").exists(), "the steps make the rest anew"
    folder = media_root / f"airings/{back.pk}"
    whole, public = seconds(folder, "staff.m3u8"), seconds(folder, "replay.m3u8")
    assert whole > 10
    assert 0 < public <= whole - 3, "what was cut is not in the public's"
    address = f"/media/airings/{back.pk}/replay/master.m3u8"
    assert client.get(address).status_code == 404
    client.force_login(make_staff(episode.programme))
    assert b"parts/001/000000.ts" in client.get(address).content
    assert AuditEntry.objects.filter(act="episode.restore").count() == 1
    with pytest.raises(BadBag, match=str(back.pk)):
        restoring.restore(HOUSE, taken)


def test_what_comes_back_makes_the_same_bag_again(airing: Airing, taken: Path, tmp_path: Path) -> None:
    episode = restoring.restore(HOUSE, taken)
    other = tmp_path / "again"
    other.mkdir()
    made = exporting.export(HOUSE, episode, other)
    for name in ("parts/001/000000.ts", "parts/001/i.m3u8", "moments.json"):
        path = f"data/airings/{airing.pk}/{name}"
        assert (other / made.name / path).read_bytes() == (taken / path).read_bytes(), name
    cuts = [
        json.loads((each / f"data/airings/{airing.pk}/gaps.json").read_text())["cuts"]
        for each in (taken, other / made.name)
    ]
    assert cuts[0] == cuts[1] != []


def _link(folder: Path) -> None:
    (folder / "data/passwd").symlink_to("/etc/passwd")


def _folder_link(folder: Path) -> None:
    (folder / "data/etc").symlink_to("/etc")


def _out(folder: Path) -> None:
    with (folder / "manifest-sha256.txt").open("a") as out:
        out.write(f"{'0' * 64}  data/../../../outside.txt\n")


def _flipped(folder: Path) -> None:
    file = next(folder.glob("data/airings/*/parts/001/000001.ts"))
    content = bytearray(file.read_bytes())
    content[500] ^= 1
    file.write_bytes(content)


def _gone(folder: Path) -> None:
    next(folder.glob("data/airings/*/parts/001/000001.ts")).unlink()


def _more(folder: Path) -> None:
    (folder / "data/more.ts").write_bytes(b"more")


def _huge(folder: Path) -> None:
    with (folder / "data/huge.ts").open("wb") as out:
        out.truncate(shutil.disk_usage(folder).free + 1)


def _playlist(folder: Path) -> None:
    file = next(folder.glob("data/airings/*/parts/001/i.m3u8"))
    file.write_text(file.read_text().replace("000001.ts", "../../../../secret.ts"))
    _listed_anew(folder)


def _listed_anew(folder: Path) -> None:
    """As somebody would who wants it to look whole."""
    for name in ("sha256", "sha512"):
        lines = [
            f"{hashlib.new(name, file.read_bytes()).hexdigest()}  {file.relative_to(folder).as_posix()}\n"
            for file in sorted((folder / "data").rglob("*"))
            if file.is_file()
        ]
        (folder / f"manifest-{name}.txt").write_text("".join(lines))


BAD: dict[str, tuple[Callable[[Path], None], str]] = {
    "a link": (_link, "data/passwd"),
    "a link to a folder": (_folder_link, "data/etc"),
    "a path out of the bag": (_out, r"outside\.txt"),
    "a flipped bit": (_flipped, r"000001\.ts"),
    "a missing file": (_gone, r"000001\.ts"),
    "a file that nobody lists": (_more, r"data/more\.ts"),
    "more than the disk holds": (_huge, "disk"),
    "a playlist that leads out": (_playlist, r"secret\.ts"),
}


def test_a_bad_bag_is_refused_by_name_and_leaves_nothing(
    airing: Airing, taken: Path, tmp_path: Path, media_root: Path
) -> None:
    assert bagit.Bag(str(taken)).is_valid()
    for name, (spoil, word) in BAD.items():
        spoiled = tmp_path / "spoiled"
        shutil.copytree(taken, spoiled)
        spoil(spoiled)
        with pytest.raises(BadBag, match=word):
            restoring.restore(HOUSE, spoiled)
        assert not Episode.objects.exists(), name
        assert not list((media_root / "airings").glob("*")), name
        shutil.rmtree(spoiled)
    with pytest.raises(CommandError):
        call_command("restore_bag", str(tmp_path / "nowhere"))


def test_an_episode_that_is_here_is_not_touched(airing: Airing, taken: Path, media_root: Path) -> None:
    here = make_airing(make_programme(slug="forum")).episode
    here.number = airing.episode.number
    here.save()
    with pytest.raises(Conflict):
        restoring.restore(HOUSE, taken)
    assert Episode.objects.get() == here
    assert not list((media_root / "airings").glob("*")), "its media are gone again"
