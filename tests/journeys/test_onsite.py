"""What happens on site as people have it: a code scanned from a wall, heads, paper counted by two, and the big screen that shows it all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page, expect

from live import commands, protocol
from live.models import Venue
from live.services import captions, notices
from tests.journeys.looking import barriers, sideways
from tests.journeys.pages import DESK
from tests.journeys.site import Site
from tests.live import making

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]
PHONE = {"width": 390, "height": 844}
SCREEN = {"width": 1920, "height": 1080}
ASKED = "滨海大道封闭施工期间，早高峰的公交线路怎样调整，能不能先公布再施工？"


def look(page: Page, name: str, *, full: bool = True) -> None:
    """Nobody is shut out, nothing runs sideways; while writing, LOOK names a folder for pictures."""
    assert barriers(page) == []
    assert sideways(page) <= 0, name
    if "LOOK" in os.environ:
        page.screenshot(path=Path(os.environ["LOOK"]) / f"{name}.png", full_page=full)


def session(user: Any) -> str:
    client = Client()
    client.force_login(user)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def windows(site: Site, browser: Browser, show: making.Show) -> tuple[Page, Page, Page]:
    """The producer's, and two clerks': one at a desk, one with a phone."""
    found = []
    clerks = [making.make_staff(show.programme, "call_screener") for _each in range(2)]
    for user, size in ((show.producer, DESK), (clerks[0], DESK), (clerks[1], PHONE)):
        found.append(Site(site.url, session(user), site.brand).page(browser, size, f"/staff/airings/{show.id}/onsite"))
    return found[0], found[1], found[2]


def count_paper(page: Page, *votes: int, total: int) -> None:
    form = page.locator("details[open] form")
    for place, n in enumerate(votes):
        form.locator("input[name^=option-]").nth(place).fill(str(n))
    form.locator("input[name=total]").fill(str(total))
    form.locator("button").click()


def test_a_venue_watches_together_votes_on_paper_and_sees_it_on_its_screen(site: Site, site_browser: Browser) -> None:
    expect.set_options(timeout=20_000)
    show = making.make_show(questions="post")
    producer, clerk, other = windows(site, site_browser, show)
    producer.get_by_text("加一个会场").click()
    producer.locator("button[value=venue]").click()
    expect(producer.locator("#venue-name-error")).to_be_visible()
    producer.fill("#venue-name", "粤海街道委员工作站")
    producer.fill("#venue-place", "粤海街道文化中心二楼")
    producer.locator("button[value=venue]").click()
    producer.locator("button[value=links]").click()
    venue = Venue.objects.get()
    scanned = site_browser.new_context(viewport=PHONE, locale="zh-CN").new_page()  # type: ignore[arg-type]
    scanned.goto(f"{site.url}/q/{venue.source.code}")
    assert scanned.url.endswith(f"/programmes/{show.programme.slug}/{show.episode.number}/")
    clerk.reload()
    clerk.fill("input[name=people]", "36")
    clerk.locator("button[value=heads]").click()
    expect(clerk.locator(".told")).to_contain_text("人数已登记")
    producer.reload()
    expect(producer.locator(".ways tbody tr").nth(1)).to_contain_text("1 次")
    expect(producer.locator("#h-venues + p")).to_contain_text("1 个会场共 36 人")
    look(producer, "onsite-desktop")

    poll, options = making.make_poll(show, ("先公布再施工", "边施工边调整", "说不清"), results="always")
    commands.perform(making.make_viewer(), show.id, making.vote(poll, options[0]))
    for page in (clerk, other):
        page.goto(f"{site.url}/staff/airings/{show.id}/onsite/paper")
    clerk.get_by_text("录入…").click()
    count_paper(clerk, 20, 11, 3, total=35)
    expect(clerk.locator(".err")).to_contain_text("34")
    look(clerk, "paper-refused-desktop")
    count_paper(clerk, 20, 11, 3, total=34)
    expect(clerk.locator("main")).to_contain_text("要由另一个人核对")
    look(clerk, "paper-waits-desktop")
    other.reload()
    assert "20" not in other.locator(".venues").inner_text()
    other.get_by_text("再录一遍，核对…").click()
    look(other, "paper-confirm-phone")
    count_paper(other, 20, 12, 2, total=34)
    expect(other.locator(".err")).to_contain_text("不一样")
    count_paper(other, 20, 11, 3, total=34)
    expect(other.locator(".tag.ok")).to_be_visible()
    look(other, "paper-confirmed-phone")
    producer.goto(f"{site.url}/staff/airings/{show.id}/onsite/sheet")
    expect(producer.locator(".poster svg")).to_have_count(2)
    look(producer, "sheet-desktop")
    other.goto(f"{site.url}/staff/airings/{show.id}/onsite")
    look(other, "onsite-phone")
    on_the_screen(site, site_browser, show, producer)


def on_the_screen(site: Site, browser: Browser, show: making.Show, producer: Page) -> None:
    """What the hall sees, while its link opens something."""
    producer.goto(f"{site.url}/staff/airings/{show.id}/onsite")
    address = producer.locator("#hall-2").input_value()
    context = browser.new_context(viewport=SCREEN, locale="zh-CN")  # type: ignore[arg-type]
    screen = context.new_page()
    screen.goto(address)
    expect(screen.locator(".poll")).to_contain_text("共 35 票，其中现场代录 34 票")
    expect(screen.locator("#people")).to_have_text("这里 36 人")
    expect(screen.locator(".qr svg")).to_be_visible()
    look(screen, "hall-poll", full=False)
    runner = making.staff_actor(show.producer)
    question = commands.perform(making.make_viewer(name="陈女士"), show.id, making.question(ASKED))["item"]
    commands.perform(runner, show.id, protocol.ShowQuestion(id=making.command_id(), question=question))
    notices.announce(
        runner, show.id, protocol.SetAnnouncement(id=making.command_id(), text="散场后请把选票交给工作人员")
    )
    captions.add(runner, show.id, protocol.AddCaption(id=making.command_id(), text="我们先说公交线路的调整方案"))
    expect(screen.locator("blockquote")).to_have_text(ASKED)
    expect(screen.locator(".announcement")).to_contain_text("散场后")
    expect(screen.locator("#caption")).to_have_text("我们先说公交线路的调整方案")
    look(screen, "hall-both", full=False)
    screen.route("**/state", lambda route: route.abort())
    # Eight seconds without a word, and the rest of a slow machine.
    expect(screen.locator("#stage")).to_contain_text("正在重连", timeout=40_000)
    expect(screen.locator("blockquote")).to_have_count(0)
    expect(screen.locator(".qr svg")).to_be_visible()
    screen.unroute("**/state")
    expect(screen.locator("blockquote")).to_be_visible()
    assert context.cookies() == []
    producer.goto(f"{site.url}/staff/airings/{show.id}/overlay")
    producer.locator("button[value=revoke]").click()
    expect(screen.locator("#stage")).to_contain_text("已失效", timeout=30_000)
    expect(screen.locator(".qr svg")).to_be_hidden()
