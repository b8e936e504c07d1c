"""The viewer's page on a slow net: its own bytes, first and largest paint, what moves, when it is alive and when the picture runs.

Measured by the browser's own PerformanceObserver while a whole house has the demo's show on air; the baseline is the same page with
its scripts kept away, in the same run.
"""

from __future__ import annotations

import gzip
import os
import re
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.report import Report

if TYPE_CHECKING:
    from playwright.sync_api import Browser, CDPSession, Page

# A phone on a poor 4G: 1.6 Mbit/s down, 750 kbit/s up, 150 ms there and back.
NET = {"offline": False, "latency": 150, "downloadThroughput": 1_600_000 / 8, "uploadThroughput": 750_000 / 8}
SIZES = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1440, "height": 900}}
OWN_BYTES_MOST = 60 * 1024
LCP_MS_MOST = 1_500
# Long enough that whatever comes late has come: the picture, the first ticks, one's own things.
WATCHED_MS = 8_000
PICTURE_SECONDS = 120
_WATCH = """
window.seen = {fcp: 0, lcp: 0, what: "", cls: 0, moved: [], playing: 0};
const told = (type, tell) => new PerformanceObserver((list) => list.getEntries().forEach(tell)).observe({type, buffered: true});
told("paint", (each) => { if (each.name === "first-contentful-paint") seen.fcp = each.startTime; });
told("largest-contentful-paint", (each) => { seen.lcp = each.startTime; seen.what = each.element ? each.element.nodeName : ""; });
told("layout-shift", (each) => {
  if (each.hadRecentInput) return;
  seen.cls += each.value;
  seen.moved.push(...each.sources.map((one) => one.node && one.node.nodeType === 1 ? one.node.className || one.node.nodeName : "text"));
});
addEventListener("playing", () => { seen.playing = seen.playing || performance.now(); }, true);
"""
_FILES = "performance.getEntriesByType('resource').map((each) => [each.name, each.transferSize])"
_DRAWN = "(performance.getEntriesByName('yishi.drawn')[0] || {startTime: 0}).startTime"


@dataclass(frozen=True)
class Visit:
    """One visit of one page, in milliseconds from its start; `files` are addresses with the bytes that came over the net."""

    fcp: float
    lcp: float
    what: str
    cls: float
    moved: tuple[str, ...]
    drawn: float
    playing: float
    files: tuple[tuple[str, int], ...]

    def own(self) -> list[str]:
        """Addresses of our own scripts and styles."""
        return [url for url, _size in self.files if is_own(url)]


def is_own(url: str) -> bool:
    """Whether an address is a script or a style of ours, and not of a library."""
    return "/static/" in url and "/static/vendor/" not in url and url.endswith((".js", ".css"))


def run(report: Report, quick: bool = False) -> None:
    """The phone and the desktop, each with and without its scripts."""
    from playwright.sync_api import sync_playwright

    from tests.journeys.citizen import airing_on_air
    from tests.journeys.pages import FLAGS

    program = shutil.which("chromium")
    if program is None:
        report.missing("lcp_phone_ms", "chromium is not installed: apt-get install chromium")
        return
    with _house() as address, sync_playwright() as playwright:
        page = address + airing_on_air(address)[0]
        _wait_for_picture(page)
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        report.conditions |= {"browser": browser.version, "net": "1.6 Mbit/s, 150 ms", "processor_throttled": False}
        for size in ("phone",) if quick else tuple(SIZES):
            times = 1 if quick else 3
            with_scripts = [visit(browser, page, SIZES[size]) for _ in range(times)]
            without = [visit(browser, page, SIZES[size], scripts=False) for _ in range(times)]
            _tell(report, size, with_scripts, without)
        browser.close()
        _weigh(report, with_scripts[-1])


def visit(browser: Browser, address: str, size: dict[str, int], *, scripts: bool = True) -> Visit:
    """Open the page as somebody who was never here, on the slow net, and watch it for a while."""
    context = browser.new_context(viewport=size, locale="zh-CN")  # type: ignore[arg-type]
    page = context.new_page()
    page.add_init_script(_WATCH)
    session = slow(page)
    if not scripts:
        session.send("Network.setBlockedURLs", {"urls": ["*.js"]})
    page.goto(address, wait_until="commit")
    page.wait_for_timeout(WATCHED_MS)
    seen: dict[str, Any] = page.evaluate("seen")
    found = Visit(
        seen["fcp"],
        seen["lcp"],
        seen["what"],
        seen["cls"],
        tuple(seen["moved"]),
        page.evaluate(_DRAWN),
        seen["playing"],
        tuple((url, size) for url, size in page.evaluate(_FILES)),
    )
    context.close()
    return found


def slow(page: Page) -> CDPSession:
    """Put a page on the slow net."""
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", NET)
    return session


def _tell(report: Report, size: str, ours: list[Visit], without: list[Visit]) -> None:
    report.heading(f"{size}, median of {len(ours)}")
    middle = {name: _middle(ours, name) for name in ("fcp", "lcp", "drawn", "playing")}
    report.add(f"fcp_{size}_ms", middle["fcp"], "first paint of words")
    report.add(f"lcp_{size}_ms", middle["lcp"], f"largest paint ({ours[-1].what}); at most {LCP_MS_MOST}")
    report.add(f"cls_{size}", max(each.cls for each in ours), f"moved: {', '.join(ours[-1].moved) or 'nothing'}")
    report.add(f"drawn_{size}_ms", middle["drawn"], "the script has taken over")
    report.add(f"playing_{size}_ms", middle["playing"], "the picture runs")
    report.add(f"fcp_{size}_plain_ms", _middle(without, "fcp"), "the same without its scripts")
    report.add(f"lcp_{size}_plain_ms", _middle(without, "lcp"), "the same without its scripts")
    report.ratio(f"lcp_{size}_ratio", middle["lcp"], _middle(without, "lcp"), "with scripts / without")


def _middle(visits: list[Visit], name: str) -> float:
    return statistics.median(float(getattr(each, name)) for each in visits)


def _weigh(report: Report, seen: Visit) -> None:
    report.heading("what it fetches")
    own = seen.own()
    report.add("own_files", len(own), "scripts and styles of ours")
    report.add("own_bytes", weigh(own), f"the same by gzip -9; at most {OWN_BYTES_MOST}")
    vendor = [(url, size) for url, size in seen.files if "/static/vendor/" in url]
    player = sum(size for url, size in vendor if "/hls." in url)
    report.add("library_bytes", sum(size for _url, size in vendor) - player, "preact, its hooks and htm, over the net")
    report.add("player_bytes", player, "hls.js, over the net")


def weigh(urls: list[str]) -> int:
    """Bytes of these files, each by gzip -9."""
    return sum(len(gzip.compress(httpx.get(url).raise_for_status().content, 9)) for url in urls)


def _wait_for_picture(page: str) -> None:
    """Until the show that trails its signal is there; the page's first visits pay for the server's cold caches too."""
    deadline = time.monotonic() + PICTURE_SECONDS
    while time.monotonic() < deadline:
        if re.search(r'<video[^>]* src="/media/', httpx.get(page, timeout=30).raise_for_status().text):
            return
        time.sleep(1)
    raise RuntimeError(f"no picture on {page} within {PICTURE_SECONDS} s")


@contextmanager
def _house() -> Iterator[str]:
    """A whole house of its own with the demo's show on air; gives its address."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "broadcast.settings")  # what furnishes a house asks them
    from tests.journeys.house import House

    folder = Path(tempfile.mkdtemp(prefix="yishi-page-"))
    house = House(folder / "var").furnish()
    try:
        house.start()
        yield house.address
    finally:
        house.stop()
        shutil.rmtree(folder, ignore_errors=True)
