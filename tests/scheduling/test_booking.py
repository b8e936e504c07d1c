"""Nobody and nothing is in two places at once: the database refuses it, and the refusal names both."""

from __future__ import annotations

import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, connection, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import Conflict, IllegalTransition, NotAllowed, NotFound
from broadcast.models import Airing, Episode
from broadcast.services import episodes, timing
from scheduling.models import Booking, Seat, Studio
from scheduling.queries import booking as queries
from scheduling.services import booking
from tests.scheduling import guests_making as making
from tests.scheduling.making import airing as bare_airing
from tests.scheduling.making import feed

pytestmark = pytest.mark.django_db


def _things(made: Episode) -> set[tuple[str, int]]:
    return {queries.key_of(each) for each in Booking.objects.filter(airing__episode=made)}


def test_an_episode_books_its_people_and_both_feeds() -> None:
    who, main, backup = making.person(), feed(9000), feed(9001)
    made = making.episode(making.soon(), guests=making.guests(who), feed=main.pk, backup_feed=backup.pk)
    assert _things(made) == {("person", who.pk), ("feed", main.pk), ("feed", backup.pk)}


def test_a_guest_in_two_places_is_refused_with_both_named() -> None:
    who, start = making.person("林委员"), making.soon()
    first = making.episode(start, guests=making.guests(who))
    other = making.plan(start + dt.timedelta(minutes=15), slug="hall", guests=making.guests(who))
    with pytest.raises(Conflict) as refused:
        episodes.create(HOUSE, other)
    for words in ("林委员", f"第 {first.number} 期", f"第 {other.number} 期", "不能同时在两处"):
        assert words in refused.value.message
    assert refused.value.data["field"] == "guests"
    assert refused.value.data["clashes"][0]["episode"] == first.pk
    assert not Episode.objects.filter(number=other.number, programme__slug="hall").exists(), "nothing half done"


def test_one_may_begin_where_the_other_ends() -> None:
    who, start = making.person(), making.soon()
    making.episode(start, guests=making.guests(who))
    after = making.episode(start + making.HALF, guests=making.guests(who))
    assert ("person", who.pk) in _things(after)


def test_a_feed_is_refused_even_as_the_back_up_of_another() -> None:
    shared, start = feed(9000), making.soon()
    making.episode(start, feed=shared.pk)
    with pytest.raises(Conflict) as refused:
        making.episode(start, slug="hall", feed=feed(9001).pk, backup_feed=shared.pk)
    assert refused.value.data["field"] == "backup_feed"
    assert shared.name in refused.value.message


def test_moving_onto_a_taken_time_changes_nothing() -> None:
    who, start = making.person(), making.soon()
    making.episode(start, guests=making.guests(who))
    later = making.airing_of(making.episode(start + making.DAY, guests=making.guests(who)))
    with pytest.raises(Conflict):
        timing.move(HOUSE, later.pk, start, start + making.HALF)
    later.refresh_from_db()
    assert later.planned_start == start + making.DAY
    assert Booking.objects.get(airing=later).span.lower == start + making.DAY


def test_a_move_takes_the_bookings_along_and_frees_the_old_time() -> None:
    who, start = making.person(), making.soon()
    first = making.airing_of(making.episode(start, guests=making.guests(who)))
    timing.move(HOUSE, first.pk, start + making.DAY, start + making.DAY + making.HALF)
    assert Booking.objects.get(airing=first).span.lower == start + making.DAY
    making.episode(start, guests=making.guests(who))


@pytest.mark.parametrize("end", ["cancel", "end"])
def test_what_is_over_holds_nothing(end: str) -> None:
    who, start = making.person(), making.soon()
    first = making.airing_of(making.episode(start, guests=making.guests(who), feed=feed().pk))
    if end == "cancel":
        lifecycle.cancel(HOUSE, first.pk, "停电")
    else:
        lifecycle.start(HOUSE, first.pk)
        lifecycle.end(HOUSE, first.pk)
    assert not Booking.objects.filter(airing=first).exists()
    making.episode(start, guests=making.guests(who), feed=feed().pk)


def test_a_guest_taken_out_of_the_form_is_free_again() -> None:
    who, start = making.person(), making.soon()
    made = making.episode(start, guests=making.guests(who))
    same = making.plan(start, number=made.number)
    episodes.edit(HOUSE, made.pk, same)
    assert _things(made) == set()
    assert Seat.objects.get(episode=made).person is None, "the place stays, empty"


def test_a_rerun_needs_nobody() -> None:
    who, start = making.person(), making.soon()
    made = making.episode(start, guests=making.guests(who), kind=Airing.Kind.RERUN)
    assert _things(made) == set()


def test_a_studio_is_for_one_airing_at_a_time() -> None:
    studio, start = Studio.objects.create(name="第一演播室"), making.soon()
    first, second = making.episode(start), making.episode(start, slug="hall")
    booking.set_studio(HOUSE, making.airing_of(first).pk, studio.pk)
    with pytest.raises(Conflict, match="第一演播室") as refused:
        booking.set_studio(HOUSE, making.airing_of(second).pk, studio.pk)
    assert refused.value.data["field"] == "studio"
    booking.set_studio(HOUSE, making.airing_of(first).pk, None)
    booking.set_studio(HOUSE, making.airing_of(second).pk, studio.pk)
    assert _things(second) == {("studio", studio.pk)}


def test_the_studio_goes_along_when_the_airing_moves() -> None:
    studio, start = Studio.objects.create(name="第一演播室"), making.soon()
    one = making.airing_of(making.episode(start))
    booking.set_studio(HOUSE, one.pk, studio.pk)
    timing.move(HOUSE, one.pk, start + making.DAY, start + making.DAY + making.HALF)
    assert Booking.objects.get(studio=studio).span.lower == start + making.DAY


def test_a_studio_is_chosen_by_producers_and_must_exist() -> None:
    one = making.airing_of(making.episode(making.soon()))
    with pytest.raises(NotAllowed):
        booking.set_studio(making.producer(role="host"), one.pk, None)
    with pytest.raises(NotFound):
        booking.set_studio(HOUSE, one.pk, 404)
    lifecycle.cancel(HOUSE, one.pk, "停电")
    with pytest.raises(IllegalTransition):
        booking.set_studio(HOUSE, one.pk, None)


def test_the_database_itself_refuses_a_second_row() -> None:
    who, start = making.person(), making.soon()
    making.episode(start, guests=making.guests(who))
    other = making.airing_of(making.episode(start, slug="hall"))
    span = DateTimeTZRange(start + dt.timedelta(minutes=29), start + dt.timedelta(hours=1))
    with pytest.raises(IntegrityError, match="one_booking_at_a_time_per_person"), transaction.atomic():
        Booking.objects.create(airing=other, person=who, span=span)


def test_what_was_made_by_another_way_is_booked_by_the_tick() -> None:
    other = bare_airing(making.soon())
    assert not Booking.objects.exists()
    with clock.shifted(dt.timedelta(hours=1)):
        assert booking.reconcile() == 1
    assert Booking.objects.get().airing == other


def test_what_cannot_be_booked_stays_unbooked_and_stops_nothing() -> None:
    start = making.soon()
    making.episode(start, feed=feed().pk)
    clashing, fine = bare_airing(start, number=901), bare_airing(start + making.DAY, number=902)
    with clock.shifted(dt.timedelta(hours=2)):
        assert booking.reconcile() == 1
    assert not Booking.objects.filter(airing=clashing).exists()
    assert Booking.objects.filter(airing=fine).exists()


@pytest.mark.django_db(transaction=True)
def test_of_fifty_who_want_one_guest_at_once_one_wins() -> None:
    who, start = making.person("林委员"), making.soon()
    plans = [making.plan(start, slug=f"hall-{number}", guests=making.guests(who)) for number in range(50)]
    ready = threading.Barrier(50)

    def book(number: int) -> str:
        try:
            ready.wait(60)
            episodes.create(HOUSE, plans[number])
        except Conflict as refused:
            return f"refused for {refused.data['clashes'][0]['name']}"
        finally:
            connection.close()
        return "booked"

    with ThreadPoolExecutor(50) as pool:
        outcomes = list(pool.map(book, range(50)))
    assert sorted(outcomes) == ["booked"] + ["refused for 林委员"] * 49
    assert Booking.objects.filter(person=who).count() == 1
    assert Episode.objects.count() == 1, "who was refused left nothing behind"
