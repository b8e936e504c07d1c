"""Old episodes go up in a browser while the web is killed and the network is lost, and go on in a new page."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from playwright.sync_api import Browser, CDPSession, Page, expect

from tests.archive import hostile
from tests.journeys.house import House
from tests.journeys.pages import Person

DESKTOP = {"width": 1440, "height": 900}
pytestmark = [pytest.mark.long, pytest.mark.ffmpeg, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A film that takes a while to send, a sound, and the sheet."""
    folder = tmp_path_factory.mktemp("shelf")
    hostile.make(folder / "第901期.mp3", "-vn", "-c:a", "libmp3lame", seconds=4)
    hostile.make(folder / "第902期.avi", "-c:v", "rawvideo", "-pix_fmt", "yuv420p", "-c:a", "pcm_s16le", seconds=12)
    rows = "期号,日期,标题,嘉宾\r\n901,2019-03-05,海绵城市,李明（科技界委员）\r\n902,2019-03-12,夜间公交,\r\n"
    (folder / "目录.csv").write_bytes(rows.encode("gb18030"))
    return folder


def line(session: CDPSession, bytes_a_second: int) -> None:
    """The line of a district bureau; 0: none."""
    limits = {"latency": 20, "downloadThroughput": 1 << 24, "uploadThroughput": max(1, bytes_a_second)}
    session.send("Network.emulateNetworkConditions", {"offline": not bytes_a_second, **limits})


def test_an_upload_outlives_the_web_the_network_and_the_page(house: House, browser: Browser, shelf: Path) -> None:
    person = Person(browser, house.address, DESKTOP).log_in("producer", house.accounts()["producer"])
    page = person.open("/staff/imports/").page
    page.get_by_role("button", name="开始上传").click()
    size = (shelf / "第902期.avi").stat().st_size
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    line(session, size // 15)
    page.set_input_files("#files", [str(each) for each in sorted(shelf.iterdir())])
    film = page.locator("#list li", has_text="第902期.avi")
    bar = film.locator("progress").element_handle()
    page.wait_for_function("el => el.value > 0.15", arg=bar)
    os.kill(house.pid("web"), signal.SIGKILL)
    expect(film).to_contain_text("连不上", timeout=60_000)
    house.wait_healthy()
    page.wait_for_function("el => el.value > 0.4", arg=bar, timeout=120_000)
    line(session, 0)
    expect(film).to_contain_text("连不上", timeout=60_000)
    line(session, size // 15)
    page.wait_for_function("el => el.value > 0.5", arg=bar, timeout=120_000)
    page.on("dialog", lambda dialog: dialog.accept())
    page.reload()
    film = page.locator("#list li", has_text="第902期.avi")
    expect(film).to_contain_text("再选择同一个文件就从那里继续")
    half = film.locator("progress").evaluate("el => el.value")
    assert half >= 0.4
    page.set_input_files("#files", str(shelf / "第902期.avi"))
    expect(film).to_contain_text("已传完", timeout=120_000)
    _dry_run(page)


def _dry_run(page: Page) -> None:
    """The import itself waits for the show that is on air in this house; it is tested in tests/archive/test_uploads.py."""
    expect(page.locator("#list li", has_text="已传完")).to_have_count(3, timeout=60_000)
    page.get_by_role("button", name="试运行").click()
    expect(page.get_by_text("2 期可以导入")).to_be_visible(timeout=120_000)
