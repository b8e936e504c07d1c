"""The page of a show while much happens: what is half done stays as it is, a hidden page rests, and hours of ticks leave nothing behind."""

from __future__ import annotations

import asyncio
import json
import shutil

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, WebSocketRoute, expect

from live import commands, protocol, queries
from tests.journeys.pages import PHONE
from tests.live import making
from tests.live.replay import Line, Replay, browsing, memory_of, open_page
from tests.live.sockets import Server

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]

ROWS = "() => document.querySelectorAll('.talk > li').length"
COUNT_CHANGES = """() => {
  window.changes = 0;
  const watcher = new MutationObserver((list) => { window.changes += list.length; });
  watcher.observe(document.getElementById("hall"), { childList: true, subtree: true, characterData: true });
}"""
LEAKING = """
window.kept = [];
const parse = JSON.parse;
JSON.parse = (text) => { const made = parse(text); window.kept.push(made); return made; };
"""


@pytest.fixture
def chromium() -> str:
    found = shutil.which("chromium")
    if found is None:
        pytest.skip("chromium is not installed: apt-get install chromium")
    return found


def address_of(server: Server, show: making.Show, tab: str) -> str:
    return f"{server.http}/programmes/{show.programme.slug}/{show.episode.number}/?tab={tab}"


def approve_all(show: making.Show, items: list[int], kind: str) -> None:
    for item in items:
        sent = protocol.ApproveItem(id=making.command_id(), kind=kind, item=item, version=1)  # type: ignore[arg-type]
        commands.perform(making.staff_actor(show.moderator), show.id, sent)


def stir(show: making.Show, poll: int, option: int) -> None:
    """Comments, a question, a vote, and another poll that opens."""
    author = making.make_viewer()
    approve_all(
        show, [commands.perform(author, show.id, making.comment(f"第{n}条"))["item"] for n in range(3)], "comment"
    )
    approve_all(show, [commands.perform(author, show.id, making.question())["item"]], "question")
    commands.perform(author, show.id, making.vote(poll, option))
    making.make_poll(show, ("甲", "乙"))


async def caught_up(page: Page, show: making.Show) -> None:
    """The page has taken in what was stirred up."""
    comments = await sync_to_async(lambda: queries.comments_total(show.id))()
    await expect(page.locator(".tabs a").first).to_contain_text(f"{comments} 条", timeout=20_000)


async def test_what_is_half_done_is_never_touched(server: Server, chromium: str) -> None:
    show = await sync_to_async(making.make_show)()
    person = await sync_to_async(making.make_person)(show)
    poll, options = await sync_to_async(making.make_poll)(show, ("赞成", "反对"), results="always")
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        # A ballot: chosen, not yet confirmed.
        await page.goto(address_of(server, show, "vote"))
        await page.locator(f'input[name=choice][value="{options[1]}"]').check()
        await page.evaluate("() => { window.form = document.querySelector('form#panel'); }")
        await sync_to_async(stir)(show, poll, options[0])
        await caught_up(page, show)
        assert await page.evaluate("() => window.form.isConnected"), "the form was not drawn anew"
        await expect(page.locator(f'input[name=choice][value="{options[1]}"]')).to_be_checked()
        # A question with its addressee.
        await page.locator(".tabs a").nth(1).click()
        await page.locator("#ask").type("公交什么时候")
        await page.locator("#to").select_option(f"p{person.pk}")
        await page.evaluate(
            "() => { const f = document.getElementById('ask'); f.focus(); f.setSelectionRange(2, 4); window.field = f; }"
        )
        await sync_to_async(stir)(show, poll, options[0])
        await caught_up(page, show)
        assert await page.evaluate("() => [window.field.isConnected, document.activeElement === window.field]") == [
            True,
            True,
        ]
        assert await page.evaluate(
            "() => [window.field.value, window.field.selectionStart, window.field.selectionEnd]"
        ) == [
            "公交什么时候",
            2,
            4,
        ]
        assert await page.locator("#to").input_value() == f"p{person.pk}"
        # A comment.
        await page.locator(".tabs a").first.click()
        await page.locator("#say").type("我觉得应该")
        await page.evaluate(
            "() => { const f = document.getElementById('say'); f.setSelectionRange(1, 1); window.field = f; }"
        )
        await sync_to_async(stir)(show, poll, options[0])
        await caught_up(page, show)
        assert await page.evaluate("() => [window.field.isConnected, document.activeElement === window.field]") == [
            True,
            True,
        ]
        assert await page.evaluate("() => [window.field.value, window.field.selectionStart]") == ["我觉得应该", 1]
        # All three are still there after going round.
        await page.locator(".tabs a").nth(2).click()
        await page.get_by_text("同意吗？").first.wait_for()
        await page.locator(".tabs a").nth(1).click()
        await expect(page.locator("#ask")).to_have_value("公交什么时候")


async def replayed(server: Server, show: making.Show, page: Page, tab: str = "talk") -> Line:
    objects = await sync_to_async(lambda: queries.public_objects(show.airing))()
    line = Line(Replay(objects))
    await page.route_web_socket("**/socket**", line.answer)
    await page.goto(address_of(server, show, tab))
    return line


async def test_a_hidden_page_rests_and_is_true_when_it_is_seen_again(server: Server, chromium: str) -> None:
    show = await sync_to_async(making.make_show)()
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        line = await replayed(server, show, page)
        await line.play(20, per_second=50)
        await expect(page.locator(".talk > li")).to_have_count(len(comments_of(line)))
        await page.evaluate(COUNT_CHANGES)
        await line.play(40, per_second=20)
        busy = await page.evaluate("() => window.changes")
        assert busy > 40
        await page.evaluate("() => { window.hide(true); window.changes = 0; }")
        await line.play(40, per_second=20)
        assert await page.evaluate("() => window.changes") < busy / 10
        await page.evaluate("() => window.hide(false)")
        newest = comments_of(line)[-1]["text"]
        await expect(page.locator(".talk > li:last-child .said")).to_have_text(newest, timeout=3_000)
        assert await page.evaluate(ROWS) == len(comments_of(line))


async def test_a_hidden_page_that_polls_asks_seldom(server: Server, chromium: str) -> None:
    show = await sync_to_async(making.make_show)()
    asked: list[str] = []

    async def full(route: WebSocketRoute) -> None:
        await route.close(code=protocol.CloseCode.FULL, reason="60000")

    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        await page.route_web_socket("**/socket**", full)
        page.on("request", lambda request: asked.append(request.url) if "/state" in request.url else None)
        await page.goto(address_of(server, show, "talk"))
        await page.wait_for_timeout(4_000)
        seen = len(asked)
        assert seen >= 2
        await page.evaluate("() => window.hide(true)")
        await page.wait_for_timeout(2_500)
        before = len(asked)
        await page.wait_for_timeout(4_000)
        assert len(asked) - before <= 1, "about every ten seconds"


def comments_of(line: Line) -> list[dict[str, str]]:
    found = [json.loads(each.body) for each in line.replay.state.objects.values() if each.order is not None]
    return sorted(found, key=lambda each: (each["at"], each["id"]))


async def steady(page: Page, line: Line, ticks: int, per_second: float, rounds: int) -> list[dict[str, float]]:
    """Memory after each round, once lists are full and code is warm."""
    await line.play(ticks, per_second)
    found = []
    for _round in range(rounds):
        await line.play(ticks, per_second)
        found.append(await memory_of(page))
    return found


def assert_flat(found: list[dict[str, float]], ticks: int, bytes_a_tick: float) -> None:
    """The least that was kept early and late: a leak of one object a tick shows. What is kept within bounds may fill up meanwhile."""
    half = len(found) // 2
    early, late = found[:half], found[half:]
    grown = min(each["JSHeapUsedSize"] for each in late) - min(each["JSHeapUsedSize"] for each in early)
    assert grown < bytes_a_tick * ticks * half + 200_000, found
    for name in ("Nodes", "JSEventListeners"):
        assert max(each[name] for each in late) <= 1.1 * max(each[name] for each in early) + 50, found


async def test_memory_is_flat_over_many_ticks(server: Server, chromium: str) -> None:
    show = await sync_to_async(making.make_show)()
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        line = await replayed(server, show, page)
        found = await steady(page, line, ticks=200, per_second=100, rounds=4)
        assert_flat(found, ticks=200, bytes_a_tick=60)


@pytest.mark.long
async def test_a_leak_would_be_seen(server: Server, chromium: str) -> None:
    """The same with a page that keeps every comment it ever had."""
    show = await sync_to_async(making.make_show)()
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        await page.add_init_script(LEAKING)
        line = await replayed(server, show, page)
        found = await steady(page, line, ticks=200, per_second=100, rounds=4)
        with pytest.raises(AssertionError):
            assert_flat(found, ticks=200, bytes_a_tick=60)


@pytest.mark.long
@pytest.mark.timeout(1_200)
async def test_memory_is_flat_over_three_hours_at_twenty_times_the_pace(server: Server, chromium: str) -> None:
    show = await sync_to_async(making.make_show)()
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, PHONE)
        line = await replayed(server, show, page)
        found = await steady(page, line, ticks=2_160, per_second=40, rounds=9)
        assert line.replay.state.seq == 21_600, "three hours, two ticks a second"
        assert_flat(found, ticks=2_160, bytes_a_tick=10)
        await asyncio.sleep(0.5)
        assert await page.evaluate(ROWS) == len(comments_of(line))
