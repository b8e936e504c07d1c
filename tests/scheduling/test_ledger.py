"""Each due act happens exactly once, at its time or never."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import NotAllowed
from broadcast.models import Airing, AuditEntry
from broadcast.services import timing
from scheduling.models import AiringPlan, Firing
from scheduling.services import ledger

from .making import NOON, airing

pytestmark = pytest.mark.django_db
S = Airing.State


def at(minutes: float):
    return clock.frozen(NOON + dt.timedelta(minutes=minutes))


def state(of: Airing) -> str:
    return Airing.objects.values_list("state", flat=True).get(pk=of.pk)


def outcomes(of: Airing) -> list[tuple[str, str]]:
    return list(Firing.objects.filter(airing=of).order_by("due_at", "id").values_list("action", "outcome"))


@pytest.fixture
def show() -> Airing:
    made = airing()
    AiringPlan.objects.create(airing=made, auto_start=True, auto_end=True)
    return made


def test_a_show_opens_starts_and_ends_at_its_times(show):
    for minutes, expected in (
        (-11, S.PLANNED),
        (-10, S.WAITING),
        (-1, S.WAITING),
        (0, S.ON_AIR),
        (29, S.ON_AIR),
        (30, S.ENDED),
    ):
        with at(minutes):
            ledger.tick()
            ledger.tick()
        assert state(show) == expected, minutes
    assert outcomes(show) == [("open_feed", "fired"), ("start", "fired"), ("end", "fired")]
    assert AuditEntry.objects.filter(act__startswith="airing.").count() == 3


def test_nothing_depends_on_having_been_up_at_the_time(show):
    with at(2):
        assert ledger.tick() == 2
    assert state(show) == S.ON_AIR


def test_what_is_much_too_late_is_left_to_people(show):
    with at(6):
        ledger.tick()
    assert state(show) == S.WAITING
    assert outcomes(show) == [("open_feed", "fired"), ("start", "too_late")]
    assert "晚了" in Firing.objects.get(action="start").reason
    with at(7):
        lifecycle.start(HOUSE, show.pk)
        ledger.tick()
    assert state(show) == S.ON_AIR


def test_without_a_plan_or_an_announcement_nothing_happens():
    bare = airing(number=2, port=None)
    hidden = airing(number=3, announced=False)
    AiringPlan.objects.create(airing=hidden, auto_start=True, auto_end=True)
    with at(5):
        assert ledger.tick() == 0
    assert state(bare) == state(hidden) == S.PLANNED
    assert not Firing.objects.exists()


def test_a_rehearsal_needs_no_announcement():
    rehearsal = airing(number=4, announced=False, kind=Airing.Kind.REHEARSAL)
    AiringPlan.objects.create(airing=rehearsal, auto_start=True)
    with at(0):
        ledger.tick()
    assert state(rehearsal) == S.ON_AIR
    assert Airing.objects.get(pk=rehearsal.pk).announced_at is None


def test_what_people_did_before_is_not_done_again(show):
    with at(-15):
        lifecycle.open_feed(HOUSE, show.pk)
        lifecycle.start(HOUSE, show.pk)
    with at(1):
        assert ledger.tick() == 0
    assert outcomes(show) == [("open_feed", "skipped"), ("start", "skipped")]


def test_a_feed_closed_by_hand_stays_closed(show):
    with at(-10):
        ledger.tick()
        lifecycle.close_feed(HOUSE, show.pk)
        ledger.tick()
        assert state(show) == S.PLANNED


def test_a_moved_show_fires_at_its_new_times(show):
    with at(-10):
        ledger.tick()
        lifecycle.close_feed(HOUSE, show.pk)
        timing.move(HOUSE, show.pk, NOON + dt.timedelta(hours=1), NOON + dt.timedelta(hours=2), "嘉宾路上堵车")
    with at(0):
        ledger.tick()
    assert state(show) == S.PLANNED
    with at(50):
        ledger.tick()
    assert state(show) == S.WAITING
    with at(60):
        ledger.tick()
    assert state(show) == S.ON_AIR


def test_a_used_feed_is_tried_again_until_it_is_free(show):
    before = airing(NOON - dt.timedelta(minutes=40), number=9)
    lifecycle.open_feed(HOUSE, before.pk)
    lifecycle.start(HOUSE, before.pk)
    with at(-10):
        ledger.tick()
        firing = Firing.objects.get(airing=show)
        assert (firing.outcome, state(show)) == ("claimed", S.PLANNED)
        assert "请先结束那一场" in firing.reason
    with at(-9):
        ledger.tick()
        assert Firing.objects.get(airing=show).attempt == 2
        lifecycle.end(HOUSE, before.pk)
    with at(-8):
        ledger.tick()
    assert state(show) == S.WAITING
    assert outcomes(show) == [("open_feed", "fired")]


def test_a_claim_whose_scheduler_died_is_taken_up(show, monkeypatch):
    def die(*_args):
        raise KeyboardInterrupt

    with at(-10):
        monkeypatch.setattr(ledger, "_act", die)
        with pytest.raises(KeyboardInterrupt):
            ledger.tick()
        monkeypatch.undo()
        assert Firing.objects.get(airing=show).outcome == "claimed"
        assert ledger.tick() == 0, "the lease still runs"
    with clock.frozen(NOON - dt.timedelta(minutes=10) + dt.timedelta(seconds=ledger.LEASE_SECONDS)):
        assert ledger.tick() == 1
    firing = Firing.objects.get(airing=show)
    assert (firing.outcome, firing.attempt, state(show)) == ("fired", 2, S.WAITING)


def test_a_crash_in_the_act_leaves_neither_act_nor_outcome(show, monkeypatch):
    def die(*_args):
        lifecycle.open_feed(HOUSE, show.pk)
        raise SystemExit

    with at(-10):
        monkeypatch.setitem(ledger._VERBS, "open_feed", die)
        with pytest.raises(SystemExit):
            ledger.tick()
        assert state(show) == S.PLANNED
        assert Firing.objects.get(airing=show).outcome == "claimed"
        monkeypatch.undo()
    with at(-9):
        ledger.tick()
    assert state(show) == S.WAITING
    assert AuditEntry.objects.filter(act="airing.open").count() == 1


def test_a_late_holder_of_an_old_lease_does_nothing(show):
    with at(-10):
        due = ledger._undone()[0]
        old = ledger._claim(due)
    with at(-9):
        assert ledger.tick() == 1
        assert ledger._act(old, due) is False
    assert AuditEntry.objects.filter(act="airing.open").count() == 1


def test_a_cancelled_show_settles_its_ledger(show, django_capture_on_commit_callbacks):
    with at(-60), django_capture_on_commit_callbacks(execute=True):
        lifecycle.cancel(HOUSE, show.pk, "台风")
    assert outcomes(show) == [("open_feed", "skipped"), ("start", "skipped"), ("end", "skipped")]
    assert set(Firing.objects.values_list("reason", flat=True)) == {"cancelled"}
    with at(5):
        assert ledger.tick() == 0


def test_only_producers_plan(show):
    with pytest.raises(NotAllowed):
        ledger.set_plan(Actor(), show.pk, auto_start=False)
    ledger.set_plan(HOUSE, show.pk, auto_start=False)
    with at(1):
        ledger.tick()
    assert state(show) == S.WAITING


@pytest.mark.django_db(transaction=True)
def test_many_schedulers_at_once_act_once():
    shows = [airing(number=number, port=9000 + number) for number in range(1, 6)]
    for each in shows:
        AiringPlan.objects.create(airing=each, auto_start=True)
    barrier, done = threading.Barrier(6), []

    def scheduler() -> None:
        try:
            barrier.wait()
            done.extend(ledger.tick() for _ in range(3))
        finally:
            connection.close()

    with at(0):
        threads = [threading.Thread(target=scheduler) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sum(done) == 10
    assert set(Firing.objects.values_list("outcome", flat=True)) == {"fired"}
    assert Firing.objects.count() == 10
    assert AuditEntry.objects.filter(act="airing.start").count() == 5
