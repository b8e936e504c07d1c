"""Booking a guest in a real browser: seats, a choice that shows balance and clashes, an invitation answered on a phone, the briefing."""

from __future__ import annotations

import datetime as dt

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect

from broadcast.access import HOUSE
from broadcast.models import Appearance, Person
from broadcast.services.episodes import GuestPlan
from scheduling.models import Studio
from scheduling.services import planning
from tests.journeys.looking import HOSTILE, barriers, sideways
from tests.journeys.pages import DESK, PHONE
from tests.journeys.site import Site
from tests.scheduling.guests_making import soon

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOUR = dt.timedelta(hours=1)


def looked_at(page: Page, what: str) -> None:
    assert sideways(page) <= 0, what
    assert barriers(page) == [], what


def test_a_guest_is_chosen_asked_answers_on_a_phone_and_is_briefed(site: Site, site_browser: Browser) -> None:
    start = soon()
    member = {"is_member": True, "sector": "经济界"}
    lin = Person.objects.create(name="林委员", **member)
    busy = Person.objects.create(name="周委员", organisation=HOSTILE[0][:120], **member)
    taken = {"programme": site.brand.pk, "start": start, "end": start + HOUR, "title": "停车难"}
    planning.place(HOUSE, planning.Wish(**taken, guests=[GuestPlan("member", person=busy.pk)]))
    airing = planning.place(
        HOUSE, planning.Wish(programme=site.brand.pk, start=start, end=start + HOUR, title="加装电梯")
    )
    Studio.objects.create(name="第一演播室", place="三楼")

    page = site.page(site_browser, DESK, f"{reverse('staff:seats', args=[airing.episode_id])}")
    page.get_by_label("加一席，身份").select_option("member")
    page.get_by_role("button", name="加一席").click()
    page.locator("#studio").select_option(label="第一演播室")
    page.get_by_role("button", name="保存").click()
    looked_at(page, "seats")
    page.get_by_role("link", name="指定").click()
    expect(page.locator(".choice", has_text="周委员")).to_contain_text("同一时间已排在")
    expect(page.locator(".choice", has_text="周委员").get_by_role("button")).to_have_count(0)
    looked_at(page, "choosing")
    page.get_by_label("邀请里加一段话").fill("请谈谈加装电梯的钱从哪里来")
    page.locator(".choice", has_text="林委员").get_by_role("button", name="邀请", exact=True).click()
    link = page.get_by_role("link", name="/invitations/").inner_text()
    expect(page.locator(".letter")).to_contain_text(link)
    expect(page.get_by_alt_text("邀请链接的二维码")).to_be_visible()
    looked_at(page, "the invitation to hand on")

    phone = site.page(site_browser, PHONE, link.removeprefix(site.url), signed_in=False)
    expect(phone.locator("main")).to_contain_text("请谈谈加装电梯的钱从哪里来")
    expect(phone.locator("main")).to_contain_text("第一演播室")
    looked_at(phone, "the guest's page")
    phone.get_by_label("另提时间", exact=True).check()
    phone.get_by_role("button", name="答复").click()
    expect(phone.get_by_role("alert").or_(phone.locator(".refused")).first).to_be_visible()
    phone.get_by_label("能来", exact=True).check()
    phone.get_by_role("button", name="答复").click()
    expect(phone.locator("main")).to_contain_text("您已接受")
    phone.get_by_role("link", name="看简报").click()
    expect(phone.locator("main")).to_contain_text("给 林委员")
    looked_at(phone, "the briefing")

    page.goto(f"{site.url}{reverse('staff:seats', args=[airing.episode_id])}")
    expect(page.locator("main")).to_contain_text("已接受")
    assert Appearance.objects.get(episode=airing.episode_id, person=lin).role == "member"
