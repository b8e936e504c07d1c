"""What becomes of a question: each ends answered, promised in writing, closed for a reason, or goes on in a later show."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.errors import IllegalTransition, InvalidInput, NotAllowed
from broadcast.models import AuditEntry, Moment
from live import commands, protocol, queries
from live.models import Question, Support
from live.queries import follow
from tests.live import following, making
from tests.live.following import HARBOUR, TRAFFIC, asked, do, next_show, on_day, promise

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(questions="post")


def public(show: making.Show, question: Question) -> Any:
    return {each.key: each for each in queries.public_objects(show.airing)}.get(f"question:{question.pk}")


def mine(show: making.Show, actor: Any, question: Question) -> Any:
    return next(each for each in queries.mine(show.airing, actor.participant_id).items if each.id == question.pk)


def test_a_question_is_asked_of_a_person_or_of_a_department_that_is_there(show: making.Show) -> None:
    person = following.seat(show, "吴处长", HARBOUR)
    assert public(show, asked(show, department=HARBOUR)).to == HARBOUR
    assert public(show, asked(show, person=person.pk)).to == "吴处长"
    for wrong in ({"department": TRAFFIC}, {"department": HARBOUR, "person": person.pk}):
        with pytest.raises(InvalidInput) as refused:
            asked(show, **wrong)
        assert refused.value.data["field"] == "department"


def test_a_promised_question_says_to_everybody_who_answers_until_when(show: making.Show) -> None:
    viewer = making.make_viewer()
    question = asked(show, viewer=viewer)
    do(show, protocol.ShowQuestion, question=question.pk)
    question = promise(show, question, days=10)
    assert question.state == "promised"
    end = public(show, question).end
    assert (end.promised_to, end.due) == (HARBOUR, on_day(10))
    assert mine(show, viewer, question).end == end
    assert Moment.objects.filter(airing=show.airing, kind="question.promise").count() == 1
    assert [mark["kind"] for mark in queries.marks(show.airing)] == ["question.show", "question.promise"]


def test_department_and_day_of_a_promise_can_be_changed_its_moment_stays(show: making.Show) -> None:
    question = promise(show, asked(show))
    said_at = question.promised_at
    question = promise(show, question, TRAFFIC, days=20)
    assert (question.promised_to, question.due_on, question.promised_at) == (
        TRAFFIC,
        dt.date.fromisoformat(on_day(20)),
        said_at,
    )
    assert Moment.objects.filter(kind="question.promise").count() == 1


@pytest.mark.parametrize("due", ["2026-02-30", "昨天", "-1", "400"])
def test_a_promise_needs_a_day_that_is_to_come(show: making.Show, due: str) -> None:
    wanted = on_day(int(due)) if due.lstrip("-").isdigit() else due
    with pytest.raises(InvalidInput) as refused:
        do(show, protocol.PromiseReply, question=asked(show).pk, department=HARBOUR, due=wanted)
    assert refused.value.data["field"] == "due"


def test_a_promise_waits_for_the_delayed_picture() -> None:
    show = making.make_show(questions="post", delay_seconds=30)
    viewer = making.make_viewer()
    question = asked(show, viewer=viewer)
    with clock.shifted(dt.timedelta(minutes=1)):
        question = promise(show, question)
        assert (public(show, question).state, public(show, question).end) == ("queued", None)
        assert mine(show, viewer, question).end is None
        with clock.shifted(dt.timedelta(seconds=31)):
            assert public(show, question).state == "promised"
            assert public(show, question).end.promised_to == HARBOUR
            assert mine(show, viewer, question).end.promised_to == HARBOUR


def test_a_closed_question_stays_public_with_its_reason(show: making.Show) -> None:
    question = asked(show)
    do(show, protocol.CloseQuestion, question=question.pk, closing="elsewhere", note="已转 12345，编号 8")
    end = public(show, question).end
    assert (end.closing, end.note) == ("elsewhere", "已转 12345，编号 8")
    entry = AuditEntry.objects.get(act="question.close")
    assert entry.after["state"] == "closed"


def test_another_reason_must_be_written_down(show: making.Show) -> None:
    question = asked(show)
    with pytest.raises(InvalidInput):
        do(show, protocol.CloseQuestion, question=question.pk, closing="other")
    do(show, protocol.CloseQuestion, question=question.pk, closing="other", note="提问人已撤")


def test_what_was_promised_or_closed_by_mistake_is_open_again(show: making.Show) -> None:
    question = promise(show, asked(show))
    do(show, protocol.ResumeQuestion, question=question.pk)
    assert (public(show, question).state, public(show, question).end) == ("approved", None)
    do(show, protocol.ResumeQuestion, question=question.pk)
    do(show, protocol.ShowQuestion, question=question.pk)
    with pytest.raises(IllegalTransition):
        do(show, protocol.ResumeQuestion, question=question.pk)


def test_a_carried_question_goes_on_with_its_supports_and_both_places_say_so(show: making.Show) -> None:
    viewer, friend = making.make_viewer(), making.make_viewer()
    question = asked(show, viewer=viewer)
    commands.perform(friend, show.id, protocol.SupportQuestion(id=making.command_id(), question=question.pk))
    later = next_show(show)
    told = do(show, protocol.CloseQuestion, question=question.pk, closing="carried")
    copy = Question.objects.get(pk=told["carried"])
    assert (copy.room_id, copy.state, copy.text) == (later.id, "approved", question.text)
    assert set(Support.objects.filter(question=copy).values_list("participant_id", flat=True)) == {
        friend.participant_id
    }
    assert str(later.id) in public(show, question).end.carried_to
    assert mine(later, viewer, copy).state == "approved"
    with pytest.raises(IllegalTransition):
        do(show, protocol.ResumeQuestion, question=question.pk)


def test_what_an_emergency_hides_is_neither_carried_nor_promised(show: making.Show) -> None:
    question = asked(show)
    next_show(show)
    leader = making.make_staff(show.programme, "duty_leader")
    hide = {"scope": "author", "kind": "question", "item": question.pk, "reason": "other"}
    do(show, protocol.WithdrawMany, leader, **hide)
    with pytest.raises(IllegalTransition):
        do(show, protocol.CloseQuestion, question=question.pk, closing="carried")
    with pytest.raises(IllegalTransition):
        promise(show, question)
    assert not Question.objects.filter(carried_from=question).exists()
    question.refresh_from_db()
    assert question.state == "approved"


def test_a_carried_question_says_as_what_its_author_asked(show: making.Show) -> None:
    question = asked(show)
    Question.objects.filter(pk=question.pk).update(speaks_as="member", affiliation="经济界")
    next_show(show)
    copy = Question.objects.get(pk=do(show, protocol.CloseQuestion, question=question.pk, closing="carried")["carried"])
    assert (copy.speaks_as, copy.affiliation) == ("member", "经济界")


def test_nothing_is_carried_where_no_later_show_is(show: making.Show) -> None:
    with pytest.raises(InvalidInput) as refused:
        do(show, protocol.CloseQuestion, question=asked(show).pk, closing="carried")
    assert refused.value.data["field"] == "to"


def test_at_the_end_each_question_without_an_end_is_on_the_list(show: making.Show) -> None:
    left, queued, shown, answered = (asked(show, f"第{n}问？") for n in range(4))
    do(show, protocol.QueueQuestion, question=queued.pk)
    do(show, protocol.AnswerQuestion, question=answered.pk)
    do(show, protocol.ShowQuestion, question=shown.pk)
    assert set(follow.open_questions(show.id)) == {left, queued, shown}
    promise(show, left)
    do(show, protocol.CloseQuestion, question=queued.pk, closing="covered")
    do(show, protocol.AnswerQuestion, question=shown.pk)
    assert follow.open_rows(show.airing) == []
    assert {row["id"] for row in follow.ended_rows(show.airing)} == {left.pk, queued.pk, shown.pk, answered.pk}


def test_what_is_taken_down_comes_back_as_it_ended(show: making.Show) -> None:
    question = promise(show, asked(show))
    assert question.came_back_as() == "promised"
    withdraw = protocol.WithdrawItem(
        id=making.command_id(), kind="question", item=question.pk, version=question.version, reason="other"
    )
    commands.perform(making.staff_actor(show.moderator), show.id, withdraw)
    assert public(show, question) is None


@pytest.mark.parametrize("role", ["moderator", "department_respondent", "secretariat"])
def test_only_those_who_run_the_show_say_what_becomes_of_questions(show: making.Show, role: str) -> None:
    user, question = making.make_staff(show.programme, role), asked(show)
    for made, fields in (
        (protocol.PromiseReply, {"department": HARBOUR, "due": on_day(3)}),
        (protocol.CloseQuestion, {"closing": "covered"}),
        (protocol.ResumeQuestion, {}),
    ):
        with pytest.raises(NotAllowed):
            do(show, made, user, question=question.pk, **fields)
