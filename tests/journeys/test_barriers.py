"""What keeps people out: axe-core finds nothing serious on the main pages, and none scrolls sideways at 360 px."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.desks import Desk
from tests.journeys.house import House
from tests.journeys.looking import HOSTILE, barriers, sideways
from tests.journeys.pages import DESK, Person, wait_for

pytestmark = [
    pytest.mark.browser,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(400),
]
NARROW = {"width": 360, "height": 640}
VIEWERS = ("/", "/programmes/", "{page}", "{page}comments", "/about/privacy", "/account/login", "/account/phone")
STAFF = {
    "leader": (
        "/staff/",
        "{desk}",
        "{figures}",
        "/staff/rules/",
        "{rule}",
        "/staff/rules/try",
        "/staff/sanctions/",
        "/staff/reasons/",
    ),
    "producer": ("/staff/episodes/new", "{control}", "{host}", "{captions}"),
    "auditor": ("/staff/audit/", "{entry}", "/staff/audit/evidence", "/staff/audit/retention"),
    "sysadmin": ("/staff/accounts/", "{account}", "{settings}"),
    "secadmin": ("{account}", "/staff/accounts/policy", "/staff/audit/holds"),
}
# One of each that has a page of its own: the rule, the mute that it led to, its entry in the record, and whose account imposed it.
_ROWS = """
import json
from broadcast.access import Actor
from broadcast.models import AuditEntry, User
from live import protocol
from live.models import Comment, Rule
from live.services import sanctions
leader = User.objects.get(username="leader")
said = Comment.objects.filter(room="{airing}").first()
mute = protocol.ImposeSanction(
    id="barriers-{airing}", kind="comment", item=said.pk, measure="mute", seconds=3_600, reason="personal_attack", note="第三次"
)
sanctions.impose(Actor(user_id=leader.pk, name=str(leader)), said.room_id, mute)
entry = AuditEntry.objects.filter(airing_id="{airing}").latest("pk").pk
rule = Rule.objects.filter(programme={programme}).latest("pk").number
print(json.dumps({{"entry": f"/staff/audit/{{entry}}/", "account": f"/staff/accounts/{{leader.pk}}/", "rule": f"/staff/rules/{{rule}}/"}}))
"""


@pytest.fixture(scope="module")
def desk(house: House) -> Desk:
    found = Desk.of(house)
    found.rule("辱骂用语", "骗子")
    found.said("物业就是骗★子", "车棚装了烟感吗？", *HOSTILE, *(f"第 {n} 句" for n in range(30)))
    return found


@pytest.fixture(scope="module")
def guest(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, DESK)
    yield person
    person.context.close()


@pytest.fixture(scope="module")
def rows(house: House, desk: Desk) -> dict[str, str]:
    """Addresses of pages about one thing."""
    found: dict[str, str] = json.loads(house.does(_ROWS.format(airing=desk.airing, programme=desk.programme)))
    return found


def places(desk: Desk, paths: tuple[str, ...], **rows: str) -> list[str]:
    base = f"/staff/airings/{desk.airing}"
    known = {name: f"{base}/{name}" for name in ("desk", "control", "host", "figures", "captions")}
    settings = f"/staff/programmes/{desk.page.split('/')[2]}/settings"
    return [path.format(page=desk.page, settings=settings, **known, **rows) for path in paths]


def settled(person: Person, path: str) -> Page:
    person.open(path)
    person.page.wait_for_load_state("load")
    expect(person.page.locator("main").first).to_be_visible(timeout=30_000)
    return person.page


def look(person: Person, paths: list[str]) -> dict[str, Any]:
    """Every page on a desktop and at 360 px: what is wrong with it."""
    wrong: dict[str, Any] = {}
    for path in paths:
        person.page.set_viewport_size(DESK)  # type: ignore[arg-type]
        page = settled(person, path)
        found = barriers(page)
        page.set_viewport_size(NARROW)  # type: ignore[arg-type]
        wider = sideways(page)
        if found or wider > 0:
            wrong[path] = (found, wider)
    return wrong


def test_viewers_pages(desk: Desk, guest: Person) -> None:
    assert look(guest, places(desk, VIEWERS)) == {}


@pytest.mark.parametrize("name", STAFF)
def test_staff_pages(house: House, browser: Browser, desk: Desk, rows: dict[str, str], name: str) -> None:
    if name == "producer":
        house.does(
            "from broadcast import clock; from broadcast.models import RoleGrant, User;"
            f"RoleGrant.objects.create(user=User.objects.get(username='producer'), programme_id={desk.programme},"
            " role='producer', granted_at=clock.now())"
        )
    person = Person(browser, house.address, DESK).log_in(name, house.accounts()[name])
    try:
        assert look(person, places(desk, STAFF[name], **rows)) == {}
    finally:
        person.context.close()


def test_every_dialog_of_the_desk_is_free_of_barriers_and_gives_the_focus_back(
    house: House, browser: Browser, desk: Desk
) -> None:
    person = Person(browser, house.address, DESK).log_in("leader", house.accounts()["leader"])
    page = settled(person, desk.address)
    expect(page.locator(".items li[data-key]").first).to_be_visible()
    page.keyboard.press("j")
    for opened in ("?", "M", "紧急撤下…", "限制发言…", "评论"):
        if len(opened) == 1:
            before = page.locator(".items li[aria-current]")
            page.keyboard.press(opened)
        else:
            before = page.get_by_role("button", name=opened).first
            before.focus()
            page.keyboard.press("Enter")
        sheet = page.get_by_role("dialog")
        expect(sheet).to_be_visible()
        # Given by the script a moment after it is drawn.
        wait_for(lambda sheet=sheet: sheet.evaluate("each => each.contains(document.activeElement)"), 20, "the focus")
        for _each in range(30):
            page.keyboard.press("Tab")
        assert sheet.evaluate("each => each.contains(document.activeElement)"), "and keeps it"
        assert barriers(page) == [], opened
        if opened != "限制发言…":
            # That button is another one on a phone, where the author is folded away.
            page.set_viewport_size(NARROW)  # type: ignore[arg-type]
            assert sideways(page) <= 0, opened
            page.set_viewport_size(DESK)  # type: ignore[arg-type]
        page.keyboard.press("Escape")
        expect(sheet).to_have_count(0)
        expect(before).to_be_focused()
    assert not person.errors
    person.context.close()


def test_the_desk_fits_a_phone_and_is_worked_by_touch(house: House, browser: Browser) -> None:
    desk = Desk.of(house)
    desk.said("车棚装了烟感吗？", *HOSTILE, "路灯坏了", "公厕关了")
    person = Person(browser, house.address, NARROW).log_in("moderator", house.accounts()["moderator"])
    page = settled_on_phone(person, desk)
    assert barriers(page) == []
    assert sideways(page) <= 0
    page.get_by_role("button", name="下一条 ›").click()
    page.get_by_role("button", name="退回…", exact=True).click()
    assert sideways(page) <= 0
    page.get_by_role("button", name="其他", exact=False).last.click()
    expect(page.locator(".undo")).to_contain_text("已记录")
    page.get_by_role("button", name="撤销", exact=False).click()
    expect(page.locator(".undo")).to_contain_text("回到原来的队列")
    page.get_by_role("button", name="列表", exact=True).click()
    expect(page.locator(".items li[data-key]").first).to_be_visible()
    assert barriers(page) == []
    assert sideways(page) <= 0
    page.get_by_role("button", name="更多").click()
    expect(page.get_by_role("button", name="已上报", exact=False)).to_be_visible()
    assert barriers(page) == []
    assert sideways(page) <= 0
    if "JOURNEY_SHOTS" in os.environ:
        page.screenshot(path=f"{os.environ['JOURNEY_SHOTS']}/desk-phone.png")
    assert not person.errors
    person.context.close()


def settled_on_phone(person: Person, desk: Desk) -> Page:
    person.open(desk.address)
    expect(person.page.locator(".item .words")).to_be_visible(timeout=30_000)
    return person.page
