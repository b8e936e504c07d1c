"""Taking part, whoever one is: watch, vote, see the result, support, ask; in large print, by keyboard, in English, on a slow net.

`-s` prints how long each step took.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from benchmarks.page import slow
from tests.journeys.citizen import airing_on_air, some_phone
from tests.journeys.house import House
from tests.journeys.looking import sideways
from tests.journeys.pages import PHONE, Person
from tests.journeys.taking import (
    CHINESE,
    ENGLISH,
    Steps,
    ask,
    digits,
    no_barriers,
    reach,
    shot,
    small,
    support,
    told,
    untranslated,
    vote,
    watch,
)
from tests.journeys.test_without import agree, verify

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

# What moves by itself.
_MOVED = """window.moved = 0; new PerformanceObserver((list) => list.getEntries().forEach((each) => {
  if (!each.hadRecentInput) window.moved += each.value; })).observe({type: "layout-shift", buffered: true});"""


@pytest.fixture
def show(house: House) -> str:
    return airing_on_air(house.address)[0]


@pytest.fixture
def someone(house: House, browser: Browser) -> Iterator[Callable[..., Person]]:
    """Makes people; each has a phone and a browser of its own."""
    made: list[Person] = []

    def make(**options: Any) -> Person:
        person = Person(browser, house.address, PHONE, **options)
        person.page.add_init_script(_MOVED)
        made.append(person)
        return person

    yield make
    for person in made:
        person.context.close()


def test_on_a_phone(show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("phone"), someone()
    page = watch(person, show, steps)
    assert page.evaluate("moved") < 0.01, "nothing moved by itself while the page came"
    shot(person, "phone")
    no_barriers(person)
    vote(person, CHINESE, steps)
    shot(person, "phone-result")
    no_barriers(person)
    person.tab(CHINESE.ask)
    support(person, CHINESE, steps)
    ask(person, CHINESE, "海边的卫生间几点关门？", steps)
    no_barriers(person)
    shot(person, "phone-asked")
    person.tab("讨论")
    page.locator("#say").fill("写到一半")
    page.reload()
    expect(page.locator("#say")).to_have_value("写到一半")
    steps.done("draft after reload")
    steps.tell()


def test_in_large_print(show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("长辈版"), someone()
    page = watch(person, show + "?elder=1", steps)
    for name, size in (("字更大", 26), ("字更大", 30)):
        person.press(name)
        assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == size
        assert sideways(page) <= 0
    shot(person, "elder-largest")
    assert small(page) == []
    page.reload()
    assert page.evaluate("parseFloat(getComputedStyle(document.body).fontSize)") == 30, "kept, and drawn so at once"
    person.press("字还原")
    below = page.locator(".two a")
    assert all(each.bounding_box()["y"] > 600 for each in below.all())  # type: ignore[index]
    shot(person, "elder")
    no_barriers(person)
    vote(person, CHINESE, steps)
    assert small(page) == []
    shot(person, "elder-result")
    person.tab(CHINESE.ask)
    support(person, CHINESE, steps)
    page.get_by_role("link", name="写问题").click()
    ask(person, CHINESE, "老年卡能坐接驳车吗？", steps)
    assert small(page) == []
    no_barriers(person)
    shot(person, "elder-asked")
    steps.tell()


def test_by_keyboard_alone(show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("keyboard"), someone()
    page = watch(person, show, steps)
    keys = page.keyboard
    keys.press("m")
    expect(page.get_by_role("button", name="声音关")).to_have_count(1)
    reach(page, "去投票")
    keys.press("Enter")
    expect(page.locator(".option input").first).to_be_visible()
    reach(page, "choice")
    keys.press("Space")
    reach(page, "确认投票")
    keys.press("Enter")
    expect(page.locator("[role=dialog] input").first).to_be_focused()
    keys.press("Space")
    reach(page, "同意并提交")
    keys.press("Enter")
    expect(page.get_by_text("已投：")).to_be_visible()
    expect(page.locator("table.result .mine")).to_be_visible()
    steps.done("vote and result")
    reach(page, "提问")
    keys.press("Enter")
    expect(page.locator(".asks .support").first).to_be_visible()
    reach(page, ".support")
    keys.press("Enter")
    expect(page.locator(".support[aria-pressed=true]")).to_have_count(1)
    steps.done("support")
    keys.press("/")
    keys.type("站台有没有座椅？")
    reach(page, "提交问题")
    keys.press("Enter")
    expect(page.locator("[role=dialog] input").first).to_be_focused()
    keys.press("Space")
    reach(page, "phone")
    keys.type(some_phone())
    reach(page, "获取验证码")
    keys.press("Enter")
    expect(page.locator("[name=code]")).to_be_focused()
    keys.type(digits(page.locator(".shown")))
    keys.press("Enter")
    expect(page.locator(".asks .own", has_text="站台有没有座椅？")).to_contain_text("待审核")
    steps.done("ask")
    assert person.errors == []
    steps.tell()


def test_in_english(house: House, show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("English"), someone()
    page = watch(person, show + "?language=en", steps)
    shot(person, "english")
    contents = told(house, page)
    for tab in ("Discussion", "Agenda", "Ask", "Poll"):
        person.tab(tab)
        assert untranslated(page, contents) == [], tab
    assert sideways(page) <= 0
    person.tab("Discussion")
    vote(person, ENGLISH, steps)
    shot(person, "english-result")
    person.tab(ENGLISH.ask)
    support(person, ENGLISH, steps)
    ask(person, ENGLISH, "Is there a bus after ten in the evening?", steps)
    no_barriers(person)
    shot(person, "english-asked")
    steps.tell()


@pytest.mark.long
def test_on_a_slow_net(show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("1.6 Mbit/s, 150 ms"), someone()
    slow(person.page)
    watch(person, show, steps)
    vote(person, CHINESE, steps)
    person.tab(CHINESE.ask)
    support(person, CHINESE, steps)
    ask(person, CHINESE, "渡船周末加不加班？", steps)
    assert person.errors == []
    steps.tell()


def test_without_script(show: str, someone: Callable[..., Person]) -> None:
    steps, person = Steps("no script"), someone(java_script_enabled=False)
    page = person.open(show).page
    expect(page.locator("h1")).to_be_visible()
    assert str(page.locator("video").get_attribute("src")).endswith(".m3u8")
    steps.done("words")
    page.get_by_role("link", name="去投票").first.click()
    for _ in range(2):
        page.locator("input[type=radio]").first.check()
        person.press("确认投票")
        if page.get_by_text("已投：").count():
            break
        agree(person)
        if page.get_by_text("已投：").count():
            break
    person.sees("已投：")
    expect(page.locator("table.result .mine").first).to_be_visible()
    expect(page.get_by_text("共 ").first).to_be_visible()
    steps.done("vote and result")
    person.tab("提问")
    page.locator(".asks button.support").first.click()
    expect(page.locator(".support[aria-pressed=true]").first).to_be_visible()
    steps.done("support")
    for _ in range(2):
        page.locator("#ask-text").fill("夜里的照明谁来管？")
        person.press("提交问题")
        if page.get_by_text("待审核").count():
            break
        verify(person)
        if page.get_by_text("待审核").count():
            break
    person.sees("待审核")
    steps.done("ask")
    shot(person, "plain")
    steps.tell()
