"""The calendar in a real browser: dragged and taken back, moved by keyboard, a clash said while typing, the form on a phone."""

from __future__ import annotations

import datetime as dt
import re
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from broadcast import clock
from broadcast.access import HOUSE
from broadcast.models import Airing, Person, Programme
from broadcast.services.episodes import GuestPlan
from scheduling.services import planning
from tests.journeys.looking import barriers, sideways
from tests.journeys.pages import DESK, PHONE
from tests.journeys.site import Site

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ZONE = ZoneInfo("Asia/Shanghai")
HOUR = dt.timedelta(hours=1)
SMALL = {"width": 360, "height": 640}


def next_month() -> dt.date:
    """Its first Monday: whatever the day of the test, the days around it are still to come and all in one view."""
    first = (clock.now().astimezone(ZONE).date().replace(day=28) + dt.timedelta(days=4)).replace(day=1)
    return first + dt.timedelta(days=-first.weekday() % 7)


def at(day: dt.date, hour: int) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(hour), tzinfo=ZONE)


def placed(brand: Programme, start: dt.datetime, **columns: Any) -> Airing:
    return planning.place(HOUSE, planning.Wish(programme=brand.pk, start=start, end=start + HOUR, **columns))


def cell(page: Page, day: dt.date) -> Locator:
    return page.locator(f'td[data-date="{day}"]')


def start_of(airing: Airing) -> dt.datetime:
    airing.refresh_from_db()
    return airing.planned_start


def test_an_airing_is_dragged_taken_back_moved_by_keyboard_and_refused(site: Site, site_browser: Browser) -> None:
    monday = next_month()
    tuesday, wednesday = monday + dt.timedelta(days=1), monday + dt.timedelta(days=2)
    lin = Person.objects.create(name="林委员")
    airing = placed(site.brand, at(monday, 15), guests=[GuestPlan("member", person=lin.pk)])
    placed(site.brand, at(wednesday, 15), guests=[GuestPlan("lecturer", person=lin.pk)])
    page = site.page(site_browser, DESK, f"/staff/calendar/?view=month&on={monday}")
    slot = page.locator(f'[data-entry="{airing.pk}"]')
    slot.drag_to(cell(page, tuesday))
    expect(cell(page, tuesday).locator(f'[data-entry="{airing.pk}"]')).to_be_visible()
    expect(page.locator("[data-undo]")).to_contain_text("委员议事厅 已从")
    assert start_of(airing) == at(tuesday, 15)

    page.get_by_role("button", name="撤销").click()
    expect(cell(page, monday).locator(f'[data-entry="{airing.pk}"]')).to_be_visible()
    assert start_of(airing) == at(monday, 15)

    # By keyboard: a day on; onto the other one's time it is refused, and stands where it stood.
    slot.focus()
    page.keyboard.press("Shift+ArrowRight")
    expect(cell(page, tuesday).locator(f'[data-entry="{airing.pk}"]')).to_be_focused()
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator("[data-refused]")).to_contain_text("林委员")
    expect(cell(page, tuesday).locator(f'[data-entry="{airing.pk}"]')).to_be_visible()
    assert start_of(airing) == at(tuesday, 15)

    # In the week the hour is dragged too.
    page.goto(f"{site.url}/staff/calendar/?view=week&on={monday}")
    page.locator(f'table [data-entry="{airing.pk}"]').drag_to(
        page.locator(f'td[data-date="{wednesday}"][data-hour="10"]')
    )
    expect(page.locator("[data-undo]")).to_be_visible()
    assert start_of(airing) == at(wednesday, 10)
    page.keyboard.press("u")
    expect(page.locator("[data-undo]")).to_contain_text("已撤销")
    assert start_of(airing) == at(tuesday, 15)


def test_a_clash_is_said_while_typing_and_the_free_time_saves(site: Site, site_browser: Browser) -> None:
    monday = next_month()
    lin = Person.objects.create(name="林委员")
    placed(site.brand, at(monday, 15), guests=[GuestPlan("lecturer", person=lin.pk)])
    page = site.page(site_browser, DESK, f"/staff/calendar/?view=month&on={monday}")
    page.keyboard.press("n")
    expect(page.get_by_role("heading", name="新时段")).to_be_visible()
    page.locator("#id_date").fill(str(monday))
    page.locator("#id_start").fill("15:30")
    page.locator("#id_end").fill("16:30")
    page.locator("#id_guests-0-person").select_option(str(lin.pk))
    expect(page.locator("[data-against]").first).to_contain_text("15:00–16:00 已排在委员议事厅 第 118 期")
    page.get_by_role("button", name="保存时段").click()
    expect(page.get_by_role("alert")).to_contain_text("不能同时在两处")
    expect(cell(page, monday).locator(".refused")).to_contain_text("没有保存，有冲突")
    page.get_by_role("button", name="16:00–17:00").click()
    expect(page.locator("#id_start")).to_have_value("16:00")
    page.get_by_role("button", name="保存时段").click()
    expect(cell(page, monday).locator("a.slot")).to_have_count(2)
    assert Airing.objects.filter(planned_start=at(monday, 16)).exists()


@pytest.mark.parametrize("size", [DESK, PHONE, SMALL], ids=["1440", "390", "360"])
def test_no_view_has_barriers_or_scrolls_sideways_and_the_form_moves_an_airing(
    site: Site, site_browser: Browser, size: dict[str, int]
) -> None:
    monday = next_month()
    lin = Person.objects.create(name="林委员", sector="社会福利和社会保障界")
    guests = [GuestPlan("member", person=lin.pk)]
    airing = placed(site.brand, at(monday, 15), guests=guests, title="老旧小区加装电梯，谁来管、怎么养、钱从哪里来？")
    page = site.page(site_browser, size, f"/staff/calendar/?view=month&on={monday}")
    sheets = ("", f"&new={monday}", f"&open={airing.pk}")
    for at_view, view in enumerate(("month", "week", "agenda")):
        for at_sheet, sheet in enumerate(sheets):
            page.goto(f"{site.url}/staff/calendar/?view={view}&on={monday}{sheet}")
            assert sideways(page) <= 0, (view, sheet)
            # Every view and every sheet once a size, all of them together on the desktop: axe takes a second each.
            if size == DESK or at_view == at_sheet:
                assert barriers(page) == [], (view, sheet)
    page.locator("#move-date").fill(str(monday + dt.timedelta(days=1)))
    page.locator("form", has=page.locator("#move-date")).get_by_role("button", name="改时间").click()
    expect(page).to_have_url(re.compile("open="))
    expect(page.locator("#sheet")).to_contain_text(str(monday + dt.timedelta(days=1)))
    assert start_of(airing) == at(monday + dt.timedelta(days=1), 15)
