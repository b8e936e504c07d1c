"""An airing moves only along its table, by those who may, and tells so after commit."""

from __future__ import annotations

import itertools
import threading
from typing import Any

import pytest
from django.db import connection, transaction

from broadcast import lifecycle, signals
from broadcast.access import HOUSE
from broadcast.errors import Conflict, IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, Episode, Programme, SegmentRun
from broadcast.services import episodes, rundown
from tests.broadcast import making

pytestmark = pytest.mark.django_db
ACTS: dict[str, Any] = {
    "open": lifecycle.open_feed,
    "start": lifecycle.start,
    "close": lifecycle.close_feed,
    "end": lifecycle.end,
    "cancel": lambda actor, pk: lifecycle.cancel(actor, pk, "下雨"),
}


@pytest.mark.parametrize(("state", "act"), list(itertools.product(Airing.State.values, ACTS)))
def test_only_what_stands_in_the_table_is_possible(state: str, act: str) -> None:
    airing = making.airing(state=state)
    allowed, after, _ability = lifecycle.TRANSITIONS[act]
    if state in allowed:
        assert ACTS[act](HOUSE, airing.pk).state == after
        assert AuditEntry.objects.filter(act=f"airing.{act}").count() == 1
    else:
        with pytest.raises(IllegalTransition) as refusal:
            ACTS[act](HOUSE, airing.pk)
        assert refusal.value.data["state"] == state
        assert not AuditEntry.objects.exists()
    airing.refresh_from_db()
    assert airing.state == (after if state in allowed else state)


@pytest.mark.parametrize("role", [None, "moderator", "host", "auditor", "secretariat", "member"])
def test_whoever_may_not_run_the_show_does_not_move_it(role: str | None) -> None:
    airing = making.airing()
    with pytest.raises(NotAllowed):
        lifecycle.start(making.actor(role), airing.pk)


def test_a_producer_of_another_programme_is_nobody_here() -> None:
    airing = making.airing()
    with pytest.raises(NotAllowed):
        lifecycle.start(making.actor("producer", making.programme()), airing.pk)
    lifecycle.start(making.actor("producer", airing.episode.programme), airing.pk)


def test_there_is_no_such_airing() -> None:
    with pytest.raises(NotFound):
        lifecycle.start(HOUSE, making.uuid())


def test_one_feed_carries_one_show_at_a_time() -> None:
    feed = making.feed()
    first, second = making.airing(feed=feed), making.airing(feed=feed)
    lifecycle.start(HOUSE, first.pk)
    with pytest.raises(Conflict):
        lifecycle.open_feed(HOUSE, second.pk)
    lifecycle.end(HOUSE, first.pk)
    assert lifecycle.open_feed(HOUSE, second.pk).state == Airing.State.WAITING


def test_a_feed_is_not_main_of_one_and_backup_of_another_running_show() -> None:
    feed, spare = making.feed(), making.feed()
    first, second = making.airing(feed=feed, backup_feed=spare), making.airing(feed=spare)
    lifecycle.open_feed(HOUSE, first.pk)
    with pytest.raises(Conflict) as refusal:
        lifecycle.open_feed(HOUSE, second.pk)
    for name in (spare.name, str(first.episode), str(second.episode)):
        assert name in refusal.value.message
    lifecycle.close_feed(HOUSE, first.pk)
    lifecycle.start(HOUSE, second.pk)
    with pytest.raises(Conflict, match=str(second.episode)):
        lifecycle.start(HOUSE, first.pk)
    lifecycle.end(HOUSE, second.pk)
    assert lifecycle.start(HOUSE, first.pk).state == Airing.State.ON_AIR


@pytest.mark.django_db(transaction=True)
def test_of_two_shows_that_open_at_once_one_gets_the_shared_feed() -> None:
    feed, spare = making.feed(), making.feed()
    first, second = making.airing(feed=feed, backup_feed=spare), making.airing(feed=spare)
    found: list[str] = []
    together = threading.Barrier(2)

    def open_one(airing: Airing) -> None:
        together.wait(10)
        try:
            found.append(lifecycle.open_feed(HOUSE, airing.pk).state)
        except Conflict:
            found.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=open_one, args=[each]) for each in (first, second)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert sorted(found) == ["refused", "waiting"]


def test_starting_announces_and_publishes_the_page_but_a_rehearsal_stays_inside() -> None:
    show, rehearsal = making.airing(), making.airing(kind=Airing.Kind.REHEARSAL)
    for airing in (show, rehearsal):
        lifecycle.start(HOUSE, airing.pk)
        airing.refresh_from_db()
    assert show.announced_at
    assert Episode.objects.get(pk=show.episode_id).publication == Episode.Publication.PUBLISHED
    assert rehearsal.announced_at is None
    assert Episode.objects.get(pk=rehearsal.episode_id).publication == Episode.Publication.DRAFT


def test_starting_does_not_bring_back_what_was_withdrawn() -> None:
    airing = making.airing()
    Episode.objects.filter(pk=airing.episode_id).update(publication=Episode.Publication.WITHDRAWN)
    lifecycle.start(HOUSE, airing.pk)
    assert Episode.objects.get(pk=airing.episode_id).publication == Episode.Publication.WITHDRAWN


def test_the_end_closes_the_open_segment() -> None:
    airing = making.airing()
    segment = airing.episode.segments.create(position=1, title="部门答")
    lifecycle.start(HOUSE, airing.pk)
    rundown.start_segment(HOUSE, airing.pk, segment.pk)
    ended = lifecycle.end(HOUSE, airing.pk)
    assert SegmentRun.objects.get().ended_at == ended.actual_end


def test_where_the_programme_releases_at_once_the_end_is_the_sign_off_and_a_withdrawal_ends_it() -> None:
    at_once = making.airing(making.programme(replay_release=Programme.Release.AT_ONCE))
    waiting = making.airing()
    for airing in (at_once, waiting):
        lifecycle.start(HOUSE, airing.pk)
        lifecycle.end(HOUSE, airing.pk)
    assert Episode.objects.get(pk=waiting.episode_id).signed_off_at is None
    episode = Episode.objects.get(pk=at_once.episode_id)
    assert episode.signed_off_at
    episodes.withdraw(HOUSE, episode.pk, "说错了数字")
    episodes.publish(HOUSE, episode.pk)
    assert Episode.objects.get(pk=episode.pk).signed_off_at is None, "published again, the replay waits for a person"


def test_the_fact_is_told_after_commit_and_never_without_it(django_capture_on_commit_callbacks: Any) -> None:
    heard: list[tuple[str, str]] = []

    def listen(**fact: Any) -> None:
        heard.append((fact["before"], fact["after"]))

    signals.airing_state_changed.connect(listen)
    try:
        airing = making.airing()
        with django_capture_on_commit_callbacks(execute=True):
            lifecycle.start(HOUSE, airing.pk)
            assert heard == []
        assert heard == [("planned", "on_air")]
        with django_capture_on_commit_callbacks(execute=True), pytest.raises(RuntimeError), transaction.atomic():
            lifecycle.end(HOUSE, airing.pk)
            raise RuntimeError
        assert heard == [("planned", "on_air")]
    finally:
        signals.airing_state_changed.disconnect(listen)


def test_a_listener_that_fails_stops_nobody(django_capture_on_commit_callbacks: Any) -> None:
    heard: list[str] = []

    def broken(**_fact: Any) -> None:
        raise RuntimeError("broken")

    def sound(**fact: Any) -> None:
        heard.append(fact["after"])

    signals.airing_state_changed.connect(broken)
    signals.airing_state_changed.connect(sound)
    try:
        airing = making.airing()
        with django_capture_on_commit_callbacks(execute=True):
            lifecycle.start(HOUSE, airing.pk)
        assert heard == ["on_air"]
    finally:
        signals.airing_state_changed.disconnect(broken)
        signals.airing_state_changed.disconnect(sound)
