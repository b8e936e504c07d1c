"""A question's whole way in real browsers: promised on air, marked with one key, answered in writing, released, read under it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.desks import Desk
from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person, wait_for

HARBOUR = "市海洋局"
TABLET = {"width": 1024, "height": 768}
_SEAT = """
from broadcast import clock
from broadcast.models import Airing, Appearance, Person, RoleGrant, User
airing = Airing.objects.get(pk={airing!r})
user, new = User.objects.get_or_create(username="harbour", defaults={{"display_name": "吴处长"}})
user.set_password("harbour-answers-9")
user.save()
RoleGrant.objects.create(user=user, programme=airing.episode.programme, role="department_respondent", granted_at=clock.now())
Person.objects.filter(user=user).update(user=None)
person = Person.objects.create(name="吴处长", organisation={department!r}, user=user)
Appearance.objects.create(episode=airing.episode, person=person, role="department")
"""


@pytest.mark.long
@pytest.mark.timeout(240)
def test_a_promise_on_air_becomes_an_answer_under_its_question(house: House, browser: Browser) -> None:
    desk = Desk.of(house, questions="post")
    (_kind, question), *_rest = desk.said("更衣室什么时候开？", "停车要预约吗？")
    house.does(_SEAT.format(airing=desk.airing, department=HARBOUR))

    control = Person(browser, house.address, DESK).log_in("producer", house.accounts()["producer"])
    control.open(f"/staff/airings/{desk.airing}/control")
    control.page.get_by_role("button", name=re.compile("^已公开")).click()
    row = control.page.locator("tr", has_text="更衣室什么时候开？")
    row.get_by_role("button", name="放进提问单").click()
    control.page.get_by_role("button", name=re.compile("^提问单 1")).click()
    row.get_by_role("button", name="上屏").click()
    expect(row.get_by_role("button", name="已答")).to_be_visible()
    control.page.keyboard.press("c")
    control.sees("已标记承诺")
    control.press("补写")
    control.page.locator(".marks").get_by_role("button", name="补写").click()
    control.page.get_by_label("说了什么").fill("十二月五日前开放")
    control.press("保存")
    control.sees("十二月五日前开放")

    host = Person(browser, house.address, TABLET).log_in("host", house.accounts()["host"])
    host.open(f"/staff/airings/{desk.airing}/host")
    host.press("请部门书面答复")
    expect(host.page.get_by_label("哪个部门")).to_have_value(HARBOUR)
    host.press("记为书面答复")

    viewer = Person(browser, house.address, PHONE).open(f"{desk.page}?tab=ask")
    asked = viewer.page.locator(".asks > li", has_text="更衣室什么时候开？")
    expect(asked.get_by_text("书面承诺")).to_be_visible()
    expect(asked.locator(".reply")).to_contain_text(HARBOUR)

    office = Person(browser, house.address, DESK).log_in("harbour", "harbour-answers-9")
    office.open("/staff/replies/")
    office.does_not_see("停车要预约吗？")
    office.page.get_by_role("link", name="写答复").first.click()
    office.page.get_by_label("答复", exact=True).fill("可以，十二月五日起开放。")
    office.press("提交核发")
    office.sees("已提交")
    expect(asked.locator(".reply")).not_to_contain_text("十二月五日起开放")

    moderator = Person(browser, house.address, PHONE).log_in("moderator", house.accounts()["moderator"])
    moderator.open(f"/staff/replies/{question}")
    moderator.press("核发，向公众公开")
    moderator.sees("答复已发出")
    expect(asked.locator(".reply")).to_contain_text("可以，十二月五日起开放。", timeout=15_000)
    expect(asked.get_by_text("已答复")).to_be_visible()

    control.open(f"/staff/airings/{desk.airing}/questions")
    control.sees("停车要预约吗？")
    control.page.locator("select[name^=way-]").first.select_option("covered")
    control.press("记下去向并告诉提问人")
    control.sees("没有悬着的提问")
    wait_for(
        lambda: viewer.page.get_by_text("节目里已经谈到").count() == 1,
        15,
        "the viewer reads the end of the other question",
    )
    for person in (control, host, viewer, office, moderator):
        assert person.errors == []
