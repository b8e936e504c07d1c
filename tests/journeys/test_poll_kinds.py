"""Polls as a viewer fills them in: what is asked for is said before, a choice outlives a reload, and it counts when confirmed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from broadcast.identity import COOKIE
from live import protocol
from live.models import Ballot, Option
from live.services import poll_plans, polls
from tests.journeys.pages import PHONE, Person, wait_for
from tests.live import making
from tests.live.conftest import start_server
from tests.live.sockets import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(autouse=True)
def rows_beside_a_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chromium runs an event loop in this thread, and the rows are the test's own."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")


@pytest.fixture
def web(transactional_db: None, tmp_path: Path) -> Iterator[Server]:
    """One web process."""
    running = start_server(tmp_path, {})
    yield running
    running.stop()


def opened(show: making.Show, **terms: Any) -> int:
    """An open poll."""
    producer = making.staff_actor(show.producer)
    poll = poll_plans.create(producer, show.id, protocol.CreatePoll(id=making.command_id(), **terms))["poll"]
    polls.open_poll(producer, show.id, protocol.OpenPoll(id=making.command_id(), poll=poll))
    return int(poll)


def chosen(poll: int) -> list[str]:
    """The texts of the one ballot there is."""
    ballot = Ballot.objects.filter(poll=poll).first()
    return list(Option.objects.filter(pk__in=ballot.options).values_list("text", flat=True)) if ballot else []


def test_several_and_named_ballots_are_filled_in_with_what_holds_said_first(web: Server, browser: Browser) -> None:
    show = making.make_show()
    several = opened(
        show, question="先办哪几件？", kind="multiple", options=("接驳车", "淋浴", "停车"), most=2, results="always"
    )
    person = Person(browser, f"http://127.0.0.1:{web.port}", PHONE)
    person.context.add_cookies([{"name": COOKIE, "value": making.cookie(making.make_viewer()), "url": person.address}])
    page = person.open(f"/programmes/{show.programme.slug}/{show.episode.key}/?tab=vote").page
    form = page.locator("form#panel")
    for words in ("接驳车", "淋浴", "停车"):
        form.get_by_text(words).click()
    person.sees("最多选 2 项。要换，先取消一项。")
    page.reload()
    expect(form.locator("input:checked")).to_have_count(2)
    person.sees("不公开您选了什么")
    person.press("确认投票")
    wait_for(lambda: chosen(several) == ["接驳车", "淋浴"], 20, "the ballot")
    person.sees("可选多项，比例相加会超过 100%")
    named = opened(show, question="列入实事吗？", kind="approval", secrecy="named", revote="never", results="always")
    person.press("去投票")
    person.sees("会写出您的名字和您选了什么。确认后不能修改。")
    assert not chosen(named)
    form.get_by_text("赞成").click()
    person.press("确认投票")
    wait_for(lambda: chosen(named) == ["赞成"], 20, "the named ballot")
    expect(page.locator(f"section[aria-labelledby=poll-{named}]").get_by_role("button")).to_have_count(0)
    assert not person.errors
    person.context.close()
