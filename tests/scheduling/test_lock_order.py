"""Two people who work on one show at the same time wait for each other, and neither ever for ever: one order of locks for the house."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from broadcast import clock, lifecycle
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode
from broadcast.rundown_lines import LinePlan
from broadcast.services import episodes, rundown, timing
from broadcast.services.episodes import EpisodePlan
from scheduling.models import Invitation, Seat, Slot
from scheduling.queries import invitations as queries
from scheduling.services import exceptions, invitations, planning, preemption, seats, slots, templates
from scheduling.services.templates import TemplatePlan
from tests.lockstep import together
from tests.scheduling import guests_making as making
from tests.scheduling.making import feed, programme, slot_plan

pytestmark = pytest.mark.django_db(transaction=True)
HOUR, DAY, WEEK = dt.timedelta(hours=1), dt.timedelta(days=1), dt.timedelta(days=7)


def form(made: Episode, **changed: Any) -> EpisodePlan:
    """The episode's form as it stands, with this changed."""
    airing = making.airing_of(made)
    values: dict[str, Any] = {"start": airing.planned_start, "end": airing.planned_end, "number": made.number}
    return EpisodePlan(made.programme_id, "改过的题目", **(values | {"feed": airing.feed_id} | changed))


def show() -> tuple[Episode, Airing]:
    made = making.episode(making.soon(), feed=feed().pk)
    return made, making.airing_of(made)


def both(*works: Callable[[], Any]) -> None:
    for outcome in together(*works):
        assert not isinstance(outcome, Exception), repr(outcome)


def test_the_episodes_form_and_the_button_that_announces() -> None:
    made, airing = show()
    both(lambda: episodes.edit(HOUSE, made.pk, form(made)), lambda: episodes.announce(HOUSE, airing.pk))


def test_a_seat_and_the_start_of_the_show() -> None:
    made, airing = show()
    seat, who = seats.add(HOUSE, made.pk, "member"), making.person()
    both(lambda: seats.put(HOUSE, seat.pk, who.pk), lambda: lifecycle.start(HOUSE, airing.pk))


def test_two_shows_with_one_guest_of_which_one_has_a_new_run_down() -> None:
    guest = making.guests(making.person())
    one = making.episode(making.soon(), guests=guest)
    other = making.episode(making.soon(11), guests=guest, feed=feed().pk)
    airing = making.airing_of(other)
    both(
        lambda: episodes.edit(HOUSE, one.pk, form(one, guests=guest, segments=[LinePlan("开场", 60)])),
        lambda: timing.move(HOUSE, airing.pk, airing.planned_start + HOUR, airing.planned_end + HOUR),
    )


def test_a_guests_answer_and_the_run_down() -> None:
    made, airing = show()
    who = making.person()
    asked = invitations.make(HOUSE, seats.add(HOUSE, made.pk, "member").pk, who.pk)
    both(
        lambda: invitations.answer(HOUSE, queries.token_of(asked), "accept"),
        lambda: rundown.revise(HOUSE, airing.pk, made.rundown_version, [LinePlan("开场", 60)]),
    )
    assert Invitation.objects.get().state == "accepted"


def test_two_airings_of_one_episode_that_are_moved_give_a_guest_one_seat() -> None:
    who = making.person()
    made = making.episode(making.soon(), guests=making.guests(who))
    second = making.soon(11)
    other = Airing.objects.create(
        episode=made,
        kind=Airing.Kind.REHEARSAL,
        planned_start=second,
        planned_end=second + HOUR,
        created_at=clock.now(),
    )
    first = made.airings.exclude(pk=other.pk).get()
    Seat.objects.all().delete()
    both(
        lambda: timing.move(HOUSE, first.pk, first.planned_start + HOUR, first.planned_end + HOUR),
        lambda: timing.move(HOUSE, other.pk, second + HOUR, second + 2 * HOUR),
    )
    assert Seat.objects.filter(person=who).count() == 1


def test_two_ways_to_move_one_special_among_others() -> None:
    number = programme(next_number=7).next_number
    made = making.episode(making.soon(), number=number)
    making.episode(making.soon(11), number=number + 1)
    airing = making.airing_of(made)
    to, was = making.soon(12), (airing.planned_start, airing.planned_end)
    outcomes = together(
        lambda: exceptions.move_airing(HOUSE, airing.pk, to, to + HOUR),
        lambda: planning.move(HOUSE, airing.pk, to + DAY, to + DAY + HOUR, was),
    )
    assert sum(isinstance(each, Exception) for each in outcomes) <= 1
    assert all(getattr(each, "code", "conflict") == "conflict" for each in outcomes if isinstance(each, Exception))
    made.refresh_from_db()
    assert made.number == number + 1


@pytest.fixture
def slot() -> Slot:
    """Two weeks of it are made, with one host for both."""
    host = making.person("许老师")
    made = templates.save(HOUSE, programme(next_number=1001).pk, TemplatePlan("常规", "话题", host=host.pk))
    first = (clock.now() + 2 * DAY).date()
    found = slots.create(
        HOUSE,
        programme().pk,
        slot_plan(first_date=first, rule="FREQ=WEEKLY", template=made.pk, feed=feed().pk, weeks_ahead=2),
    )
    assert found.occurrences.count() == 2
    return found


def test_a_slot_that_changes_and_the_form_of_one_of_its_episodes(slot: Slot) -> None:
    later = slot.occurrences.order_by("original_start").last()
    assert later is not None
    made = later.airing.episode
    guests = [episodes.GuestPlan(each.role, person=each.person_id) for each in made.appearances.all()]
    plan = slots.plan_of(slot)
    both(
        lambda: slots.edit(HOUSE, slot.pk, slot.version, slot_plan(**{**vars(plan), "local_time": dt.time(13)})),
        lambda: episodes.edit(HOUSE, made.pk, form(made, guests=guests)),
    )


def test_an_occurrence_that_gives_way_and_is_moved_at_once(slot: Slot) -> None:
    there = slot.occurrences.order_by("original_start").first()
    assert there is not None
    airing = there.airing
    to, was = airing.planned_start + DAY, (airing.planned_start, airing.planned_end)
    outcomes = together(
        lambda: preemption.preempt(HOUSE, slot.pk, there.original_start, None, "市里开大会", to=to),
        lambda: planning.move(HOUSE, airing.pk, to + HOUR, to + 2 * HOUR, was),
    )
    refused = [each for each in outcomes if isinstance(each, Exception)]
    assert [getattr(each, "code", repr(each)) for each in refused] in ([], ["conflict"])
