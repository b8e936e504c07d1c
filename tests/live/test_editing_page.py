"""The editing page in a real Chromium on a real recording: marked by keys, a region drawn, played as it will be, and added as drafts."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings as django_settings
from django.test import Client
from playwright.async_api import Page, expect

from archive.models import Edit
from tests.archive import steps_making
from tests.archive.making import make_staff
from tests.live.replay import browsing, open_page
from tests.live.sockets import Server
from tests.live.test_page import chromium  # noqa: F401  (a fixture)

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long]
SECONDS = 12


async def seek(page: Page, second: float) -> None:
    await page.evaluate(
        """(second) => new Promise((done) => {
          const video = document.getElementById("video");
          video.addEventListener("seeked", () => done(), { once: true });
          video.currentTime = second;
        })""",
        second,
    )


async def ready(page: Page) -> None:
    await page.wait_for_function("() => document.getElementById('video').readyState >= 2", timeout=60_000)
    await page.evaluate("() => document.activeElement.blur()")


def logged_in(made: steps_making.Made) -> str:
    client = Client()
    client.force_login(make_staff(made.airing.episode.programme, "producer"))
    return client.cookies[django_settings.SESSION_COOKIE_NAME].value


async def test_a_span_is_marked_by_keys_previewed_and_asked_about_before_it_is_applied(
    servers: Callable[..., Server],
    settings: Any,
    tmp_path: Path,
    chromium: str,  # noqa: F811
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "media")
    made = await sync_to_async(steps_making.finished)(steps_making.Source(SECONDS))
    cookie = await sync_to_async(logged_in)(made)
    server = servers({"YISHI_MEDIA_ROOT": settings.MEDIA_ROOT})
    async with browsing() as playwright:
        page = await open_page(playwright, chromium, {"width": 1440, "height": 900})
        wrong: list[str] = []
        page.on("pageerror", lambda error: wrong.append(str(error)))
        page.on("console", lambda told: wrong.append(told.text) if "Content Security" in told.text else None)
        await page.context.add_cookies(
            [{"name": django_settings.SESSION_COOKIE_NAME, "value": cookie, "url": server.http}]
        )
        await page.goto(f"{server.http}/staff/recordings/{made.airing.pk}/edit")
        await ready(page)
        await seek(page, 4)
        await page.keyboard.press("i")
        await seek(page, 6)
        await page.keyboard.press("Shift+ArrowRight")
        await expect(page.locator("#now")).to_have_text("00:07.000")
        await page.keyboard.press("o")
        await expect(page.locator("[name=until]")).to_have_value("00:07.000")
        await expect(page.locator("#long")).to_contain_text("00:03.000")
        # Played as it will be: the picture jumps over the span, and nothing of it is seen.
        await page.evaluate(
            """() => {
              const video = document.getElementById("video");
              window.seen = [];
              const look = () => { if (!video.seeking) window.seen.push(video.currentTime); requestAnimationFrame(look); };
              look();
            }"""
        )
        await page.keyboard.press("p")
        await page.wait_for_function("() => window.seen.some((each) => each > 7.5)", timeout=60_000)
        # A slow machine looks seldom: it may be a little into the span when it jumps.
        seen = await page.evaluate("() => window.seen.filter((each) => each > 5 && each < 6.9)")
        assert seen == []
        await page.fill("#reason", "说出了住址")
        await page.click("#add")
        await ready(page)
        await page.keyboard.press("4")
        box = await page.locator("#drawing").bounding_box()
        assert box
        await page.mouse.move(box["x"] + box["width"] * 0.4, box["y"] + box["height"] * 0.25)
        await page.mouse.down()
        await page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] * 0.75, steps=4)
        await page.mouse.up()
        await page.fill("[name=from]", "00:01")
        await page.fill("[name=until]", "00:02.500")
        await page.click("#add")
        await ready(page)
        await expect(page.locator(".edits > li")).to_have_count(2)
        await page.get_by_role("button", name="应用勾选的草稿…").click()
        await expect(page.locator("#asked")).to_contain_text("公众的回看短 3.0 秒")
        await page.set_viewport_size({"width": 390, "height": 844})
        wide = await page.evaluate("() => document.documentElement.scrollWidth")
        assert wide <= 390
        assert not wrong

    def kept() -> list[Any]:
        return list(Edit.objects.order_by("pk").values_list("kind", "state", "reason", "region"))

    cut, blur = await sync_to_async(kept)()
    assert cut == ("cut", "draft", "说出了住址", None)
    assert (blur[0], blur[1]) == ("blur", "draft")
    left, _top, width, _height = blur[3]
    assert 30 <= left <= 45
    assert 15 <= width <= 40
