"""A guest is asked by a link and answers by it; the place, the booking and who appears follow the answer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock, lifecycle
from broadcast.access import HOUSE, Actor
from broadcast.errors import BroadcastError, Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Appearance, AuditEntry
from broadcast.rundown_lines import LinePlan
from broadcast.services import episodes, rundown
from scheduling.models import Booking, Invitation, Seat
from scheduling.queries import invitations as queries
from scheduling.services import invitations, seats
from tests.scheduling import guests_making as making

pytestmark = pytest.mark.django_db
S = Invitation.State


@pytest.fixture
def asked() -> Invitation:
    made = making.episode(making.soon())
    seat = seats.add(HOUSE, made.pk, "member", "经济界")
    return invitations.make(HOUSE, seat.pk, making.person().pk, "谈谈电动车")


def _answer(asked: Invitation, verb: str, **more: Any) -> Invitation:
    return invitations.answer(Actor(), queries.token_of(asked), verb, **more)


def _appears(asked: Invitation) -> bool:
    return Appearance.objects.filter(episode=asked.seat.episode, person=asked.person).exists()


def _booked(asked: Invitation) -> bool:
    return Booking.objects.filter(person=asked.person).exists()


def test_asking_keeps_the_place_and_the_time_but_shows_nobody(asked: Invitation) -> None:
    assert (asked.state, _booked(asked), _appears(asked)) == (S.OPEN, True, False)


def test_the_link_cannot_be_read_from_the_rows(asked: Invitation) -> None:
    token = queries.token_of(asked)
    assert len(token) >= 32
    assert token not in asked.token_digest
    assert token.encode() not in bytes(asked.sealed_token)
    assert queries.by_token(token) == asked
    assert queries.by_token(token[:-1]) is None


def test_yes_makes_the_guest_appear(asked: Invitation) -> None:
    _answer(asked, "accept", words="带两张图")
    asked.refresh_from_db()
    assert (asked.state, asked.answer, _booked(asked), _appears(asked)) == (S.ACCEPTED, "带两张图", True, True)


def test_yes_twice_is_one_answer(asked: Invitation) -> None:
    first = _answer(asked, "accept")
    assert _answer(asked, "accept").version == first.version
    assert AuditEntry.objects.filter(act="invitation.accept").count() == 1


def test_no_frees_place_and_time(asked: Invitation) -> None:
    _answer(asked, "decline", words="出差")
    seat = Seat.objects.get(pk=asked.seat_id)
    assert (seat.person, _booked(asked), _appears(asked)) == (None, False, False)
    again = invitations.make(HOUSE, seat.pk, making.person("何委员").pk)
    assert again.state == S.OPEN


def test_a_guest_who_had_agreed_may_still_say_no(asked: Invitation) -> None:
    _answer(asked, "accept")
    _answer(asked, "decline")
    assert (_booked(asked), _appears(asked)) == (False, False)
    with pytest.raises(IllegalTransition):
        _answer(asked, "accept")


def test_another_time_keeps_the_place_until_somebody_decides(asked: Invitation) -> None:
    when = making.soon(12)
    _answer(asked, "accept")
    _answer(asked, "other", alternative=when)
    asked.refresh_from_db()
    assert (asked.state, asked.alternative, _booked(asked), _appears(asked)) == (S.ALTERNATIVE, when, True, False)
    invitations.confirm(HOUSE, asked.pk, asked.version)
    assert _appears(asked)


@pytest.mark.parametrize(
    ("verb", "more", "field"),
    [
        ("perhaps", {}, "answer"),
        ("other", {}, "alternative"),
        ("other", {"alternative": dt.datetime(2020, 1, 1, tzinfo=dt.UTC)}, "alternative"),
        ("accept", {"words": "好" * 301}, "words"),
    ],
)
def test_an_answer_that_says_nothing_is_refused_beside_its_field(
    asked: Invitation, verb: str, more: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        _answer(asked, verb, **more)
    assert refused.value.data["field"] == field
    asked.refresh_from_db()
    assert asked.state == S.OPEN


def test_a_link_taken_back_says_so(asked: Invitation) -> None:
    invitations.revoke(HOUSE, asked.pk, asked.version, "改请别人")
    with pytest.raises(IllegalTransition, match="收回"):
        _answer(asked, "accept")
    assert not _booked(asked)


def test_after_the_show_began_nothing_is_answered(asked: Invitation) -> None:
    lifecycle.start(HOUSE, making.airing_of(asked.seat.episode).pk)
    with pytest.raises(IllegalTransition):
        _answer(asked, "accept")


def test_of_two_producers_the_second_is_told(asked: Invitation) -> None:
    seen = asked.version
    invitations.confirm(HOUSE, asked.pk, seen)
    with pytest.raises(Conflict, match="已接受"):
        invitations.revoke(HOUSE, asked.pk, seen)
    assert _appears(asked)


def test_a_guest_wanted_elsewhere_cannot_be_asked(asked: Invitation) -> None:
    start = making.airing_of(asked.seat.episode).planned_start
    other = making.episode(start, slug="hall")
    seat = seats.add(HOUSE, other.pk, "member")
    with pytest.raises(Conflict, match="不能同时在两处"):
        invitations.make(HOUSE, seat.pk, asked.person_id)
    seat.refresh_from_db()
    assert seat.person is None
    assert seat.invitations.count() == 0


def test_one_seat_one_guest_one_seat_a_guest(asked: Invitation) -> None:
    with pytest.raises(Conflict):
        invitations.make(HOUSE, asked.seat_id, making.person("何委员").pk)
    second = seats.add(HOUSE, asked.seat.episode_id, "member")
    with pytest.raises(InvalidInput):
        invitations.make(HOUSE, second.pk, asked.person_id)


def test_only_producers_of_the_programme_ask(asked: Invitation) -> None:
    for actor in (making.producer("hall"), making.producer(role="host"), Actor()):
        for act in (
            lambda actor=actor: invitations.make(actor, asked.seat_id, asked.person_id),
            lambda actor=actor: invitations.revoke(actor, asked.pk, asked.version),
            lambda actor=actor: invitations.confirm(actor, asked.pk, asked.version),
            lambda actor=actor: invitations.mark_sent(actor, asked.pk),
            lambda actor=actor: seats.free(actor, asked.seat_id),
        ):
            with pytest.raises(NotAllowed):
                act()


def test_what_does_not_exist_is_not_found() -> None:
    for act in (
        lambda: invitations.answer(Actor(), "x" * 32, "accept"),
        lambda: invitations.revoke(HOUSE, 404, 1),
        lambda: seats.free(HOUSE, 404),
        lambda: seats.add(HOUSE, 404, "member"),
    ):
        with pytest.raises(NotFound):
            act()


def test_somebody_who_agreed_by_phone_appears_at_once() -> None:
    made, who = making.episode(making.soon()), making.person()
    seat = seats.add(HOUSE, made.pk, "department", "市城管局")
    seats.put(HOUSE, seat.pk, who.pk)
    assert Appearance.objects.get(episode=made, person=who).role == "department"
    seats.free(HOUSE, seat.pk)
    assert not Appearance.objects.filter(episode=made).exists()
    seats.remove(HOUSE, seat.pk)
    assert not made.seats.exists()


def test_a_place_that_is_taken_is_not_removed(asked: Invitation) -> None:
    with pytest.raises(Conflict):
        seats.remove(HOUSE, asked.seat_id)


def test_a_guest_of_the_form_takes_the_empty_place_of_their_role() -> None:
    start, who = making.soon(), making.person()
    made = making.episode(start)
    seat = seats.add(HOUSE, made.pk, "member", "经济界")
    episodes.edit(HOUSE, made.pk, making.plan(start, number=made.number, guests=making.guests(who)))
    assert [(each.pk, each.person) for each in made.seats.all()] == [(seat.pk, who)]


def test_a_guest_taken_out_of_the_form_loses_place_and_invitation(asked: Invitation) -> None:
    _answer(asked, "accept")
    made = asked.seat.episode
    start = making.airing_of(made).planned_start
    episodes.edit(HOUSE, made.pk, making.plan(start, number=made.number))
    asked.refresh_from_db()
    assert (asked.state, _booked(asked)) == (S.REVOKED, False)


def test_an_open_invitation_is_not_touched_by_the_form(asked: Invitation) -> None:
    made = asked.seat.episode
    start = making.airing_of(made).planned_start
    episodes.edit(HOUSE, made.pk, making.plan(start, number=made.number, title="新题目"))
    asked.refresh_from_db()
    assert (asked.state, _booked(asked)) == (S.OPEN, True)


def test_nobody_is_asked_to_what_is_over() -> None:
    made = making.episode(making.soon())
    seat = seats.add(HOUSE, made.pk, "member")
    lifecycle.cancel(HOUSE, making.airing_of(made).pk, "停电")
    with pytest.raises(IllegalTransition):
        invitations.make(HOUSE, seat.pk, making.person().pk)


def test_a_table_has_an_end() -> None:
    made = making.episode(making.soon())
    seats.lay(made, [("member", "")] * seats.MOST)
    with pytest.raises(BroadcastError):
        seats.add(HOUSE, made.pk, "member")


def test_the_briefing_says_when_where_and_with_whom(asked: Invitation) -> None:
    made = asked.seat.episode
    seats.put(HOUSE, seats.add(HOUSE, made.pk, "host").pk, making.person("许老师").pk)
    with clock.frozen(clock.now()):
        found = queries.briefing(asked)
    assert found.airing == making.airing_of(made)
    assert found.arrive == making.airing_of(made).planned_start - dt.timedelta(minutes=30)
    assert [each.person.name for each in found.others] == ["许老师"]


def test_the_briefing_has_the_times_of_the_run_down(asked: Invitation) -> None:
    airing = making.airing_of(asked.seat.episode)
    lines = [
        LinePlan("开场", 60),
        LinePlan("机动", 300, is_floating=True, least=0, most=900),
        LinePlan("讨论", 600, start="hard", offset=600),
    ]
    rundown.revise(HOUSE, airing.pk, airing.episode.rundown_version, lines)
    found = queries.briefing(asked)
    minutes = [(row["segment"].title, (row["at"] - airing.planned_start).total_seconds()) for row in found.segments]
    assert minutes == [("开场", 0), ("讨论", 600)]
