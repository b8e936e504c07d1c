"""A page that stays open while its account logs in or out elsewhere: it gets a good identity by itself and loses no word."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from playwright.sync_api import Browser, Page, Request, Response, WebSocket, expect

from tests.journeys.citizen import Citizen, airing_on_air
from tests.journeys.house import House
from tests.journeys.pages import PHONE, Person, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]


@dataclass
class Wire:
    """What one page sends: its sockets, its renewals and how they were answered, and the commands with their ids."""

    page: Page
    sockets: list[WebSocket] = field(default_factory=list)
    renewals: list[int] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("websocket", self._opened)
        self.page.on("request", self._asked)
        self.page.on("response", self._answered)

    def _opened(self, socket: WebSocket) -> None:
        self.sockets.append(socket)
        socket.on("framesent", lambda text: self.commands.append(str(text)) if '"comment.post"' in str(text) else None)
        socket.on(
            "framereceived", lambda text: self.refusals.append(str(text)) if '"identity_stale"' in str(text) else None
        )

    def _asked(self, request: Request) -> None:
        if request.url.endswith("/commands") and '"comment.post"' in (request.post_data or ""):
            self.commands.append(request.post_data or "")

    def _answered(self, response: Response) -> None:
        if response.url.endswith("/account/renew"):
            self.renewals.append(response.status)

    def one_open_of(self, opened: int) -> bool:
        """Whether so many sockets were opened, and all but the last are closed; lets what the browser tells arrive."""
        self.page.wait_for_timeout(50)
        return len(self.sockets) == opened and [each.is_closed() for each in self.sockets] == [True] * (opened - 1) + [
            False
        ]


@pytest.fixture
def where(house: House) -> tuple[str, str]:
    """The page and the airing that is on air."""
    return airing_on_air(house.address)


@pytest.fixture
def reader(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, PHONE)
    yield person
    assert person.errors == []
    person.context.close()


def say(page: Page, words: str) -> None:
    page.locator("#hall .composer .field").fill(words)
    page.locator("#hall .composer .field").press("Enter")


def own(page: Page, words: str, state: str) -> None:
    """The reader's own comment stands there once, in this state."""
    row = page.locator(".talk .own", has_text=words)
    expect(row).to_have_count(1, timeout=30_000)
    expect(row).to_contain_text(state, timeout=30_000)


def approve(house: House, airing: str, words: str) -> None:
    """By a moderator's hand; it must be there exactly once."""
    desk = Citizen(house.address).log_in("moderator", house.accounts()["moderator"])
    frame = desk.http.get(f"/live/airings/{airing}/staff/snapshot").raise_for_status().json()
    found = [each for each in frame["items"] if each["text"] == words]
    assert len(found) == 1
    done = desk.send(airing, "item.approve", kind="comment", item=found[0]["id"], version=found[0]["version"], tries=10)
    assert done["type"] == "ack", done


def was_renewed(wire: Wire, words: str) -> None:
    """Refused once as stale, renewed once, connected anew, and the same command sent again under its id."""
    assert len(wire.refusals) == 1, wire.refusals
    assert wire.renewals == [200]
    sent = {text.partition('"id":"')[2].partition('"')[0] for text in wire.commands if words in text}
    assert len(sent) == 1
    wait_for(lambda: wire.one_open_of(2), 20, "one socket, the new one")


def test_an_account_logged_out_elsewhere_goes_on_where_its_session_lives(
    house: House, reader: Person, where: tuple[str, str]
) -> None:
    words = f"接驳车能不能停在菜场门口 {secrets.token_hex(3)}"
    name, password = "viewer", house.accounts()["viewer"]
    page = reader.log_in(name, password).page
    wire = Wire(page)
    reader.open(where[0])
    wait_for(lambda: wire.one_open_of(1), 20, "a socket")
    elsewhere = Citizen(house.address).log_in(name, password)
    elsewhere.form("/account/logout")

    say(page, words)
    own(page, words, "待审核")
    was_renewed(wire, words)
    approve(house, where[1], words)
    own(page, words, "已公开")


def test_a_guest_who_logs_in_on_another_tab_goes_on_as_the_account(
    house: House, reader: Person, where: tuple[str, str]
) -> None:
    words = f"沙滩边的树再多种一些 {secrets.token_hex(3)}"
    page = reader.page
    wire = Wire(page)
    reader.open(where[0])
    wait_for(lambda: wire.one_open_of(1), 20, "a socket")
    reader.tab("投票")
    page.locator("#hall input[type=radio]").first.check(force=True)
    reader.press("确认投票")
    sheet = page.locator("[role=dialog]")
    sheet.locator("input[type=checkbox]").check()
    sheet.get_by_role("button", name="同意并提交").click()
    reader.sees("已投：")
    wait_for(lambda: wire.one_open_of(2), 20, "the socket after consent")
    del wire.sockets[0]

    other = reader.context.new_page()
    other.goto(house.address + "/account/login")
    other.locator("#username").fill("viewer2")
    other.locator("#password").fill(house.accounts()["viewer2"])
    other.locator("main form button[type=submit]").click()
    expect(other.get_by_role("button", name="退出")).to_be_visible()
    other.close()

    reader.tab("讨论")
    say(page, words)
    own(page, words, "待审核")
    was_renewed(wire, words)
    approve(house, where[1], words)
    own(page, words, "已公开")
