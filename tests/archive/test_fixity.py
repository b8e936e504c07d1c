"""What is kept is read again: a flipped byte and a missing object are found in each place, and mended from a good one alone."""

from __future__ import annotations

import json
import shutil
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from archive import disk, fixity, manifest, mending, uploader
from archive.models import Derivative, FixityCheck, Recording
from archive.storage import LocalStorage, trying
from archive.uploader import Uploader
from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, AuditEntry

from .making import make_airing
from .s3_servers import Proxy
from .stored import Show, nothing_waits, work

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(uploader, "_PASS_SECONDS", 0.0)


@pytest.fixture
def airing(media_root: Path) -> Airing:
    made = make_airing()
    lifecycle.start(HOUSE, made.pk)
    lifecycle.end(HOUSE, made.pk)
    Recording.objects.update_or_create(
        airing=made, defaults={"state": "finished", "reported_at": clock.now() - fixity.dt.timedelta(hours=2)}
    )
    return Airing.objects.get(pk=made.pk)


@pytest.fixture
def show(media_root: Path, airing: Airing) -> Show:
    made = Show(media_root, airing.pk)
    for _ in range(3):
        made.close_segment()
    made.release(ended=True)
    return made


@pytest.fixture
def copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("YISHI_STORE_COPY", str(tmp_path / "copy"))
    return tmp_path / "copy"


async def send(show: Show) -> None:
    sender = Uploader()
    await work(sender, [show.id], lambda: nothing_waits(sender, show))
    await sender.stop()


def upload(show: Show) -> None:
    import asyncio

    asyncio.run(send(show))


def flip(file: Path) -> bytes:
    before = file.read_bytes()
    file.chmod(0o644)
    file.write_bytes(before[:100] + bytes([before[100] ^ 1]) + before[101:])
    return before


def outcomes(place: str) -> list[str]:
    return list(FixityCheck.objects.filter(place=place).order_by("id").values_list("outcome", flat=True))


def test_the_manifest_lists_what_is_kept_and_is_the_same_each_time(airing: Airing, show: Show) -> None:
    first = manifest.write(airing)
    text = (show.folder / "manifest.json").read_bytes()
    assert manifest.write(airing) == first
    (show.folder / "stored.jsonl").write_text("")
    assert manifest.encode(manifest.build(airing)) == text, "the same from the files alone"
    found = json.loads(text)
    assert found["algorithm"] == "sha256"
    keys = [each["key"] for each in found["objects"]]
    assert keys == ["parts/001/000000.ts", "parts/001/000001.ts", "parts/001/000002.ts", "parts/001/part.json"]
    assert found["parts"][0]["segments"] == 3
    assert found["times"]["actual_start"] == airing.actual_start.isoformat()
    assert manifest.verify(found, LocalStorage(show.folder.parent.parent)) == []
    assert Derivative.objects.get(kind="manifest").digest == first.digest


def test_a_digest_is_that_of_the_writing_not_of_what_rotted_since(airing: Airing, show: Show, copy: Path) -> None:
    upload(show)
    flip(show.folder / "parts/001/000001.ts")
    (show.folder / "parts/001/000002.ts").unlink()
    manifest.write(airing)
    found = manifest.read(airing.pk)
    assert found is not None
    problems = manifest.verify(found, LocalStorage(show.folder.parent.parent))
    assert [(each.key[-9:], each.kind) for each in problems] == [("000001.ts", "damaged"), ("000002.ts", "missing")]
    (show.folder / "parts/001/000009.ts").write_bytes(b"x")
    kinds = [each.kind for each in manifest.verify(found, LocalStorage(show.folder.parent.parent))]
    assert kinds == ["damaged", "missing", "unlisted"]


def test_a_flipped_byte_is_mended_from_the_second_copy(airing: Airing, show: Show, copy: Path) -> None:
    upload(show)
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}
    hurt = show.folder / "parts/001/000001.ts"
    whole = flip(hurt)
    tally = fixity.audit_airing(airing.pk, rate=0)
    assert tally.counts == {"good": 7, "repaired": 1}
    assert hurt.read_bytes() == whole
    assert outcomes("main") == ["repaired"]
    assert AuditEntry.objects.filter(act="fixity.repair").count() == 1
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}


def test_a_damaged_copy_is_mended_and_never_overwrites_the_good_one(airing: Airing, show: Show, copy: Path) -> None:
    upload(show)
    fixity.audit_airing(airing.pk, rate=0)
    here, there = show.folder / "parts/001/000001.ts", copy / show.key("parts/001/000001.ts")
    whole = flip(there)
    (copy / show.key("parts/001/000000.ts")).unlink()
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 6, "repaired": 2}
    assert here.read_bytes() == whole == there.read_bytes()
    flip(here)
    flip(there)
    hurt = here.read_bytes(), there.read_bytes()
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 6, "damaged": 2}
    assert (here.read_bytes(), there.read_bytes()) == hurt, "nothing is mended from what is bad"
    assert fixity.standing()["damaged"] == 2


def test_the_store_is_read_and_mended_too_and_an_outage_is_no_damage(
    airing: Airing, show: Show, proxy: Proxy, copy: Path
) -> None:
    upload(show)
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}
    key = show.key("parts/001/000001.ts")
    rotten = show.folder.parent / "rotten"
    rotten.write_bytes(b"x" * 20_000)
    proxy.storage.put(key, rotten, replace=True)
    proxy.storage.delete(show.key("parts/001/000002.ts"))
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 6, "repaired": 2}
    with proxy.storage.open(key) as stream:
        assert stream.read() == (show.folder / "parts/001/000001.ts").read_bytes()
    rows = FixityCheck.objects.count()
    proxy.fail("500", "*", times=10_000)
    tally = fixity.audit_airing(airing.pk, rate=0)
    assert tally.problem == "storage_down"
    assert FixityCheck.objects.count() == rows


def test_audits_are_due_by_age_and_one_at_a_time(airing: Airing, show: Show) -> None:
    assert fixity.due() == [airing.pk]
    with fixity._alone(airing.pk) as mine:
        assert mine
    fixity.audit_airing(airing.pk, rate=0)
    assert fixity.due() == []
    FixityCheck.objects.update(checked_at=clock.now() - fixity.dt.timedelta(days=31))
    assert fixity.due() == [airing.pk]


def test_reading_keeps_to_its_rate() -> None:
    slept: list[float] = []
    pace = fixity.Pace(1_000, slept.append)
    pace.spend(5_000)
    assert 4.5 < slept[0] <= 5.0


def test_the_command_says_what_it_found(airing: Airing, show: Show) -> None:
    said = StringIO()
    call_command("fixity", stdout=said)
    assert f"{airing.pk} ok good=4" in said.getvalue()
    flip(show.folder / "parts/001/000000.ts")
    with pytest.raises(CommandError):
        call_command("fixity", str(airing.pk), stdout=said)
    assert "damaged=1" in said.getvalue()


def name_segments(airing: Airing, show: Show) -> list[Path]:
    """Public names as the recorder gives them; the show of these tests has its own."""
    from archive.parts import AiringFolder
    from archive.storage import media
    from archive.writer import Writer

    writer = Writer(AiringFolder(airing.pk), media(), window_seconds=60, sound_only=False)
    names = [show.folder / f"public/{writer.name(1, number)}.ts" for number in range(show.count)]
    for number, each in enumerate(names):
        each.hardlink_to(show.folder / f"parts/001/{number:06d}.ts")
    return names


def test_public_names_are_mended_with_their_segment(airing: Airing, show: Show, copy: Path) -> None:
    names = name_segments(airing, show)
    upload(show)
    hurt = show.folder / "parts/001/000001.ts"
    whole = flip(hurt)
    assert names[1].read_bytes() != whole
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 7, "repaired": 1}
    assert hurt.read_bytes() == whole == names[1].read_bytes()
    hurt.unlink()
    names[1].write_bytes(b"rotten as well")
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 7, "repaired": 2}
    assert hurt.read_bytes() == whole == names[1].read_bytes()


def test_public_names_in_the_store_are_read_too(airing: Airing, show: Show, proxy: Proxy, tmp_path: Path) -> None:
    names = name_segments(airing, show)
    upload(show)
    key, rotten = show.key(f"public/{names[2].name}"), tmp_path / "rotten"
    rotten.write_bytes(b"x" * 20_000)
    proxy.storage.put(key, rotten, replace=True)
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 4, "repaired": 1}
    with proxy.storage.open(key) as stream:
        assert stream.read() == names[2].read_bytes()
    names[2].unlink()
    proxy.storage.delete(key)
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 4}
    assert not names[2].exists(), "what was withdrawn gets no name"
    assert proxy.storage.head(key) is None


def test_rungs_have_public_names_of_their_own(airing: Airing) -> None:
    from archive.rung_names import public_name

    found = mending.public_key(airing.pk, f"airings/{airing.pk}/parts/002/480p/000007.ts")
    assert found == f"airings/{airing.pk}/public/{public_name(airing.pk, 2, 7, '480p')}.ts"
    assert mending.public_key(airing.pk, f"airings/{airing.pk}/released.jsonl") is None


def test_rungs_taken_away_for_want_of_space_are_no_damage_and_are_not_brought_back(
    airing: Airing, show: Show, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rung = show.folder / "parts/001/480p"
    rung.mkdir()
    for number in range(3):
        (rung / f"{number:06d}.ts").write_bytes(b"G" * 188)
    upload(show)
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 14}
    wanted = manifest.newest(airing.pk)
    with monkeypatch.context() as patch:
        # The guard comes when the list has been read already.
        patch.setattr(manifest, "newest", lambda _: (disk.take_away(show.folder), wanted)[1])
        assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}
    assert not rung.exists()
    assert not FixityCheck.objects.exclude(place=fixity.WHOLE).exists()
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}
    found = manifest.newest(airing.pk)
    assert found
    assert manifest.verify(found, LocalStorage(copy)) == [], "the copy may keep them"
    hidden = show.folder / "parts/001/.480p.gone"
    hidden.mkdir()
    (hidden / "000000.ts").write_bytes(b"G")
    assert manifest.build(airing, found)["objects"] == found["objects"]


def files_of(folder: Path) -> dict[str, bytes]:
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in folder.rglob("*") if each.is_file()}


def lose(airing: Airing, show: Show, copy: Path) -> dict[str, bytes]:
    """The folder of a show that was sent whole, as the step of the manifest leaves it, goes; what was in it."""
    upload(show)
    stored = manifest.write(airing)
    (copy / stored.key).write_bytes((show.folder / manifest.NAME).read_bytes())
    kept = files_of(show.folder)
    shutil.rmtree(show.folder)
    return kept


def test_a_lost_folder_is_found_and_what_is_kept_comes_back_from_the_copy(
    airing: Airing, show: Show, copy: Path
) -> None:
    kept = lose(airing, show, copy)
    said = StringIO()
    call_command("fixity", str(airing.pk), "--rate", "0", stdout=said)
    assert said.getvalue() == f"{airing.pk} ok good=4 repaired=4\n"
    found = files_of(show.folder)
    assert sorted(found) == [
        "parts/001/000000.ts",
        "parts/001/000001.ts",
        "parts/001/000002.ts",
        "parts/001/part.json",
    ], "public names and playlists are not listed, so an audit does not bring them"
    assert found == {name: kept[name] for name in found}
    assert AuditEntry.objects.filter(act="fixity.repair").count() == 4
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}


def test_a_lost_folder_copied_back_whole_has_names_and_playlists_too(airing: Airing, show: Show, copy: Path) -> None:
    kept = lose(airing, show, copy)
    shutil.copytree(copy / show.key("").rstrip("/"), show.folder)
    assert files_of(show.folder) == {name: each for name, each in kept.items() if name != "stored.jsonl"}
    assert fixity.audit_airing(airing.pk, rate=0).counts == {"good": 8}
