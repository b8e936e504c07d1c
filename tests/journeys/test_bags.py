"""An episode leaves one house as a bag and plays in another: by the commands that an operator types, between processes and disks."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path

import bagit
import pytest
from playwright.sync_api import Browser, expect

from tests.archive.importing_making import make
from tests.journeys.house import ROOT, House
from tests.journeys.pages import DESK, Person, wait_for
from tests.journeys.test_old_films import PUBLISH, typed, workbook

pytestmark = [pytest.mark.browser, pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(900)]
NUMBER = 9081
PAGE = f"/programmes/members-lecture/{NUMBER}/"
# Steps wait while the demo's show is on air; a bag needs the manifest, which is the last of them.
MANIFEST = f"""
from archive import manifest
from broadcast.models import Airing
airing = Airing.objects.get(episode__number={NUMBER})
manifest.write(airing)
print(airing.pk)
"""
READY = f"""
from archive.models import Recording
print(Recording.objects.filter(airing__episode__number={NUMBER}, replay_ready_at__isnull=False).count())
"""
STANDS = f"""
from broadcast.models import Episode
episode = Episode.objects.get(number={NUMBER})
print(episode.publication, episode.signed_off_at, episode.title)
"""
PUBLISH_IT = PUBLISH.replace("number__gte=9071", f"number={NUMBER}")


def command(house: House, *words: str) -> tuple[int, str]:
    """The exit code of a typed command and what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "broadcast", *words],
        cwd=ROOT,
        env=house.environ,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


def segments(house: House, airing: str) -> dict[str, bytes]:
    """What was received, as it lies on the house's disk."""
    folder = house.var / "media" / "airings" / airing / "parts"
    return {each.relative_to(folder).as_posix(): each.read_bytes() for each in folder.rglob("*.ts")}


def test_an_episode_leaves_as_a_bag_and_plays_in_another_house(house: House, browser: Browser, tmp_path: Path) -> None:
    films = tmp_path / "films"
    films.mkdir()
    make(films, "第9081期.avi", "avi", seconds=6)
    workbook(films, [(NUMBER, dt.date(2012, 5, 9), dt.time(15), "海边的一课", "李明（科技界委员）", "")])
    code, said = typed(house, films)
    assert code == 0, said
    wait_for(lambda: house.does(READY).strip() == "1", 180, "the recorder has made the replay")
    house.does(PUBLISH_IT)
    airing = house.does(MANIFEST).strip()
    bags = tmp_path / "bags"
    code, said = command(house, "export", f"members-lecture/{NUMBER}", str(bags))
    assert code == 0, said
    [made] = bags.iterdir()
    assert bagit.Bag(str(made)).is_valid()
    code, said = command(house, "restore-bag", str(made))
    assert code == 1, f"it is here already: {said}"

    other = House(tmp_path / "other").furnish()
    try:
        other.start()
        code, said = command(other, "restore-bag", str(made))
        assert code == 0, said
        assert other.does(STANDS).split() == ["draft", "None", "海边的一课"]
        received = segments(house, airing)
        assert received
        assert segments(other, airing) == received, "byte by byte"
        reader = Person(browser, other.address, DESK)
        reader.open(PAGE)
        expect(reader.page.get_by_role("button", name="播放回看")).to_have_count(0)
        wait_for(lambda: other.does(READY).strip() == "1", 180, "the replay is written anew")
        other.does(PUBLISH_IT)
        reader.open(PAGE)
        reader.sees("海边的一课")
        reader.press("播放回看")
        reader.sees_picture_move()
        reader.context.close()
        assert not reader.errors
    finally:
        other.stop()
