"""What a viewer's hls.js does, seen from outside: its playlists, its errors, how long the picture stood, which picture it shows."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import m3u8
from playwright.sync_api import Page, Response, Route

# In the place of hls.js: the same, but its errors are kept for us to read.
_TELLING = """
import Hls from "{url}";
export * from "{url}";
const trigger = Hls.prototype.trigger;
window.hlsErrors = [];
Hls.prototype.trigger = function (name, data) {{
  if (name === Hls.Events.ERROR) window.hlsErrors.push({{type: data.type, details: data.details, fatal: data.fatal}});
  return trigger.call(this, name, data);
}};
export default Hls;
"""
_WATCH = """() => {
  const video = document.getElementById("video");
  window.standing = {longest: 0, waits: 0, last: -1, since: 0};
  video.addEventListener("waiting", () => window.standing.waits++);
  setInterval(() => {
    const found = window.standing, now = performance.now();
    if (video.paused || video.currentTime !== found.last || video.seeking) Object.assign(found, {last: video.currentTime, since: now});
    else found.longest = Math.max(found.longest, (now - found.since) / 1000);
  }, 100);
}"""
_NUMBER = """() => {
  const video = document.getElementById("video");
  const canvas = document.createElement("canvas");
  canvas.width = 320; canvas.height = 180;
  const pen = canvas.getContext("2d");
  pen.drawImage(video, 0, 0, 320, 180);
  const at = Date.now() / 1000;
  const row = pen.getImageData(0, 90, 320, 1).data;
  const bits = Array.from({length: 16}, (_, place) => row[(10 + 20 * place) * 4 + 1] > 140);
  const ours = bits[0] && !bits.slice(13).some(Boolean);
  return {at, number: ours ? bits.slice(1, 13).reduce((sum, on, bit) => sum + (on ? 2 ** bit : 0), 0) : null};
}"""


@dataclass
class Playing:
    """One page with a player."""

    page: Page
    playlists: dict[str, list[m3u8.M3U8]] = field(default_factory=lambda: defaultdict(list))
    problems: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.route(re.compile(r"/vendor/hls[^?]*js$"), self._tell)
        self.page.on("response", self._answered)

    @staticmethod
    def _tell(route: Route) -> None:
        body = _TELLING.format(url=f"{route.request.url}?itself")
        route.fulfill(body=body, content_type="text/javascript")

    def _answered(self, response: Response) -> None:
        if ".m3u8" in response.url and response.status == 200:
            try:
                text = response.text()
            except Exception as error:
                # The page was left, or the player changed its mind, before the answer was whole.
                self.problems.append(f"{response.url}: {error}")
                return
            self.playlists[response.url.partition("?")[0]].append(m3u8.loads(text))

    def watch(self) -> None:
        """Begin to measure how long the picture stands still although it should run."""
        self.page.evaluate(_WATCH)

    def stood(self) -> float:
        """The longest standstill in seconds since the last question."""
        found: float = self.page.evaluate(
            "() => { const s = window.standing.longest; window.standing.longest = 0; return s; }"
        )
        return found

    def errors(self) -> list[dict[str, Any]]:
        """What hls.js complained about."""
        found: list[dict[str, Any]] = self.page.evaluate("() => window.hlsErrors")
        return found

    def picture(self) -> tuple[float, int | None]:
        """When it was looked at, and the number that the picture on the screen carries; None for a filler or no picture."""
        found = self.page.evaluate(_NUMBER)
        return float(found["at"]), found["number"]

    def wait(self, condition: str, seconds: float = 60) -> None:
        """Wait until that is true of `video`."""
        script = f"() => {{ const video = document.getElementById('video'); return video && {condition}; }}"
        self.page.wait_for_function(script, timeout=seconds * 1000)


def check_playlists(found: dict[str, list[m3u8.M3U8]]) -> dict[str, int]:
    """The rules of RFC 8216 that a reload can break, over all that a player was given. Returns how many of each address."""
    for url, versions in found.items():
        media = [each for each in versions if not each.is_variant]
        for each in media:
            check_one(url, each)
        if "/live/" in url:
            for before, after in pairwise(media):
                check_reload(url, before, after)
    check_same_numbers([each for url, all_ in found.items() if "/live/" in url for each in all_ if not each.is_variant])
    return {url.rpartition("/airings/")[2].partition("/")[2]: len(versions) for url, versions in found.items()}


def check_one(url: str, playlist: m3u8.M3U8) -> None:
    """A playlist by itself."""
    assert playlist.target_duration
    assert all(round(float(each.duration or 0)) <= playlist.target_duration for each in playlist.segments), url
    times = [each.current_program_date_time for each in playlist.segments]
    assert all(times), f"{url}: each segment has a time"
    assert all(one < other for one, other in pairwise(times)), f"{url}: time goes forward"


def _entries(playlist: m3u8.M3U8) -> dict[int, tuple[Any, ...]]:
    """Sequence number → what a player keeps of it."""
    found, discontinuities = {}, playlist.discontinuity_sequence or 0
    for index, each in enumerate(playlist.segments):
        # A mark before the first entry stands for itself: what slid out before it is counted without it.
        discontinuities += bool(each.discontinuity)
        number = (playlist.media_sequence or 0) + index
        found[number] = (discontinuities, each.duration, each.current_program_date_time)
    return found


def check_reload(url: str, before: m3u8.M3U8, after: m3u8.M3U8) -> None:
    """Numbers never go back, and what stands in both is the same."""
    assert (after.media_sequence or 0) >= (before.media_sequence or 0), url
    assert (after.discontinuity_sequence or 0) >= (before.discontinuity_sequence or 0), url
    assert after.target_duration == before.target_duration, url
    old, new = _entries(before), _entries(after)
    assert max(new, default=-1) >= max(old, default=-1), f"{url}: the line grows"
    uris = {(each.media_sequence or 0) + index: s.uri for each in (before,) for index, s in enumerate(each.segments)}
    for index, segment in enumerate(after.segments):
        number = (after.media_sequence or 0) + index
        assert uris.get(number, segment.uri) == segment.uri, f"{url}: {number} is another file"
    assert {number: old[number] for number in old.keys() & new.keys()} == {
        number: new[number] for number in old.keys() & new.keys()
    }, url


def check_same_numbers(playlists: list[m3u8.M3U8]) -> None:
    """A number means the same in the source, every rung and the sound."""
    known: dict[int, tuple[Any, ...]] = {}
    for each in playlists:
        for number, facts in _entries(each).items():
            assert known.setdefault(number, facts) == facts, number
