"""Hostile words on every page that shows them: markup, turned directions, stacked marks, endless words are text, and stay in their row."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys.citizen import Citizen, airing_on_air
from tests.journeys.house import House
from tests.journeys.pages import DESK, Person, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
NARROW = {"width": 360, "height": 640}
STUDIO = {"width": 1920, "height": 1080}
MARK = "毒"

WORDS = [
    f"{MARK}一<script>window.hurt=1</script><img src=x onerror='window.hurt=1'>",
    f'{MARK}二"><svg onload="window.hurt=1"></svg></textarea></template><b>粗</b>',
    f"{MARK}三 \u202e倒过来的字\u202c \u2066隔离\u2069 \u200f左右\u200e",
    f"{MARK}四" + "z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324" * 30,
    f"{MARK}五" + "W" * 400,
    f"{MARK}六 {{{{ 7*7 }}}} ${{window.hurt=1}} %(x)s %s {{0}} &lt;i&gt; javascript:window.hurt=1",
]
# Each page as it is at rest: nothing run, no element of theirs made, nothing wider than the window, no row taller than its text needs.
LOOK = """() => ({
  hurt: "hurt" in window,
  made: document.querySelectorAll('img[src="x"], svg[onload], [onerror]').length,
  wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  text: document.body.innerText,
})"""
TURNING = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f]")
STACKED = re.compile("[\u0300-\u036f]{5,}")


@dataclass
class Stage:
    """The show, with hostile words public in it, a question of them on air, and those who look."""

    page: str
    airing: str
    moderator: Citizen
    producer: Citizen


@pytest.fixture(scope="module")
def stage(house: House) -> Stage:
    page, airing = airing_on_air(house.address)
    words = house.accounts()
    moderator = Citizen(house.address).log_in("moderator", words["moderator"])
    producer = Citizen(house.address).log_in("producer", words["producer"])
    asked: list[int] = []
    for text in WORDS:
        author = Citizen(house.address).arrive(page)
        for kind in ("comment.post", "question.ask"):
            frame = author.send(airing, kind, text=text, tries=20)
            assert frame["type"] == "ack", frame
            made = frame["result"]
            _approve(moderator, airing, made["kind"], made["item"])
            if kind == "question.ask":
                asked.append(made["item"])
        assert author.send(airing, "comment.post", text=text, tries=20)["type"] == "ack", "one that nobody decided yet"
    assert producer.send(airing, "question.show", question=asked[4])["type"] == "ack"
    return Stage(page, airing, moderator, producer)


def _approve(moderator: Citizen, airing: str, kind: str, item: int) -> None:
    """Whatever the house's rules thought of it: a person lets it out."""
    shown = moderator.http.get(f"/live/airings/{airing}/staff/snapshot").raise_for_status().json()
    row = next(each for each in shown["items"] if each["kind"] == kind and each["id"] == item)
    frame = moderator.send(airing, "item.approve", kind=kind, item=item, version=row["version"])
    assert frame["type"] == "ack", frame


def _harmless(page: Page, what: str) -> None:
    wait_for(lambda: MARK in page.evaluate("document.body.innerText"), 30, f"{what}: the words")
    seen = page.evaluate(LOOK)
    assert not seen["hurt"], f"{what}: a script of theirs ran"
    assert not seen["made"], f"{what}: markup of theirs became elements"
    assert seen["wide"] <= 0, f"{what}: wider than the window by {seen['wide']} px"
    assert not TURNING.search(seen["text"]), f"{what}: characters that turn the reading direction"
    assert not STACKED.search(seen["text"]), f"{what}: marks are stacked over the lines above"


@pytest.fixture
def citizen(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, NARROW)
    yield person
    person.context.close()
    assert not person.errors


@pytest.mark.parametrize("tab", ["讨论", "提问"])
def test_a_viewer_reads_them_as_text(stage: Stage, citizen: Person, tab: str) -> None:
    citizen.open(stage.page).tab(tab)
    _harmless(citizen.page, tab)


def test_the_list_of_all_comments_shows_them_as_text(stage: Stage, citizen: Person) -> None:
    citizen.open(stage.page + "comments")
    _harmless(citizen.page, "all comments")


def test_without_scripts_they_are_text(stage: Stage, house: House, browser: Browser) -> None:
    person = Person(browser, house.address, NARROW, java_script_enabled=False)
    for path in (stage.page, stage.page + "?tab=ask"):
        person.open(path)
        html = person.page.content()
        assert "<script>window.hurt" not in html
        assert "<img src=" + "x" not in html
    person.context.close()


@pytest.mark.parametrize("size", [NARROW, DESK], ids=["phone", "desktop"])
@pytest.mark.parametrize("who", ["moderator", "host"])
def test_staff_read_them_as_text(stage: Stage, house: House, browser: Browser, who: str, size: dict[str, int]) -> None:
    person = Person(browser, house.address, size).log_in(who, house.accounts()[who])
    person.open(f"/staff/airings/{stage.airing}/{'desk' if who == 'moderator' else 'host'}")
    if who == "moderator" and size == NARROW:
        person.press("列表")
    _harmless(person.page, who)
    person.context.close()
    assert not person.errors


def test_the_control_room_shows_them_as_text(stage: Stage, house: House, browser: Browser) -> None:
    person = Person(browser, house.address, DESK).log_in("producer", house.accounts()["producer"])
    person.open(f"/staff/airings/{stage.airing}/control")
    _harmless(person.page, "control room")
    person.context.close()
    assert not person.errors


def test_on_the_picture_the_longest_word_stays_within_its_box(stage: Stage, house: House, browser: Browser) -> None:
    person = Person(browser, house.address, DESK).log_in("producer", house.accounts()["producer"])
    person.open(f"/staff/airings/{stage.airing}/overlay")
    person.page.locator("button[value=make]").click()
    address = person.page.locator("#studio-link").input_value()
    overlay = Person(browser, house.address, STUDIO)
    overlay.page.goto(address)
    _harmless(overlay.page, "overlay")
    person.page.locator("button[value=revoke]").click()
    for each in (overlay, person):
        each.context.close()
        assert not each.errors
