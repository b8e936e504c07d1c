"""A viewer's voice by plain forms, as without script: report from a page of its own, appeal from the own row, change and send again."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from broadcast.access import Actor
from broadcast.identity import COOKIE
from live import commands, protocol
from live.models import Appeal, Comment, Report, Withdrawal
from tests.live import making

pytestmark = pytest.mark.django_db


def browser(actor: Actor) -> Client:
    client = Client()
    client.cookies[COOKIE] = making.cookie(actor)
    return client


def address(show: making.Show, rest: str = "") -> str:
    return f"/programmes/{show.programme.slug}/{show.episode.number}/{rest}"


def said(show: making.Show, author: Actor, words: str, *, reason: str = "") -> int:
    item = int(commands.perform(author, show.id, making.comment(words))["item"])
    who = making.staff_actor(show.moderator)
    refuse = protocol.RejectItem(id=making.command_id(), kind="comment", item=item, version=1, reason=reason or "other")
    approve = protocol.ApproveItem(id=making.command_id(), kind="comment", item=item, version=1)
    commands.perform(who, show.id, refuse if reason else approve)
    return item


def test_every_public_item_of_others_leads_to_its_report() -> None:
    show, author, reader = making.make_show(), making.make_viewer(), making.make_viewer()
    item = said(show, author, "停车场太少")
    page = browser(reader).get(address(show, "?tab=talk")).content.decode()
    link = re.search(r'class="report" href="([^"]+)"', page)
    assert link is not None
    form = browser(reader).get(link[1].replace("&amp;", "&")).content.decode()
    assert "停车场太少" in form
    assert 'value="off_topic"' in form
    assert 'class="report"' not in browser(author).get(address(show, "?tab=talk")).content.decode()
    everywhere = browser(reader).get(address(show, "comments")).content.decode()
    assert f"item={item}" in everywhere


def test_a_report_by_form_is_taken_in_and_shown_as_such() -> None:
    show, author, reader = making.make_show(), making.make_viewer(), making.make_viewer()
    item, client = said(show, author, "停车场太少"), browser(reader)
    sent = {"act": "report", "id": making.command_id(), "kind": "comment", "item": item, "reason": "off_topic"}
    assert client.post(address(show, "act"), {**sent, "reason": ""}).status_code == 422
    assert client.post(address(show, "act"), sent).status_code == 303
    assert Report.objects.get().by_id == reader.participant_id
    assert "已举报" in client.get(address(show, "?tab=talk")).content.decode()


def test_what_is_hidden_or_waits_has_no_page_to_report_it_on() -> None:
    show, author, reader = making.make_show(), making.make_viewer(), making.make_viewer()
    waiting = int(commands.perform(author, show.id, making.comment("还没有看"))["item"])
    hidden = said(show, author, "先公开再撤下")
    Withdrawal.objects.create(scope="everything", room_id=show.id, reason="other", at=show.airing.planned_start)
    for item in (waiting, hidden):
        page = browser(reader).get(address(show, f"report?kind=comment&item={item}"))
        assert page.status_code == 404
        assert Comment.objects.get(pk=item).text not in page.content.decode()


def test_an_author_reads_the_reason_and_appeals_by_form() -> None:
    show, author = making.make_show(), making.make_viewer()
    item, client = said(show, author, "夜间班车", reason="off_topic"), browser(author)
    page = client.get(address(show, "?tab=talk")).content.decode()
    assert 'value="appeal"' in page
    sent = {
        "act": "appeal",
        "id": making.command_id(),
        "kind": "comment",
        "item": item,
        "text": "这就是议题",
        "tab": "talk",
    }
    refused = client.post(address(show, "act"), {**sent, "text": "长" * 301})
    assert refused.status_code == 422
    assert "长" * 301 in refused.content.decode()
    assert client.post(address(show, "act"), sent).status_code == 303
    assert Appeal.objects.get().text == "这就是议题"
    page = client.get(address(show, "?tab=talk")).content.decode()
    assert "申诉待答复" in page
    assert 'value="appeal"' not in page


def test_refused_words_come_back_to_the_field_of_their_author_alone() -> None:
    show, author, other = making.make_show(), making.make_viewer(), making.make_viewer()
    item = said(show, author, "夜间班车", reason="off_topic")
    again = address(show, f"?tab=talk&again=comment:{item}")
    assert 'value="夜间班车"' in browser(author).get(again).content.decode()
    assert "夜间班车" not in browser(other).get(again).content.decode()


def test_an_author_sees_own_words_whole_and_how_many_are_covered() -> None:
    show, author = making.make_show(), making.make_viewer()
    item = int(commands.perform(author, show.id, making.question("张三的店为什么不关？"))["item"])
    mask = protocol.ApproveItem(id=making.command_id(), kind="question", item=item, version=1, mask=((0, 2),))
    commands.perform(making.staff_actor(show.moderator), show.id, mask)
    page = browser(author).get(address(show, "?tab=ask")).content.decode()
    assert "■■的店" in page
    assert "张三的店" in page
    assert "张三的店" not in browser(making.make_viewer()).get(address(show, "?tab=ask")).content.decode()


@pytest.mark.parametrize("words", ["<img src=x onerror=alert(1)>", "\u202e反向", "字" * 500])
def test_hostile_words_are_harmless_on_the_page_of_reports(words: str) -> None:
    show = making.make_show()
    item = said(show, making.make_viewer(), words)
    page = browser(making.make_viewer()).get(address(show, f"report?kind=comment&item={item}"))
    assert page.status_code == 200
    assert "<img src=x" not in page.content.decode()
    assert "\u202e" not in page.content.decode()
