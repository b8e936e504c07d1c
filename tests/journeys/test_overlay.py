"""The overlay as a studio uses it: a producer makes the links, a browser source shows what is set and nothing when it may not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.journeys.citizen import airing_on_air
from tests.journeys.house import House
from tests.journeys.pages import DESK, Person

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]
LINE = "今晚八点起，滨海大道封闭施工"
PICTURE = {"width": 1920, "height": 1080}


@pytest.fixture
def producer(house: House, browser: Browser) -> Iterator[Person]:
    """In the page of the links, with links made."""
    person = Person(browser, house.address, DESK).log_in("producer", house.accounts()["producer"])
    person.open(f"/staff/airings/{airing_on_air(house.address)[1]}/control")
    person.page.get_by_role("link", name="叠加画面").click()
    person.page.locator("button[value=make]").click()
    expect(person.page.locator("#studio-link")).to_be_visible()
    yield person
    person.page.locator("button[value=revoke]").click()
    person.context.close()
    assert not person.errors


def source(house: House, browser: Browser, address: str, *, sockets: bool = True) -> Person:
    """A browser source, as OBS has it: nothing but the address."""
    person = Person(browser, house.address, PICTURE)
    if not sockets:
        person.page.route_web_socket("**/socket", lambda socket: socket.close())
    person.page.goto(address)
    return person


def line_on(page: Page) -> None:
    expect(page.locator("#overlay .line")).to_have_text(LINE, timeout=15_000)


def test_a_studio_lays_a_line_over_the_picture_until_the_link_ends(
    house: House, browser: Browser, producer: Person
) -> None:
    page = producer.page
    sources = [
        source(house, browser, page.locator("#studio-link").input_value()),
        source(house, browser, page.locator("#studio-link").input_value(), sockets=False),
    ]
    for each in sources:
        expect(each.page.locator("#overlay .bug")).to_contain_text("直播", timeout=15_000)
        assert each.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgba(0, 0, 0, 0)"
        assert not each.page.locator("button, a, input").count()
    page.fill("#words", LINE)
    page.locator("button[value=announce]").click()
    for each in sources:
        line_on(each.page)
    page.locator("button[value=clear]").click()
    for each in sources:
        expect(each.page.locator("#overlay .line")).to_have_count(0, timeout=5_000)
    # What may have been taken down since must not stay over a picture.
    polling = sources[1].page
    polling.route("**/state", lambda route: route.abort())
    expect(polling.locator("#overlay")).to_be_empty(timeout=40_000)
    polling.unroute("**/state")
    expect(polling.locator("#overlay .bug")).to_be_visible(timeout=30_000)
    page.locator("button[value=revoke]").click()
    for each in sources:
        expect(each.page.locator("#overlay")).to_be_empty(timeout=5_000)
        assert not each.context.cookies(), "it is nobody"
        assert not each.errors
        each.context.close()
    page.locator("button[value=make]").click()
