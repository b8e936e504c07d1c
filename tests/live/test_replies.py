"""A department's answer in writing: seen by nobody before a second person releases it, under its question after, the asker told."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from broadcast import clock
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import AuditEntry, Person, User
from broadcast.personal import Held, Whose
from live import commands, protocol, queries
from live.models import Question, Reply
from live.queries import follow, offices
from live.queries import replies as queue
from live.queries.my_questions import my_questions
from live.services import forgetting, replies
from tests.live import following, making
from tests.live.following import HARBOUR, TRAFFIC, asked, promise, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(questions="post")


@pytest.fixture
def office(show: making.Show) -> User:
    return following.respondent(show, following.seat(show, "吴处长", HARBOUR))


def release(show: making.Show, reply: Reply, user: User | None = None, act: str = "release", note: str = "") -> Reply:
    reply.refresh_from_db()
    return replies.decide(making.staff_actor(user or show.moderator), reply.pk, reply.version, act, note)


def seen(show: making.Show, question: Question) -> Any:
    return next(each for each in queries.public_objects(show.airing) if each.key == f"question:{question.pk}")


def own(show: making.Show, viewer: Any) -> Any:
    return queries.mine(show.airing, viewer.participant_id).items[0]


def test_a_promised_answer_is_written_released_and_read(show: making.Show, office: User) -> None:
    viewer = making.make_viewer()
    question = promise(show, asked(show, viewer=viewer))
    reply = written(question, office, "  可以。\n\n\u202e凭证领取。 ")
    assert seen(show, question).end.replies == (), "nobody reads what nobody released"
    release(show, reply)
    shown = seen(show, question)
    assert shown.state == "answered"
    (told,) = shown.end.replies
    assert (told.department, told.text) == (HARBOUR, "可以。\n凭证领取。")
    assert own(show, viewer).end.replies == shown.end.replies
    with clock.shifted(dt.timedelta(days=20)):
        assert queue.alarm(making.staff_actor(office)) == []
    acts = AuditEntry.objects.filter(target=f"reply:{reply.pk}").order_by("pk").values_list("act", flat=True)
    assert list(acts) == ["reply.submit", "reply.release"]


def test_an_answer_for_the_asker_alone_is_nowhere_public(show: making.Show, office: User) -> None:
    viewer = making.make_viewer()
    question = promise(show, asked(show, viewer=viewer))
    release(show, written(question, office, "您家的情况已登记。", public=False))
    shown = seen(show, question)
    assert (shown.state, shown.end) == ("answered", None)
    (told,) = own(show, viewer).end.replies
    assert (told.public, told.text) == (False, "您家的情况已登记。")
    (row,) = my_questions(viewer)
    assert row["item"].end.replies == (told,)


def test_a_respondent_sees_what_is_asked_of_the_own_department_alone(show: making.Show, office: User) -> None:
    ours = asked(show, "问海洋局？", department=HARBOUR)
    theirs = promise(show, asked(show, "问交通局？"), TRAFFIC)
    elsewhere = making.make_show(questions="post")
    following.seat(elsewhere, "吴处长二", HARBOUR)
    other_show = asked(elsewhere, "另一个节目？", department=HARBOUR)
    found = offices.of(making.staff_actor(office))
    assert found is not None
    assert [row["id"] for row in queue.asked_of(found)] == [ours.pk]
    for question in (theirs, other_show):
        assert queue.one(making.staff_actor(office), question.pk) is None
        with pytest.raises(NotFound):
            written(question, office)


def test_what_is_hidden_from_the_public_is_hidden_from_departments(show: making.Show, office: User) -> None:
    question = promise(show, asked(show))
    leader = making.make_staff(show.programme, "duty_leader")
    hide = protocol.WithdrawMany(id=making.command_id(), scope="everything", reason="other")
    commands.perform(making.staff_actor(leader), show.id, hide)
    found = offices.of(making.staff_actor(office))
    assert found is not None
    assert queue.asked_of(found) == []
    assert queue.one(making.staff_actor(office), question.pk) is None


def test_an_account_that_is_bound_to_nobody_answers_nothing(show: making.Show, office: User) -> None:
    Person.objects.update(user=None)
    assert offices.of(making.staff_actor(office)) is None
    with pytest.raises(NotFound):
        written(promise(show, asked(show)), office)


def test_nobody_releases_the_own_answer(show: making.Show) -> None:
    question = promise(show, asked(show))
    draft = replies.Draft(department=HARBOUR, text="来函照录。")
    reply = replies.write(making.staff_actor(show.producer), question.pk, draft, submit=True)
    with pytest.raises(NotAllowed):
        release(show, reply, show.producer)
    release(show, reply)
    assert seen(show, question).end.replies[0].department == HARBOUR


def test_a_returned_answer_is_written_again(show: making.Show, office: User) -> None:
    question = promise(show, asked(show))
    reply = written(question, office)
    with pytest.raises(IllegalTransition):
        replies.write(
            making.staff_actor(office), question.pk, replies.Draft("", "改", version=reply.version), submit=True
        )
    with pytest.raises(InvalidInput):
        release(show, reply, act="return")
    release(show, reply, act="return", note="请写明日期")
    reply.refresh_from_db()
    again = replies.write(
        making.staff_actor(office), question.pk, replies.Draft("", "五日。", version=reply.version), submit=True
    )
    assert (again.pk, again.state) == (reply.pk, "submitted")


def test_the_second_of_two_who_write_or_decide_is_told(show: making.Show, office: User) -> None:
    question = promise(show, asked(show))
    replies.write(making.staff_actor(office), question.pk, replies.Draft("", "初稿"), submit=False)
    with pytest.raises(Conflict):
        replies.write(making.staff_actor(office), question.pk, replies.Draft("", "另一稿"), submit=False)
    reply = replies.write(making.staff_actor(office), question.pk, replies.Draft("", "定稿", version=1), submit=True)
    with pytest.raises(Conflict):
        replies.decide(making.staff_actor(show.moderator), reply.pk, 1, "release")


def test_a_recalled_answer_leaves_every_page_and_the_promise_stands_again(show: making.Show, office: User) -> None:
    viewer = making.make_viewer()
    question = promise(show, asked(show, viewer=viewer))
    reply = written(question, office)
    release(show, reply)
    release(show, reply, act="recall", note="日期写错")
    shown = seen(show, question)
    assert (shown.state, shown.end.promised_to, shown.end.replies) == ("promised", HARBOUR, ())
    assert own(show, viewer).end.replies == ()


def test_an_answer_of_another_department_leaves_the_promise_open(show: making.Show, office: User) -> None:
    question = promise(show, asked(show, department=HARBOUR), TRAFFIC)
    release(show, written(question, office))
    shown = seen(show, question)
    assert (shown.state, len(shown.end.replies), shown.end.promised_to) == ("promised", 1, TRAFFIC)


def test_what_another_department_wrote_is_not_told_as_the_promised_answer(show: making.Show, office: User) -> None:
    question = promise(show, asked(show, department=HARBOUR), TRAFFIC)
    release(show, written(question, office))
    (owed,) = queue.owed([show.programme.pk])
    assert owed["reply"] is None
    (ended,) = follow.ended_rows(show.airing)
    assert (ended["promised_to"], ended["reply_state"]) == (TRAFFIC, "")


def test_a_question_is_open_again_only_when_no_answer_to_it_is_out(show: making.Show, office: User) -> None:
    other = following.respondent(show, following.seat(show, "何处长", TRAFFIC))
    question = asked(show, department=HARBOUR)
    first = written(question, office)
    release(show, first)
    draft = replies.Draft(department=TRAFFIC, text="交通方面也已安排。")
    second = replies.write(making.staff_actor(show.producer), question.pk, draft, submit=True)
    release(show, second)
    release(show, first, act="recall", note="日期写错")
    assert seen(show, question).state == "answered"
    question.refresh_from_db()
    second.refresh_from_db()
    assert question.answered_at == second.released_at
    release(show, second, act="recall", note="也写错了")
    assert seen(show, question).state == "approved"
    # Of a promise only the one who gave it is quit.
    promised = promise(show, asked(show, "哪天？", department=HARBOUR), TRAFFIC)
    release(show, written(promised, office))
    kept = written(promised, other)
    release(show, kept)
    release(show, kept, act="recall", note="日期写错")
    assert seen(show, promised).state == "promised"


def test_an_answer_in_writing_moves_no_time_that_the_show_set(show: making.Show, office: User) -> None:
    on_air, answered = asked(show, department=HARBOUR), asked(show, "第二问？", department=HARBOUR)
    following.do(show, protocol.AnswerQuestion, question=answered.pk)
    following.do(show, protocol.ShowQuestion, question=on_air.pk)
    for question, column in ((on_air, "on_air_at"), (answered, "answered_at")):
        question.refresh_from_db()
        before = getattr(question, column)
        reply = written(question, office)
        for act in ("release", "recall"):
            release(show, reply, act=act, note="日期写错")
            question.refresh_from_db()
            assert before is not None
            assert getattr(question, column) == before


def test_what_is_due_first_is_listed_however_much_is_asked(
    show: making.Show, office: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue, "SHOWN", 2)
    late = promise(show, asked(show, "晚些的？", department=HARBOUR), days=20)
    answered = asked(show, "答过的？", department=HARBOUR)
    following.do(show, protocol.AnswerQuestion, question=answered.pk)
    asked(show, "还没有约定的？", department=HARBOUR)
    soon = promise(show, asked(show, "最近的？", department=HARBOUR), days=2)
    found = offices.of(making.staff_actor(office))
    assert found is not None
    assert [row["id"] for row in queue.asked_of(found)] == [soon.pk, late.pk]


def test_what_is_overdue_is_told_with_its_days_to_those_who_owe_and_follow(show: making.Show, office: User) -> None:
    question = promise(show, asked(show), days=2)
    stranger = following.respondent(show, following.seat(show, "何处长", TRAFFIC))
    with clock.shifted(dt.timedelta(days=5)):
        for user in (office, show.producer):
            (told,) = queue.alarm(making.staff_actor(user))
            assert "最久 3 天" in told["text"]
        assert queue.alarm(making.staff_actor(stranger)) == []
        owed = queue.owed([show.programme.pk])
        assert [(row["id"], row["days_late"]) for row in owed] == [(question.pk, 3)]


def test_only_moderators_and_producers_release(show: making.Show, office: User) -> None:
    reply = written(promise(show, asked(show)), office)
    for user in (office, show.host, making.make_staff(show.programme, "secretariat")):
        with pytest.raises(NotAllowed):
            release(show, reply, user)


def test_what_was_answered_goes_with_the_person_who_asked(show: making.Show, office: User) -> None:
    viewer = making.make_viewer()
    question = promise(show, asked(show, viewer=viewer))
    reply = written(question, office, "王女士家的情况已登记。", public=False)
    release(show, reply)
    assert viewer.participant_id is not None
    forgetting.forget(Whose(viewer.participant_id, (viewer.participant_id,)), Held())
    reply.refresh_from_db()
    assert "王女士" not in reply.text
