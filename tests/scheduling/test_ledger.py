"""Each due act happens exactly once, at its time or never."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Person
from broadcast.services import episodes, timing
from scheduling.models import AiringPlan, Firing, Notice, Occurrence, Seat, Slot
from scheduling.queries import due as reading
from scheduling.services import firing, ledger

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
            firing.tick()
            firing.tick()
        assert state(show) == expected, minutes
    assert outcomes(show) == [("open_feed", "fired"), ("start", "fired"), ("end", "fired")]
    assert AuditEntry.objects.filter(act__startswith="airing.").count() == 3


def test_nothing_depends_on_having_been_up_at_the_time(show):
    with at(2):
        assert firing.tick() == 2
    assert state(show) == S.ON_AIR


def test_what_is_much_too_late_is_left_to_people(show):
    with at(6):
        firing.tick()
    assert state(show) == S.WAITING
    assert outcomes(show) == [("open_feed", "fired"), ("start", "too_late")]
    assert "晚了" in Firing.objects.get(action="start").reason
    with at(7):
        lifecycle.start(HOUSE, show.pk)
        firing.tick()
    assert state(show) == S.ON_AIR


def test_without_a_plan_or_an_announcement_nothing_happens():
    bare = airing(number=2, port=None)
    hidden = airing(number=3, announced=False)
    AiringPlan.objects.create(airing=hidden, auto_start=True, auto_end=True)
    with at(5):
        assert firing.tick() == 0
    assert state(bare) == state(hidden) == S.PLANNED
    assert not Firing.objects.exists()


def test_a_rehearsal_needs_no_announcement():
    rehearsal = airing(number=4, announced=False, kind=Airing.Kind.REHEARSAL)
    AiringPlan.objects.create(airing=rehearsal, auto_start=True)
    with at(0):
        firing.tick()
    assert state(rehearsal) == S.ON_AIR
    assert Airing.objects.get(pk=rehearsal.pk).announced_at is None


def test_what_people_did_before_is_not_done_again(show):
    with at(-15):
        lifecycle.open_feed(HOUSE, show.pk)
        lifecycle.start(HOUSE, show.pk)
    with at(1):
        assert firing.tick() == 0
    assert outcomes(show) == [("open_feed", "skipped"), ("start", "skipped")]


def test_a_feed_closed_by_hand_stays_closed(show):
    with at(-10):
        firing.tick()
        lifecycle.close_feed(HOUSE, show.pk)
        firing.tick()
        assert state(show) == S.PLANNED


def test_a_moved_show_fires_at_its_new_times(show):
    with at(-10):
        firing.tick()
        lifecycle.close_feed(HOUSE, show.pk)
        timing.move(HOUSE, show.pk, NOON + dt.timedelta(hours=1), NOON + dt.timedelta(hours=2), "嘉宾路上堵车")
    with at(0):
        firing.tick()
    assert state(show) == S.PLANNED
    with at(50):
        firing.tick()
    assert state(show) == S.WAITING
    with at(60):
        firing.tick()
    assert state(show) == S.ON_AIR


def test_a_used_feed_is_tried_again_until_it_is_free(show):
    before = airing(NOON - dt.timedelta(minutes=40), number=9)
    lifecycle.open_feed(HOUSE, before.pk)
    lifecycle.start(HOUSE, before.pk)
    with at(-10):
        firing.tick()
        row = Firing.objects.get(airing=show)
        assert (row.outcome, state(show)) == ("claimed", S.PLANNED)
        assert "请先结束那一场" in row.reason
    with at(-9):
        firing.tick()
        assert Firing.objects.get(airing=show).attempt == 2
        lifecycle.end(HOUSE, before.pk)
    with at(-8):
        firing.tick()
    assert state(show) == S.WAITING
    assert outcomes(show) == [("open_feed", "fired")]


def test_a_claim_whose_scheduler_died_is_taken_up(show, monkeypatch):
    def die(*_args):
        raise KeyboardInterrupt

    with at(-10):
        monkeypatch.setattr(firing, "_act", die)
        with pytest.raises(KeyboardInterrupt):
            firing.tick()
        monkeypatch.undo()
        assert Firing.objects.get(airing=show).outcome == "claimed"
        assert firing.tick() == 0, "the lease still runs"
    with clock.frozen(NOON - dt.timedelta(minutes=10) + dt.timedelta(seconds=firing.LEASE_SECONDS)):
        assert firing.tick() == 1
    row = Firing.objects.get(airing=show)
    assert (row.outcome, row.attempt, state(show)) == ("fired", 2, S.WAITING)


def test_a_crash_in_the_act_leaves_neither_act_nor_outcome(show, monkeypatch):
    def die(*_args):
        lifecycle.open_feed(HOUSE, show.pk)
        raise SystemExit

    with at(-10):
        monkeypatch.setitem(firing._VERBS, "open_feed", die)
        with pytest.raises(SystemExit):
            firing.tick()
        assert state(show) == S.PLANNED
        assert Firing.objects.get(airing=show).outcome == "claimed"
        monkeypatch.undo()
    with at(-9):
        firing.tick()
    assert state(show) == S.WAITING
    assert AuditEntry.objects.filter(act="airing.open").count() == 1


def test_a_late_holder_of_an_old_lease_does_nothing(show):
    with at(-10):
        due, _plan = reading.undone(clock.now())[0]
        old = firing._claim(due)
    with at(-9):
        assert firing.tick() == 1
        assert firing._act(old) is False
    assert AuditEntry.objects.filter(act="airing.open").count() == 1


def test_a_cancelled_show_settles_its_ledger(show, django_capture_on_commit_callbacks):
    with at(-60), django_capture_on_commit_callbacks(execute=True):
        lifecycle.cancel(HOUSE, show.pk, "台风")
    assert outcomes(show) == [("open_feed", "skipped"), ("start", "skipped"), ("end", "skipped")]
    assert set(Firing.objects.values_list("reason", flat=True)) == {"cancelled"}
    with at(5):
        assert firing.tick() == 0


def test_only_producers_plan(show):
    with pytest.raises(NotAllowed):
        ledger.set_plan(Actor(), show.pk, auto_start=False)
    ledger.set_plan(HOUSE, show.pk, auto_start=False)
    with at(1):
        firing.tick()
    assert state(show) == S.WAITING


def test_a_draft_is_announced_at_its_time_and_then_fires(django_capture_on_commit_callbacks):
    draft = airing(announced=False)
    AiringPlan.objects.create(airing=draft, auto_announce=True, auto_start=True, announce_hours_before=72)
    with at(-72 * 60 - 1):
        assert firing.tick() == 0
    with at(-72 * 60):
        assert firing.tick() == 1
        assert Airing.objects.get(pk=draft.pk).announced_at == clock.now()
        assert Airing.objects.get(pk=draft.pk).episode.publication == "published"
    with at(0):
        assert firing.tick() == 2
    assert outcomes(draft) == [("announce", "fired"), ("open_feed", "fired"), ("start", "fired")]


def test_a_slots_draft_has_its_number_in_time_when_it_is_announced():
    """Drafts are numbered in order once all are made; a tick may come between."""
    later, first = (
        airing(NOON + dt.timedelta(days=7), number=1001, announced=False),
        airing(number=1002, announced=False),
    )
    slot = Slot.objects.create(
        programme=first.episode.programme,
        first_date=dt.date(2026, 11, 7),
        local_time=dt.time(11),
        rule="FREQ=WEEKLY;BYDAY=SA",
    )
    for each in (later, first):
        AiringPlan.objects.create(airing=each, auto_announce=True)
        Occurrence.objects.create(slot=slot, original_start=each.planned_start, airing=each)
    with at(-60):
        firing.tick()
    assert Airing.objects.get(pk=first.pk).episode.number == 1001
    assert Airing.objects.get(pk=later.pk).episode.number == 1002


def test_what_was_withdrawn_is_neither_announced_nor_begun_by_the_house():
    draft = airing(announced=False)
    AiringPlan.objects.create(airing=draft, auto_announce=True, auto_start=True)
    episodes.withdraw(HOUSE, draft.episode_id, "内容有误")
    with at(-60):
        firing.tick()
    assert outcomes(draft) == [("announce", "failed")]
    assert Airing.objects.get(pk=draft.pk).episode.publication == "withdrawn"


def test_the_replay_is_published_after_the_real_end_once(show):
    ledger.set_plan(HOUSE, show.pk, auto_publish=True, publish_minutes_after=5)
    with at(0):
        firing.tick()
    with at(27):
        lifecycle.end(HOUSE, show.pk)
    with at(31):
        firing.tick()
        assert Airing.objects.get(pk=show.pk).episode.signed_off_at is None
    with at(32):
        firing.tick()
        assert Airing.objects.get(pk=show.pk).episode.signed_off_at == clock.now()
        assert firing.tick() == 0
    assert ("publish", "fired") in outcomes(show)
    assert AuditEntry.objects.filter(act="episode.sign_off").count() == 1


def test_a_replay_that_was_withdrawn_stays_withdrawn(show):
    ledger.set_plan(HOUSE, show.pk, auto_publish=True, publish_minutes_after=5)
    for minutes in (0, 30):
        with at(minutes):
            firing.tick()
    with at(31):
        episodes.withdraw(HOUSE, show.episode_id, "嘉宾要求")
    with at(40):
        firing.tick()
        firing.tick()
    assert ("publish", "failed") in outcomes(show)
    assert Airing.objects.get(pk=show.pk).episode.signed_off_at is None


def test_a_draft_that_nobody_announced_is_noted_as_missed():
    draft = airing(announced=False)
    AiringPlan.objects.create(airing=draft, auto_start=True)
    with at(5):
        firing.tick()
        assert not Firing.objects.exists(), "it may still be announced"
    with at(6):
        firing.tick()
    assert outcomes(draft) == [("start", "too_late")]
    assert "没有预告" in Firing.objects.get().reason


def test_a_feed_that_a_missed_show_still_holds_is_given_to_the_next(show):
    missed = airing(NOON - dt.timedelta(hours=1), number=9)
    lifecycle.open_feed(HOUSE, missed.pk)
    with at(-10):
        firing.tick()
    assert (state(missed), state(show)) == (S.PLANNED, S.WAITING)
    assert outcomes(show) == [("open_feed", "fired")]


def test_a_feed_is_not_opened_for_a_show_that_would_be_over(show):
    with at(31):
        firing.tick()
    assert state(show) == S.PLANNED
    assert outcomes(show) == [("open_feed", "too_late"), ("start", "too_late"), ("end", "skipped")]


def test_a_plan_changed_and_changed_back_fires(show):
    before = airing(NOON - dt.timedelta(minutes=40), number=9)
    lifecycle.open_feed(HOUSE, before.pk)
    lifecycle.start(HOUSE, before.pk)
    later = NOON + dt.timedelta(hours=5)
    with at(-10):
        firing.tick()
        timing.move(HOUSE, show.pk, later, later + dt.timedelta(minutes=30))
    with at(-9):
        firing.tick()
        lifecycle.end(HOUSE, before.pk)
        timing.move(HOUSE, show.pk, NOON, NOON + dt.timedelta(minutes=30))
        firing.tick()
    assert state(show) == S.WAITING
    assert outcomes(show) == [("open_feed", "fired")]


def test_a_clock_set_back_repeats_nothing_and_strands_no_claim(show, monkeypatch):
    with at(0):
        firing.tick()
    with at(-65):
        assert firing.tick() == 0
    assert state(show) == S.ON_AIR
    with at(30):
        monkeypatch.setattr(firing, "_act", lambda _row: False)
        firing.tick()
        monkeypatch.undo()
        assert Firing.objects.get(action="end").outcome == "claimed", "its scheduler died"
    with at(29):
        firing.tick()
    assert state(show) == S.ENDED, "the lease of a time that has not come yet holds nobody up"
    assert AuditEntry.objects.filter(act="airing.start").count() == 1


def test_a_fault_in_one_act_holds_up_no_other_and_ends(show, monkeypatch):
    other = airing(number=2, port=9002)
    AiringPlan.objects.create(airing=other, auto_start=True)
    real = firing._VERBS["start"]

    def fault(of, subject):
        if of.pk == show.pk:
            raise ZeroDivisionError
        real(of, subject)

    monkeypatch.setitem(firing._VERBS, "start", fault)
    with at(0):
        firing.tick()
    assert (state(show), state(other)) == (S.WAITING, S.ON_AIR)
    for minutes in range(1, 5):
        with at(minutes):
            firing.tick()
    row = Firing.objects.get(airing=show, action="start")
    assert (row.outcome, row.attempt) == ("failed", firing.MOST_FAULTS)


def test_the_ledger_of_an_ended_show_is_settled_though_the_fact_was_lost(show):
    with at(-10):
        firing.tick()
        lifecycle.start(HOUSE, show.pk)
        lifecycle.end(HOUSE, show.pk)
        assert outcomes(show) == [("open_feed", "fired")], "nobody heard of the end"
        firing.tick()
    assert outcomes(show) == [("open_feed", "fired"), ("start", "skipped"), ("end", "skipped")]


def test_a_guest_is_reminded_once_and_not_when_the_seat_is_empty(show):
    ledger.set_plan(HOUSE, show.pk, auto_remind=True)
    comes, gone = (
        Seat.objects.create(episode=show.episode, role="member", person=Person.objects.create(name=name))
        for name in ("林委员", "何委员")
    )
    with at(-24 * 60 - 1):
        assert firing.tick() == 0
    with at(-24 * 60):
        due = [each for each, _plan in reading.undone(clock.now()) if each.subject == f"seat:{gone.pk}"]
        claimed = firing._claim(due[0])
        firing.tick()
        firing.tick()
    assert Notice.objects.count() == 1
    assert outcomes(show) == [("remind", "claimed"), ("remind", "fired")]
    Seat.objects.filter(pk=gone.pk).update(person=None)
    with at(-24 * 60 + 1):
        firing.tick()
    assert not Firing.objects.filter(pk=claimed.pk).exists(), "nobody is there to be reminded any more"
    assert Firing.objects.get(action="remind").subject == f"seat:{comes.pk}"


def test_a_reminder_that_is_too_late_is_left_out(show):
    ledger.set_plan(HOUSE, show.pk, auto_remind=True)
    Seat.objects.create(episode=show.episode, role="member", person=Person.objects.create(name="林委员"))
    with at(-23 * 60):
        firing.tick()
    assert outcomes(show) == [("remind", "too_late")]
    assert not Notice.objects.exists()


def test_a_plan_takes_only_what_it_knows(show):
    for facts in ({"auto_begin": True}, {"open_minutes_before": -1}, {"announce_hours_before": 10**6}, {"auto_end": 3}):
        with pytest.raises(InvalidInput):
            ledger.set_plan(HOUSE, show.pk, **facts)


@pytest.mark.django_db(transaction=True)
def test_many_schedulers_at_once_act_once():
    shows = [airing(number=number, port=9000 + number) for number in range(1, 6)]
    for each in shows:
        AiringPlan.objects.create(airing=each, auto_start=True)
    barrier, done = threading.Barrier(6), []

    def scheduler() -> None:
        try:
            barrier.wait()
            done.extend(firing.tick() for _ in range(3))
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
