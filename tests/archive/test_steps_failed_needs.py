"""A step that failed for good keeps nothing else from being done: what needs it is passed over, the rest is sent and written."""

from __future__ import annotations

import pytest

from archive import fixity
from archive.models import Recording, Step
from archive.steps import acts, engine, plan
from broadcast import clock
from broadcast.access import HOUSE

from .making import make_airing

pytestmark = pytest.mark.django_db


@pytest.fixture
def recording() -> Recording:
    now = clock.now()
    airing = make_airing(state="ended", actual_start=now, actual_end=now)
    made = Recording.objects.create(airing=airing, state="finished", replay_ready_at=now, received_seconds=9)
    engine.ensure(airing.pk)
    return made


def put(recording: Recording, **states: str) -> None:
    Step.objects.filter(recording=recording).update(state="done")
    for kind, state in states.items():
        Step.objects.filter(recording=recording, kind=kind).update(state=state)


def ready() -> set[str]:
    return set(engine.ready(clock.now()).values_list("kind", flat=True))


def test_what_there_is_is_sent_though_the_loudness_failed(recording: Recording) -> None:
    put(recording, loudness="failed", sound="waiting", upload="waiting", manifest="waiting")
    assert ready() == {"upload"}
    put(recording, loudness="failed", sound="waiting", manifest="waiting")
    assert ready() == {"manifest"}


def test_a_master_that_failed_holds_up_all_made_of_it_and_nothing_else(recording: Recording) -> None:
    waiting = dict.fromkeys(["images", "loudness", "sound", "peaks", "upload", "manifest"], "waiting")
    put(recording, **waiting, master="failed")
    assert ready() == {"upload"}


def test_what_may_yet_come_is_waited_for(recording: Recording) -> None:
    put(recording, loudness="waiting", sound="waiting", upload="waiting", manifest="waiting")
    assert ready() == {"loudness"}
    put(recording, rungs="failed", sound="waiting", upload="waiting", manifest="waiting")
    assert ready() == {"sound"}


def test_one_that_is_tried_again_is_waited_for_again_and_sent_again(recording: Recording) -> None:
    put(recording, loudness="failed", sound="waiting", upload="done", manifest="waiting")
    acts.retry(HOUSE, recording.pk, "loudness")
    assert ready() == {"loudness"}
    for kind in ("loudness", "sound"):
        claim = engine.claim("a")
        assert claim
        assert claim.kind == kind
        engine.finish(claim, {}, [])
    assert ready() == {"upload"}


def test_the_recording_is_read_again_all_the_same(recording: Recording) -> None:
    Recording.objects.filter(pk=recording.pk).update(reported_at=clock.now() - fixity.dt.timedelta(hours=2))
    put(recording, loudness="failed", sound="waiting")
    assert fixity.due() == [recording.pk]
    assert not fixity._pending(recording.pk).exists()
    put(recording, loudness="waiting", sound="waiting")
    assert fixity.due() == []


def test_the_needs_of_needs() -> None:
    assert plan.all_needs("sound") == {"loudness", "master", "edit"}
    assert plan.all_needs("master") == {"edit"}
