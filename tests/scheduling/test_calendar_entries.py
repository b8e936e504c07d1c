"""SEQUENCE counts what calendars were told: it rises with each change that a calendar shows, and with nothing else."""

from __future__ import annotations

import datetime as dt
import threading

import pytest
from django.db import connection
from django.utils import translation

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing
from broadcast.services import timing
from scheduling.models import CalendarEntry
from scheduling.outing import Outing
from scheduling.queries import outings
from scheduling.services.calendar_entries import versioned

from .making import NOON, airing

WEEK = dt.timedelta(days=7)


def told(*, private: bool = False) -> list[Outing]:
    return versioned(outings.told(Airing.objects.order_by("planned_start"), private=private))


@pytest.mark.django_db
def test_a_move_a_new_title_and_a_cancellation_each_raise_it_once():
    show = airing()
    assert [told()[0].sequence for _each in range(3)] == [0, 0, 0]
    timing.move(HOUSE, show.pk, NOON + WEEK, NOON + WEEK + dt.timedelta(minutes=30))
    assert [told()[0].sequence for _each in range(2)] == [1, 1]
    show.episode.title = "另一个话题"
    show.episode.save()
    assert told()[0].sequence == 2
    Airing.objects.update(state="cancelled")
    assert told()[0].sequence == 3


@pytest.mark.django_db
def test_who_reads_in_which_language_makes_no_new_version():
    show = airing()
    show.episode.title_en = "A Topic"
    show.episode.save()
    seen = [told(private=private)[0].sequence for private in (False, True, False)]
    with translation.override("en"):
        seen.append(told()[0].sequence)
    Airing.objects.update(state="waiting")
    assert [*seen, told()[0].sequence] == [0] * 5


@pytest.mark.django_db
def test_when_it_changed_is_kept():
    show = airing()
    with clock.frozen(NOON - WEEK):
        first = told()[0].changed_at
    with clock.frozen(NOON):
        assert told()[0].changed_at == first == NOON - WEEK
        timing.move(HOUSE, show.pk, NOON + WEEK, NOON + WEEK + dt.timedelta(minutes=30))
        assert told()[0].changed_at == NOON


@pytest.mark.django_db(transaction=True)
def test_many_readers_at_once_count_one_change_once():
    show = airing()
    told()
    timing.move(HOUSE, show.pk, NOON + WEEK, NOON + WEEK + dt.timedelta(minutes=30))
    seen: list[int] = []
    gate = threading.Barrier(6)

    def read() -> None:
        gate.wait(30)
        seen.append(told()[0].sequence)
        connection.close()

    threads = [threading.Thread(target=read) for _each in range(6)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert seen == [1] * 6
    assert CalendarEntry.objects.get().sequence == 1


@pytest.mark.django_db
def test_the_queries_do_not_grow_with_the_shows(django_assert_num_queries):
    for number in range(1, 9):
        airing(NOON + number * WEEK, number=number)
    told()
    with django_assert_num_queries(4):
        assert len(told()) == 8
