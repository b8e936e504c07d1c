"""Whoever is refused reads why in the language of their own page, whatever thread or batch the command went through."""

from __future__ import annotations

import asyncio
import secrets
import uuid
from dataclasses import replace
from typing import Any

import httpx
import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connection
from django.test import Client

from broadcast.access import Actor
from broadcast.identity import COOKIE
from live import commands, protocol
from live.models import Comment, Poll, Room
from live.services import audience
from tests.live import making
from tests.live.sockets import Server, Socket, staff_socket

LANGUAGE = settings.LANGUAGE_COOKIE_NAME
UNKNOWN_POLL = {"zh-hans": "没有这个投票。", "en": "There is no such poll."}
UNKNOWN_ITEM = {"zh-hans": "没有找到这一条。", "en": "This one was not found."}
EMPTY = {"zh-hans": "请先写点内容。", "en": "Please write something first."}
AWAY = {"zh-hans": "系统正在恢复，刚才的操作没有记下。页面会自动再试。", "en": "The system is recovering"}


def speaking(actor: Actor, language: str) -> Actor:
    return replace(actor, language=language)


def pair() -> list[Actor]:
    return [speaking(making.make_viewer(), language) for language in UNKNOWN_POLL]


def refusals(orders: list[Any]) -> list[str]:
    return [each.message for each in audience.commit_batch(orders)]  # type: ignore[union-attr]


@pytest.mark.django_db
def test_two_senders_of_one_batch_are_each_refused_in_their_own_language() -> None:
    show = making.make_show()
    people = pair()
    assert refusals([(each, show.id, making.vote(999_999, 1)) for each in people]) == list(UNKNOWN_POLL.values())
    assert refusals([(each, show.id, making.comment(" ")) for each in people]) == list(EMPTY.values())


@pytest.mark.django_db
def test_what_is_refused_before_any_rule_is_worded_for_each_sender_too() -> None:
    show = making.make_show()
    strangers = [speaking(making.make_viewer(consent=False), language) for language in UNKNOWN_POLL]
    nobodies = [Actor(language=language) for language in UNKNOWN_POLL]
    Room.objects.filter(airing=show.id).update(comments_per_minute=0)
    for chinese, english in (
        refusals([(each, show.id, making.comment()) for each in strangers]),
        refusals([(each, show.id, making.comment()) for each in nobodies]),
        refusals([(each, show.id, making.comment()) for each in pair()]),
        refusals([(each, uuid.uuid4(), making.comment()) for each in pair()]),
    ):
        assert "请" in chinese or "没有" in chinese
        assert english.isascii() or "’" in english


@pytest.mark.django_db
def test_a_batch_repeated_one_by_one_tells_each_sender_in_their_own_language() -> None:
    show = making.make_show()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE live_comment ADD CONSTRAINT test_only CHECK (text <> 'bad')")
    zh, en = pair()
    sent = [(zh, "bad"), (en, "bad"), (en, "good"), (zh, " "), (en, " ")]
    answers = audience.commit_batch([(who, show.id, making.comment(text)) for who, text in sent])
    words = [getattr(each, "message", "accepted") for each in answers]
    assert words[0] == AWAY["zh-hans"]
    assert words[1].startswith(AWAY["en"])
    assert words[2:] == ["accepted", EMPTY["zh-hans"], EMPTY["en"]]


@pytest.mark.django_db
def test_staff_are_refused_in_theirs_and_the_author_is_told_the_reason_in_the_house_s() -> None:
    show = making.make_show()
    english = speaking(making.staff_actor(show.moderator), "en")
    item = commands.perform(making.make_viewer(), show.id, making.comment())["item"]
    decision = {"kind": "comment", "item": item, "version": 1}
    commands.perform(english, show.id, protocol.ApproveItem(id=making.command_id(), **decision))
    for language, words in (("en", "Somebody has decided"), ("zh-hans", "这一条已经有人处理过了")):
        late = protocol.ApproveItem(id=making.command_id(), **decision)
        with pytest.raises(Exception, match=words):
            commands.perform(speaking(english, language), show.id, late)
    assert Comment.objects.get().state == "approved"


def cookies(actor: Actor, language: str) -> str:
    return f"{COOKIE}={making.cookie(actor)}; {LANGUAGE}={language}"


async def test_sockets_are_refused_in_the_language_of_their_handshake(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    actor = await sync_to_async(making.make_viewer)()
    path = f"/live/airings/{show.id}/socket"
    english = Socket(server, path, cookies(actor, "en"))
    chinese = Socket(server, path, cookies(actor, "zh-hans"))
    asked = Socket(server, f"{path}?language=en", cookies(actor, "zh-hans"))
    nobody = Socket(server, path, f"{LANGUAGE}=en")
    async with english, chinese, asked, nobody:
        told = await asyncio.gather(
            *(each.ask("poll.vote", poll=999_999, options=[1]) for each in (english, chinese, asked))
        )
        assert [each["message"] for each in told] == [UNKNOWN_POLL["en"], UNKNOWN_POLL["zh-hans"], UNKNOWN_POLL["en"]]
        assert "identity" in (await nobody.ask("comment.post", text="hello"))["message"]
        for browser, words in ((english, "This message cannot be read."), (chinese, "请刷新页面")):
            await browser.send_raw("no JSON")
            assert words in (await browser.wait(lambda frame: frame["type"] == "error" and not frame["id"]))["message"]


async def test_staff_s_socket_is_refused_in_the_language_of_its_handshake(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    english, chinese = [await staff_socket(server, show, show.moderator) for _each in range(2)]
    english.cookies = f"{english.cookies}; {LANGUAGE}=en"
    async with english, chinese:
        for browser, words in ((english, UNKNOWN_ITEM["en"]), (chinese, UNKNOWN_ITEM["zh-hans"])):
            told = await browser.ask("item.approve", kind="comment", item=999_999, version=1)
            assert told["message"] == words


async def test_posts_are_refused_in_the_language_of_the_browser(server: Server) -> None:
    show = await sync_to_async(making.make_show)()
    actor = await sync_to_async(making.make_viewer)()
    csrf = secrets.token_hex(16)
    address = f"{server.http}/live/airings/{show.id}/commands"
    async with httpx.AsyncClient(timeout=30) as browser:
        for language, expected in UNKNOWN_POLL.items():
            sent = {"Cookie": f"{cookies(actor, language)}; csrftoken={csrf}", "X-CSRFToken": csrf}
            vote = {"type": "poll.vote", "id": making.command_id(), "poll": 999_999, "options": [1]}
            assert (await browser.post(address, json=vote, headers=sent)).json()["message"] == expected
        chosen = {"Cookie": f"{cookies(actor, 'zh-hans')}; csrftoken={csrf}", "X-CSRFToken": csrf}
        vote = {"type": "poll.vote", "id": making.command_id(), "poll": 999_999, "options": [1]}
        told = await browser.post(f"{address}?language=en", json=vote, headers=chosen)
        assert told.json()["message"] == UNKNOWN_POLL["en"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("language", list(UNKNOWN_POLL))
def test_a_form_is_refused_in_the_language_of_its_page(language: str) -> None:
    show = making.make_show()
    poll, options = making.make_poll(show)
    Poll.objects.filter(pk=poll).update(state=Poll.State.DRAFT)
    browser = Client()
    browser.cookies[COOKIE] = making.cookie(making.make_viewer())
    browser.cookies[LANGUAGE] = language
    address = f"/programmes/{show.programme.slug}/{show.episode.key}/act"
    page = browser.post(address, {"act": "vote", "id": making.command_id(), "poll": poll, "option": options[0]})
    assert page.status_code == 404
    assert UNKNOWN_POLL[language] in page.content.decode()
