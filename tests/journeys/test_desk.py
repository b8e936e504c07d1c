"""The moderation desk in a real browser, by keyboard: 200 mixed items cleared, many at once, masks, claims, escalation, the emergency."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, Response, WebSocket, expect

from tests.journeys.desks import Desk
from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(400),
]
DECIDING = {"item.approve", "item.reject", "item.escalate", "item.withdraw", "reports.dismiss"}
# From the press of a key to the row that shows it, in ms, measured where the moderator sits.
_WATCH = """() => {
  window.shown = [];
  let begun = null;
  addEventListener("keydown", () => { begun = performance.now(); }, true);
  new MutationObserver(() => {
    if (begun === null) return;
    const at = begun;
    begun = null;
    requestAnimationFrame(() => window.shown.push(performance.now() - at));
  }).observe(document.querySelector(".items"), { subtree: true, attributes: true, attributeFilter: ["class", "aria-current"] });
}"""


@dataclass
class Line:
    """What went over a moderator's socket: deciding commands that were sent, and how each was answered."""

    page: Page
    sent: dict[str, float] = field(default_factory=dict)
    took: list[float] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._listen)
        self.page.on("response", self._posted)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framesent", lambda text: self._went(json.loads(text)))
        socket.on("framereceived", lambda text: self._came(json.loads(text)))

    def _posted(self, response: Response) -> None:
        """A command that the socket was silent about for too long goes by POST, with the same id."""
        if response.url.endswith("/commands"):
            sent = response.request.post_data_json
            self._came({"id": sent["id"], "type": "ack" if response.ok else "error", "code": str(response.status)})

    def answered(self, many: int) -> bool:
        """Whether so many were answered and none is under way. Playwright tells what it heard only while it is asked something."""
        self.page.title()
        return len(self.took) >= many and not self.sent

    def _went(self, frame: dict[str, Any]) -> None:
        if frame["type"] in DECIDING | {"items.decide", "items.undo"}:
            self.sent[frame["id"]] = time.monotonic()

    def _came(self, frame: dict[str, Any]) -> None:
        begun = self.sent.pop(frame.get("id", ""), None)
        if begun is None:
            return
        self.took.append((time.monotonic() - begun) * 1000)
        if frame["type"] != "ack":
            self.refused.append(frame["code"])


@pytest.fixture(scope="module")
def hired(house: House, browser: Browser) -> Iterator[dict[str, Person]]:
    """Two moderators and the duty leader, logged in once for all of these."""
    words = house.accounts()
    people = {
        name: Person(browser, house.address, DESK).log_in(name, words[name])
        for name in ("moderator", "moderator2", "leader")
    }
    yield people
    for person in people.values():
        assert not person.errors
        person.context.close()


def sit_down(person: Person, desk: Desk) -> Page:
    person.open(desk.address)
    expect(person.page.locator(".keys .link")).to_contain_text("已连接", timeout=30_000)
    return person.page


def row(page: Page, words: str) -> Locator:
    return page.locator(".items li[data-key]", has_text=words).first


def under_cursor(page: Page) -> Locator:
    return page.locator(".items li[aria-current]")


def p95(values: list[float]) -> float:
    return sorted(values)[int(len(values) * 0.95)]


def queue(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="队列").get_by_role("button", name=re.compile(f"^{name}"))


def count_of(page: Page, name: str) -> int:
    found = re.search(r"([\d,]+) 条", queue(page, name).locator(".total").inner_text())
    assert found
    return int(found.group(1).replace(",", ""))


def test_200_mixed_items_are_cleared_by_keyboard_each_confirmed_by_the_server(
    house: House, hired: dict[str, Person]
) -> None:
    desk = Desk.of(house)
    desk.rule("试用词", "青石板")
    desk.said(
        # Short, so that no rule of the house finds them alike.
        *(f"第 {n} 句话" for n in range(120)),
        *(f"第 {n} 个问题？" for n in range(60)),
        *(f"青★石板 {n} 号" for n in range(20)),
        writers=40,
    )
    moderator = hired["moderator"]
    line = Line(moderator.page)
    page = sit_down(moderator, desk)
    expect(queue(page, "待办").locator(".total")).to_contain_text("200 条")
    assert count_of(page, "规则暂扣") == 20
    page.evaluate(_WATCH)
    keys = page.keyboard
    began = time.monotonic()
    for number in range(200):
        act = ("a", "a", "a", f"r{number % 8 + 1}", "a", "a", "e", "m", "a", f"r{number % 3 + 1}")[number % 10]
        proposed = act != "m" or under_cursor(page).locator("mark").count()
        for key in act:
            keys.press(key)
        if not proposed:
            # No rule says what to mask: choose the first two characters.
            expect(page.locator("#mask-text")).to_be_focused()
            for each in ("Shift+ArrowRight", "Shift+ArrowRight", "Enter"):
                keys.press(each)
            page.locator(".sheet button[type=submit]").press("Enter")
            expect(page.locator(".sheet")).to_have_count(0)
    pressed = time.monotonic() - began
    wait_for(lambda: line.answered(200), 60, "an answer of the server to each act")
    confirmed = time.monotonic() - began
    assert not line.refused
    expect(queue(page, "待办").locator(".total")).to_contain_text("0 条", timeout=20_000)
    expect(page.locator(".undo")).to_contain_text("已记录")
    shown = page.evaluate("window.shown")
    print(
        f"\n200 items by keyboard: {pressed:.1f} s of keys, {confirmed:.1f} s until the server had the last;"
        f" shown after {p95(shown):.0f} ms (p95), confirmed after {p95(line.took):.0f} ms (p95)"
    )
    assert desk.states() == {"approved": 140, "rejected": 40, "escalated": 20}
    assert desk.decisions() == [1] * 200


def test_many_are_decided_by_selection_by_rule_and_by_likeness_and_taken_back_as_one(
    house: House, hired: dict[str, Person]
) -> None:
    desk = Desk.of(house)
    desk.rule("试用词", "青石板")
    desk.said(*(f"青石板 {n} 号" for n in range(6)), "消防通道谁来管", "车棚太远了", "支持集中换电")
    page = sit_down(hired["moderator"], desk)
    row(page, "青石板").click()
    expect(under_cursor(page).locator("mark")).to_have_text("青石板")
    page.keyboard.press("b")
    expect(page.locator(".chosen")).to_contain_text("已选 6 条")
    page.keyboard.press("r")
    page.keyboard.press("2")
    expect(page.locator(".undo")).to_contain_text("退回 6 条：广告引流")
    expect(page.locator(".undo")).to_contain_text("已记录")
    wait_for(lambda: desk.states() == {"rejected": 6, "pending": 3}, 10, "six rejected in one act")
    page.keyboard.press("u")
    expect(page.locator(".undo")).to_contain_text("6 条回到原来的队列")
    wait_for(lambda: desk.states() == {"held": 6, "pending": 3}, 10, "all six back where they were")
    row(page, "消防通道").click()
    page.keyboard.press("x")
    row(page, "车棚太远").click()
    page.keyboard.press("x")
    page.keyboard.press("a")
    wait_for(lambda: desk.states() == {"held": 6, "approved": 2, "pending": 1}, 10, "the two that were selected")


def test_what_arrives_and_what_others_decide_moves_no_row_under_the_cursor(
    house: House, hired: dict[str, Person]
) -> None:
    desk = Desk.of(house)
    desk.said(*(f"开头第 {n} 句" for n in range(30)))
    page = sit_down(hired["moderator"], desk)
    other = sit_down(hired["moderator2"], desk)
    row(page, "开头第 5 句").click()
    before = under_cursor(page).bounding_box()
    desk.said(*(f"后来第 {n} 句" for n in range(25)))
    row(other, "开头第 2 句").click()
    other.keyboard.press("a")
    row(other, "开头第 7 句").click()
    other.keyboard.press("r")
    other.keyboard.press("1")
    expect(page.locator(".newer")).to_contain_text("新到 25 条")
    expect(row(page, "开头第 2 句")).to_contain_text("审核员乙")
    expect(row(page, "开头第 7 句")).to_contain_text("未通过：人身攻击")
    assert under_cursor(page).inner_text().startswith("开头第 5 句") or "开头第 5 句" in under_cursor(page).inner_text()
    assert under_cursor(page).bounding_box() == before


def test_a_claim_keeps_others_off_until_it_is_given_back(house: House, hired: dict[str, Person]) -> None:
    desk = Desk.of(house)
    desk.said("路灯什么时候修", "公厕什么时候开")
    mine, others = sit_down(hired["moderator"], desk), sit_down(hired["moderator2"], desk)
    row(mine, "路灯").click()
    mine.keyboard.press("Enter")
    expect(row(mine, "路灯")).to_contain_text("您在处理")
    expect(row(others, "路灯")).to_contain_text(re.compile(r"审核员甲在处理，还剩 0[01]:\d\d"))
    row(others, "路灯").click()
    expect(others.locator(".acts").get_by_role("button", name="批准")).to_be_disabled()
    others.keyboard.press("a")
    expect(others.locator(".notice")).to_contain_text("审核员甲正在处理这一条")
    expect(mine.locator(".bar .me")).to_contain_text("审核员乙")
    row(mine, "公厕").click()
    expect(row(others, "公厕")).to_contain_text("审核员甲在")
    row(mine, "路灯").click()
    mine.keyboard.press("Enter")
    expect(row(others, "路灯")).not_to_contain_text("在处理")
    row(others, "路灯").click()
    others.keyboard.press("a")
    expect(others.locator(".undo")).to_contain_text("已记录")
    expect(row(mine, "路灯")).to_contain_text("审核员乙 已公开")


def test_words_are_masked_by_keyboard_and_the_public_sees_squares(
    house: House, hired: dict[str, Person], browser: Browser
) -> None:
    desk = Desk.of(house)
    desk.said("想参观的联系老王，电话问物业")
    page = sit_down(hired["moderator"], desk)
    page.keyboard.press("M")
    field = page.locator("#mask-text")
    expect(field).to_be_focused()
    for _each in range(6):
        page.keyboard.press("ArrowRight")
    page.keyboard.type("改成别的")
    for _each in range(2):
        page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Enter")
    assert field.input_value() == "想参观的联系老王，电话问物业", "a citizen's words are never rewritten"
    expect(page.locator(".sheet")).to_contain_text("想参观的联系■■，电话问物业")
    page.locator(".sheet button[type=submit]").press("Enter")
    expect(page.locator(".undo")).to_contain_text("已记录")
    viewer = Person(browser, house.address, PHONE).open(desk.page)
    viewer.sees("想参观的联系■■，电话问物业")
    viewer.context.close()


def test_what_is_escalated_is_the_duty_leaders(house: House, hired: dict[str, Person]) -> None:
    desk = Desk.of(house)
    desk.said("这一句要请值班长看")
    page, leader = sit_down(hired["moderator"], desk), sit_down(hired["leader"], desk)
    page.keyboard.press("e")
    expect(page.locator(".undo")).to_contain_text("已记录")
    queue(page, "已上报").click()
    expect(page.locator(".item .note")).to_contain_text("由值班长决定")
    expect(page.locator(".acts").get_by_role("button", name="批准")).to_be_disabled()
    queue(leader, "已上报").click()
    row(leader, "请值班长看").click()
    leader.keyboard.press("a")
    wait_for(lambda: desk.states() == {"approved": 1}, 10, "the duty leader's approval")


def test_an_emergency_takes_two_steps_hides_everything_and_can_be_taken_back(
    house: House, hired: dict[str, Person], browser: Browser
) -> None:
    desk = Desk.of(house)
    desk.said("大家好", "这条路太窄")
    page = sit_down(hired["leader"], desk)
    page.keyboard.press("X")
    page.keyboard.press("a")
    viewer = Person(browser, house.address, DESK).open(desk.page)
    viewer.sees("这条路太窄", 20)
    # By keyboard alone: no key stands for it, but the focus goes there.
    page.get_by_role("button", name="紧急撤下…").focus()
    page.keyboard.press("Enter")
    sheet = page.get_by_role("dialog")
    sheet.locator("#e-scope").select_option(label="公众的全部评论和提问")
    act = sheet.get_by_role("button", name="撤下公众的全部评论和提问")
    expect(act).to_be_disabled()
    sheet.get_by_role("button", name="揭开护盖").press("Enter")
    act.press("Enter")
    expect(sheet).to_contain_text("正在撤下")
    viewer.does_not_see("这条路太窄", 10)
    sheet.get_by_role("button", name="揭开护盖").first.press("Enter")
    sheet.get_by_role("button", name="恢复", exact=True).press("Enter")
    viewer.sees("这条路太窄", 10)
    page.keyboard.press("Escape")
    expect(sheet).to_have_count(0)
    viewer.context.close()


@pytest.mark.long
def test_ten_thousand_rows_scroll_as_twenty_do(house: House, hired: dict[str, Person]) -> None:
    desk = Desk.of(house)
    desk.filled(10_000)
    line = Line(hired["moderator"].page)
    began = time.monotonic()
    page = sit_down(hired["moderator"], desk)
    expect(queue(page, "待办").locator(".total")).to_contain_text("10,000 条", timeout=60_000)
    opened = time.monotonic() - began
    page.evaluate(_WATCH)
    for _each in range(20):
        page.keyboard.press("j")
        page.keyboard.press("a")
    page.keyboard.press("End")
    expect(under_cursor(page)).to_contain_text("第 9999 句话")
    assert page.locator(".items li[data-key]").count() < 100, "only what is seen is drawn"
    wait_for(lambda: line.answered(20), 60, "an answer of the server to each act")
    shown = page.evaluate("window.shown")
    print(f"\n10,000 rows: open after {opened:.1f} s, an act shown after {p95(shown):.0f} ms (p95)")
    page.keyboard.press("/")
    page.keyboard.type("第 777 句")
    expect(page.locator(".items li[data-key]")).to_have_count(1)
    assert not line.refused
