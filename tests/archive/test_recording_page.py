"""The staff page of a recording: who sees it, what it says of each step, and having a failed one done again."""

from __future__ import annotations

import datetime as dt
import uuid

import pytest
from django.test import Client

from archive.models import Recording, Step
from archive.steps import acts, engine, view
from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry

from .making import make_airing, make_staff

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
