"""What people do who take part, step by step and timed, and what every page is then looked at for; the journeys put them together."""

from __future__ import annotations

import os
import re
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
from playwright.sync_api import Locator, Page, expect

from tests.journeys.citizen import some_phone
from tests.journeys.house import House
from tests.journeys.looking import barriers, sideways
from tests.journeys.pages import Person

# What somebody of 65 cannot hit in 长辈版.
_SMALL = """() => [...document.querySelectorAll("button, a, summary, .option, .field")].filter((each) => {
  const box = each.getBoundingClientRect();
  return box.width && box.height && !each.closest(".skip, .hidden") && box.height < 59.5
    && getComputedStyle(each).display !== "inline";
}).map((each) => `${each.className || each.nodeName} ${each.textContent.trim().slice(0, 12)} ${each.offsetHeight}`)"""
_FOCUSED = """() => {
  const at = document.activeElement;
  return [at.name, at.textContent, at.className].map((each) => String(each || "").trim());
}"""
_CHINESE = """() => {
  const found = [];
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walk.nextNode()) {
    const [text, at] = [walk.currentNode.data.trim(), walk.currentNode.parentElement];
    if (/[\u4e00-\u9fff]/.test(text) && !at.closest("script, style, noscript, [lang]:not(html)")) found.push(text);
  }
  return found;
}"""


@dataclass
class Steps:
    """How long each step of one person's way took."""

    name: str
    began: float = field(default_factory=time.monotonic)
    told: list[str] = field(default_factory=list)

    def done(self, what: str) -> None:
        now = time.monotonic()
        self.told.append(f"{what} {now - self.began:.1f} s")
        self.began = now

    def tell(self) -> None:
        print(f"\n{self.name}: {', '.join(self.told)}")


@dataclass(frozen=True)
class Words:
    """What the buttons say in the reader's language."""

    vote: str = "去投票"
    confirm: str = "确认投票"
    voted: str = "已投："
    total: str = "共 "
    ask: str = "提问"
    submit: str = "提交问题"
    waiting: str = "待审核"
    support: str = "支持"
    supported: str = "已支持"
    agree: str = "同意并提交"
    code: str = "获取验证码"
    verify: str = "验证并提交"


CHINESE = Words()
ENGLISH = Words(
    vote="Vote",
    confirm="Confirm vote",
    voted="You voted:",
    total="votes in all",
    ask="Ask",
    submit="Send question",
    waiting="Waiting for review",
    support="Support",
    supported="Supported",
    agree="Agree and submit",
    code="Get a code",
    verify="Verify and submit",
)


def shot(person: Person, name: str) -> None:
    """A picture to be looked at, where the environment asks for it."""
    if "JOURNEY_SHOTS" in os.environ:
        person.page.screenshot(path=f"{os.environ['JOURNEY_SHOTS']}/taking-part-{name}.png")


def watch(person: Person, path: str, steps: Steps) -> Page:
    """Open the show: its words are there at once, the picture follows."""
    page = person.open(path).page
    expect(page.locator("h1")).to_be_visible()
    expect(page.locator(".onair .live")).to_be_visible()
    steps.done("words")
    person.sees_picture_move(90)
    steps.done("picture")
    return page


def identify(page: Page, words: Words) -> None:
    """The sheet before the first write of its kind: agree, and where a number is asked for, give one."""
    sheet = page.locator("[role=dialog]")
    expect(sheet).to_be_visible()
    sheet.locator("input[type=checkbox]").first.check()
    if sheet.locator("[name=phone]").count():
        sheet.locator("[name=phone]").fill(some_phone())
        sheet.get_by_role("button", name=words.code, exact=True).click()
        shown = sheet.locator(".shown")
        expect(shown).to_be_visible()
        sheet.locator("[name=code]").fill(digits(shown))
        sheet.get_by_role("button", name=words.verify, exact=True).click()
    else:
        sheet.get_by_role("button", name=words.agree, exact=True).click()
    expect(sheet).to_have_count(0)


def digits(shown: Locator) -> str:
    found = re.search(r"\d{6}", shown.inner_text())
    assert found
    return found.group()


def vote(person: Person, words: Words, steps: Steps) -> None:
    """Choose, confirm in a second step, and see what the others chose."""
    page = person.page
    page.get_by_role("link", name=words.vote).first.click()
    page.locator(".option input").first.check()
    expect(page.get_by_text(words.voted)).to_have_count(0)
    page.get_by_role("button", name=words.confirm, exact=True).click()
    identify(page, words)
    expect(page.get_by_text(words.voted)).to_be_visible()
    steps.done("vote")
    expect(page.locator("table.result .mine")).to_be_visible()
    expect(page.get_by_text(words.total).first).to_be_visible()
    steps.done("result")


def support(person: Person, words: Words, steps: Steps) -> None:
    """One touch for somebody else's question."""
    button = person.page.locator(".asks li:not(.own) button.support").first
    expect(button).to_contain_text(words.support)
    button.click()
    if person.page.locator("[role=dialog]").count():
        identify(person.page, words)
    expect(button).to_have_attribute("aria-pressed", "true")
    expect(button).to_contain_text(words.supported)
    steps.done("support")


def ask(person: Person, words: Words, text: str, steps: Steps) -> None:
    """A question of one's own, which then waits for its review."""
    page = person.page
    page.locator("#hall textarea.field, #hall .confirm .field, #hall .composer .field").first.fill(text)
    page.get_by_role("button", name=words.submit, exact=True).click()
    own, sheet = page.locator(".asks .own", has_text=text), page.locator("[role=dialog]")
    expect(sheet.or_(own.get_by_text(words.waiting))).to_be_visible()
    if sheet.count():
        identify(page, words)
    expect(own).to_contain_text(words.waiting)
    steps.done("ask")


def no_barriers(person: Person) -> None:
    """Nothing serious for whoever hears the page or cannot aim; nothing sticks out; the console is quiet."""
    assert barriers(person.page) == []
    assert sideways(person.page) <= 0
    assert person.errors == []


def reach(page: Page, what: str) -> None:
    """Tab until what has the focus says this, has this name, or is of this class."""
    for _ in range(80):
        page.keyboard.press("Tab")
        focused = page.evaluate(_FOCUSED)
        if what in {focused[0], "." + focused[2]} or focused[1].startswith(what):
            shown = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            inside = page.evaluate("getComputedStyle(document.activeElement.parentElement).outlineStyle")
            assert "none" not in {shown} & {inside}, f"the focus on {what} cannot be seen"
            return
    raise AssertionError(f"80 tabs and no {what}")


def small(page: Page) -> list[str]:
    """What is lower than the 60 px of 长辈版."""
    found: list[str] = page.evaluate(_SMALL)
    return found


def untranslated(page: Page, contents: list[str]) -> list[str]:
    """Chinese on the page that nobody of the show wrote."""
    left = [without(each, contents) for each in page.evaluate(_CHINESE)]
    return [each for each in left if re.search(r"[\u4e00-\u9fff]", each)]


def told(house: House, page: Page) -> list[str]:
    """Everything that people of the show wrote, which is in their language: the longest first."""
    airing = re.search(r"/live/airings/([0-9a-f-]{36})/", page.content())
    assert airing
    found: list[str] = []

    def collect(value: Any) -> None:
        if isinstance(value, str):
            found.append(value)
        for each in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            collect(each)

    collect(httpx.get(f"{house.address}/live/airings/{airing[1]}/state").json())
    found.append(page.locator(".brand small").inner_text())
    found += page.locator("#boot").evaluate("(boot) => JSON.parse(boot.textContent).points")
    return sorted(set(found), key=len, reverse=True)


def without(text: str, contents: list[str]) -> str:
    """What is left of a text when the show's contents are taken out; headings come in clauses."""
    if any(text in each for each in contents):
        return ""
    for each in contents:
        text = text.replace(each, "")
    return text
