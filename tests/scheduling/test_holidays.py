"""Holidays and make-up workdays: known as published, entered by hand, never guessed; drafts follow, announced airings do not."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from zoneinfo import ZoneInfo

import chinese_calendar
import pytest

from broadcast import clock
from broadcast.access import HOUSE, Actor
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing
from broadcast.services import episodes
from scheduling import foreseen
from scheduling.foreseen import Plan, Policy
from scheduling.holiday_names import NAMES
from scheduling.holidays import Days
from scheduling.models import Holiday, Occurrence, Slot, SlotException
from scheduling.queries import coming, days
from scheduling.recurrence import Rule
from scheduling.services import exceptions, holidays, making, slots

from .making import programme, slot_plan
from .test_slots import planned

SHANGHAI = ZoneInfo("Asia/Shanghai")
HOTLINE = Rule(dt.date(2026, 1, 3), dt.time(11), "Asia/Shanghai", "FREQ=WEEKLY;BYDAY=SA", 30)


def test_every_holiday_of_the_package_can_be_said_in_another_language() -> None:
    assert {each.chinese for each in chinese_calendar.Holiday} == set(NAMES)


def local(*parts: int) -> dt.datetime:
    return dt.datetime(*parts, tzinfo=SHANGHAI)


def verdicts(policy: Policy, after: dt.datetime, before: dt.datetime) -> list[tuple[str, str, str]]:
    found = foreseen.foresee(Plan(HOTLINE, policy), Days(), after, before)
    return [(f"{each.start.astimezone(SHANGHAI):%m-%d %H:%M}", each.verdict, each.day.name) for each in found]


def test_days_are_as_published():
    known = Days()
    assert (known.of(dt.date(2026, 2, 17)).kind, known.of(dt.date(2026, 2, 17)).name) == ("holiday", "春节")
    assert known.of(dt.date(2026, 2, 14)).kind == "workday"
    assert known.of(dt.date(2026, 3, 7)).kind == "ordinary"
    assert known.of(dt.date(2026, 3, 7)).announced


def test_a_year_that_is_not_published_is_said_to_be_so_and_not_guessed():
    spring = Days().of(dt.date(2099, 10, 1))
    assert (spring.kind, spring.announced, spring.name) == ("ordinary", False, "")
    by_hand = Days({dt.date(2099, 10, 1): ("holiday", "国庆节")})
    assert by_hand.of(dt.date(2099, 10, 1)).by_hand
    assert by_hand.of(dt.date(2099, 3, 1)).announced
    assert not Days({dt.date(2099, 10, 1): ("ordinary", "")}).of(dt.date(2099, 3, 1)).announced


def test_what_was_entered_by_hand_comes_first():
    known = Days({dt.date(2026, 2, 17): ("ordinary", "照常")})
    assert known.of(dt.date(2026, 2, 17)).kind == "ordinary"
    assert known.of(dt.date(2026, 2, 18)).kind == "holiday"


@pytest.mark.parametrize(
    ("policy", "expected"),
    [
        (Policy(), [("02-14 11:00", "air", "春节"), ("02-21 11:00", "air", "春节"), ("02-28 11:00", "air", "春节")]),
        (
            Policy(on_holiday="skip"),
            [("02-14 11:00", "air", "春节"), ("02-21 11:00", "skip", "春节"), ("02-28 11:00", "air", "春节")],
        ),
        (
            Policy(on_holiday="move", on_workday="move", move_days=1),
            [("02-24 11:00", "move", "春节"), ("02-24 11:00", "move", "春节"), ("03-01 11:00", "move", "春节")],
        ),
        (
            Policy(on_holiday="rerun", on_workday="move", move_days=-1),
            [("02-13 11:00", "move", "春节"), ("02-21 11:00", "rerun", "春节"), ("02-27 11:00", "move", "春节")],
        ),
    ],
)
def test_a_slot_says_what_becomes_of_such_days(policy, expected):
    assert verdicts(policy, local(2026, 2, 10), local(2026, 3, 2)) == expected


# -- in the house ------------------------------------------------------------------------------------------------------


@pytest.fixture
def slot() -> Slot:
    return slots.create(HOUSE, programme(next_number=1001).pk, slot_plan(on_holiday="skip", weeks_ahead=4))


@pytest.fixture(autouse=True)
def _before_new_year():
    with clock.frozen(local(2026, 12, 11, 9)):
        yield


@pytest.mark.django_db
def test_drafts_follow_a_year_that_is_entered_later(slot):
    assert [start for start, _number in planned()] == [local(2026, 12, 12 + each, 11) for each in (0, 7, 14)] + [
        local(2027, 1, 2, 11)
    ]
    holidays.enter(HOUSE, [holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 3), "holiday", "元旦")])
    assert making.materialise() == 0
    assert planned()[-1] == (local(2026, 12, 26, 11), 1003)
    assert Occurrence.objects.get(original_start=local(2027, 1, 2, 11)).airing.state == "cancelled"
    holidays.remove(HOUSE, dt.date(2027, 1, 2))
    assert making.materialise() == 1
    assert planned()[-1] == (local(2027, 1, 2, 11), 1004)
    assert not SlotException.objects.exists()


@pytest.mark.django_db
def test_drafts_move_with_a_holiday_and_back(slot):
    Slot.objects.update(on_holiday="move", move_days=2)
    holidays.enter(HOUSE, [holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 3), "holiday", "元旦")])
    making.materialise()
    assert planned()[-1] == (local(2027, 1, 4, 11), 1004)
    assert making.materialise() == 0
    holidays.enter(HOUSE, [holidays.Span(dt.date(2027, 1, 2), dt.date(2027, 1, 2), "ordinary")])
    making.materialise()
    assert planned()[-1] == (local(2027, 1, 2, 11), 1004)


NEW_YEAR = holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 3), "holiday", "元旦")


@pytest.mark.django_db
def test_what_people_took_back_on_a_holiday_follows_the_days_again(slot):
    holidays.enter(HOUSE, [NEW_YEAR])
    second = local(2027, 1, 2, 11)
    exceptions.air(HOUSE, slot.pk, second, "照常")
    exceptions.as_usual(HOUSE, slot.pk, second)
    assert planned()[-1] == (local(2026, 12, 26, 11), 1003)
    holidays.remove(HOUSE, dt.date(2027, 1, 2))
    assert making.materialise() == 1
    assert planned()[-1] == (second, 1004)


@pytest.mark.django_db
def test_what_a_holiday_did_is_taken_back_at_the_slots_new_hour_too(slot):
    holidays.enter(HOUSE, [NEW_YEAR])
    making.materialise()
    slots.edit(HOUSE, slot.pk, 1, replace(slots.plan_of(slot), local_time=dt.time(12)))
    assert planned()[-1] == (local(2026, 12, 26, 12), 1003)
    holidays.remove(HOUSE, dt.date(2027, 1, 2))
    making.materialise()
    assert planned()[-1] == (local(2027, 1, 2, 12), 1004)


@pytest.mark.django_db
def test_what_a_holiday_cancelled_goes_out_on_the_slots_new_day(slot):
    holidays.enter(HOUSE, [NEW_YEAR])
    making.materialise()
    monday = replace(slots.plan_of(slot), rule="FREQ=WEEKLY;BYDAY=MO", first_date=dt.date(2026, 12, 14))
    slots.edit(HOUSE, slot.pk, 1, monday)
    assert planned()[-1] == (local(2027, 1, 4, 11), 1004)


@pytest.mark.django_db
def test_what_is_announced_waits_for_people(slot):
    airing = Airing.objects.get(planned_start=local(2027, 1, 2, 11))
    episodes.announce(HOUSE, airing.pk)
    holidays.enter(HOUSE, [holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 3), "holiday", "元旦")])
    making.materialise()
    airing.refresh_from_db()
    assert airing.state == "planned"
    exceptions.skip(HOUSE, slot.pk, local(2027, 1, 2, 11), "元旦停播")
    airing.refresh_from_db()
    assert airing.state == "cancelled"


@pytest.mark.django_db
def test_people_may_go_on_air_on_a_holiday(slot):
    holidays.enter(HOUSE, [holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 3), "holiday", "元旦")])
    making.materialise()
    exceptions.air(HOUSE, slot.pk, local(2027, 1, 2, 11), "元旦特别节目")
    assert planned()[-1] == (local(2027, 1, 2, 11), 1004)
    assert making.materialise() == 0
    found = coming.of_slot(coming.slots().get(), local(2027, 1, 2), local(2027, 1, 3), days.known())
    assert [(each.verdict, each.cause) for each in found] == [("air", "person")]


@pytest.mark.django_db
def test_a_move_by_hand_is_not_moved_back_by_the_days(slot):
    airing = Airing.objects.get(planned_start=local(2026, 12, 26, 11))
    exceptions.move_airing(HOUSE, airing.pk, local(2026, 12, 27, 15), local(2026, 12, 27, 16))
    holidays.enter(HOUSE, [holidays.Span(dt.date(2026, 12, 26), dt.date(2026, 12, 26), "holiday", "补休")])
    making.materialise()
    airing.refresh_from_db()
    assert airing.planned_start == local(2026, 12, 27, 15)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("field", "span"),
    [
        ("last", holidays.Span(dt.date(2027, 1, 3), dt.date(2027, 1, 1), "holiday")),
        ("last", holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 12, 31), "holiday")),
        ("first", holidays.Span(dt.date(1999, 1, 1), dt.date(1999, 1, 1), "holiday")),
        ("kind", holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 1), "carnival")),
        ("name", holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 1), "holiday", "节" * 41)),
    ],
)
def test_days_that_cannot_be_are_refused_with_their_line(field, span):
    good = holidays.Span(dt.date(2027, 5, 1), dt.date(2027, 5, 5), "holiday", "劳动节")
    with pytest.raises(InvalidInput) as refusal:
        holidays.enter(HOUSE, [good, span])
    assert (refusal.value.data["field"], refusal.value.data["line"]) == (field, 2)
    assert not Holiday.objects.exists()


@pytest.mark.django_db
def test_days_count_for_all_programmes_so_not_everybody_enters_them():
    with pytest.raises(NotAllowed):
        holidays.enter(Actor(), [holidays.Span(dt.date(2027, 1, 1), dt.date(2027, 1, 1), "holiday")])
