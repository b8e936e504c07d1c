"""Old films come in by the command that an operator types, from a workbook, and play in a browser once somebody signs them off."""

from __future__ import annotations

import datetime as dt
import re
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Browser, expect

from tests.archive.importing_making import HEAD, make
from tests.journeys.house import ROOT, House
from tests.journeys.pages import DESK, PHONE, Person, wait_for

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(600)]
SECONDS = 6
FILMS = {9071: "第9071期.avi", 9072: "第9072期.mpg"}
LATE = "第9073期.wmv"
STAND = """
from archive.models import Recording
print(Recording.objects.filter(airing__episode__number__gte=9071, replay_ready_at__isnull=False).count())
"""
PUBLISH = """
from broadcast.access import Actor
from broadcast.models import Episode, User
from broadcast.services import episodes
user = User.objects.get(username="producer")
actor = Actor(user_id=user.pk, name=str(user))
for episode in Episode.objects.filter(number__gte=9071):
    assert episode.publication == "draft", episode.publication
    episodes.publish(actor, episode.pk)
    episodes.sign_off(actor, episode.pk)
"""


def workbook(folder: Path, rows: Sequence[Sequence[object]]) -> None:
    """As a spreadsheet program writes it: numbers and days are no text."""
    book = openpyxl.Workbook()
    page = book.active
    assert page is not None
    for row in (HEAD, *rows):
        page.append(row)
    book.save(folder / "往期目录.xlsx")


def typed(house: House, folder: Path, *words: str) -> tuple[int, str]:
    """The command's exit code and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "broadcast", "import", str(folder), "--programme", "members-lecture", *words],
        cwd=ROOT,
        env=house.environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def test_films_of_a_workbook_are_imported_signed_off_and_played(house: House, browser: Browser, tmp_path: Path) -> None:
    for name in FILMS.values():
        make(tmp_path, name, name.rpartition(".")[2], seconds=SECONDS)
    (tmp_path / LATE).write_bytes("还没有拷完".encode() * 100)
    days = {number: dt.date(2011, 3, number - 9070) for number in (*FILMS, 9073)}
    workbook(
        tmp_path,
        [(number, day, dt.time(15), f"老片 {number}", "李明（科技界委员）", "") for number, day in days.items()],
    )
    code, said = typed(house, tmp_path)
    assert code == 1, said
    assert "已导入 2，未导入 1" in said
    assert re.search(rf"^- {LATE}: \S", said, re.MULTILINE), f"it says why: {said}"
    # The same again looks at nothing twice; only when it is asked to.
    code, said = typed(house, tmp_path)
    assert (code, f"{LATE}: refused" in said) == (1, False), said
    code, said = typed(house, tmp_path, "--again")
    assert (code, f"{LATE}: refused" in said) == (1, True), said
    make(tmp_path, LATE, "wmv", seconds=SECONDS)
    code, said = typed(house, tmp_path, "--again")
    assert code == 0, said
    assert "已导入 3，未导入 0" in said

    wait_for(lambda: house.does(STAND).strip() == "3", 180, "the recorder has made all three replays")
    reader = Person(browser, house.address, DESK)
    for number in days:
        reader.open(page_of(number))
        expect(reader.page.get_by_role("button", name="播放回看")).to_have_count(0)
    house.does(PUBLISH)
    for number in days:
        reader.open(page_of(number))
        reader.sees(f"老片 {number}")
        reader.press("播放回看")
        reader.sees_picture_move()
        assert reader.video()["width"] == 320
    reader.page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    reader.open(f"{page_of(9072)}?t=3")
    wait_for(lambda: abs(reader.video()["time"] - 3) < 0.5, 60, "the second of the address")
    expect(reader.page.locator("#cover button")).to_have_text("从 00:03 播放")
    reader.context.close()
    assert not reader.errors


def page_of(number: int) -> str:
    return f"/programmes/members-lecture/{number}/"
