"""The replay's page in a real Chromium, on a recording with a gap made by the recorder's own writer: seeking, chapters, the moment."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from playwright.async_api import Page, expect

from tests.live import replay_making
from tests.live.replay import browsing, open_page
from tests.live.replay_making import FIRST, LOST
from tests.live.sockets import Server
from tests.live.test_page import chromium  # noqa: F401  (a fixture)

DESKTOP, PHONE = {"width": 1440, "height": 900}, {"width": 390, "height": 844}
pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(300)]


async def at_second(page: Page, second: float) -> None:
    await page.wait_for_function(
        f"() => {{ const v = document.getElementById('video'); return Math.abs(v.currentTime - {second}) < 3 && !v.seeking; }}",
        timeout=30_000,
    )


async def words_of_the_gap(page: Page) -> None:
    """Captions, transcript and what flies over the picture stand at their second behind the gap; what lies in it is not there."""
    await page.keyboard.press("k")
    await page.locator("#tabs").get_by_role("link", name="文字稿").click()
    lines = page.locator("#panel-words .spoken li")
    await expect(lines).to_have_count(4)
    await expect(page.locator("#panel-words")).not_to_contain_text("没有录下")
    await expect(lines.nth(2).locator("time")).to_have_text("00:50")
    await lines.nth(3).locator("a").click()
    await at_second(page, 58)
    await page.keyboard.press("k")
    await expect(lines.nth(3)).to_have_attribute("aria-current", "true")
    await page.get_by_role("button", name="字幕关").click()
    await expect(page.locator("#layers .caption")).to_have_text("维修计划会书面公布。")
    await page.get_by_label("字幕大小").select_option("2")
    await page.get_by_label("在文字稿里找").fill("公交")
    await expect(lines).to_have_count(2)
    await expect(lines.first.locator("mark")).to_have_text("公交")
    await page.get_by_label("在文字稿里找").fill("")
    # The picture of the second under the pointer, from the sheets that the steps have made.
    bar = page.locator("#controls .slider")
    box = await bar.bounding_box()
    assert box
    await page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    await expect(page.locator("#layers .peek span")).to_have_text(re.compile("00:(39|40)"))
    await page.wait_for_function(
        """() => { const canvas = document.querySelector("#layers .peek canvas");
            return canvas.width === 160 && canvas.getContext("2d").getImageData(80, 40, 1, 1).data[3] > 0; }"""
    )
    peek = await page.locator("#layers .peek").bounding_box()
    caption = await page.locator("#layers .caption span").bounding_box()
    assert peek
    assert caption
    assert caption["y"] + caption["height"] <= peek["y"], "the caption is to be read above it"
    await shot(page, "desktop-words")
    await page.get_by_role("button", name="弹幕关").click()
    await page.keyboard.press("6")
    await at_second(page, 48)
    await page.keyboard.press("k")
    await expect(page.locator("#layers .danmaku span")).to_have_text("说得好", timeout=30_000)
    await page.get_by_role("button", name="弹幕开").click()


async def ways_to_watch(page: Page) -> None:
    """Another quality, the sound alone and back, a small window, and the address of the moment in the clipboard."""
    await page.keyboard.press("k")
    quality = page.get_by_label("清晰度")
    lowest = min(
        int(each.removesuffix("p")) for each in await quality.locator("option").all_inner_texts() if each[0].isdigit()
    )
    await quality.select_option(f"{lowest}p")
    await quality.blur()
    await page.keyboard.press("2")
    await at_second(page, 16)
    await page.wait_for_function(f"() => document.getElementById('video').videoHeight === {lowest}", timeout=30_000)
    await quality.select_option("-1")
    await quality.blur()
    # The sound goes on where the picture was, and the other way round.
    await page.get_by_role("button", name="只听").click()
    await expect(page.locator("#cover")).to_contain_text("只听声音")
    await page.wait_for_function("() => document.getElementById('video').videoWidth === 0")
    await at_second(page, 16)
    await page.locator("#cover").get_by_role("button", name="看画面").click()
    await page.wait_for_function("() => document.getElementById('video').videoWidth > 0", timeout=30_000)
    await at_second(page, 16)
    # Whether there is a window the machine decides; that it is asked for, and that a refusal breaks nothing, is ours.
    await page.evaluate(
        """() => { window.asked = 0; document.getElementById("video").requestPictureInPicture = () => {
            window.asked += 1; return Promise.reject(new DOMException("no window", "NotAllowedError")); } }"""
    )
    await page.get_by_role("button", name="小窗").click()
    await page.keyboard.press("i")
    assert await page.evaluate("() => window.asked") == 2
    await page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    await page.get_by_role("button", name="复制此刻链接").click()
    await expect(page.locator("#share [role=status]")).to_have_text(re.compile("已复制，从 00:1[4-8] 开始"))
    copied = await page.evaluate("() => navigator.clipboard.readText()")
    second = int(copied.partition("?t=")[2])
    await page.goto(copied)
    await stands_at(page, second)


async def stands_at(page: Page, second: int) -> None:
    """No browser lets a page begin to sound: the picture of that second is there, and one button plays on from it."""
    await at_second(page, second)
    await page.wait_for_function("() => document.getElementById('video').readyState >= 2", timeout=30_000)
    assert await page.evaluate(
        "() => { const v = document.getElementById('video'); return v.paused && v.videoWidth > 0; }"
    )
    button = page.locator("#cover").get_by_role("button")
    await expect(button).to_have_count(1)
    await expect(button).to_have_text(f"从 00:{second:02} 播放")
    await shot(page, f"stands-{(page.viewport_size or PHONE)['width']}")
    await button.click()
    await page.wait_for_function(f"() => document.getElementById('video').currentTime > {second} + 0.5", timeout=30_000)
    await expect(button).to_have_count(0)
    await page.keyboard.press("k")
    await expect(button).to_have_count(0)


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
    show = await sync_to_async(replay_making.make_replay)()
    await sync_to_async(replay_making.do_steps)()
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
        await expect(page.locator("#tabs a")).to_have_count(4)
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
        # What was promised at 30 was written days later: it stands with its question, at 24.
        await page.keyboard.press("3")
        await at_second(page, 24)
        await expect(page.locator("#panel-now .at-question .reply").first).to_contain_text(replay_making.ANSWER)
        await expect(page.locator(f"#promise-{show.extra['promised']}")).to_contain_text(replay_making.ANSWER)
        # The chapter of the answered question, and where its comment was written.
        chapter = page.locator("#controls .chapters option", has_text="公交何时修好？")
        await page.locator("#controls .chapters").select_option(value=await chapter.get_attribute("value"))
        await at_second(page, 50)
        await expect(page.locator("#panel-now .moments li", has_text="说得好").locator("button")).to_have_text("00:55")
        await page.get_by_label("速度").select_option("2")
        assert await page.evaluate("() => document.getElementById('video').playbackRate") == 2
        await words_of_the_gap(page)
        await ways_to_watch(page)
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
        await stands_at(page, 52)
        await expect(page.locator("#panel-now .at-question h2")).to_have_text("公交何时修好？")
        await shot(page, "phone-now")
        await page.goto(f"{address}?elder=1")
        await page.wait_for_selector("#controls select")
        await shot(page, "phone-elder")
        assert not wrong
