"""Slots become numbered drafts, once each, and single occurrences can be skipped and moved."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing, Episode
from scheduling.models import AiringPlan, Occurrence, Slot, SlotException
from scheduling.services import slots

from .making import NOON, feed, programme

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)


@pytest.fixture
def slot() -> Slot:
    return Slot.objects.create(
        programme=programme(next_number=1001),
        first_date=dt.date(2026, 11, 7),
        local_time=dt.time(11),
        rule="FREQ=WEEKLY;BYDAY=SA",
        minutes=30,
        feed=feed(),
        auto_start=True,
    )


@pytest.fixture(autouse=True)
def _friday():
    with clock.frozen(NOON - dt.timedelta(days=1)):
        yield


def test_two_weeks_become_numbered_drafts_once(slot):
    assert slots.materialise() == 2
    assert slots.materialise() == 0
    airings = list(Airing.objects.order_by("planned_start"))
    assert [each.planned_start for each in airings] == [NOON, NOON + WEEK]
    assert [each.episode.number for each in airings] == [1001, 1002]
    assert {each.announced_at for each in airings} == {None}
    assert {each.episode.publication for each in airings} == {"draft"}
    assert AiringPlan.objects.filter(auto_start=True, auto_end=False).count() == 2
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        assert slots.materialise() == 1
    assert Episode.objects.order_by("-number").first().number == 1003


def test_reconcile_looks_once_a_minute(slot):
    slots._looked_at = None
    assert slots.reconcile() == 2
    Occurrence.objects.all().delete()
    assert slots.reconcile() == 0


def test_a_skipped_occurrence_is_not_made(slot):
    slots.skip(HOUSE, slot.pk, NOON, "国庆停播")
    assert slots.materialise() == 1
    assert Airing.objects.get().planned_start == NOON + WEEK


def test_skipping_a_made_one_cancels_it(slot):
    slots.materialise()
    slots.skip(HOUSE, slot.pk, NOON, "台风")
    assert Airing.objects.get(planned_start=NOON).state == Airing.State.CANCELLED
    assert slots.materialise() == 0


def test_a_moved_occurrence_keeps_its_number_and_identity(slot):
    slots.materialise()
    later = NOON + dt.timedelta(hours=3)
    slots.move(HOUSE, slot.pk, NOON, later, "转播大会")
    airing = Occurrence.objects.get(original_start=NOON).airing
    assert (airing.planned_start, airing.planned_end) == (later, later + dt.timedelta(minutes=30))
    assert airing.episode.number == 1001
    assert slots.materialise() == 0
    assert next(slots.preview(slot, NOON, NOON + WEEK)).start == later


def test_an_exception_needs_an_occurrence_and_a_right(slot):
    with pytest.raises(InvalidInput):
        slots.skip(HOUSE, slot.pk, NOON + dt.timedelta(hours=1), "")
    with pytest.raises(NotAllowed):
        slots.skip(Actor(), slot.pk, NOON, "")
    assert not SlotException.objects.exists()


def test_a_bad_rule_is_a_refusal_of_its_field(slot):
    slot.rule = "FREQ=HOURLY"
    with pytest.raises(InvalidInput) as refusal:
        list(slots.preview(slot, NOON, NOON + WEEK))
    assert refusal.value.data["field"] == "rule"


def test_one_bad_slot_does_not_stop_the_others(slot):
    Slot.objects.create(
        programme=programme("other"), first_date=dt.date(2026, 1, 1), local_time=dt.time(9), rule="NONSENSE", minutes=30
    )
    assert slots.materialise() == 2


@pytest.mark.django_db(transaction=True)
def test_many_processes_make_each_once(slot):
    barrier = threading.Barrier(4)

    def process() -> None:
        try:
            barrier.wait()
            slots.materialise()
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Episode.objects.order_by("number").values_list("number", flat=True)) == [1001, 1002]
