"""The staff page of a recording: who sees it, what it says of each step, and having a failed one done again."""

from __future__ import annotations

import datetime as dt
import uuid
from pathlib import Path

import pytest
from django.test import Client

from archive import fixity, kept_view
from archive.models import Derivative, Recording, Step
from archive.steps import acts, engine, view, work
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry

from .making import make_airing, make_staff
from .stored import Show

pytestmark = pytest.mark.django_db


@pytest.fixture
def airing() -> Airing:
    """An ended airing whose steps wait."""
    now = clock.now()
    airing = make_airing(state="ended", actual_start=now - dt.timedelta(minutes=5), actual_end=now)
    Recording.objects.create(airing=airing, state="finished", replay_ready_at=now, received_seconds=300)
    engine.ensure(airing.pk)
    return airing


def client_of(airing: Airing, role: str = "producer") -> Client:
    client = Client()
    client.force_login(make_staff(airing.episode.programme, role))
    return client


def failed(airing: Airing, kind: str = "master") -> Step:
    step = Step.objects.get(recording_id=airing.pk, kind=kind)
    step.state, step.problem, step.reason, step.result = "failed", "ffmpeg_failed", "moov not found", {"tries": 5}
    step.save()
    return step


def test_the_page_lists_every_step_and_what_it_waits_for(airing: Airing) -> None:
    text = client_of(airing).get(f"/staff/recordings/{airing.pk}/").content.decode()
    for row in view.steps_of(airing.pk):
        assert str(row["name"]) in text
    assert "先要：生成母版" in text
    assert "还没有文件" in text


def test_a_failed_step_says_why_and_a_producer_has_it_done_again(airing: Airing) -> None:
    step = failed(airing)
    client = client_of(airing)
    text = client.get(f"/staff/recordings/{airing.pk}/?part=state").content.decode()
    assert "ffmpeg 处理失败" in text
    assert "moov not found" in text
    assert "<html" not in text
    assert 'id="retry-master"' in text
    response = client.post(f"/staff/recordings/{airing.pk}/retry", {"kind": "master"})
    assert response.status_code == 302
    step.refresh_from_db()
    assert (step.state, step.problem, step.result) == ("waiting", "", {})
    entry = AuditEntry.objects.get(act="step.retry")
    assert (entry.before, entry.airing_id) == ({"state": "failed", "problem": "ffmpeg_failed"}, airing.pk)


def test_who_may_not_produce_sees_no_button_and_is_refused(airing: Airing) -> None:
    failed(airing)
    client = client_of(airing, "moderator")
    assert "retry-master" not in client.get(f"/staff/recordings/{airing.pk}/").content.decode()
    client.post(f"/staff/recordings/{airing.pk}/retry", {"kind": "master"})
    assert Step.objects.get(recording_id=airing.pk, kind="master").state == "failed"
    with pytest.raises(NotAllowed):
        acts.retry(Actor(), airing.pk, "master")


def test_strangers_and_staff_of_other_programmes_see_nothing(airing: Airing) -> None:
    assert Client().get(f"/staff/recordings/{airing.pk}/").status_code == 302
    assert client_of(make_airing()).get(f"/staff/recordings/{airing.pk}/").status_code == 403
    assert client_of(airing).get(f"/staff/recordings/{uuid.uuid4()}/").status_code == 404


def test_only_what_failed_is_done_again(airing: Airing) -> None:
    with pytest.raises(IllegalTransition):
        acts.retry(HOUSE, airing.pk, "master")
    with pytest.raises(NotFound):
        acts.retry(HOUSE, airing.pk, "nonsense")


def test_a_step_that_waits_after_a_failure_can_be_tried_at_once(airing: Airing) -> None:
    claim = engine.claim("test")
    assert claim
    engine.fail(claim, "stalled", "")
    assert engine.claim("test").kind != claim.kind  # type: ignore[union-attr]
    acts.retry(HOUSE, airing.pk, claim.kind)
    assert engine.claim("test").kind == claim.kind  # type: ignore[union-attr]


def test_the_page_says_how_the_recording_is_kept_after_the_show_too(
    airing: Airing, media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YISHI_STORE_COPY", str(tmp_path / "copy"))
    monkeypatch.setattr(kept_view, "_BELIEVED_SECONDS", 0.0)
    client = client_of(airing)

    def text() -> str:
        return client.get(f"/staff/recordings/{airing.pk}/?part=state").content.decode()

    show = Show(media_root, airing.pk)
    for _ in range(3):
        show.close_segment()
    assert "最后一步写" in text()
    assert "待传 3 段，59 KB" in text()
    Step.objects.update(state="failed")
    Step.objects.filter(kind="manifest").update(state="waiting")
    assert work.once("test")
    digest = Derivative.objects.get(kind="manifest").digest
    assert digest in text()
    assert "录制都已传到" in text()
    assert "8 个对象完好" in text()
    file = show.folder / "parts/001/000001.ts"
    whole = file.read_bytes()
    file.write_bytes(b"rotten" + whole[6:])
    (tmp_path / "copy" / show.key("parts/001/000001.ts")).unlink()
    fixity.audit_airing(airing.pk, rate=0)
    assert "2 个对象有问题" in text()
    assert "parts/001/000001.ts" in text()
    file.write_bytes(whole)
    fixity.audit_airing(airing.pk, rate=0)
    assert "个对象有问题" not in text(), "brought back by hand, and found good"
    assert "修复过 1 个" in text()


def test_a_machine_without_the_disk_says_what_the_recorder_last_said(
    airing: Airing, media_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YISHI_STORE", str(tmp_path / "store"))
    places = [{"place": "main", "waiting": 7, "waiting_bytes": 2048, "lag_seconds": 9, "problem": ""}]
    Recording.objects.update(health={"store": {"places": places}})
    text = client_of(airing).get(f"/staff/recordings/{airing.pk}/").content.decode()
    assert "待传 7 段，2 KB" in text
    assert "录制机最后所报" in text


def test_a_failure_without_a_word_is_not_shown_by_its_code(airing: Airing) -> None:
    step = failed(airing)
    Step.objects.filter(pk=step.pk).update(problem="unheard_of")
    text = client_of(airing).get(f"/staff/recordings/{airing.pk}/").content.decode()
    assert "unheard_of" not in text
    assert "程序出错" in text
