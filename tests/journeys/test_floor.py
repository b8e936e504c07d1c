"""The floor of the browsers, run and not only read: Chromium 86 watches, votes, asks, turns to the 长辈版 and moderates."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.journeys.citizen import Citizen, airing_on_air
from tests.journeys.house import House
from tests.journeys.old_chromium import OldChromium

pytestmark = [pytest.mark.browser, pytest.mark.timeout(400)]

MOVING = "(() => { const v = document.querySelector('video'); return v && !v.paused && v.videoWidth > 0 && v.currentTime })()"

# How many items the desk says are waiting. The list itself keeps what was just decided, so that it can be undone.
COUNT = r"(document.body.innerText.match(/待审核?\s+(\d+)/) || [])[1]"


@pytest.fixture
def old(tmp_path: Path) -> Iterator[OldChromium]:
    running = OldChromium(tmp_path)
    yield running
    running.close()


def test_chromium_86_watches_votes_and_turns_to_large_print(house: House, old: OldChromium) -> None:
    assert "/86." in old.version
    page = airing_on_air(house.address)[0]
    old.open(house.address + page)
    before = old.wait(MOVING)
    old.wait(f"{MOVING} > {before} + 1")
    old.wait("document.body.innerText.includes('在看')")

    old.press("去投票")
    old.wait("document.querySelectorAll('input[type=radio]').length > 1")
    old.value("document.querySelector('input[type=radio]').click()")
    old.press("确认投票")
    old.wait("document.body.innerText.includes('同意') || document.body.innerText.includes('已投：')")
    if not old.value("document.body.innerText.includes('已投：')"):
        old.press("同意")
    old.wait("document.body.innerText.includes('已投：')")

    old.open(f"{house.address}{page}?elder=1")
    old.wait(MOVING)
    assert old.value("parseFloat(getComputedStyle(document.body).fontSize)") >= 18
    assert old.value("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"
    assert old.errors() == []


def test_chromium_86_moderates(house: House, old: OldChromium) -> None:
    page, airing = airing_on_air(house.address)
    citizen = Citizen(house.address).arrive(page)
    assert citizen.send(airing, "comment.post", text="海边的路灯能不能再亮一点")["type"] == "ack"

    old.open(house.address + "/account/login")
    for name, text in (("username", "moderator"), ("password", house.accounts()["moderator"])):
        old.value(f"document.querySelector('input[name={name}]').value = {text!r}")
    old.press("登录")
    old.wait("location.pathname.startsWith('/staff')")
    old.open(f"{house.address}/staff/airings/{airing}/desk")
    waiting = old.wait(f"+{COUNT}")
    assert old.value("document.documentElement.scrollWidth <= innerWidth"), "nothing sticks out at the side"
    # One item at a time on a phone, and its buttons under the thumb.
    assert old.value("[...document.querySelectorAll('.list')].every((each) => !each.getClientRects().length)")
    assert old.value(
        "(() => { const b = document.querySelector('.acts .main').getBoundingClientRect(); return innerHeight - b.bottom < 60 })()"
    )
    old.press("批准")
    old.wait(f"+{COUNT} === {waiting - 1}")
    assert old.errors() == []
