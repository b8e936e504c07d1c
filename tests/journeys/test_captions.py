"""Captions, danmaku, announcement and pinned comment as people have them: with the picture, corrected, through a lost net."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.citizen import airing_on_air
from tests.journeys.house import House
from tests.journeys.pages import DESK, Person

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(600)]
PHONE = {"width": 390, "height": 844}
# Whatever stood over the picture, for a moment too.
KEEP = """() => {
  window.stood = [];
  const note = () => {
    const line = document.querySelector("#layers .caption:not([hidden]) span");
    if (line && line.textContent && window.stood[window.stood.length - 1] !== line.textContent) window.stood.push(line.textContent);
  };
  const all = { subtree: true, childList: true, characterData: true, attributes: true };
  new MutationObserver(note).observe(document.getElementById("layers"), all);
  note();
}"""
# Decides about the demo's comments as a moderator, and says which it was.
DECIDE = """
import secrets
from broadcast.access import Actor
from broadcast.models import User
from live import commands, protocol
from live.models import Comment
user = User.objects.get(username="moderator")
row = Comment.objects.filter(room="{airing}", state="{state}").latest("pk")
made = protocol.{act}(id=secrets.token_hex(8), kind="comment", item=row.pk, version=row.version{more})
commands.perform(Actor(user_id=user.pk, name=str(user)), row.room_id, made)
print(row.text)
"""


@pytest.fixture
def viewer(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, PHONE).open(airing_on_air(house.address)[0])
    yield person
    person.context.close()
    assert not person.errors


@pytest.fixture
def captioner(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, DESK).log_in("captioner", house.accounts()["captioner"])
    person.open(f"/staff/airings/{airing_on_air(house.address)[1]}/captions")
    yield person
    person.context.close()
    assert not person.errors


def types(page: Page, words: str) -> None:
    page.fill("#typing", words)
    page.press("#typing", "Enter")


def stood(page: Page) -> list[str]:
    found: list[str] = page.evaluate("window.stood")
    return found


def goes_on(desk: Page, page: Page, words: str) -> None:
    """Lines come, one after the other, until the viewer has had one: a picture that stalls may pass over the first."""
    for n in range(1, 30):
        types(desk, f"{words}，第 {n} 句")
        page.wait_for_timeout(3_000)
        if any(words in line for line in stood(page)):
            return
    raise AssertionError(f"{words}: only {stood(page)}")


def test_captions_come_with_the_picture_corrected_and_through_a_lost_net(viewer: Person, captioner: Person) -> None:
    page, desk = viewer.page, captioner.page
    viewer.sees_picture_move()
    page.evaluate(KEEP)
    types(desk, "十二月三日开同")
    desk.locator(".lines .words", has_text="十二月三日开同").wait_for()
    desk.press("#typing", "ArrowUp")
    desk.fill("#editing", "十二月三日开通")
    desk.press("#editing", "Enter")
    expect(desk.locator(".lines .words", has_text="十二月三日开通")).to_be_visible()
    goes_on(desk, page, "接着说")
    expect(desk.locator(".lines li", has_text="十二月三日开通")).to_contain_text("已公开")
    assert "十二月三日开同" not in stood(page)

    # Without a net the captioner's line waits in the browser, and comes with its own time.
    captioner.context.set_offline(True)
    types(desk, "断网时打的一句")
    expect(desk.locator(".lines .unsent")).to_contain_text("正在送出")
    captioner.context.set_offline(False)
    expect(desk.locator(".lines .unsent")).to_have_count(0, timeout=60_000)
    # Without a net the viewer's page says nothing new, and goes on when it is back.
    viewer.context.set_offline(True)
    page.wait_for_timeout(3_000)
    viewer.context.set_offline(False)
    goes_on(desk, page, "连上以后说的")

    page.locator("#player").hover()
    viewer.press("字幕开")
    expect(page.locator("#layers .caption:visible")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("button", name="字幕关")).to_be_attached(timeout=30_000)


def test_danmaku_fly_when_wanted_and_leave_with_the_words(house: House, viewer: Person) -> None:
    page, airing = viewer.page, airing_on_air(house.address)[1]
    viewer.sees_picture_move()
    expect(page.locator("#layers .danmaku")).to_have_count(0)
    page.locator("#player").hover()
    viewer.press("弹幕关")
    expect(page.locator("#layers .danmaku")).to_be_attached()
    page.get_by_role("button", name="弹幕开").click()
    page.locator(".danmaku-set label", has_text="慢").click()
    viewer.press("收起")
    words = house.does(DECIDE.format(airing=airing, state="pending", act="ApproveItem", more="")).strip()
    flying = page.locator("#layers .danmaku span", has_text=words)
    expect(flying).to_be_attached(timeout=15_000)
    house.does(DECIDE.format(airing=airing, state="approved", act="WithdrawItem", more=', reason="other"'))
    expect(flying).to_have_count(0, timeout=5_000)
    page.emulate_media(reduced_motion="reduce")
    expect(page.get_by_role("button", name="弹幕开")).to_have_count(0)
