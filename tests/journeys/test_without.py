"""Browsers that lack something: no media source extensions (an iPhone plays HLS by itself), and no script at all."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.citizen import airing_on_air, some_phone
from tests.journeys.house import House
from tests.journeys.pages import PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@pytest.fixture
def page_on_air(house: House) -> str:
    return airing_on_air(house.address)[0]


@pytest.fixture
def plain(house: House, browser: Browser) -> Iterator[Person]:
    """Somebody whose browser runs no script."""
    person = Person(browser, house.address, PHONE, java_script_enabled=False)
    yield person
    person.context.close()


def test_a_browser_without_media_source_plays_by_itself(house: House, browser: Browser, page_on_air: str) -> None:
    person = Person(browser, house.address, PHONE)
    person.context.add_init_script(
        "delete window.MediaSource; delete window.ManagedMediaSource; delete window.WebKitMediaSource"
    )
    person.open(page_on_air)
    person.sees_picture_move(60)
    source = person.page.locator("video").first.evaluate("v => v.currentSrc")
    assert source.endswith(".m3u8"), "the playlist itself, not a stream of ours"
    person.context.close()


def test_watching_asking_and_voting_work_without_script(plain: Person, page_on_air: str) -> None:
    page = plain.open(page_on_air).page
    video = page.locator("video").first
    assert str(video.get_attribute("src") or video.locator("source").first.get_attribute("src")).endswith(".m3u8")
    assert video.get_attribute("controls") is not None

    plain.open(f"{page_on_air}?tab=vote")
    page.locator("input[type=radio]").first.check()
    page.get_by_role("button", name="确认投票").click()
    agree(plain)
    if not page.get_by_text("已投：").count():
        plain.open(f"{page_on_air}?tab=vote")
        page.locator("input[type=radio]").first.check()
        page.get_by_role("button", name="确认投票").click()
    plain.sees("已投：")

    plain.open(f"{page_on_air}?tab=ask")
    ask(plain, "公交站能不能离沙滩近一点？")
    verify(plain)
    if not page.get_by_text("待审核").count():
        ask(plain, "公交站能不能离沙滩近一点？")
    plain.sees("待审核")
    expect(page.get_by_text("公交站能不能离沙滩近一点？").first).to_be_visible()


def ask(person: Person, words: str) -> None:
    if "tab=ask" not in person.page.url:
        person.page.goto(re.sub(r"[?#].*", "", person.page.url) + "?tab=ask")
    person.page.locator("#ask-text").fill(words)
    person.press("提交问题")


def agree(person: Person) -> None:
    """The page for consent, where the first write leads."""
    link = person.page.get_by_role("link", name="看说明并同意")
    if link.count():
        link.first.click()
    person.press("我已阅读，同意")


def verify(person: Person) -> None:
    """The pages for a phone and its code."""
    page = person.page
    link = page.get_by_role("link", name=re.compile("验证"))
    if not page.locator("input[name=phone]").count() and link.count():
        link.first.click()
    page.locator("input[name=phone]").fill(some_phone())
    person.press("获取验证码")
    code = page.locator(".demo-code b").inner_text()
    page.locator("input[name=code]").fill(code)
    person.press("确定")
