"""What two people of the desk do together, and what citizens learn of it: 初审 and 复审, 举报, 申诉, merged questions, 先发后审, a mute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.journeys.citizen import some_phone
from tests.journeys.desks import Desk
from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person, wait_for
from tests.journeys.test_desk import queue, row, sit_down

pytestmark = [
    pytest.mark.browser,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(400),
]


@dataclass
class Cast:
    """Two moderators, the duty leader, and two citizens with verified phones; they go from show to show."""

    house: House
    first: Person
    second: Person
    leader: Person
    author: Person
    reader: Person

    def everybody(self) -> list[Person]:
        return [self.first, self.second, self.leader, self.author, self.reader]


@pytest.fixture(scope="module")
def cast(house: House, browser: Browser) -> Iterator[Cast]:
    words = house.accounts()

    def staff(name: str) -> Person:
        return Person(browser, house.address, DESK).log_in(name, words[name])

    desk = Desk.of(house)
    found = Cast(
        house,
        staff("moderator"),
        staff("moderator2"),
        staff("leader"),
        verified(Person(browser, house.address, PHONE), desk),
        verified(Person(browser, house.address, DESK), desk),
    )
    yield found
    for person in found.everybody():
        assert not person.errors
        person.context.close()


def verified(person: Person, desk: Desk) -> Person:
    """With a phone, as everybody is asked to whose first words are on the way."""
    person.open(desk.page)
    write(person, "大家好")
    person.verify_phone(some_phone())
    person.sees("待审核")
    return person


def write(person: Person, words: str) -> None:
    person.page.locator("#say").fill(words)
    person.page.locator("#say").press("Enter")


def own(person: Person, words: str) -> Locator:
    """One's own row with these words."""
    return person.page.locator(".talk li", has_text=words)


def recorded(page: Page) -> None:
    expect(page.locator(".undo")).to_contain_text("已记录")


def act(page: Page, words: str, *keys: str) -> None:
    """Go to the row with these words and decide by keyboard; the server has it."""
    row(page, words).click()
    for key in keys:
        page.keyboard.press(key)
    recorded(page)


def button(page: Page, name: str) -> Locator:
    return page.locator(".acts").get_by_role("button", name=name)


def test_a_programme_that_looks_twice_wants_two_people(house: House, browser: Browser, cast: Cast) -> None:
    desk = Desk.of(house)
    admin = Person(browser, house.address, DESK).log_in("sysadmin", house.accounts()["sysadmin"])
    admin.open(f"/staff/programmes/{desk.page.split('/')[2]}/settings")
    admin.page.locator("#id_review_steps").select_option(label="初审和复审，由两个人做")
    admin.page.locator("#id_reason").fill("换届期间，两个人看")
    admin.page.locator("main form button.strong, main form button[type=submit]").first.click()
    admin.sees("已保存。")
    admin.context.close()
    desk.said("车棚里要装烟感")
    page, others = sit_down(cast.first, desk), sit_down(cast.second, desk)
    cast.reader.open(desk.page)
    act(page, "车棚里要装烟感", "a")
    queue(page, "待复审").click()
    expect(page.locator(".item .note")).to_contain_text("初审是您做的，复审要由另一个人做")
    expect(button(page, "批准")).to_be_disabled()
    page.keyboard.press("a")
    expect(page.locator(".notice")).to_be_visible()
    assert desk.states() == {"second": 1}
    expect(row(others, "车棚里要装烟感")).to_contain_text("审核员甲初审通过")
    cast.reader.does_not_see("车棚里要装烟感", 1)
    act(others, "车棚里要装烟感", "a")
    cast.reader.sees("车棚里要装烟感")


def test_who_reports_is_told_what_came_of_it_and_the_author_may_appeal(house: House, cast: Cast) -> None:
    desk = Desk.of(house)
    desk.said("楼上几位一看就是托")
    page, leader = sit_down(cast.first, desk), sit_down(cast.leader, desk)
    author, reader = cast.author.open(desk.page), cast.reader.open(desk.page)
    write(author, "物业收了钱不办事")
    for words in ("楼上几位一看就是托", "物业收了钱不办事"):
        act(page, words, "a")
        reader.sees(words)
        own(reader, words).get_by_role("link", name="举报").click()
        sheet = reader.page.get_by_role("dialog")
        sheet.get_by_text("人身攻击").click()
        sheet.get_by_role("button", name="提交举报").click()
        expect(own(reader, words)).to_contain_text("已举报")
    queue(page, "被举报").click()
    expect(row(page, "一看就是托")).to_contain_text("1 人举报：人身攻击")
    row(page, "一看就是托").click()
    button(page, "举报不成立，保留公开").click()
    recorded(page)
    expect(own(reader, "楼上几位一看就是托")).to_contain_text("举报不成立")
    act(page, "物业收了钱不办事", "w", "1")
    reader.sees("您举报的 1 条内容已撤下。")
    expect(own(author, "物业收了钱不办事")).to_contain_text("原因：人身攻击")
    appeal(author, "物业收了钱不办事", "说的是事实，有收据")
    queue(page, "申诉").click()
    row(page, "物业收了钱不办事").click()
    expect(page.locator(".acts")).to_contain_text("原决定是您做的，要由另一个人答复")
    queue(leader, "申诉").click()
    row(leader, "物业收了钱不办事").click()
    expect(leader.locator(".item")).to_contain_text("说的是事实，有收据")
    leader.keyboard.press("n")
    leader.keyboard.type("收据看过了")
    button(leader, "申诉成立，公开").click()
    recorded(leader)
    expect(own(author, "物业收了钱不办事")).to_contain_text("答复：收据看过了")
    reader.sees("物业收了钱不办事")


def test_who_was_refused_may_appeal_once_and_another_person_grants_it(house: House, cast: Cast) -> None:
    desk = Desk.of(house)
    page, others = sit_down(cast.first, desk), sit_down(cast.second, desk)
    author, reader = cast.author.open(desk.page), cast.reader.open(desk.page)
    write(author, "请加大接驳车的班次")
    act(page, "请加大接驳车的班次", "r", "2")
    appeal(author, "请加大接驳车的班次", "这不是广告")
    expect(own(author, "请加大接驳车的班次").get_by_role("button", name="申诉")).to_have_count(0)
    queue(others, "申诉").click()
    act(others, "请加大接驳车的班次", "a")
    expect(own(author, "请加大接驳车的班次")).to_contain_text("申诉成立")
    reader.sees("请加大接驳车的班次")


def appeal(author: Person, words: str, why: str) -> None:
    line = own(author, words)
    line.get_by_role("button", name="申诉").click()
    line.locator("textarea").fill(why)
    line.get_by_role("button", name="提交申诉").click()
    expect(line).to_contain_text("申诉待答复")


def test_merged_questions_carry_their_supports_once_a_person(house: House, cast: Cast) -> None:
    desk = Desk.of(house)
    desk.said("公共淋浴什么时候能建好？", "公共淋浴室什么时候建成？")
    page = sit_down(cast.first, desk)
    for words in ("淋浴什么时候能建好", "淋浴室什么时候建成"):
        act(page, words, "a")
    author, reader = cast.author.open(f"{desk.page}?tab=ask"), cast.reader.open(f"{desk.page}?tab=ask")
    support(author, "淋浴什么时候能建好")
    for words in ("淋浴什么时候能建好", "淋浴室什么时候建成"):
        support(reader, words)
    expect(question(author, "淋浴什么时候能建好").locator(".support")).to_contain_text("2 人")
    queue(page, "已公开").click()
    page.keyboard.press("X")
    page.get_by_role("button", name="合并提问…").click()
    sheet = page.get_by_role("dialog")
    sheet.get_by_text("淋浴室什么时候建成").click()
    sheet.get_by_role("button", name="合并", exact=True).click()
    expect(sheet).to_have_count(0)
    expect(question(author, "淋浴什么时候能建好")).to_have_count(0)
    expect(question(author, "淋浴室什么时候建成").locator(".support")).to_contain_text("2 人")
    expect(question(author, "淋浴室什么时候建成").locator(".support")).to_have_attribute("aria-pressed", "true")
    row(page, "淋浴室什么时候建成").click()
    expect(page.locator(".item")).to_contain_text("代表 1 条提问")
    page.get_by_role("button", name="拆开").click()
    expect(question(author, "淋浴什么时候能建好").locator(".support")).to_contain_text("2 人")
    expect(question(author, "淋浴室什么时候建成").locator(".support")).to_contain_text("1 人")


def question(person: Person, words: str) -> Locator:
    return person.page.locator("#panel li", has_text=words)


def support(person: Person, words: str) -> None:
    question(person, words).locator("button.support").click()
    expect(question(person, words).locator("button.support")).to_contain_text("已支持")


def test_words_go_out_before_a_look_only_when_two_people_of_the_desk_want_it(house: House, cast: Cast) -> None:
    desk = Desk.of(house, comments="post")
    page, others = sit_down(cast.first, desk), sit_down(cast.second, desk)
    # The show begins with it; take it back, so that these two decide.
    switches(page).get_by_role("button", name="改回先审后发").click()
    expect(page.get_by_role("dialog")).to_contain_text("已记录")
    write(cast.author.open(desk.page), "这一句要等人看")
    expect(row(page, "这一句要等人看")).to_be_visible()
    expect(own(cast.author, "这一句要等人看")).to_contain_text("待审核")
    lifted(page, "提出先发后审")
    expect(page.get_by_role("dialog")).to_contain_text("您提出了，等另一个人确认")
    page.keyboard.press("Escape")
    expect(others.locator(".queues")).to_contain_text("审核员甲要开先发后审，等另一人确认")
    assert switches(others).get_by_role("button", name="确认先发后审").is_disabled()
    lifted(others, "确认先发后审")
    expect(others.get_by_role("dialog")).to_contain_text("现在发了就公开")
    others.keyboard.press("Escape")
    reader = cast.reader.open(desk.page)
    write(cast.author, "这一句马上公开")
    reader.sees("这一句马上公开")
    reader.does_not_see("这一句要等人看", 1)
    queue(others, "待复核").click()
    row(others, "这一句马上公开").click()
    button(others, "看过，保留公开").click()
    recorded(others)
    expect(queue(others, "待复核").locator(".total")).to_contain_text("0 条")
    reader.sees("这一句马上公开")


def switches(page: Page) -> Locator:
    """The sheet of the room's switches."""
    page.locator(".switches button").first.click()
    return page.get_by_role("dialog")


def lifted(page: Page, name: str) -> None:
    """Press what stands under a cover."""
    sheet = page.get_by_role("dialog")
    sheet.get_by_role("button", name="揭开护盖").last.click()
    sheet.get_by_role("button", name=re.compile(f"^{name}")).click()


def test_who_is_muted_reads_why_and_until_when_and_may_speak_again_when_it_is_lifted(house: House, cast: Cast) -> None:
    desk = Desk.of(house)
    page, others = sit_down(cast.first, desk), sit_down(cast.second, desk)
    author = cast.author.open(desk.page)
    write(author, "连发广告的一句")
    row(page, "连发广告的一句").click()
    expect(page.locator(".item")).to_contain_text("从未被限制")
    page.get_by_role("button", name="限制发言…").click()
    page.get_by_role("dialog").locator("#f-reason").select_option(label="广告引流")
    page.get_by_role("dialog").locator("#f-note").fill("第三次了")
    lifted(page, "禁言 1 小时")
    expect(page.get_by_role("dialog")).to_have_count(0)
    author.sees("您现在不能发言。")
    notice = author.page.locator(".restrained")
    expect(notice).to_contain_text("理由：广告引流")
    expect(notice).to_contain_text(re.compile(r"到 \d{4}-\d\d-\d\d 周. \d\d:\d\d 为止"))
    expect(notice).not_to_contain_text("第三次了")
    expect(author.page.locator("#say")).to_have_count(0)
    row(others, "连发广告的一句").click()
    bound = others.locator(".item .bound")
    expect(bound).to_contain_text("审核员甲决定")
    expect(bound).to_contain_text("备注：第三次了")
    bound.get_by_role("button", name="解除").click()
    expect(author.page.locator("#say")).to_be_visible()
    for desk_page in (page, others):
        expect(desk_page.locator(".item .past")).to_contain_text("审核员乙于")
        expect(desk_page.locator(".item .past")).to_contain_text("原因：广告引流")
    write(author, "现在又能说了")
    wait_for(lambda: desk.states() == {"pending": 2}, 20, "what was written after the mute")
