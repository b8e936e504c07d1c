"""Old recordings go to cold storage when their programme says so, stay whole and public, and come back when somebody needs them."""

from __future__ import annotations

import asyncio
import datetime as dt
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client

from archive import fixity, manifest, mending, uploader
from archive.keeping import cold, cooling, exporting, removing, terms
from archive.keeping.removing import Terms
from archive.models import ColdKeeping, Derivative, FixityCheck, KeepingTerms, MediaRemoval, Recording, Step
from archive.steps import engine, material, work
from archive.steps.run import StepFailed
from archive.storage import Cold, kept, media, trying
from archive.storage import cold as classes
from archive.storage.base import read_back
from archive.storage.s3 import S3Storage
from archive.uploader import Uploader
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, RoleGrant, User
from tests.archive.making import make_airing, make_staff
from tests.archive.s3_servers import Proxy, Server
from tests.archive.stored import NAMES, Show, nothing_waits
from tests.archive.stored import work as passes

pytestmark = pytest.mark.django_db
DAY = dt.timedelta(days=1)


@pytest.fixture(autouse=True)
def hasty(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trying, "_FIRST_PAUSE", 0.001)
    monkeypatch.setattr(uploader, "_PASS_SECONDS", 0.0)


def stored_in(server: Server, monkeypatch: pytest.MonkeyPatch) -> Proxy:
    bucket = server.bucket()
    proxy = Proxy(server.port, S3Storage(bucket, "archive", server.account()))
    account = server.account(proxy.port)
    monkeypatch.setenv("YISHI_STORE", f"s3://{bucket}/archive")
    monkeypatch.setenv("YISHI_S3_ENDPOINT", account.endpoint)
    monkeypatch.setenv("YISHI_S3_KEY", account.key)
    monkeypatch.setenv("YISHI_S3_SECRET", account.secret)
    monkeypatch.setenv("YISHI_COLD_CLASS", "GLACIER")
    return proxy


@pytest.fixture
def service(moto: Server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Proxy]:
    """The house's store, with storage classes, reached through a proxy."""
    proxy = stored_in(moto, monkeypatch)
    yield proxy
    proxy.stop()


@pytest.fixture
def show(media_root: Path, service: Proxy) -> Show:
    return recorded()


def recorded(days_ago: float = 400) -> Show:
    """An old show, all of it sent, read and found good: three segments, both masters, the file of an import."""
    end = clock.now() - DAY * days_ago
    airing = make_airing(state="ended", actual_start=end - DAY / 24, actual_end=end)
    KeepingTerms.objects.create(programme=airing.episode.programme, cold_days=365, changed_at=clock.now())
    Recording.objects.create(
        airing=airing, state="finished", replay_ready_at=end, reported_at=end, received_bytes=60_000
    )
    show = Show(Path(settings.MEDIA_ROOT), airing.pk)
    for _ in range(3):
        show.close_segment()
    show.release(ended=True)
    for kind, name, is_public in (("master", "sealed", False), ("master", "master", True), ("original", "old", False)):
        keep(show, kind, f"{name}.mp4", is_public, end)
    send(show)
    manifest.write(airing)
    send(show)
    assert fixity.audit_airing(airing.pk, rate=0).problem == ""
    return show


def keep(show: Show, kind: str, name: str, is_public: bool, made_at: dt.datetime) -> None:
    file = show.folder / "derived/1" / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(os.urandom(5_000))
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    Derivative.objects.create(
        recording_id=show.id,
        kind=kind,
        key=show.key(f"derived/1/{name}"),
        size_bytes=5_000,
        digest=digest,
        algorithm="sha256",
        media_type="video/mp4",
        is_public=is_public,
        made_at=made_at,
    )


def send(show: Show) -> None:
    async def go() -> None:
        sender = Uploader()
        await passes(sender, [], lambda: nothing_waits(sender, show))
        await sender.stop()

    asyncio.run(go())


def lies(service: Proxy, show: Show) -> dict[str, str]:
    """The class of each object in the store, by name."""
    found = {}
    for key in service.storage.list(f"airings/{show.id}"):
        standing = classes.standing(service.storage, key)
        assert standing is not None
        found[key.split("/", 2)[2]] = standing.storage_class
    return found


def go_cold(show: Show) -> ColdKeeping:
    assert cold.mark() == 1
    assert cooling.work(show.id) == ""
    return ColdKeeping.objects.get(pk=show.id)


COLD = {*(f"parts/001/{number:06d}.ts" for number in range(3)), "derived/1/sealed.mp4", "derived/1/old.mp4"}


def test_only_what_nobody_waits_for_goes_cold(service: Proxy, show: Show) -> None:
    row = go_cold(show)
    found = lies(service, show)
    assert {name for name, kind in found.items() if kind == "GLACIER"} == COLD
    at_hand = {name for name, kind in found.items() if kind == "STANDARD"}
    assert {f"public/{name}.ts" for name in NAMES[:3]} | {
        "derived/1/master.mp4",
        "live.m3u8",
        "manifest.json",
    } <= at_hand
    assert (row.objects_cold, row.size_bytes, row.problem) == (5, 70_000, "")
    assert row.done_at is not None
    assert AuditEntry.objects.filter(act="cold.store", airing_id=show.id).count() == 1


def test_the_disk_gives_up_the_files_and_keeps_what_an_edit_and_a_rerun_read(service: Proxy, show: Show) -> None:
    go_cold(show)
    assert not (show.folder / "derived/1/sealed.mp4").exists()
    assert not (show.folder / "derived/1/old.mp4").exists()
    assert (show.folder / "derived/1/master.mp4").exists()
    assert len(list(show.folder.glob("parts/001/*.ts"))) == len(list(show.folder.glob("public/*.ts"))) == 3


def test_nothing_goes_that_is_young_unread_bad_at_work_or_of_a_programme_that_says_nothing(
    service: Proxy, show: Show
) -> None:
    airing = Airing.objects.get(pk=show.id)
    mine = KeepingTerms.objects.filter(programme=airing.episode.programme)

    def due() -> int:
        return cold.due(airing.episode.programme_id, 365, clock.now()).count()

    assert due() == 1
    Airing.objects.filter(pk=show.id).update(actual_end=clock.now() - 364 * DAY)
    assert due() == 0
    Airing.objects.filter(pk=show.id).update(actual_end=clock.now() - 366 * DAY)
    step = Step.objects.create(recording_id=show.id, kind="sound", made_at=clock.now())
    assert due() == 0
    step.delete()
    whole = FixityCheck.objects.filter(place=fixity.WHOLE)
    whole.update(outcome="damaged")
    assert due() == 0
    whole.delete()
    assert due() == 0, "nobody has read it yet"
    assert fixity.audit_airing(show.id, rate=0).problem == ""
    assert due() == 1
    mine.update(cold_days=None)
    assert cold.mark() == 0


def test_nothing_goes_where_the_house_has_no_class(service: Proxy, show: Show, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("YISHI_COLD_CLASS", "")
    assert cold.mark() == 0


def test_a_worker_killed_between_two_objects_goes_on(service: Proxy, show: Show) -> None:
    cold.mark()

    class Killed(BaseException):
        """What no handler catches."""

    def told(share: float) -> None:
        if share > 0.5:
            raise Killed

    with pytest.raises(Killed):
        cooling.work(show.id, told)
    some = [kind for kind in lies(service, show).values() if kind == "GLACIER"]
    assert 0 < len(some) < len(COLD)
    assert (show.folder / "derived/1/sealed.mp4").exists(), "nothing leaves the disk before all is sure"
    assert cooling.work(show.id) == ""
    assert {name for name, kind in lies(service, show).items() if kind == "GLACIER"} == COLD
    before = service.count("PUT")
    ColdKeeping.objects.update(done_at=None)
    assert cooling.work(show.id) == ""
    assert service.count("PUT") == before, "a second time moves nothing"


def test_a_store_that_is_down_costs_time_and_nothing_else(service: Proxy, show: Show) -> None:
    cold.mark()
    service.fail("500", "*", times=1_000)
    assert cooling.work(show.id) == "storage_down"
    assert ColdKeeping.objects.get(pk=show.id).problem == "storage_down"
    assert (show.folder / "derived/1/sealed.mp4").exists()
    service.faults.clear()
    assert cooling.work(show.id) == ""
    assert ColdKeeping.objects.get(pk=show.id).problem == ""


def test_a_service_that_ignores_classes_is_said_and_nothing_leaves_the_disk(
    media_root: Path, nanio: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy = stored_in(nanio, monkeypatch)
    try:
        show = recorded()
        cold.mark()
        assert cooling.work(show.id) == "cold_unsupported"
        assert ColdKeeping.objects.get(pk=show.id).done_at is None
        assert (show.folder / "derived/1/sealed.mp4").exists()
    finally:
        proxy.stop()


def test_what_is_cold_is_looked_at_but_not_read(service: Proxy, show: Show) -> None:
    go_cold(show)
    tally = fixity.audit_airing(show.id, rate=0)
    assert tally.problem == ""
    assert tally.counts["cold"] == len(COLD)
    assert set(tally.counts) == {"good", "cold"}
    service.storage.delete(show.key("parts/001/000001.ts"))
    assert fixity.audit_airing(show.id, rate=0).counts["missing"] == 1, "that one is gone is noticed"


def test_a_rotten_public_name_of_something_cold_is_noticed(service: Proxy, show: Show) -> None:
    key = mending.public_key(show.id, show.key("parts/001/000001.ts"))
    assert key is not None
    file = show.folder / "parts/001/000001.ts"
    (Path(settings.MEDIA_ROOT) / key).hardlink_to(file)
    service.storage.put(key, file)
    go_cold(show)
    wrong = show.folder / "wrong"
    wrong.write_bytes(b"x" * 20_000)
    service.storage.mend(key, wrong)
    assert fixity.audit_airing(show.id, rate=0).counts["damaged"] == 1
    cold.need(show.id, cold.Why.STEP)
    assert cooling.work(show.id) == ""
    assert fixity.audit_airing(show.id, rate=0).counts["repaired"] == 1, "mended once it was asked back"


def test_asked_back_it_lies_here_again_and_goes_when_its_time_is_over(service: Proxy, show: Show) -> None:
    whole = (show.folder / "derived/1/sealed.mp4").read_bytes()
    go_cold(show)
    store = kept()
    assert store is not None
    with pytest.raises(Cold):
        store.open(show.key("derived/1/sealed.mp4"))
    service.told["x-amz-restore"] = 'ongoing-request="true"'
    cold.ask(HOUSE, show.id)
    assert cooling.work(show.id) == ""
    row = ColdKeeping.objects.get(pk=show.id)
    assert row.sent_at is not None
    assert row.ready_at is None, "it is on its way"
    asked = service.count("POST")
    assert cooling.work(show.id) == ""
    assert service.count("POST") == asked, "and asked for once"
    service.told.clear()
    assert cooling.work(show.id) == ""
    row.refresh_from_db()
    assert row.ready_at is not None
    assert row.until is not None
    assert row.until > clock.now() + 6 * DAY
    assert (show.folder / "derived/1/sealed.mp4").read_bytes() == whole
    assert read_back(store, show.key("parts/001/000000.ts")).size == 20_000
    ColdKeeping.objects.update(until=clock.now() - DAY)
    assert cooling.work(show.id) == ""
    row.refresh_from_db()
    assert (row.asked_at, row.ready_at, row.until) == (None, None, None)
    assert cooling.work(show.id) == ""
    assert not (show.folder / "derived/1/sealed.mp4").exists()


def test_a_step_that_needs_it_has_it_brought_back_and_is_tried_again(service: Proxy, show: Show) -> None:
    go_cold(show)
    # As on another machine: nothing of it lies on this disk.
    for file in show.folder.glob("parts/001/*.ts"):
        file.unlink()
    with pytest.raises(StepFailed) as failed:
        material.read(show.key("parts/001/000000.ts"))
    assert failed.value.problem == "storage_cold"
    Step.objects.create(recording_id=show.id, kind="loudness", made_at=clock.now())
    Derivative.objects.filter(recording_id=show.id, kind="master").update(details={"has_sound": True, "seconds": 1})
    claim = engine.Claim(Step.objects.get().pk, "loudness", Airing.objects.get().pk, 1, clock.now(), clock.now())
    Step.objects.update(state="running", attempt=1, lease_until=clock.now() + DAY)
    assert not work.do(claim)
    step = Step.objects.get()
    assert (step.state, step.problem) == ("waiting", "storage_cold")
    assert ColdKeeping.objects.get(pk=show.id).asked_for == "step"


def test_an_export_says_so_and_has_it_brought_back(service: Proxy, show: Show, tmp_path: Path) -> None:
    go_cold(show)
    episode = Airing.objects.get(pk=show.id).episode
    made = exporting.export(HOUSE, episode, tmp_path / "bags")
    assert made.outcome == "failed"
    assert made.problem.startswith("storage_cold")
    assert ColdKeeping.objects.get(pk=show.id).asked_for == "export"
    assert cooling.work(show.id) == ""
    assert exporting.export(HOUSE, episode, tmp_path / "bags").outcome == "made"


def test_what_is_made_or_mended_later_goes_after_the_rest(service: Proxy, show: Show) -> None:
    go_cold(show)
    assert not cold.changed().exists()
    keep(show, "original", "second.mp4", False, clock.now())
    send(show)
    manifest.write(Airing.objects.get(pk=show.id))
    assert list(cold.changed().values_list("pk", flat=True)) == [show.id]
    cold.changed().update(done_at=None)
    assert cooling.work(show.id) == ""
    assert lies(service, show)["derived/1/second.mp4"] == "GLACIER"
    assert not cold.changed().exists()


def test_it_goes_altogether_when_its_time_is_over(service: Proxy, show: Show) -> None:
    go_cold(show)
    removal = MediaRemoval.objects.create(recording_id=show.id, rule="unpublished", days=1, at=clock.now())
    assert cooling.work(show.id) == ""
    assert removing.take_away(removal) == 1
    assert list(service.storage.list(f"airings/{show.id}")) == []


def test_who_may_ask_and_for_what(service: Proxy, show: Show) -> None:
    airing = Airing.objects.get(pk=show.id)
    producer = Actor(user_id=make_staff(airing.episode.programme).pk, assurance=3)
    with pytest.raises(Conflict):
        cold.ask(producer, show.id)
    go_cold(show)
    with pytest.raises(NotAllowed):
        cold.ask(Actor(user_id=User.objects.create_user("nobody").pk, assurance=3), show.id)
    first = cold.ask(producer, show.id)
    assert cold.ask(producer, show.id).asked_at == first.asked_at, "asked once"
    assert AuditEntry.objects.filter(act="cold.retrieve").count() == 1


def test_terms_are_previewed_and_refused_where_there_is_no_class(
    service: Proxy, show: Show, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    programme = Airing.objects.get(pk=show.id).episode.programme
    user = User.objects.create_user("admin", display_name="系统管理员")
    RoleGrant.objects.create(user=user, role="system_administrator", granted_at=clock.now())
    client.force_login(user)
    page = f"/staff/keeping/terms/{programme.slug}"
    looked = client.post(page, {"act": "look", "cold_days": "365"}).content.decode()
    assert "现在会转入 1 场" in looked
    assert client.post(page, {"act": "set", "cold_days": "200", "version": "1"}).status_code == 302
    assert KeepingTerms.objects.get(pk=programme.pk).cold_days == 200
    monkeypatch.setenv("YISHI_COLD_CLASS", "")
    with pytest.raises(InvalidInput):
        terms.set_terms(HOUSE, programme.pk, Terms(cold_days=100), 2)
    KeepingTerms.objects.filter(pk=programme.pk).update(cold_days=None)
    assert "冷存储" not in client.get(page).content.decode()


def test_the_files_of_the_public_are_never_among_them(service: Proxy, show: Show) -> None:
    wanted = {each.key for each in cold.objects(show.id)}
    public = set(Derivative.objects.filter(recording_id=show.id, is_public=True).values_list("key", flat=True))
    assert public
    assert not wanted & public
    assert not any("/public/" in key for key in wanted)
    assert media().head(show.key("derived/1/master.mp4")) is not None


def test_the_pages_say_what_lies_where_and_one_press_brings_it_back(service: Proxy, show: Show, client: Client) -> None:
    airing = Airing.objects.get(pk=show.id)
    client.force_login(make_staff(airing.episode.programme))
    page = f"/staff/recordings/{show.id}/"
    assert "冷存储" not in client.get(page).content.decode()
    go_cold(show)
    shown = client.get(page).content.decode()
    assert "5 个对象，68 KB" in shown
    assert "sealed.mp4?download" not in shown, "no link to what cannot be had now"
    refused = client.get(f"/media/airings/{show.id}/derived/sealed.mp4")
    assert refused.status_code == 503
    assert "取回" in refused.content.decode()
    kept = client.get("/staff/keeping/").content.decode()
    assert "1 场录制的原始内容在冷存储" in kept
    assert client.post(f"/staff/keeping/{show.id}/ask-back").status_code == 302
    assert "正在取回" in client.get(page).content.decode()
    assert cooling.work(show.id) == ""
    assert "已取回" in client.get(page).content.decode()
    assert "sealed.mp4?download" in client.get(page).content.decode()
