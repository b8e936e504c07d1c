"""From a word in the search to the picture of that second, in a running house whose tick reads what was signed and taken back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.journeys.house import House
from tests.journeys.pages import DESK, PHONE, Person, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(600)]
# 24 s of picture, 15 s lost, 24 s: second 50 of the show is second 35 of the replay.
MADE = """
import datetime as dt
from archive.editing import services as editing
from archive.transcripts import drafts, services
from archive.transcripts.queries import Timed
from django.db import transaction
from broadcast.access import Actor
from broadcast.models import Episode, Programme, User
from live.services import rooms
from tests.archive import steps_making
user = User.objects.get(username="producer")
actor = Actor(user_id=user.pk, name=str(user))
# The house's recorder sees it when it is whole.
with transaction.atomic():
    made = steps_making.finished(
        steps_making.Source(24),
        steps_making.Source(24, after_gap=15),
        programme=Programme.objects.get(slug="members-lecture"),
    )
airing = made.airing
at = lambda second: dt.datetime.fromtimestamp(made.start_ms / 1000 + second, dt.UTC)
Episode.objects.filter(pk=airing.episode_id).update(title="夜里的街道", signed_off_at=at(70))
rooms.ensure([airing.pk])
lines = [
    Timed(at(4), at(7), "林委员", "先說說塗鴉牆"),
    Timed(at(28), at(33), "", "塗鴉牆這一句沒有錄到"),
    Timed(at(50), at(53), "何委员", "涂鸦墙要留下来"),
]
draft = drafts.keep_machine(airing.pk, "recogniser", lines)
print(airing.pk)
"""
SIGN = "services.sign(actor, airing.pk, draft.pk, 1, '核对过')"
WITHDRAW = "services.withdraw(actor, airing.pk, draft.pk, '有误')"
BLEEP = """
editing.propose(actor, airing.pk, editing.Wish("bleep", at(51), at(52), None, "人名"))
editing.apply(actor, airing.pk)
"""
TITLE = "Episode.objects.filter(pk=airing.episode_id).update(title='墙上的画')"
# What stands in the search's own tables of it.
ROWS = """
from archive.models import SearchDocument
print("|".join(SearchDocument.objects.filter(episode=airing.episode_id, kind__in=("line", "title")).values_list("text", flat=True)))
"""


@dataclass
class Told:
    """A recording with a signed transcript in a house."""

    house: House
    airing: str

    def finds(self, typed: str) -> list[tuple[int, str]]:
        """Seconds and words of the hits that lead to this recording."""
        body = httpx.get(f"{self.house.address}/search", params={"q": typed}, timeout=30).text
        found = re.findall(rf'\?airing={self.airing}&amp;t=(\d+)">(.*?)</a>', body, re.DOTALL)
        return [(int(second), re.sub(r"<[^>]+>|\s+", "", words)) for second, words in found]

    def rows(self) -> set[str]:
        """Its lines and titles as the search's tables have them."""
        return set(filter(None, self.house.does(ROWS).strip().split("|")))


@pytest.fixture
def told(house: House) -> Told:
    return Told(house, house.does(MADE).strip().splitlines()[-1])


@pytest.fixture
def reader(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, PHONE)
    yield person
    person.context.close()
    assert not person.errors


def test_a_word_leads_to_its_second_and_what_is_taken_back_is_found_no_more(told: Told, reader: Person) -> None:
    house = told.house
    assert told.finds("涂鸦墙") == []
    house.does(SIGN)
    # Nobody told the search but the sign-off; the house's tick reads it.
    wait_for(lambda: len(told.finds("涂鸦墙")) == 2, 90, "the signed lines are found")
    assert sorted(second for second, _words in told.finds("塗鴉牆")) == [4, 35]

    reader.open("/").page.locator(".site .find").click()
    page = reader.page
    expect(page.locator("#q")).to_be_focused()
    page.fill("#q", "涂鸦墙 留下来")
    page.keyboard.press("Enter")
    hit = page.locator(f'.hits a[href*="{told.airing}"]')
    expect(hit.locator("mark")).to_have_text(["涂鸦墙", "留下来"])
    hit.click()
    expect(page).to_have_url(re.compile("t=35"))
    wait_for(lambda: abs(reader.video()["time"] - 35) < 1, 60, "the second of the hit")
    if reader.video()["paused"]:
        page.get_by_role("button", name=re.compile("^播放")).first.click()
    wait_for(lambda: reader.video()["time"] > 36, 60, "it plays on from there")
    assert 36 < reader.video()["time"] < 45, "and from nowhere else"
    assert reader.video()["width"] > 0

    # Found by nobody's word: the tick compares.
    house.does(TITLE)
    wait_for(lambda: "墙上的画" in told.rows(), 90, "the new title is read")
    reader.open("/search?q=墙上的画")
    expect(page.locator(".found h2 mark")).to_have_text(["墙上的画"])

    # Gone at once, whatever the tables still hold.
    house.does(BLEEP)
    assert [words for _second, words in told.finds("涂鸦墙") if "留下来" in words] == []
    house.does(WITHDRAW)
    assert told.finds("涂鸦墙") == []
    wait_for(lambda: told.rows() == {"墙上的画"}, 90, "the lines are taken from the tables")


def test_nothing_is_wider_than_the_screen_in_both_languages_and_for_elders(house: House, browser: Browser) -> None:
    plain = ("language=zh", "language=en")
    elder = ("language=zh&elder=1", "language=en&elder=1")
    narrow, common = {"width": 320, "height": 640}, {"width": 360, "height": 740}
    for size, choices in (
        (narrow, plain + elder),
        (common, plain + elder),
        (PHONE, plain + elder),
        (DESK, plain + elder),
    ):
        for choice in choices:
            reader = Person(browser, house.address, size).open(f"/search?q=市&{choice}")
            assert reader.page.evaluate("document.documentElement.scrollWidth") <= size["width"], (size, choice)
            if size is PHONE and "elder" not in choice:
                expect(reader.page.locator(".site .find")).to_be_visible()
            reader.context.close()
