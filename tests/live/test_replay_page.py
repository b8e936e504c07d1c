"""The replay's page in a real Chromium, on a recording with a gap made by the recorder's own writer: seeking, chapters, the moment."""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, expect

from broadcast.models import Airing, Episode, Moment
from live import commands, protocol
from tests.archive import steps_making
from tests.live import making
from tests.live.replay import browsing, open_page
from tests.live.sockets import Server
from tests.live.test_page import chromium  # noqa: F401  (a fixture)

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
FIRST, LOST, SECOND = 40, 30, 40
pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long]


def make_replay() -> making.Show:
    """40 s, 30 s lost, 40 s. Second 80 of the show, second 50 of the replay: a question; at 90 its answer; a poll at 10 to 20."""
    show = making.make_show(comments="post", questions="post", replay_release="at_once")
    author, host = making.make_viewer(name="陈女士"), making.staff_actor(show.host)
    asked = commands.perform(author, show.id, making.question("公交何时修好？"))["item"]
    commands.perform(host, show.id, protocol.ShowQuestion(id=making.command_id(), question=asked))
    commands.perform(host, show.id, protocol.AnswerQuestion(id=making.command_id(), question=asked))
    comment = commands.perform(author, show.id, making.comment("说得好"))["item"]
    poll, options = making.make_poll(show, ("赞成", "反对"), results="always")
    commands.perform(author, show.id, making.vote(poll, options[0]))
    commands.perform(making.staff_actor(show.producer), show.id, protocol.ClosePoll(id=making.command_id(), poll=poll))
    made = steps_making.finished(
        steps_making.Source(FIRST), steps_making.Source(SECOND, after_gap=LOST), **{"programme": show.programme}
    )
    airing, start = made.airing, dt.datetime.fromtimestamp(made.start_ms / 1000, dt.UTC)
    # What was done in the room belongs to the airing that was recorded.
    at = lambda second: start + dt.timedelta(seconds=second)  # noqa: E731
    move(show, airing)
    for kind, second in (("question.show", 80), ("question.answer", 90)):
        Moment.objects.filter(airing=airing, kind=kind).update(at=at(second))
    from live.models import Comment, Poll

    Comment.objects.filter(pk=comment).update(created_at=at(85 + airing.delay_seconds))
    Poll.objects.filter(pk=poll).update(opened_at=at(10), closed_at=at(20))
    Episode.objects.filter(pk=airing.episode_id).update(signed_off_at=at(200))
    show.airing, show.episode = Airing.objects.get(pk=airing.pk), Episode.objects.get(pk=airing.episode_id)
    show.extra.update(question=asked, poll=poll)
    return show


def move(show: making.Show, airing: Airing) -> None:
    """The room's rows to the recorded airing."""
    from live.models import Comment, Poll, Question, Room

    Room.objects.create(airing=airing, created_at=show.airing.created_at)
    for model in (Comment, Question, Poll):
        model.objects.filter(room=show.id).update(room=airing.pk)
    Moment.objects.filter(airing=show.id).update(airing=airing)


async def at_second(page: Page, second: float) -> None:
    await page.wait_for_function(
        f"() => {{ const v = document.getElementById('video'); return Math.abs(v.currentTime - {second}) < 3 && !v.seeking; }}",
        timeout=30_000,
    )


async def shot(page: Page, name: str) -> None:
    if "JOURNEY_SHOTS" in os.environ:
        await page.screenshot(path=Path(os.environ["JOURNEY_SHOTS"]) / f"replay-{name}.png")


async def test_the_moment_is_right_behind_a_gap(
    servers: Callable[..., Server],
    settings: Any,
    tmp_path: Path,
    chromium: str,  # noqa: F811
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    show = await sync_to_async(make_replay)()
    server = servers({"YISHI_MEDIA_ROOT": settings.MEDIA_ROOT})
    address = f"{server.http}/programmes/{show.programme.slug}/{show.episode.number}/"
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, DESKTOP)
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
        await page.goto(address)
        await page.get_by_role("button", name="播放回看").click()
        await page.wait_for_function("() => document.getElementById('video').currentTime > 0.5", timeout=40_000)
        await shot(page, "desktop-contents")
        # The question of the contents, 80 s into the show, lies at 50 s of what was recorded.
        await page.locator(f"#question-{show.extra['question']} a.at").click()
        await at_second(page, FIRST + 80 - FIRST - LOST)
        await page.get_by_role("link", name="此刻").click()
        await expect(page.locator("#panel-now .at-question h2")).to_have_text("公交何时修好？")
        await expect(page.locator("#tabs a")).to_have_count(3)
        await expect(page.get_by_role("link", name="此刻")).to_have_attribute("aria-current", "page")
        await shot(page, "desktop-now")
        # By the keyboard: a tenth is 8 s, before the poll; 2 s on is during it; then it is closed, with its result.
        await page.keyboard.press("k")
        await page.keyboard.press("1")
        await at_second(page, 8)
        await expect(page.locator("#panel-now .at-question")).to_have_count(0)
        await expect(page.locator("#panel-now .at-poll")).to_have_count(0)
        await page.keyboard.press("ArrowRight")
        await expect(page.locator("#panel-now .at-poll b")).to_have_text("正在投票")
        await page.keyboard.press("l")
        await expect(page.locator("#panel-now .at-poll .result")).to_contain_text("1 票")
        # The chapter of the answered question, and where its comment was written.
        await page.locator("#controls .chapters").select_option(index=1)
        await at_second(page, 50)
        await expect(page.locator("#panel-now .moments li", has_text="说得好").locator("button")).to_have_text("00:55")
        await page.locator("#controls select").nth(1).select_option("2")
        assert await page.evaluate("() => document.getElementById('video').playbackRate") == 2
        await page.keyboard.press("?")
        await expect(page.get_by_role("dialog")).to_contain_text("快捷键")
        await shot(page, "desktop-keys")
        await page.keyboard.press("Escape")
        await expect(page.get_by_role("dialog")).to_have_count(0)
        # It is offered to go on where one stopped, not forced; an address with a second goes there by itself.
        await page.evaluate(f"() => localStorage.setItem('yishi.stopped', JSON.stringify({{'{show.id}': 45}}))")
        await page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        await page.goto(address)
        await expect(page.locator("#offer")).to_contain_text("上次看到 00:45")
        assert await page.evaluate("() => document.getElementById('video').currentTime") < 1
        await shot(page, "phone-contents")
        await page.get_by_role("button", name="接着看").click()
        await at_second(page, 45)
        await page.goto(f"{address}?t=52")
        await at_second(page, 52)
        await expect(page.locator("#panel-now .at-question h2")).to_have_text("公交何时修好？")
        await shot(page, "phone-now")
        await page.goto(f"{address}?elder=1")
        await page.wait_for_selector("#controls select")
        await shot(page, "phone-elder")
        assert not wrong
