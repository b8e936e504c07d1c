"""The call desk and the host's one queue in real browsers: a call rings, is written down, waits, speaks, votes; a listener asks for one."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.citizen import some_phone
from tests.journeys.house import House
from tests.journeys.looking import HOSTILE, barriers, sideways
from tests.journeys.pages import DESK, PHONE, Person, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.timeout(400)]
_SHOW = """
import json
from broadcast import clock
from broadcast.models import RoleGrant, Segment, SegmentRole, User
from tests.live import making
show = making.make_show()
words = dict(code="call", mark="听", name_zh="听众来电", name_en="Calls")
role = SegmentRole.objects.create(programme=show.programme, **words)
Segment.objects.create(episode=show.episode, position=2, title="听众来电", role=role, planned_seconds=900)
for name, grant in {"screener": "call_screener", "host": "host", "producer": "producer"}.items():
    RoleGrant.objects.create(user=User.objects.get(username=name), programme=show.programme, role=grant, granted_at=clock.now())
poll, _options = making.make_poll(show)
print(json.dumps([str(show.id), f"/programmes/{show.programme.slug}/{show.episode.number}/", poll]))
"""
_QUESTION = """
import uuid
from broadcast.models import Airing, User
from live import commands, protocol
from tests.live import desk, making
from tests.live.making import Show
airing = Airing.objects.select_related("episode__programme").get(pk={airing!r})
producer = making.staff_actor(User.objects.get(username="producer"))
moderator = making.make_staff(airing.episode.programme, "moderator")
asked = commands.perform(making.make_viewer(name="黄女士"), airing.pk, making.question("换电柜价格能不能公开？"))["item"]
show = Show(airing.episode.programme, airing.episode, airing, moderator, moderator, moderator)
desk.act(show, moderator, "approve", asked, kind="question")
commands.perform(producer, airing.pk, protocol.QueueQuestion(id=making.command_id(), question=asked))
print(asked)
"""
_COLUMN = """
import json
from live.models import Call
print(json.dumps([str(getattr(each, {column!r})) for each in Call.objects.filter(room={airing!r}).order_by("pk")]))
"""
_WORDS = """
from live import protocol
from live.models import Call
from live.services import calls
from broadcast.access import HOUSE
from tests.live import making
call = Call.objects.filter(room={airing!r}, state="waiting").first()
words = {words!r}
calls.screen(HOUSE, call.room_id, protocol.ScreenCall(id=making.command_id(), call=call.pk, version=call.version, **words))
"""
_COUNT = """
from live import queries
from live.queries.polls import tally
print(tally({poll}) == queries.recount({poll}), sum(tally({poll}).values()))
"""


@dataclass
class Hotline:
    """One show on air with calls in its run-down, who screens, who hosts, and a listener with a phone."""

    house: House
    airing: str
    page: str
    poll: int
    screener: Person
    mobile: Person
    host: Person
    listener: Person

    def calls(self, column: str) -> list[str]:
        """One column of all calls, in the order they came."""
        words = _COLUMN.format(column=column, airing=self.airing)
        found: list[str] = json.loads(self.house.does(words))
        return found


@pytest.fixture(scope="module")
def hotline(house: House, browser: Browser) -> Iterator[Hotline]:
    airing, page, poll = json.loads(house.does(_SHOW))
    words = house.accounts()

    def person(size: dict[str, int], name: str = "") -> Person:
        made = Person(browser, house.address, size)
        return made.log_in(name, words[name]) if name else made

    found = Hotline(
        house,
        airing,
        page,
        poll,
        screener=person(DESK, "screener"),
        mobile=person(PHONE, "screener"),
        host=person({"width": 1024, "height": 768}, "host"),
        listener=person(PHONE),
    )
    found.screener.open(f"/staff/airings/{airing}/calls")
    found.mobile.open(f"/staff/airings/{airing}/calls")
    found.host.open(f"/staff/airings/{airing}/host")
    yield found
    shoot(found, "last")


def shoot(hotline: Hotline, when: str) -> None:
    """Leave a picture of what each of them sees, in the folder that JOURNEY_SHOTS names, if it names one."""
    if "JOURNEY_SHOTS" not in os.environ:
        return
    folder = Path(os.environ["JOURNEY_SHOTS"])
    for name in ("screener", "mobile", "host", "listener"):
        getattr(hotline, name).page.screenshot(path=folder / f"{when}-{name}.png")


# The tests below are one story told in order; each stands on the one before.


def test_a_call_rings_is_written_down_and_waits_only_once_told_of_the_recording(hotline: Hotline) -> None:
    screener, page = hotline.screener, hotline.screener.page
    screener.sees("还没有来电")
    page.keyboard.press("n")
    expect(page.locator("#f-name")).to_be_focused()
    page.locator("#f-name").fill("李女士")
    page.locator("#f-district").fill("福田区")
    page.locator("#f-topic").fill("路灯三个月不亮，打过两次电话没有人修。")
    page.locator("#f-number").fill("13900005678")
    page.locator("#f-line").fill("1")
    screener.press("登记")
    screener.sees("尾号 5678")
    screener.press("转入等候")
    screener.sees("先告诉对方")
    screener.press("改号码")
    screener.press("保存")
    expect(page.get_by_role("button", name="显示号码")).to_be_visible()
    page.locator("#f-notice").check()
    shoot(hotline, "screened")
    screener.press("转入等候")
    screener.sees("已告知录音和播出")
    wait_for(lambda: hotline.calls("state") == ["waiting"], 15, "the call waits")


def test_the_host_has_one_queue_and_takes_the_call(hotline: Hotline) -> None:
    hotline.house.does(_QUESTION.format(airing=hotline.airing))
    host = hotline.host
    host.sees("换电柜价格能不能公开？")
    rows = host.page.locator(".nexts li")
    expect(rows).to_have_count(2)
    expect(rows.nth(0)).to_contain_text("李女士 福田区")
    expect(rows.nth(1)).to_contain_text("换电柜")
    assert "5678" not in host.page.locator("body").inner_text()
    shoot(hotline, "queued")
    host.press("接听")
    host.sees("正在通话")
    hotline.screener.sees("结束通话")
    shoot(hotline, "on-air")
    host.press("通话结束，下一问")
    host.sees("正在答")
    wait_for(lambda: hotline.calls("state") == ["ended"], 15, "the call is over")


def test_a_listener_verifies_asks_to_be_called_and_is_on_the_desk(hotline: Hotline) -> None:
    listener, page = hotline.listener, hotline.listener.page
    listener.open(f"{hotline.page}?tab=ask")
    page.get_by_role("link", name="登记回拨电话").click()
    assert sideways(listener.page) <= 0
    page.get_by_role("link", name="去验证手机号").click()
    number = some_phone()
    page.locator("input[name=phone]").fill(number)
    page.get_by_role("button", name="获取验证码").click()
    shown = listener.sees("验证码是").inner_text()
    page.locator("input[name=code]").fill(shown.strip()[-6:])
    page.locator("main form button.main").click()
    page.get_by_role("link", name="看说明并同意").click()
    listener.press("我已阅读，同意")
    page.locator("#call-name").fill("王先生")
    page.locator("#call-topic").fill("公交 11 路改线以后要走二十分钟。")
    listener.press("登记")
    listener.sees(f"尾号 {number[-4:]}")
    assert sideways(listener.page) <= 0
    hotline.screener.sees("公交 11 路改线")
    assert hotline.calls("state") == ["ended", "callback"]


def test_the_screener_calls_back_from_a_phone_and_votes_for_the_caller(hotline: Hotline) -> None:
    mobile, page = hotline.mobile, hotline.mobile.page
    assert sideways(mobile.page) <= 0
    mobile.sees("公交 11 路改线").click()
    assert sideways(mobile.page) <= 0
    shoot(hotline, "called-back")
    mobile.press("显示号码")
    mobile.sees("+861")
    mobile.press("开始回拨")
    page.locator("#f-notice").check()
    mobile.press("登记")
    mobile.press("转入等候")
    page.get_by_label("赞成").check()
    mobile.press("代投")
    mobile.sees("已替他投过")
    hotline.host.sees("王先生")
    hotline.listener.page.reload()
    hotline.listener.sees("正在等主持人")
    found = hotline.house.does(_COUNT.format(poll=hotline.poll))
    assert found.split() == ["True", "1"]


def test_two_screeners_on_one_call_lose_nothing_that_was_typed(hotline: Hotline) -> None:
    one, two = hotline.screener, hotline.mobile
    one.sees("公交 11 路改线").click()
    one.page.locator("#f-topic").fill("我先写的这一句")
    two.page.locator("#f-topic").fill("我后写的这一句")
    one.press("保存")
    one.sees("来电已登记")
    two.sees("别人写的是：我先写的这一句")
    two.press("保存")
    two.sees("刚改过这个来电")
    expect(two.page.locator("#f-topic")).to_have_value("我后写的这一句")
    two.press("保存")
    wait_for(lambda: hotline.calls("topic")[-1] == "我后写的这一句", 15, "the second word stands")


def test_a_number_is_put_on_the_list_and_the_next_call_of_it_says_so(hotline: Hotline) -> None:
    screener, page = hotline.screener, hotline.screener.page
    page.locator(".queue summary").click()
    page.locator(".queue details").get_by_text("路灯三个月不亮").click()
    page.get_by_text("把尾号 5678 列入名单").click()
    page.locator("#reason").fill("反复谩骂")
    page.locator("form button.risk", has_text="列入名单").click()
    screener.sees("反复谩骂")
    page.keyboard.press("Escape")
    page.locator("h1").click()
    screener.press("新来电 n")
    page.locator("#f-number").fill("13900005678")
    screener.press("登记")
    screener.sees("这个号码在不接入名单里：反复谩骂")
    shoot(hotline, "blocked")


def test_nothing_keeps_people_out_and_hostile_words_break_nothing(hotline: Hotline) -> None:
    words = {"name": HOSTILE[0][:40], "district": HOSTILE[1][:40], "topic": HOSTILE[0][:200], "note": HOSTILE[2][:300]}
    hotline.house.does(_WORDS.format(airing=hotline.airing, words=words))
    hotline.listener.open(f"{hotline.page}call")
    for person in (hotline.screener, hotline.mobile, hotline.host, hotline.listener):
        person.page.reload()
        expect(person.page.locator("header").first).to_be_visible(timeout=30_000)
        if person in (hotline.screener, hotline.mobile):
            person.sees("endless").click()
        assert barriers(person.page) == []
        person.page.set_viewport_size({"width": 360, "height": 640})
        assert sideways(person.page) <= 0
    shoot(hotline, "hostile")


def test_nobody_saw_an_error(hotline: Hotline) -> None:
    assert [each.errors for each in (hotline.screener, hotline.mobile, hotline.host, hotline.listener)] == [[]] * 4
