"""The page of mutes, bans and withdrawals: desks read it, those who may impose lift, and each row says what the person reads."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from broadcast.access import Actor
from broadcast.models import RoleGrant
from live import commands, queries
from live.models import Sanction, Withdrawal
from tests.live import making
from tests.live.test_sanctions import impose, leader, say
from tests.live.test_withdrawals import everything

PAGE = "/staff/sanctions/"


def logged_in(user: Any) -> Client:
    browser = Client()
    browser.force_login(user)
    return browser


def restrained() -> tuple[making.Show, Actor, int]:
    """A show, somebody muted in it, and the sanction."""
    show = making.make_show(comments="post")
    author = replace(making.make_viewer(name="<b>吴先生</b>"), address="203.0.113.9")
    item = say(show, author)
    done = commands.perform(making.staff_actor(show.moderator), show.id, impose(item, note="三次"))
    return show, author, done["sanction"]


@pytest.mark.django_db
def test_a_row_says_who_why_until_when_and_what_they_read() -> None:
    show, author, sanction = restrained()
    body = logged_in(show.moderator).get(PAGE).content.decode()
    (told,) = queries.mine_of(show.airing, author).sanctions or ()
    for words in ("&lt;b&gt;吴先生", "人身攻击", "三次", f"编号 {sanction}", told.words, "支持"):
        assert words in body
    assert "<b>吴先生</b>" not in body
    english = logged_in(show.moderator).get(f"{PAGE}?language=en")
    assert english.status_code == 200


@pytest.mark.django_db
def test_lifting_is_for_those_who_may_impose_and_keeps_who_and_why() -> None:
    show, author, sanction = restrained()
    producer = logged_in(show.producer)
    assert "解除</button>" not in producer.get(PAGE).content.decode()
    assert producer.post(PAGE, {"act": "lift", "number": sanction}).status_code == 403
    moderator = logged_in(show.moderator)
    assert moderator.post(PAGE, {"act": "lift", "number": sanction, "note": "字" * 201}).status_code == 422
    for wrong in ({"act": "lift", "number": "x"}, {"act": "nothing", "number": sanction}):
        assert moderator.post(PAGE, wrong).status_code == 422
    assert moderator.post(PAGE, {"act": "lift", "number": 10**9}).status_code == 404
    assert moderator.post(PAGE, {"act": "lift", "number": sanction, "note": "已道歉"}).status_code == 302
    row = Sanction.objects.get(pk=sanction)
    assert (row.lifted_by, row.lift_note) == (show.moderator, "已道歉")
    commands.perform(author, show.id, making.comment())
    assert "现在没有人被限制" in moderator.get(PAGE).content.decode()
    assert "已道歉" in moderator.get(f"{PAGE}?state=over").content.decode()


@pytest.mark.django_db
def test_it_is_kept_to_what_is_asked_and_to_ones_own_programmes() -> None:
    show, _author, sanction = restrained()
    other, _somebody, _number = restrained()
    moderator = logged_in(show.moderator)
    number = f"编号 {sanction}<"
    for query, found in (
        ("", True),
        ("?measure=ban", False),
        ("?scope=participant&measure=mute", True),
        ("?scope=device", False),
        ("?state=over", False),
        ("?state=all", True),
        (f"?q={sanction}", True),
        ("?q=吴先生", True),
        ("?q=没有这个人", False),
        (f"?airing={show.id}", True),
        (f"?airing={other.id}", False),
        ("?airing=x&page=99&state=x", True),
    ):
        assert (number in moderator.get(f"{PAGE}{query}").content.decode()) is found, query
    assert moderator.get(PAGE).content.decode().count("确定解除") == 1
    assert logged_in(show.host).get(PAGE).status_code == 403
    assert Client().get(PAGE).status_code == 302


@pytest.mark.django_db
def test_an_address_is_read_by_those_who_decide_about_networks() -> None:
    show, author, _sanction = restrained()
    chief = making.make_staff(show.programme, RoleGrant.Role.DUTY_LEADER)
    item = say(show, making.make_viewer())
    author = replace(making.make_viewer(), address="203.0.113.9")
    item = say(show, author)
    commands.perform(making.staff_actor(chief), show.id, impose(item, scope="network"))
    assert "203.0.113.9" in logged_in(chief).get(PAGE).content.decode()
    body = logged_in(show.moderator).get(PAGE).content.decode()
    assert "203.0.113.9" not in body
    assert "一个网段" in body


@pytest.mark.django_db
def test_what_is_hidden_stands_first_and_comes_back_from_here() -> None:
    show, _author, _sanction = restrained()
    commands.perform(leader(show), show.id, everything())
    assert "恢复显示" not in logged_in(show.moderator).get(PAGE).content.decode()
    number = Withdrawal.objects.get().pk
    assert logged_in(show.moderator).post(PAGE, {"act": "restore", "number": number}).status_code == 403
    producer = logged_in(show.producer)
    assert "恢复显示" in producer.get(PAGE).content.decode()
    assert producer.post(PAGE, {"act": "restore", "number": number}).status_code == 302
    assert Withdrawal.objects.get().restored_by == show.producer
    assert "正在紧急撤下" not in producer.get(PAGE).content.decode()
