"""The pages of what becomes of questions, as browsers use them: the end of a show, answers in writing, 我的提问, and the ask form."""

from __future__ import annotations

import datetime as dt
import re
import urllib.parse
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from broadcast import clock
from broadcast.models import Person, User
from live import protocol
from live.models import Commitment, Question, Reply
from live.queries import replies as queue
from live.services import replies
from tests.live import following, making
from tests.live.following import HARBOUR, asked, do, next_show, on_day, promise, written

pytestmark = pytest.mark.django_db


@pytest.fixture
def show() -> making.Show:
    return making.make_show(questions="post")


@pytest.fixture
def office(show: making.Show) -> User:
    return following.respondent(show, following.seat(show, "吴处长", HARBOUR))


def browser(user: User | None = None, actor: Any = None) -> Client:
    client = Client()
    if user is not None:
        client.force_login(user)
    if actor is not None:
        client.cookies["yishi_participant"] = making.cookie(actor)
    return client


def test_one_page_ends_every_open_question_and_stops_at_none(show: making.Show) -> None:
    rows = [asked(show, f"第{n}问？") for n in range(4)]
    later = next_show(show)
    host, page = browser(show.host), reverse("staff:outcomes", args=[show.id])
    assert all(row.text in host.get(page).content.decode() for row in rows)
    form = {
        "act": "end",
        f"way-{rows[0].pk}": "promise",
        f"department-{rows[0].pk}": HARBOUR,
        f"due-{rows[0].pk}": on_day(9),
        f"way-{rows[1].pk}": "carried",
        f"to-{rows[1].pk}": str(later.id),
        f"way-{rows[2].pk}": "other",
        f"way-{rows[3].pk}": "",
    }
    answer = host.post(page, form)
    assert answer.status_code == 422
    told = answer.content.decode()
    assert "请写明原因" in told
    assert f'id="way-{rows[2].pk}" name="way-{rows[2].pk}"' in told
    assert told.count('<option value="other" selected>') == 1, "what was chosen is kept where it was refused"
    states = dict(Question.objects.filter(room=show.id).values_list("pk", "state"))
    assert [states[row.pk] for row in rows] == ["promised", "closed", "approved", "approved"]
    assert Question.objects.get(carried_from=rows[1]).room_id == later.id
    closing = {f"way-{row.pk}": "covered" for row in rows[2:]}
    assert host.post(page, {"act": "end", **closing}).status_code == 302
    assert "没有悬着的提问" in host.get(page).content.decode()
    assert host.post(page, {"act": "resume", "number": rows[0].pk}).status_code == 302
    assert Question.objects.get(pk=rows[0].pk).state == "approved"


def test_who_only_reads_the_page_ends_nothing(show: making.Show) -> None:
    question = asked(show)
    moderator, page = browser(show.moderator), reverse("staff:outcomes", args=[show.id])
    assert f"way-{question.pk}" not in moderator.get(page).content.decode()
    assert moderator.post(page, {"act": "end", f"way-{question.pk}": "covered"}).status_code == 422
    assert Question.objects.get(pk=question.pk).state == "approved"


def test_marks_are_completed_on_the_page(show: making.Show) -> None:
    person = following.seat(show, "林局长", HARBOUR)
    host, page = browser(show.host), reverse("staff:outcomes", args=[show.id])
    number = do(show, protocol.MarkCommitment, kind="suggestion")["commitment"]
    form = {"number": number, "version": 1, "kind": "promise", "text": "加开夜班车", "speaker": person.pk}
    assert host.post(page, {"act": "edit", "due": on_day(5), "department": HARBOUR, **form}).status_code == 302
    assert host.post(page, {"act": "edit", **form}).status_code == 422, "somebody wrote it meanwhile"
    assert host.post(page, {"act": "done", "number": number, "version": 2, "note": "十月已开"}).status_code == 302
    row = Commitment.objects.get()
    assert (row.kind, row.text, row.speaker_id, row.done_note) == ("promise", "加开夜班车", person.pk, "十月已开")


def test_a_respondent_answers_on_the_own_page_and_sees_no_other(show: making.Show, office: User) -> None:
    question = promise(show, asked(show, "海边何时有更衣室？"))
    hidden = promise(show, asked(show, "不是问海洋局的？"), "市交通局")
    client = browser(office)
    listed = client.get(reverse("staff:replies")).content.decode()
    assert question.text in listed
    assert hidden.text not in listed
    assert client.get(reverse("staff:reply", args=[hidden.pk])).status_code == 404
    page = reverse("staff:reply", args=[question.pk])
    assert client.post(page, {"act": "submit", "text": "", "version": 0}).status_code == 422
    draft = {"text": "十二月五日开放。", "respondent": "吴处长", "is_public": "1", "version": 0}
    assert client.post(page, {"act": "save", **draft}).status_code == 302
    assert "十二月五日开放。" in client.get(page).content.decode()
    assert client.post(page, {"act": "submit", **draft, "version": 1}).status_code == 302
    assert client.post(page, {"act": "release", "number": Reply.objects.get().pk, "version": 2}).status_code == 403
    moderator = browser(show.moderator)
    assert question.text in moderator.get(reverse("staff:replies")).content.decode()
    released = {"act": "release", "number": Reply.objects.get().pk, "version": 2}
    assert moderator.post(page, released).status_code == 302
    public = browser(actor=making.make_viewer()).get(
        reverse("episode", args=[show.programme.slug, show.episode.number]) + "?tab=ask"
    )
    assert "十二月五日开放。" in public.content.decode()


def test_a_second_one_who_saves_keeps_what_was_typed(show: making.Show, office: User) -> None:
    question = promise(show, asked(show))
    replies.write(making.staff_actor(office), question.pk, replies.Draft("", "先写的"), submit=False)
    answer = browser(office).post(
        reverse("staff:reply", args=[question.pk]), {"act": "save", "text": "后写的", "version": 0}
    )
    assert answer.status_code == 409
    told = answer.content.decode()
    assert "后写的" in told
    assert "先写的" in told, "nobody overwrites what he never saw"


def test_who_enters_letters_chooses_of_which_department(show: making.Show, office: User) -> None:
    question, traffic = promise(show, asked(show)), "市交通局"
    following.seat(show, "何处长", traffic)
    replies.write(making.staff_actor(show.producer), question.pk, replies.Draft(traffic, "交通局来函。"), submit=False)
    producer, page = browser(show.producer), reverse("staff:reply", args=[question.pk])
    told = producer.get(page).content.decode()
    links = [urllib.parse.unquote(each) for each in re.findall(r'href="\?department=([^"]+)"', told)]
    assert links == [HARBOUR, traffic]
    assert ">交通局来函。</textarea>" in producer.get(page, {"department": traffic}).content.decode()
    answer = producer.post(page, {"act": "save", "department": traffic, "text": "另一稿", "version": 0})
    assert answer.status_code == 409
    assert 'name="version" value="1"' in answer.content.decode(), "saved again, it is laid over that department's"


def test_an_account_bound_to_nobody_is_told_whom_to_ask(show: making.Show, office: User) -> None:
    Person.objects.update(user=None)
    assert "请联系秘书处绑定" in browser(office).get(reverse("staff:replies")).content.decode()


def test_what_is_overdue_stands_at_the_head_of_staffs_pages(show: making.Show, office: User) -> None:
    promise(show, asked(show), days=1)
    assert queue.alarm(making.staff_actor(show.producer)) == []
    with clock.shifted(dt.timedelta(days=3)):
        (told,) = queue.alarm(making.staff_actor(show.producer))
        assert told["text"] == "1 份书面答复已过期，最久 2 天。"
        assert queue.alarm(making.staff_actor(office)) == [told]
        assert queue.alarm(making.staff_actor(show.host)) == []


def test_my_questions_tell_what_became_of_each_in_every_show(show: making.Show, office: User) -> None:
    viewer, other = making.make_viewer(), making.make_show(questions="post")
    first = promise(show, asked(show, "第一场的问题？", viewer=viewer))
    second = asked(other, "另一个节目的问题？", viewer=viewer)
    do(other, protocol.CloseQuestion, question=second.pk, closing="elsewhere", note="编号 8")
    reply = written(first, office, "只对您说。", public=False)
    replies.decide(making.staff_actor(show.moderator), reply.pk, reply.version, "release")
    page = browser(actor=viewer).get(reverse("my-questions")).content.decode()
    for words in (first.text, second.text, "只对您说。", "只给您看", "已转其他渠道办理。", "编号 8"):
        assert words in page
    assert first.text not in browser(actor=making.make_viewer()).get(reverse("my-questions")).content.decode()


def test_the_plain_form_asks_a_department(show: making.Show) -> None:
    following.seat(show, "吴处长", HARBOUR)
    address = [show.programme.slug, show.episode.number]
    client = browser(actor=making.make_viewer())
    assert f'value="d{HARBOUR}"' in client.get(reverse("episode", args=address) + "?tab=ask").content.decode()
    sent = {"act": "ask", "text": "更衣室呢？", "to": f"d{HARBOUR}", "id": making.command_id(), "tab": "ask"}
    assert client.post(reverse("episode-act", args=address), sent).status_code == 303
    assert Question.objects.get().department == HARBOUR
