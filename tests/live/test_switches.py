"""The desk's switches hold from the next write on, say what they refuse and for how long, and 先发后审 takes two people."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput, NotAllowed, TooMany
from broadcast.models import AuditEntry
from broadcast.models.catalogue import Assurance
from live import commands, protocol
from live.models import Comment, Room
from live.queries import public_groups
from live.services import audience
from tests.live import making

pytestmark = pytest.mark.django_db


def turn(show: making.Show, switch: Any, value: int, actor: Actor | None = None) -> dict[str, Any]:
    who = actor or making.staff_actor(show.moderator)
    command = protocol.SetSwitch(id=making.command_id(), switch=switch, value=value)
    return commands.perform(who, show.id, command)


def say(show: making.Show, viewer: Actor | None = None, text: str = "多开几班夜间公交") -> Comment:
    who = viewer or making.make_viewer()
    made = audience.commit_one(who, show.id, making.comment(text)).result
    return Comment.objects.get(pk=made["item"])


def refusal(show: making.Show, command: protocol.AudienceCommand, viewer: Actor | None = None) -> BroadcastError:
    with pytest.raises(BroadcastError) as raised:
        audience.commit_one(viewer or making.make_viewer(), show.id, command)
    return raised.value


def airing_object(show: making.Show) -> protocol.AiringObject:
    groups = public_groups(show.id, ["airing"])
    assert groups is not None
    found = groups["airing"][0]
    assert isinstance(found, protocol.AiringObject)
    return found


def test_comments_are_closed_and_opened_while_questions_go_on() -> None:
    show = making.make_show()
    turn(show, "takes_comments", 0)
    assert refusal(show, making.comment()).code == "comments_off"
    assert airing_object(show).comments == "off"
    assert audience.commit_one(making.make_viewer(), show.id, making.question()).result["kind"] == "question"
    turn(show, "takes_comments", 1)
    assert say(show).state == "pending"
    assert airing_object(show).comments == "pre"


def test_questions_are_closed() -> None:
    show = making.make_show()
    turn(show, "takes_questions", 0)
    assert refusal(show, making.question()).code == "questions_off"
    assert say(show).state == "pending"


def test_what_was_accepted_before_is_answered_again_when_closed() -> None:
    show, viewer, command = making.make_show(), making.make_viewer(), making.comment()
    first = audience.commit_one(viewer, show.id, command).result
    turn(show, "takes_comments", 0)
    assert audience.commit_one(viewer, show.id, command).result == first


def test_slow_mode_names_the_seconds_that_are_left() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    turn(show, "comment_seconds", 30)
    say(show, viewer, "第一条")
    refused = refusal(show, making.comment("第二条"), viewer)
    assert isinstance(refused, TooMany)
    assert 28 <= refused.data["retry_after_seconds"] <= 31
    assert refused.data["pause_seconds"] == 30
    assert say(show, making.make_viewer(), "别人的").state == "pending"
    with clock.shifted(dt.timedelta(seconds=31)):
        assert say(show, viewer, "第二条").state == "pending"
    assert airing_object(show).comment_seconds == 30


def test_two_of_one_person_in_one_batch_are_slowed_too() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    turn(show, "comment_seconds", 30)
    outcomes = audience.commit_batch([(viewer, show.id, making.comment(f"第{n}条")) for n in range(2)])
    assert not isinstance(outcomes[0], BroadcastError)
    assert isinstance(outcomes[1], TooMany)


def test_one_question_a_minute_leaves_comments_alone() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    turn(show, "question_seconds", 60)
    audience.commit_one(viewer, show.id, making.question())
    assert refusal(show, making.question("还有呢？"), viewer).code == "too_many"
    assert say(show, viewer).state == "pending"


def test_a_pause_longer_than_the_window_of_the_limit_holds() -> None:
    show, viewer = making.make_show(), making.make_viewer()
    turn(show, "comment_seconds", 600)
    say(show, viewer)
    with clock.shifted(dt.timedelta(seconds=300)):
        assert refusal(show, making.comment("又一条"), viewer).code == "too_many"


def test_verified_only_names_what_is_needed() -> None:
    show = making.make_show(least_assurance={"comment": 0, "ask": 0})
    guest = making.make_viewer(Assurance.GUEST)
    say(show, guest)
    turn(show, "verified_only", 1)
    refused = refusal(show, making.comment("又一条"), guest)
    assert (refused.code, refused.data["needed"]) == ("verified_only", Assurance.PHONE)
    assert say(show, making.make_viewer(Assurance.PHONE)).state == "pending"
    assert airing_object(show).verified_only


def post_show() -> tuple[making.Show, Actor, Actor]:
    show = making.make_show(comments="post")
    Room.objects.update(is_post=False)
    second = making.staff_actor(making.make_staff(show.programme, "moderator"))
    return show, making.staff_actor(show.moderator), second


def test_a_programme_that_allows_it_still_begins_with_a_look_first() -> None:
    show, _first, _second = post_show()
    assert say(show).state == "pending"
    assert airing_object(show).comments == "pre"


def test_words_are_public_at_once_when_a_second_person_says_yes() -> None:
    show, first, second = post_show()
    asked = turn(show, "is_post", 1, first)
    assert (asked["value"], asked["asked_by"]) == (0, first.user_id)
    assert say(show).state == "pending"
    assert turn(show, "is_post", 1, second)["value"] == 1
    assert say(show).state == "approved"
    assert airing_object(show).comments == "post"
    acts = list(AuditEntry.objects.order_by("pk").values_list("act", "actor_id"))
    assert acts == [("room.post_ask", first.user_id), ("room.post_on", second.user_id)]


def test_nobody_is_his_own_second_person() -> None:
    show, first, _second = post_show()
    turn(show, "is_post", 1, first)
    assert turn(show, "is_post", 1, first)["value"] == 0


def test_an_old_wish_is_none_and_the_second_person_becomes_the_first() -> None:
    show, first, second = post_show()
    turn(show, "is_post", 1, first)
    with clock.shifted(dt.timedelta(minutes=6)):
        answer = turn(show, "is_post", 1, second)
        assert (answer["value"], answer["asked_by"]) == (0, second.user_id)
        assert turn(show, "is_post", 1, first)["value"] == 1


def test_one_person_ends_it_alone() -> None:
    show, first, second = post_show()
    turn(show, "is_post", 1, first)
    turn(show, "is_post", 1, second)
    assert turn(show, "is_post", 0, first)["value"] == 0
    assert say(show).state == "pending"


def test_where_the_programme_looks_first_nobody_can_change_that() -> None:
    show = making.make_show(comments="pre", questions="pre")
    with pytest.raises(IllegalTransition):
        turn(show, "is_post", 1)
    assert not Room.objects.get(pk=show.id).is_post


def test_in_a_room_that_lets_words_out_what_the_programme_looks_at_first_still_waits() -> None:
    show = making.make_show(comments="post", questions="pre")
    made = audience.commit_one(making.make_viewer(), show.id, making.question())
    assert made.mine is not None
    assert made.mine.items[0].state == "pending"


def test_a_producer_may_slow_the_room_but_not_let_words_out() -> None:
    show, _first, _second = post_show()
    producer = making.staff_actor(show.producer)
    assert turn(show, "comment_seconds", 10, producer)["value"] == 10
    with pytest.raises(NotAllowed):
        turn(show, "is_post", 1, producer)


def test_a_host_turns_nothing() -> None:
    show = making.make_show()
    with pytest.raises(NotAllowed):
        turn(show, "takes_comments", 0, making.staff_actor(show.host))


@pytest.mark.parametrize(("switch", "value"), [("takes_comments", 2), ("alarm_seconds", 0)])
def test_a_value_that_makes_no_sense_is_refused(switch: str, value: int) -> None:
    with pytest.raises(InvalidInput):
        turn(making.make_show(), switch, value)


def test_setting_what_is_set_is_neither_audited_nor_told() -> None:
    show = making.make_show()
    turn(show, "comment_seconds", 30)
    before = Room.objects.get(pk=show.id).staff_seq
    turn(show, "comment_seconds", 30)
    assert Room.objects.get(pk=show.id).staff_seq == before
    assert AuditEntry.objects.filter(act="room.comment_seconds").count() == 1
