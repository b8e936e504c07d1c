"""The last step: what the manifest then lists is all there is, in every place, and was read again; what changes is listed anew."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from django.conf import settings

from archive import fixity, manifest
from archive.models import Derivative, FixityCheck, Recording, Step
from archive.steps import acts, engine, plan, work
from archive.storage import LocalStorage, Stored
from archive.storage import base as storage_base
from archive.storage.base import read_back
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing

from .making import make_airing
from .stored import Show

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fixity, "RATE_BYTES", 0)


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> LocalStorage:
    monkeypatch.setenv("YISHI_STORE", str(tmp_path / "store"))
    return LocalStorage(tmp_path / "store")


@pytest.fixture
def airing(media_root: Path) -> Airing:
    """A finished recording of three segments, and a file that a step made of it; all other steps are over."""
    now = clock.now()
    made = make_airing(state="ended", actual_start=now, actual_end=now)
    recording = Recording.objects.create(airing=made, state="finished", replay_ready_at=now, reported_at=now)
    show = Show(media_root, made.pk)
    for _ in range(3):
        show.close_segment()
    engine.ensure(made.pk)
    Step.objects.exclude(kind__in=["sound", "upload", "manifest"]).update(state="done")
    assert recording.steps.count() == len(plan.kinds())
    return made


def folder(airing: Airing) -> Path:
    return Path(settings.MEDIA_ROOT) / "airings" / str(airing.pk)


def make_sound(words: bytes) -> None:
    held = engine.claim("test")
    assert held
    assert held.kind == "sound"
    held.scratch.mkdir(parents=True, exist_ok=True)
    (held.scratch / "sound.m4a").write_bytes(words)
    digest = hashlib.sha256(words).hexdigest()
    output = engine.Output("sound", held.scratch / "sound.m4a", "audio/mp4", digest, "sha256", True)
    engine.finish(held, {}, [output])


def the_rest() -> list[str]:
    kinds = []
    while claim := work.once("test"):
        kinds.append(claim.kind)
    return kinds


def listed(airing: Airing) -> dict[str, Stored]:
    found = manifest.read(airing.pk)
    assert found
    return {each.key.split("/", 2)[2]: each for each in manifest.objects(found)}


def test_the_manifest_comes_after_the_upload_and_names_what_every_store_has(
    airing: Airing, store: LocalStorage
) -> None:
    make_sound(b"first")
    assert the_rest() == ["upload", "manifest"]
    step = Step.objects.get(kind="manifest")
    assert (step.state, step.problem) == ("done", "")
    found = listed(airing)
    assert {name.rsplit("/", 1)[-1] for name in found} == {
        *(f"{number:06d}.ts" for number in range(3)),
        "part.json",
        "sound.m4a",
    }
    for each in found.values():
        assert read_back(store, each.key) == each
    assert manifest.read(airing.pk, store) == manifest.read(airing.pk)
    assert step.result["read"] == {"good": len(found)}
    assert FixityCheck.objects.get(place="all").outcome == "good", "the first reading is part of the chain"
    assert fixity.due() == []


def test_what_is_made_anew_is_listed_anew_and_what_it_replaced_is_no_damage(
    airing: Airing, store: LocalStorage
) -> None:
    make_sound(b"first")
    the_rest()
    first = Derivative.objects.get(kind="manifest").digest
    Step.objects.filter(kind="sound").update(state="failed")
    acts.retry(HOUSE, airing.pk, "sound")
    make_sound(b"second")
    assert set(Step.objects.filter(kind__in=plan.LAST).values_list("state", flat=True)) == {"waiting"}
    assert the_rest() == ["upload", "manifest"]
    assert Derivative.objects.get(kind="manifest").digest != first
    assert manifest.read(airing.pk, store) == manifest.read(airing.pk)
    assert Step.objects.get(kind="manifest").state == "done"
    assert not FixityCheck.objects.exclude(outcome="good").exists()


def test_nothing_is_read_again_while_steps_have_to_send(airing: Airing) -> None:
    assert fixity.audit_airing(airing.pk).problem == "steps_pending"
    Recording.objects.update(reported_at=clock.now() - fixity.dt.timedelta(hours=2))
    assert fixity.due() == []
    assert not (folder(airing) / "manifest.json").exists()


def test_what_rotted_before_the_upload_fails_the_step_and_a_good_object_mends_it(
    airing: Airing, store: LocalStorage
) -> None:
    make_sound(b"first")
    the_rest()
    key = listed(airing)["parts/001/000001.ts"].key
    file = store.path(key)
    whole = file.read_bytes()
    file.write_bytes(b"rotten" + whole[6:])
    Step.objects.filter(kind="manifest").update(state="failed")
    acts.retry(HOUSE, airing.pk, "manifest")
    the_rest()
    step = Step.objects.get(kind="manifest")
    assert (step.state, step.problem, step.reason) == ("failed", "kept_damaged", "1 / 5")
    file.write_bytes(whole)
    acts.retry(HOUSE, airing.pk, "manifest")
    the_rest()
    assert Step.objects.get(kind="manifest").state == "done"


def test_a_slow_attempt_writes_no_older_manifest(airing: Airing, monkeypatch: pytest.MonkeyPatch) -> None:
    make_sound(b"first")
    build = manifest.build

    def slow(*args: object) -> dict[str, object]:
        found = build(*args)  # type: ignore[arg-type]
        Step.objects.filter(kind="manifest").update(attempt=99)
        return found

    monkeypatch.setattr(manifest, "build", slow)
    the_rest()
    assert not (folder(airing) / "manifest.json").exists()
    assert not Derivative.objects.filter(kind="manifest").exists()


def test_a_rung_that_the_disk_guard_took_is_not_missed_but_one_file_of_a_rung_is(airing: Airing) -> None:
    rung = folder(airing) / "parts/001/240p"
    rung.mkdir()
    for number in range(2):
        (rung / f"{number:06d}.ts").write_bytes(b"rung")
    make_sound(b"first")
    the_rest()
    assert "parts/001/240p/000001.ts" in listed(airing)
    (rung / "000001.ts").unlink()
    assert fixity.audit_airing(airing.pk).counts == {"good": 6, "missing": 1}
    (rung / "000000.ts").unlink()
    rung.rmdir()
    assert fixity.audit_airing(airing.pk).counts == {"good": 5}
    assert not [name for name in listed(airing) if "240p" in name]


def test_a_store_that_is_away_is_waited_for_without_end(
    airing: Airing, store: LocalStorage, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_sound(b"first")

    def down(*_args: object, **_facts: object) -> None:
        raise storage_base.StorageDown("away")

    monkeypatch.setattr(LocalStorage, "put", down)
    at = clock.now()
    for _ in range(engine.MOST_TRIES + 2):
        with clock.frozen(at):
            assert the_rest() == ["upload"]
        at += fixity.dt.timedelta(hours=1)
    step = Step.objects.get(kind="upload")
    assert (step.state, step.problem) == ("waiting", "storage_down")


def test_a_damaged_manifest_is_made_from_the_stored_one(airing: Airing, store: LocalStorage) -> None:
    make_sound(b"first")
    the_rest()
    before = listed(airing)
    (folder(airing) / "manifest.json").write_text("{")
    (folder(airing) / "parts/001/000002.ts").unlink()
    manifest.write(airing)
    assert listed(airing) == before, "what went is still known"
