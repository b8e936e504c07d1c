"""What the calendar shows: airings with what is not ordinary about them, what slots left out or moved, holidays, nothing of others."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Appearance, Person, Programme
from scheduling.models import Slot
from scheduling.queries import calendar
from scheduling.queries.calendar import Day, Entry
from scheduling.services import exceptions, making
from tests.scheduling import making as rows
from tests.scheduling.test_planning import saturdays

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 4, 3, 52, tzinfo=dt.UTC)
FIRST, LAST = dt.date(2026, 1, 26), dt.date(2026, 3, 1)


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def february(**asked: object) -> list[Day]:
    return calendar.days(list(Programme.objects.all()), FIRST, LAST, **asked)  # type: ignore[arg-type]


def on(day: int, month: int = 2, **asked: object) -> list[Entry]:
    return next(each for each in february(**asked) if each.date == dt.date(2026, month, day)).entries


def words(entries: list[Entry]) -> list[tuple[str, str, str]]:
    return [(each.tone, "，".join(each.words), each.note) for each in entries]


def saturday(day: int, month: int = 2) -> dt.datetime:
    return dt.datetime(2026, month, day, 3, tzinfo=dt.UTC)


def test_a_day_is_beijings_day_whatever_the_hour() -> None:
    rows.airing(dt.datetime(2026, 2, 9, 16, 30, tzinfo=dt.UTC))  # 00:30 on the 10th
    assert (len(on(9)), len(on(10))) == (0, 1)
    assert len(february()) == 35


def test_an_airing_says_what_is_not_ordinary_about_it() -> None:
    for day, columns in enumerate(
        ({}, {"kind": "rehearsal"}, {"state": "ended"}, {"state": "on_air"}, {"state": "cancelled"}), start=5
    ):
        rows.airing(saturday(day), number=day, **columns)
    rows.airing(saturday(2), number=2)
    assert words(on(5)) == [("", "第 5 期", "")]
    assert words(on(6)) == [("", "第 6 期，彩排", "")]
    assert words(on(7)) == [("past", "第 7 期，已播", "")]
    assert words(on(8)) == [("live", "第 8 期，直播中", "")]
    assert words(on(9)) == [("off", "第 9 期，已取消", "")]
    # Planned, and its time is past.
    assert words(on(2)) == [("missed", "第 2 期，没有开播", "")]


def test_only_what_is_planned_in_a_programme_that_one_produces_can_be_moved() -> None:
    brand = rows.airing(saturday(5), number=5).episode.programme
    rows.airing(saturday(6), number=6, state="waiting")
    assert [each.movable for each in on(5)] == [False]
    assert [each.movable for day in (5, 6) for each in on(day, producing={brand.pk})] == [True, False]


def test_holidays_and_make_up_workdays_are_marked_and_the_first_day_says_how_long() -> None:
    marks = {each.date.day: (each.kind, each.name) for each in february() if each.date.month == 2}
    assert marks[14] == ("workday", "")
    assert marks[15] == ("holiday", "春节假 9 天")
    assert marks[16] == ("holiday", "")
    assert marks[23] == ("holiday", "")
    assert marks[24] == ("ordinary", "")


def test_a_skipped_occurrence_is_struck_and_a_moved_one_stands_at_both_places() -> None:
    slot = saturdays(on_holiday="skip")
    making.materialise(dt.timedelta(weeks=4))
    exceptions.move(HOUSE, slot.pk, saturday(28), saturday(1, 3), "让播")
    assert words(on(7)) == [("", "第 1187 期", "")]
    assert words(on(14)) == [("", "第 1188 期，照常", "")]
    assert words(on(21)) == [("off", "春节停播，不占期号", "")]
    assert words(on(28)) == [("off", "移到 03-01", "")]
    assert words(on(1, 3)) == [("", "第 1189 期", "移自 02-28")]


def test_an_occurrence_that_is_skipped_after_it_was_made_is_struck_once() -> None:
    slot = saturdays()
    making.materialise(dt.timedelta(weeks=2))
    exceptions.skip(HOUSE, slot.pk, saturday(14), "设备检修")
    assert words(on(14)) == [("off", "停播：设备检修", "")]


def test_what_a_slot_will_give_later_is_drawn_before_it_is_made() -> None:
    saturdays()
    making.materialise(dt.timedelta(days=5))
    assert [each.tone for each in on(7)] == [""]
    assert words(on(14)) == [("rule", "按规则，尚未排出", "")]
    # What was before the slot was made is nobody's.
    assert on(31, 1) == []


def test_a_rule_that_cannot_be_read_leaves_the_calendar_whole() -> None:
    saturdays()
    Slot.objects.update(rule="FREQ=NEVER")
    rows.airing(saturday(5))
    assert len(on(5)) == 1


def test_the_filter_of_a_person_keeps_to_what_they_appear_in() -> None:
    lin = Person.objects.create(name="林委员")
    rows.airing(saturday(5), number=5)
    hers = rows.airing(saturday(6), number=6)
    Appearance.objects.create(episode=hers.episode, person=lin, role="member")
    Appearance.objects.create(episode=hers.episode, person=lin, role="host")
    saturdays()
    shown = [each.airing for day in february(person=lin.pk) for each in day.entries]
    assert shown == [hers]
    assert on(6)[0].people == ("林委员",)
    assert calendar.people_of(list(Programme.objects.all()), FIRST, LAST) == [lin]


def test_nothing_of_other_programmes_is_shown() -> None:
    rows.airing(saturday(5))
    other = rows.programme("other")
    assert [day.entries for day in calendar.days([other], FIRST, LAST) if day.entries] == []


def test_a_full_month_costs_no_more_queries_than_one_airing(
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    saturdays()
    Appearance.objects.create(
        episode=rows.airing(saturday(5), number=900).episode, person=Person.objects.create(name="林委员"), role="member"
    )
    with django_assert_max_num_queries(15) as one:
        february()
    full_month()
    with django_assert_max_num_queries(15) as full:
        shown = sum(len(each.entries) for each in february())
    assert shown > 100
    assert isinstance(one, CaptureQueriesContext)
    assert isinstance(full, CaptureQueriesContext)
    assert len(full) <= len(one)


def full_month() -> None:
    """Five programmes with an airing a day each, two people in each; a slot with what it leaves out."""
    people = [Person.objects.create(name=f"委员{number}") for number in range(10)]
    for number in range(5):
        brand = rows.programme(f"brand-{number}")
        for day in range(28):
            start = dt.datetime(2026, 2, 1, 2 + number, tzinfo=dt.UTC) + dt.timedelta(days=day)
            made = rows.airing(start, number=1000 * number + day + 1, port=None)
            made.episode.programme = brand
            made.episode.save()
            for person in people[number : number + 2]:
                Appearance.objects.create(episode=made.episode, person=person, role="member")
    slot = saturdays(programme=rows.programme("brand-0"), on_holiday="skip")
    making.materialise(dt.timedelta(weeks=2))
    exceptions.skip(HOUSE, slot.pk, saturday(28), "设备检修")
    assert Airing.objects.count() > 140
