"""The run-down in a real browser: planned, moved by keys and mouse, two producers at once, run on air, counted with the control room."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.timeout(300)]
_MAKE = """
import datetime as dt, json, secrets
from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode, Programme, RoleGrant, User
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown
now = clock.now()
slug = f"rundown-{secrets.token_hex(3)}"
brand = Programme.objects.create(slug=slug, name_zh="串联试播", name_en="Rundown", kind="radio", delay_seconds=6)
for name in ("producer", "host"):
    RoleGrant.objects.create(user=User.objects.get(username=name), programme=brand, role="producer", granted_at=now)
episode = Episode.objects.create(programme=brand, number=1, title="老旧小区电梯更新", created_at=now)
times = {"planned_start": now, "planned_end": now + dt.timedelta(minutes=30), "created_at": now}
airing = Airing.objects.create(episode=episode, **times)
lines = [LinePlan("片头", 30), LinePlan("开场", 600), LinePlan("来电", 600, is_floating=True, least=60), LinePlan("总结", 570)]
rundown.revise(HOUSE, airing.pk, 1, lines)
print(json.dumps(str(airing.pk)))
"""
_START = """
import uuid
from broadcast import lifecycle
from broadcast.access import HOUSE
lifecycle.start(HOUSE, uuid.UUID({airing!r}))
print()
"""


@dataclass
class Page:
    """A producer with the page open."""

    person: Person

    @property
    def titles(self) -> list[str]:
        return self.person.page.locator(".timed tbody .what > span:first-child").all_inner_texts()

    def row(self, title: str) -> Locator:
        return self.person.page.locator(".timed tbody tr").filter(has_text=title)

    def shows(self, *titles: str) -> None:
        """The rows stand in this order, at once or a moment later."""
        expect(self.person.page.locator(".timed tbody .what > span:first-child")).to_have_text(list(titles))

    def saved(self) -> None:
        expect(self.person.page.locator(".say")).to_contain_text("服务器已记录")


@pytest.fixture(scope="module")
def airing(house: House) -> str:
    return str(json.loads(house.does(_MAKE)))


@pytest.fixture(scope="module")
def producers(house: House, browser: Browser, airing: str) -> Iterator[tuple[Page, Page]]:
    found = []
    for name, size in (("producer", DESK), ("host", PHONE)):
        person = Person(browser, house.address, size).log_in(name, house.accounts()[name])
        person.open(f"/staff/airings/{airing}/rundown")
        found.append(Page(person))
    yield found[0], found[1]
    assert [error for each in found for error in each.person.errors] == []
    for each in found:
        each.person.context.close()


def test_rows_move_by_keys_and_by_mouse_and_back(producers: tuple[Page, Page]) -> None:
    desk, phone = producers
    desk.shows("片头", "开场", "来电", "总结")
    desk.row("总结").focus()
    desk.person.page.keyboard.press("Alt+ArrowUp")
    desk.shows("片头", "开场", "总结", "来电")
    desk.saved()
    desk.person.press("撤销")
    desk.shows("片头", "开场", "来电", "总结")
    desk.saved()
    desk.row("开场").drag_to(desk.row("总结"))
    desk.shows("片头", "来电", "开场", "总结")
    phone.shows("片头", "来电", "开场", "总结")
    overflow = phone.person.page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert overflow <= 0, "a phone scrolls down, never sideways"


def test_the_second_of_two_producers_sees_what_changed_and_loses_nothing(
    producers: tuple[Page, Page], house: House, airing: str
) -> None:
    desk, phone = producers
    page = phone.person.page
    phone.person.open(f"/staff/airings/{airing}/rundown")
    # What the other one does is not yet heard of here.
    page.route("**/rundown/state", lambda route: route.abort())
    phone.row("开场").get_by_role("button", name="改“开场”").click()
    page.get_by_label("时长").fill("9:00")
    page.get_by_label("备注").fill("何委员")
    desk.row("片头").dblclick()
    desk.person.page.get_by_label("时长").fill("0:40")
    desk.person.press("保存")
    expect(desk.row("片头").locator(".long")).to_have_text("00:40")
    phone.person.press("保存")
    told = page.locator(".say .note.warn").filter(has_text="刚被别人改过")
    expect(told).to_contain_text("编导")
    expect(told).to_contain_text("“片头”：时长由 00:30 改为 00:40")
    expect(page.get_by_label("备注")).to_have_value("何委员")
    page.get_by_role("button", name="在新的上面再做一次").click()
    phone.saved()
    page.unroute("**/rundown/state")
    expect(phone.row("片头").locator(".long")).to_have_text("00:40")
    expect(desk.row("开场").locator(".long")).to_contain_text("09:00")
    expect(desk.row("开场")).to_contain_text("何委员")


def test_what_cannot_be_stays_in_the_form_with_its_reason(producers: tuple[Page, Page]) -> None:
    desk, _phone = producers
    page = desk.person.page
    desk.person.press("加一行")
    page.get_by_label("内容").fill("下期预告")
    page.get_by_label("时长").fill("5")
    desk.person.press("保存")
    expect(page.locator(".field.wrong")).to_contain_text("分:秒")
    page.get_by_label("时长").fill("0:30")
    page.get_by_label("怎样开始").select_option("hard")
    page.get_by_label("几点开始").fill("25:00")
    desk.person.press("保存")
    expect(page.locator(".field.wrong")).to_contain_text("时:分:秒")
    page.get_by_label("怎样开始").select_option("follow")
    desk.person.press("保存")
    desk.shows("片头", "来电", "开场", "总结", "下期预告")


def test_on_air_the_clock_runs_and_the_control_room_counts_the_same(
    producers: tuple[Page, Page], house: House, airing: str
) -> None:
    desk, phone = producers
    house.does(_START.format(airing=airing))
    desk.person.open(f"/staff/airings/{airing}/rundown")
    page = desk.person.page
    expect(page.locator(".lamp")).to_have_text("直播中")
    page.get_by_role("button", name="下一环节").click()
    expect(desk.row("片头")).to_have_class(re.compile("now"))
    expect(desk.row("片头")).to_contain_text("还剩 00:")
    first = desk.row("片头").locator(".long b").inner_text()
    expect(desk.row("片头").locator(".long b")).not_to_have_text(first)
    page.locator("body").focus()
    # A key that bounces must not skip a part: the page takes no second cue for a second and a half.
    page.wait_for_timeout(1600)
    page.keyboard.press("ArrowRight")
    expect(desk.row("来电")).to_have_class(re.compile("now"))
    expect(desk.row("片头")).to_have_class(re.compile("done"))
    expect(phone.row("来电")).to_have_class(re.compile("now"))
    end = page.locator(".timed tfoot .real").inner_text()
    control = Person(desk.person.browser, house.address, DESK).log_in("producer", house.accounts()["producer"])
    control.open(f"/staff/airings/{airing}/control")
    expect(control.page.locator(".cues .end > span").first).to_have_text(end[:5])
    expect(control.page.locator(".now-card")).to_contain_text("来电")
    control.context.close()
