"""Putting single airings into the calendar and moving them: whole or not at all, and never over what somebody else just did."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import Airing, AuditEntry, Episode, Person, Segment, SegmentRole
from broadcast.services import episodes, rundown
from broadcast.services.episodes import GuestPlan
from scheduling.models import Booking, Slot, SlotException, Studio
from scheduling.services import making, planning
from scheduling.services.planning import Wish
from tests.broadcast.making import actor
from tests.scheduling.making import feed, programme

pytestmark = pytest.mark.django_db
NOW = dt.datetime(2026, 2, 4, 3, 52, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
TEN = dt.datetime(2026, 2, 26, 2, 0, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def now() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def wish(start: dt.datetime = TEN, **columns: Any) -> Wish:
    values = {"programme": programme("forum", next_number=118).pk, "start": start, "end": start + HOUR, **columns}
    return Wish(**values)


def at_ten(airing: Airing) -> tuple[dt.datetime, dt.datetime]:
    return airing.planned_start, airing.planned_end


def saturdays(**columns: Any) -> Slot:
    values = {
        "programme": programme("hotline", next_number=1187),
        "first_date": dt.date(2026, 1, 3),
        "local_time": dt.time(11),
        "rule": "FREQ=WEEKLY;BYDAY=SA",
        "minutes": 30,
        **columns,
    }
    return Slot.objects.create(**values)


def test_a_new_airing_is_a_numbered_draft_with_its_studio_feed_and_guests() -> None:
    lin, studio = Person.objects.create(name="林委员"), Studio.objects.create(name="第一演播室")
    guests = [GuestPlan("member", person=lin.pk)]
    airing = planning.place(HOUSE, wish(studio=studio.pk, feed=feed().pk, guests=guests))
    assert (airing.episode.number, airing.episode.publication, airing.announced_at) == (118, "draft", None)
    taken = {(each.person_id, each.studio_id, each.feed_id) for each in Booking.objects.filter(airing=airing)}
    assert taken == {(lin.pk, None, None), (None, studio.pk, None), (None, None, feed().pk)}


def test_the_run_down_is_the_usual_one_without_its_words() -> None:
    first = planning.place(HOUSE, wish()).episode
    role = SegmentRole.objects.create(
        programme=first.programme, code="discuss", mark="议", name_zh="委员议", name_en="Discuss"
    )
    Segment.objects.create(
        episode=first, position=1, role=role, title="三本账", planned_seconds=600, start="hard", offset_seconds=120
    )
    made = planning.place(HOUSE, wish(TEN + 2 * HOUR)).episode.segments.get()
    assert (made.title, made.planned_seconds, made.start, made.offset_seconds) == ("委员议", 600, "hard", 120)


def test_nobody_is_put_in_two_places_and_nothing_half_is_left() -> None:
    lin, studio = Person.objects.create(name="林委员"), Studio.objects.create(name="第一演播室")
    planning.place(HOUSE, wish(guests=[GuestPlan("member", person=lin.pk)]))
    before = (Episode.objects.count(), Airing.objects.count(), Booking.objects.count(), AuditEntry.objects.count())
    with pytest.raises(Conflict) as refused:
        planning.place(HOUSE, wish(TEN + HOUR / 2, guests=[GuestPlan("expert", person=lin.pk)], studio=studio.pk))
    assert "林委员" in refused.value.message
    assert "第 118 期" in refused.value.message
    after = (Episode.objects.count(), Airing.objects.count(), Booking.objects.count(), AuditEntry.objects.count())
    assert after == before


def test_a_studio_that_is_taken_refuses_the_whole_airing() -> None:
    studio = Studio.objects.create(name="第一演播室")
    planning.place(HOUSE, wish(studio=studio.pk))
    with pytest.raises(Conflict):
        planning.place(HOUSE, wish(studio=studio.pk))
    assert Episode.objects.count() == 1
    # One may begin where another ends.
    assert planning.place(HOUSE, wish(TEN + HOUR, studio=studio.pk)).episode.number == 119


@pytest.mark.parametrize(
    ("columns", "field"),
    [
        ({"end": TEN}, "end"),
        ({"end": TEN - HOUR}, "end"),
        ({"end": TEN + 25 * HOUR}, "end"),
        ({"start": NOW - 2 * HOUR, "end": NOW - HOUR}, "date"),
    ],
)
def test_times_that_make_no_sense_are_refused(columns: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        planning.place(HOUSE, wish(**columns))
    assert refused.value.data["field"] == field


def test_only_producers_of_the_programme_place_and_move() -> None:
    moderator = actor("moderator", programme("forum"))
    with pytest.raises(NotAllowed):
        planning.place(moderator, wish())
    airing = planning.place(HOUSE, wish())
    with pytest.raises(NotAllowed):
        planning.move(moderator, airing.pk, TEN + HOUR, TEN + 2 * HOUR, at_ten(airing))


def test_a_move_is_refused_when_somebody_moved_it_meanwhile() -> None:
    airing = planning.place(HOUSE, wish())
    seen = at_ten(airing)
    planning.move(HOUSE, airing.pk, TEN + HOUR, TEN + 2 * HOUR, seen)
    with pytest.raises(Conflict) as refused:
        planning.move(HOUSE, airing.pk, TEN + 3 * HOUR, TEN + 4 * HOUR, seen)
    assert "2026-02-26 11:00" in refused.value.message
    airing.refresh_from_db()
    assert airing.planned_start == TEN + HOUR


def test_a_move_onto_somebody_elses_time_is_refused_and_nothing_moves() -> None:
    studio = Studio.objects.create(name="第一演播室")
    planning.place(HOUSE, wish(studio=studio.pk))
    other = planning.place(HOUSE, wish(TEN + 3 * HOUR, studio=studio.pk))
    with pytest.raises(Conflict):
        planning.move(HOUSE, other.pk, TEN, TEN + HOUR, at_ten(other))
    other.refresh_from_db()
    assert other.planned_start == TEN + 3 * HOUR


def test_nothing_is_moved_into_the_past_and_nothing_that_is_over_is_moved() -> None:
    airing = planning.place(HOUSE, wish())
    with pytest.raises(InvalidInput):
        planning.move(HOUSE, airing.pk, NOW - HOUR, NOW, at_ten(airing))
    Airing.objects.filter(pk=airing.pk).update(state="ended")
    with pytest.raises(IllegalTransition):
        planning.move(HOUSE, airing.pk, TEN + HOUR, TEN + 2 * HOUR, at_ten(airing))


def test_moving_an_occurrence_moves_only_this_one_and_moving_it_back_leaves_no_trace_in_the_rule() -> None:
    slot = saturdays()
    making.materialise(dt.timedelta(days=14))
    airing = Airing.objects.get(occurrence__slot=slot, planned_start__day=7)
    was, number = at_ten(airing), airing.episode.number
    sunday = was[0] + dt.timedelta(days=1)
    moved = planning.move(HOUSE, airing.pk, sunday, sunday + HOUR / 2, was)
    assert (moved.planned_start, moved.occurrence.original_start) == (sunday, was[0])
    assert SlotException.objects.get().kind == "move"
    back = planning.move(HOUSE, airing.pk, *was, at_ten(moved))
    assert (at_ten(back), back.episode.number) == (was, number)
    assert not SlotException.objects.exists()


def test_moving_an_occurrence_against_a_holiday_is_said_of_this_one() -> None:
    """Skipped by rule on the day it goes back to: it stands there because somebody said so."""
    slot = saturdays(on_holiday="move", move_days=8)
    making.materialise(dt.timedelta(weeks=4))
    airing = Airing.objects.get(
        occurrence__slot=slot, occurrence__original_start=dt.datetime(2026, 2, 21, 3, tzinfo=dt.UTC)
    )
    assert airing.planned_start == dt.datetime(2026, 3, 1, 3, tzinfo=dt.UTC)
    original = airing.occurrence.original_start
    planning.move(HOUSE, airing.pk, original, original + HOUR / 2, at_ten(airing))
    assert SlotException.objects.get().moved_to == original


def test_a_replay_that_is_out_is_planned_again_for_as_long_as_it_ran() -> None:
    airing = planning.place(HOUSE, wish())
    with pytest.raises(InvalidInput):
        planning.rerun(HOUSE, airing.pk, TEN + HOUR)
    ran = {"state": "ended", "actual_start": NOW - 3 * HOUR, "actual_end": NOW - 2 * HOUR - HOUR / 4}
    Airing.objects.filter(pk=airing.pk).update(**ran, announced_at=NOW)
    Episode.objects.update(publication="published", signed_off_at=NOW)
    again = planning.rerun(HOUSE, airing.pk, TEN)
    assert (again.kind, again.rerun_of, again.episode) == ("rerun", airing, airing.episode)
    assert again.planned_end - again.planned_start == HOUR * 0.75
    with pytest.raises(InvalidInput):
        planning.rerun(HOUSE, airing.pk, NOW - HOUR)


def test_a_rehearsal_takes_the_shows_people_studio_and_feed_and_stays_behind_the_scenes() -> None:
    lin, studio = Person.objects.create(name="林委员"), Studio.objects.create(name="第一演播室")
    airing = planning.place(HOUSE, wish(studio=studio.pk, feed=feed().pk, guests=[GuestPlan("member", person=lin.pk)]))
    made = planning.rehearse(HOUSE, airing.pk, TEN - 2 * HOUR, TEN - HOUR)
    assert (made.kind, made.episode, made.announced_at) == ("rehearsal", airing.episode, None)
    taken = {(each.person_id, each.studio_id, each.feed_id) for each in Booking.objects.filter(airing=made)}
    assert taken == {(lin.pk, None, None), (None, studio.pk, None), (None, None, airing.feed_id)}
    with pytest.raises(IllegalTransition):
        episodes.announce(HOUSE, made.pk)
    assert planning.place(HOUSE, wish(TEN + 3 * HOUR)).episode.number == 119, "a rehearsal takes no number"


def test_a_rehearsal_is_before_its_show_and_where_nobody_is_elsewhere() -> None:
    lin = Person.objects.create(name="林委员")
    airing = planning.place(HOUSE, wish(guests=[GuestPlan("member", person=lin.pk)]))
    planning.place(HOUSE, wish(TEN - 5 * HOUR, guests=[GuestPlan("member", person=lin.pk)]))
    for start, end in ((TEN, TEN + HOUR), (TEN - HOUR, TEN + HOUR), (NOW - HOUR, NOW), (TEN - HOUR, TEN - HOUR)):
        with pytest.raises(InvalidInput):
            planning.rehearse(HOUSE, airing.pk, start, end)
    with pytest.raises(Conflict):
        planning.rehearse(HOUSE, airing.pk, TEN - 5 * HOUR, TEN - 4 * HOUR)
    with pytest.raises(NotAllowed):
        planning.rehearse(actor("host"), airing.pk, TEN - 2 * HOUR, TEN - HOUR)
    assert Airing.objects.filter(kind="rehearsal").count() == 0
    made = planning.rehearse(HOUSE, airing.pk, TEN - 2 * HOUR, TEN - HOUR)
    with pytest.raises(IllegalTransition):
        planning.rehearse(HOUSE, made.pk, NOW + HOUR, NOW + 2 * HOUR)


def test_what_was_tried_in_a_rehearsal_may_still_leave_the_rundown() -> None:
    airing = planning.place(HOUSE, wish())
    first, second = (airing.episode.segments.create(position=at, title=f"第{at}节") for at in (1, 2))
    made = planning.rehearse(HOUSE, airing.pk, TEN - 2 * HOUR, TEN - HOUR)
    lifecycle.start(HOUSE, made.pk)
    rundown.start_segment(HOUSE, made.pk, first.pk)
    lifecycle.end(HOUSE, made.pk)
    left = [each for each in rundown.plans(airing.episode) if each.pk == second.pk]
    rundown.revise(HOUSE, airing.pk, Episode.objects.get().rundown_version, left)
    assert [each.title for each in airing.episode.segments.all()] == ["第2节"]
