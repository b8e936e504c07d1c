"""Slots become numbered drafts, once each; they are made, changed for all that is to come or from one on, and stopped."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import replace

import pytest
from django.db import connection
from django.db.models import ProtectedError

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Person
from broadcast.rundown_lines import LinePlan
from broadcast.services import airings, episodes, rundown
from scheduling.models import AiringPlan, Booking, Occurrence, Slot, SlotException, Studio
from scheduling.services import booking, exceptions, making, slots, templates
from scheduling.services.templates import TemplatePlan

from .making import NOON, feed, programme, slot_plan

pytestmark = pytest.mark.django_db
WEEK = dt.timedelta(days=7)
DAY = dt.timedelta(days=1)
TWO = dt.timedelta(days=14)


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
    with clock.frozen(NOON - DAY):
        yield


def planned() -> list[tuple[dt.datetime, int | None]]:
    rows = Airing.objects.filter(state=Airing.State.PLANNED).order_by("planned_start")
    return list(rows.values_list("planned_start", "episode__number"))


def test_twelve_weeks_become_numbered_drafts_once(slot):
    assert making.materialise() == 12
    assert making.materialise() == 0
    assert planned() == [(NOON + each * WEEK, 1001 + each) for each in range(12)]
    airings = Airing.objects.all()
    assert {each.announced_at for each in airings} == {None}
    assert {each.episode.publication for each in airings} == {"draft"}
    assert AiringPlan.objects.filter(auto_start=True, auto_end=False).count() == 12
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        assert making.materialise() == 1
    assert Episode.objects.order_by("-number").first().number == 1013


def test_each_slot_looks_as_far_as_it_says(slot):
    Slot.objects.update(weeks_ahead=3)
    assert making.materialise() == 3


def test_nothing_to_do_asks_little(slot, django_assert_max_num_queries):
    making.materialise()
    with django_assert_max_num_queries(9):
        assert making.materialise() == 0


def test_reconcile_looks_once_a_minute(slot):
    making._looked_at = None
    assert making.reconcile() == 12
    Occurrence.objects.all().delete()
    assert making.reconcile() == 0


def test_one_bad_slot_does_not_stop_the_others(slot):
    Slot.objects.create(
        programme=programme("other"), first_date=dt.date(2026, 1, 1), local_time=dt.time(9), rule="NONSENSE", minutes=30
    )
    assert making.materialise(TWO) == 2


def test_a_draft_has_all_that_the_template_says_of_a_line():
    lines = (
        LinePlan("开场", 60, note="先放片头"),
        LinePlan("听众", 300, is_floating=True, least=120, most=600),
        LinePlan("讨论", 600, start="hard", offset=600, wait=30),
        LinePlan("结束", 60, start="soft", offset=24 * 3600),
    )
    made = templates.save(HOUSE, programme(next_number=1001).pk, TemplatePlan("常规", "话题", segments=lines))
    slots.create(HOUSE, programme().pk, slot_plan(template=made.pk, weeks_ahead=1))
    found = [replace(each, pk=None) for each in rundown.plans(Episode.objects.get())]
    assert found == [*lines[:3], LinePlan("结束", 60)], "what begins after the end follows the line before"


def test_what_is_wanted_elsewhere_is_left_out_of_the_draft_and_the_draft_is_made(slot):
    taken = Episode.objects.create(programme=programme("other"), number=5, title="占用", created_at=clock.now())
    airing = Airing.objects.create(
        episode=taken, feed=feed(), planned_start=NOON, planned_end=NOON + DAY, created_at=clock.now()
    )
    lifecycle.placed(airing)
    assert making.materialise(TWO) == 2
    without, with_feed = Airing.objects.filter(occurrence__slot=slot).order_by("planned_start")
    assert (without.feed, with_feed.feed) == (None, feed())


def test_what_was_left_out_of_a_draft_comes_when_it_is_free_unless_people_decided(slot):
    host, hall = Person.objects.create(name="许老师"), Studio.objects.create(name="一号演播厅")
    made = templates.save(HOUSE, slot.programme_id, TemplatePlan("常规", "话题", host=host.pk))
    Slot.objects.update(template=made, studio=hall, weeks_ahead=2)
    guests = [episodes.GuestPlan("host", person=host.pk)]
    of = programme("other").pk
    taken = [
        episodes.create(
            HOUSE,
            episodes.EpisodePlan(of, "占用", start, start + DAY / 24, number=number, feed=feed().pk, guests=guests),
        ).airings.get()
        for number, start in enumerate((NOON, NOON + WEEK), start=5)
    ]
    for airing in taken:
        booking.set_studio(HOUSE, airing.pk, hall.pk)
    assert making.materialise() == 2
    first, second = Airing.objects.filter(occurrence__slot=slot).order_by("planned_start")

    def has(airing: Airing) -> tuple[bool, bool, int]:
        airing.refresh_from_db()
        booked = Booking.objects.filter(airing=airing, studio=hall).exists()
        return airing.feed_id is not None, booked, airing.episode.appearances.count()

    assert making.materialise() == 0
    assert has(first) == has(second) == (False, False, 0)
    episodes.announce(HOUSE, second.pk)
    for airing in taken:
        lifecycle.cancel(HOUSE, airing.pk, "不办了")
    making.materialise()
    assert has(first) == (True, True, 1)
    assert has(second) == (False, False, 0), "of what is announced people decide"
    airings.use_feed(HOUSE, first.pk, None)
    making.materialise()
    assert has(first) == (False, True, 1), "what people took away does not come back"


@pytest.mark.django_db(transaction=True)
def test_many_processes_make_each_once(slot):
    barrier = threading.Barrier(4)

    def process() -> None:
        try:
            barrier.wait()
            making.materialise(TWO)
        finally:
            connection.close()

    threads = [threading.Thread(target=process) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list(Episode.objects.order_by("number").values_list("number", flat=True)) == [1001, 1002]


# -- making one ------------------------------------------------------------------------------------------------------


def test_a_new_slot_gives_its_airings_at_once_and_is_audited():
    made = slots.create(HOUSE, programme(next_number=1001).pk, slot_plan())
    assert planned()[0] == (NOON, 1001)
    assert len(planned()) == 12
    assert AuditEntry.objects.get(act="slot.create").target == f"slot:{made.pk}"


def test_only_producers_make_slots():
    with pytest.raises(NotAllowed):
        slots.create(Actor(), programme().pk, slot_plan())
    assert not Slot.objects.exists()


@pytest.mark.parametrize(
    ("field", "changes"),
    [
        ("rule", {"rule": "FREQ=HOURLY"}),
        ("rule", {"rule": "FREQ=SECONDLY"}),
        ("rule", {"rule": "FREQ=DAILY;BYSECOND=1,2"}),
        ("rule", {"rule": "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30"}),
        ("rule", {"rule": "FREQ=DAILY;BYMONTH=4;BYMONTHDAY=31"}),
        ("rule", {"rule": "FREQ=WEEKLY;BYDAY=SA;UNTIL=20261101"}),
        ("rule", {"rule": "nonsense"}),
        ("rule", {"rule": "FREQ=DAILY;" * 40}),
        ("zone", {"zone": "Asia/Atlantis"}),
        ("zone", {"zone": "../../etc/passwd"}),
        ("minutes", {"minutes": 0}),
        ("minutes", {"minutes": -30}),
        ("minutes", {"minutes": 1441}),
        ("minutes", {"rule": "FREQ=DAILY", "minutes": 1440, "dates": (NOON + dt.timedelta(hours=1),)}),
        ("first_date", {"first_date": dt.date(1, 1, 1)}),
        ("rule", {"first_date": dt.date(2031, 1, 1)}),
        ("weeks_ahead", {"weeks_ahead": 0}),
        ("move_days", {"move_days": 0}),
        ("on_holiday", {"on_holiday": "explode"}),
        ("feed", {"feed": 999_999}),
        ("studio", {"studio": 999_999}),
        ("template", {"template": 999_999}),
    ],
)
def test_what_no_slot_can_be_is_refused_by_its_field(field, changes):
    with pytest.raises((InvalidInput, Conflict)) as refusal:
        slots.create(HOUSE, programme().pk, replace(slot_plan(), **changes))
    assert refusal.value.data["field"] == field
    assert not Slot.objects.exists()
    assert not Airing.objects.exists()


def test_a_slot_that_runs_into_another_is_refused_with_both_named(slot):
    with pytest.raises(Conflict) as refusal:
        slots.create(HOUSE, programme("other").pk, replace(slot_plan(), local_time=dt.time(11, 15), feed=feed().pk))
    assert refusal.value.data["field"] == "feed"
    assert "2026-11-28 周六 11:15–11:45" in str(refusal.value)
    assert "热线" in str(refusal.value)
    assert "11:00–11:30" in str(refusal.value)
    slots.create(HOUSE, programme("other").pk, replace(slot_plan(), local_time=dt.time(11, 30), feed=feed().pk))


def test_one_programme_is_not_twice_at_a_time_even_months_ahead(slot):
    monthly = replace(
        slot_plan(), rule="FREQ=MONTHLY;BYMONTHDAY=26", local_time=dt.time(10, 45), first_date=NOON.date()
    )
    with pytest.raises(Conflict) as refusal:
        slots.create(HOUSE, slot.programme_id, monthly)
    assert "2026-12-26 周六" in str(refusal.value)


# -- changing one ----------------------------------------------------------------------------------------------------


def change(slot: Slot, since: dt.datetime | None = None, **changes: object) -> Slot:
    slot.refresh_from_db()
    return slots.edit(HOUSE, slot.pk, slot.version, replace(slots.plan_of(slot), **changes), since)


def test_all_that_is_to_come_moves_with_numbers_and_identity(slot):
    making.materialise(TWO)
    before = list(Airing.objects.order_by("planned_start").values_list("pk", flat=True))
    changed = change(slot, local_time=dt.time(14, 30), minutes=45, weeks_ahead=2)
    assert changed.pk == slot.pk
    later = NOON + dt.timedelta(hours=3.5)
    assert planned() == [(later, 1001), (later + WEEK, 1002)]
    airings = list(Airing.objects.order_by("planned_start"))
    assert [each.pk for each in airings] == before
    assert {each.planned_end - each.planned_start for each in airings} == {dt.timedelta(minutes=45)}
    assert list(Occurrence.objects.order_by("original_start").values_list("original_start", flat=True)) == [
        later,
        later + WEEK,
    ]


def test_this_and_following_leaves_the_ones_before(slot):
    Slot.objects.update(weeks_ahead=4)
    making.materialise()
    new = change(slot, NOON + 2 * WEEK, rule="FREQ=WEEKLY;BYDAY=SU", first_date=dt.date(2026, 12, 12))
    assert new.follows_id == slot.pk
    assert planned() == [
        (NOON, 1001),
        (NOON + WEEK, 1002),
        (NOON + 2 * WEEK + DAY, 1003),
        (NOON + 3 * WEEK + DAY, 1004),
    ]
    with clock.frozen(NOON + 2 * WEEK):
        assert making.materialise() == 2
    assert {start.weekday() for start, _number in planned()[2:]} == {6}


def test_a_studio_that_is_wanted_twice_is_told_as_such():
    hall = Studio.objects.create(name="一号演播厅")
    other = Episode.objects.create(programme=programme("other"), number=5, title="占用", created_at=clock.now())
    airing = Airing.objects.create(
        episode=other, planned_start=NOON, planned_end=NOON + DAY / 24, created_at=clock.now()
    )
    booking.set_studio(HOUSE, airing.pk, hall.pk)
    with pytest.raises(Conflict, match="用同一个演播室") as refusal:
        slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(studio=hall.pk, feed=feed().pk))
    assert refusal.value.data["field"] == "studio"


def test_this_and_following_does_not_begin_before_and_takes_no_older_extra_dates_along(slot):
    Slot.objects.update(weeks_ahead=4)
    sunday = NOON + DAY
    change(slot, dates=(sunday, NOON + 3 * WEEK + DAY))
    with pytest.raises(InvalidInput) as refusal:
        change(slot, NOON + 2 * WEEK, minutes=45)
    assert refusal.value.data["field"] == "first_date"
    new = change(slot, NOON + 2 * WEEK, minutes=45, first_date=dt.date(2026, 12, 12))
    assert [each.start for each in new.dates.all()] == [NOON + 3 * WEEK + DAY]
    assert [each.start for each in slot.dates.all()] == [sunday]
    assert [start for start, _number in planned()] == [
        NOON,
        sunday,
        NOON + WEEK,
        NOON + 2 * WEEK,
        NOON + 3 * WEEK,
        NOON + 3 * WEEK + DAY,
    ]


def test_this_and_following_at_an_earlier_hour_keeps_the_first_of_them(slot):
    Slot.objects.update(weeks_ahead=3)
    making.materialise()
    second = Airing.objects.get(planned_start=NOON + WEEK)
    change(slot, NOON + WEEK, local_time=dt.time(9), first_date=dt.date(2026, 12, 5))
    second.refresh_from_db()
    assert (second.planned_start, second.episode.number) == (NOON + WEEK - dt.timedelta(hours=2), 1002)
    assert Airing.objects.filter(state="cancelled").count() == 0


def test_occurrences_without_a_counterpart_are_cancelled_and_give_their_numbers_back(slot):
    Slot.objects.update(weeks_ahead=4)
    making.materialise()
    change(slot, rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=SA", first_date=dt.date(2026, 11, 28))
    assert planned() == [(NOON, 1001), (NOON + 2 * WEEK, 1002)]
    assert Airing.objects.filter(state="cancelled").count() == 2


def test_what_people_said_of_one_occurrence_comes_along(slot):
    making.materialise(dt.timedelta(days=21))
    exceptions.skip(HOUSE, slot.pk, NOON + WEEK, "停电检修")
    change(slot, local_time=dt.time(10))
    assert SlotException.objects.get().original_start == NOON + WEEK - dt.timedelta(hours=1)
    earlier = NOON - dt.timedelta(hours=1)
    assert planned()[:2] == [(earlier, 1001), (earlier + 2 * WEEK, 1002)]


def test_what_was_is_not_rewritten(slot):
    making.materialise(TWO)
    aired = Airing.objects.get(planned_start=NOON)
    with clock.frozen(NOON + dt.timedelta(hours=1)):
        lifecycle.start(HOUSE, aired.pk)
        lifecycle.end(HOUSE, aired.pk)
        change(slot, local_time=dt.time(9))
    aired.refresh_from_db()
    assert (aired.planned_start, aired.occurrence.original_start, aired.episode.number) == (NOON, NOON, 1001)


def test_a_slot_on_air_is_not_edited_nor_stopped(slot):
    making.materialise(TWO)
    with clock.frozen(NOON):
        lifecycle.start(HOUSE, Airing.objects.get(planned_start=NOON).pk)
        with pytest.raises(IllegalTransition, match="直播中"):
            change(slot, local_time=dt.time(9))
        with pytest.raises(IllegalTransition):
            slots.stop(HOUSE, slot.pk, slot.version, clock.now(), "改版")
    slot.refresh_from_db()
    assert (slot.local_time, slot.is_active) == (dt.time(11), True)


def test_of_two_who_change_one_slot_the_second_is_told(slot):
    plan = slots.plan_of(slot)
    slots.edit(HOUSE, slot.pk, 1, replace(plan, minutes=40))
    with pytest.raises(Conflict) as refusal:
        slots.edit(HOUSE, slot.pk, 1, replace(plan, minutes=50))
    assert refusal.value.data["version"] == 2
    slot.refresh_from_db()
    assert slot.minutes == 40


def test_a_change_that_cannot_be_leaves_nothing_half_done(slot):
    making.materialise(TWO)
    with pytest.raises(InvalidInput):
        change(slot, zone="Nowhere/Land")
    assert planned() == [(NOON, 1001), (NOON + WEEK, 1002)]
    assert Occurrence.objects.filter(original_start=NOON).exists()


def test_a_programme_with_a_future_is_not_deleted(slot):
    with pytest.raises(ProtectedError):
        slot.programme.delete()
    assert Slot.objects.exists()


def test_stopping_cancels_what_was_made_for_later(slot):
    making.materialise(dt.timedelta(days=21))
    assert slots.stop(HOUSE, slot.pk, slot.version, NOON + dt.timedelta(hours=1), "节目改版") == 2
    assert planned() == [(NOON, 1001)]
    assert making.materialise() == 0
    assert episodes.next_number(slot.programme) == 1002
