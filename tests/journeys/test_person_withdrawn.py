"""The secretariat takes a person from the public in one act, proves it and gives back single things, in a running house."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

import httpx
import pytest
from playwright.sync_api import Browser, Locator, expect

from tests.broadcast.services.withdrawing import NAME, WORDS
from tests.journeys.house import House
from tests.journeys.looking import barriers, sideways
from tests.journeys.pages import DESK, PHONE, Person

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(600)]
LABEL = "欧阳委员"
MADE = f"""
import json
from pathlib import Path
from django.conf import settings
from django.db import transaction
from tests.broadcast.services import withdrawing
with transaction.atomic():
    made = withdrawing.furnished(Path(settings.MEDIA_ROOT))
withdrawing.called(made["airings"][1], {LABEL!r}, "小{LABEL}")
print(json.dumps(dict(
    person=made["person"].pk,
    slug=made["programme"].slug,
    airings=[str(each.pk) for each in made["airings"]],
    pages=[each.episode.key for each in [*made["airings"], made["coming"]]],
    photo="/people/photos/photo-of-a-member.jpg",
    clip=made["clips"][0].pk,
)))
"""


@dataclass
class Public:
    """What anybody sees of the person from outside."""

    house: House
    slug: str
    person: int
    airings: list[str]
    pages: list[str]
    photo: str
    clip: int

    def status(self, path: str) -> int:
        """How an address answers."""
        return httpx.get(self.house.address + path, timeout=30).status_code

    def names(self, path: str, *marks: str) -> bool:
        """Whether one of the marks stands at an address."""
        body = httpx.get(self.house.address + path, timeout=30).text
        return any(each in body or json.dumps(each)[1:-1] in body for each in marks)

    def page(self, place: int) -> str:
        """The page of an episode."""
        return f"/programmes/{self.slug}/{self.pages[place]}/"

    def media(self, place: int, name: str) -> str:
        """A file of a replay."""
        return f"/media/airings/{self.airings[place]}/replay/{name}"

    def feeds(self) -> list[str]:
        """Lists, calendars, podcasts and the search."""
        made = [f"/programmes/{self.slug}/", f"/podcasts/{self.slug}.xml", "/feeds/episodes.atom"]
        return [*made, f"/search?q={quote(NAME[1:])}", f"/search?q={quote(WORDS[:6])}"]


@pytest.fixture
def public(house: House) -> Public:
    return Public(house, **json.loads(house.does(MADE).strip().splitlines()[-1]))


@pytest.fixture
def secretary(house: House, browser: Browser) -> Iterator[Person]:
    person = Person(browser, house.address, DESK).log_in("secretary", house.accounts()["secretary"])
    yield person
    person.context.close()
    assert not person.errors


def row(desk: Person, words: str) -> Locator:
    """The one row of the page that is about this."""
    return desk.page.locator(".holds > li", has_text=words)


def restores(desk: Person, words: str, reason: str) -> None:
    item = row(desk, words)
    item.locator("summary").click()
    item.get_by_label("恢复的原因").fill(reason)
    item.get_by_role("button", name="恢复这一项").click()
    expect(row(desk, words).locator(".tag")).to_have_text("已恢复")


def test_one_act_takes_the_person_from_the_public_and_single_things_come_back(
    public: Public, secretary: Person, browser: Browser
) -> None:
    page = secretary.page
    assert public.names(public.page(1), NAME)
    assert public.names(public.media(1, "transcript.json"), WORDS)
    assert public.status(public.photo) == public.status(public.media(0, "master.m3u8")) == 200

    # Whom: by a part of the name; and what is public of them.
    secretary.open("/staff/people/withdrawals")
    page.get_by_label("姓名").fill(NAME[:2])
    page.get_by_role("button", name="查找").click()
    page.locator(f'a[href$="/people/{public.person}/withdraw"]').click()
    expect(page.get_by_role("heading", level=1)).to_contain_text(NAME)
    maybe = page.locator("section", has=page.get_by_role("heading", name="可能也是这一位"))
    for label in (f"“{LABEL}”", f"“小{LABEL}”"):
        expect(maybe.locator("li", has_text=label).get_by_label("不动")).to_be_checked()

    # A slip writes nothing, and what was chosen stays chosen.
    maybe.locator("li", has_text=f"“{LABEL}”").get_by_label("撤下", exact=True).check()
    row(secretary, "还没有播").get_by_label("只撤名字").check()
    page.get_by_label("原因").fill("本人书面要求")
    page.get_by_role("button", name="撤下选中的").click()
    expect(page.locator("#name-err")).to_be_visible()
    assert public.names(public.page(1), NAME)
    expect(maybe.locator("li", has_text=f"“{LABEL}”").get_by_label("撤下", exact=True)).to_be_checked()
    expect(page.get_by_label("原因")).to_have_value("本人书面要求")
    assert not barriers(page)

    page.get_by_label(f"请输入“{NAME}”确认").fill(NAME)
    page.get_by_role("button", name="撤下选中的").click()
    expect(page).to_have_url(re.compile(r"/people/withdrawals/\d+$"))
    secretary.sees("已撤下。公众现在看不到了。")

    # From the answer on nothing of it is to be had.
    assert public.status(public.page(0)) == 410
    assert public.status(public.media(0, "master.m3u8")) == public.status(public.photo) == 404
    assert public.status(f"/clips/{public.clip}") == 404
    for place in (1, 2, 3):
        assert not public.names(public.page(place), NAME, WORDS)
    for path in (*public.feeds(), public.media(1, "transcript.json"), public.media(1, "captions.vtt")):
        assert not public.names(path, NAME, WORDS), path
    said = httpx.get(secretary.address + public.media(1, "transcript.json"), timeout=30).json()["lines"]
    assert [line["speaker"] for line in said] == ["主持人", "主持人", f"小{LABEL}"], "exactly the label that was ticked"

    proves_it_in_both_languages(secretary)
    looks_well_on_a_phone(public, browser, page.url.removeprefix(secretary.address))

    # Item by item: what is given back is back, and nothing else.
    secretary.open(re.sub(r"\?.*", "", page.url.removeprefix(secretary.address)) + "?language=zh-hans")
    item = row(secretary, "照片")
    item.locator("summary").click()
    item.get_by_role("button", name="恢复这一项").click()
    expect(row(secretary, "照片").locator(".err")).to_have_text("请写明恢复的原因。")
    row(secretary, "照片").get_by_label("恢复的原因").fill("本人同意用照片")
    row(secretary, "照片").get_by_role("button", name="恢复这一项").click()
    expect(row(secretary, "照片").locator(".tag")).to_have_text("已恢复")
    assert public.status(public.photo) == 200
    assert public.status(public.page(0)) == 410
    restores(secretary, f"“{LABEL}”", "说话的是另一位")
    assert public.names(public.media(1, "transcript.json"), f'"{LABEL}"')
    assert not public.names(public.media(1, "transcript.json"), NAME, WORDS)
    restores(secretary, "整期撤下", "只要求撤下照片")
    assert public.status(public.page(0)) == public.status(public.media(0, "master.m3u8")) == 200
    assert not public.names(public.page(1), NAME)


def proves_it_in_both_languages(secretary: Person) -> None:
    """The page asks the public addresses itself, and finds nothing."""
    page = secretary.page
    page.get_by_role("link", name="现在核对").click()
    expect(page.locator("#h-proof ~ .note.ok")).to_contain_text(re.compile(r"问了 \d+ 个公开地址，都没有了。"))
    order = page.url.removeprefix(secretary.address).partition("?")[0]
    secretary.open(f"{order}?check=1&language=en")
    expect(page.locator("#h-proof ~ .note.ok")).to_contain_text(
        re.compile(r"^Asked \d+ public addresses: it is gone from all")
    )
    expect(page.locator("html")).to_have_attribute("lang", re.compile("^en"))
    for place in ("h2", "dt", "summary", ".tag", "th[scope=col]"):
        for words in page.locator(f"main {place}").all_inner_texts():
            assert not re.search(r"[\u4e00-\u9fff]", words), words
    assert not barriers(page)


def looks_well_on_a_phone(public: Public, browser: Browser, order: str) -> None:
    """The preview and the proof, opened, are no wider than a phone."""
    other = Person(browser, public.house.address, PHONE).log_in("secretary", public.house.accounts()["secretary"])
    for language in ("zh-hans", "en"):
        for path in (f"{order.partition('?')[0]}?check=1", f"/staff/people/{public.person}/withdraw?x=1"):
            other.open(f"{path}&language={language}")
            other.page.locator("details").evaluate_all("all => all.forEach((each) => { each.open = true })")
            assert sideways(other.page) <= 0, (path, language)
    other.context.close()
    assert not other.errors
