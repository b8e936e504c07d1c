"""One show as a viewer's hls.js plays it in a real Chromium: live, earlier, other qualities, a drop, the fallback, a CUT, the replay."""

from __future__ import annotations

import json
import os
import re
import shutil
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.archive.one_show import FPS, Encoder
from tests.archive.pushes import make_numbered
from tests.journeys.house import House
from tests.journeys.pages import DESK, Person, wait_for
from tests.journeys.playing import Playing, check_playlists

CHROMIUM = shutil.which("chromium")
DELAY = 8
SECONDS = 400
# The player stays three segments behind the line's end.
SEGMENT = 2
# The source's own word of when it sent a picture may come so late on a busy machine.
SLACK = 0.5
pytestmark = [
    pytest.mark.browser,
    pytest.mark.ffmpeg,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed: apt-get install chromium"),
]
PLAN = f"""
import json
from archive import playout, services
from archive.models import IngestSecret
from broadcast import lifecycle
from broadcast.access import HOUSE
from broadcast.models import RoleGrant, User
from broadcast import clock
from tests.archive.making import make_airing, make_programme
programme = make_programme(delay_seconds={DELAY}, replay_release="at_once")
producer = User.objects.get(username="producer")
RoleGrant.objects.create(user=producer, programme=programme, role="producer", granted_at=clock.now())
playout.set_rule(HOUSE, programme.pk, rungs=[240], missing_seconds=4, steady_seconds=4)
airing = make_airing(programme, delay={DELAY})
services.ensure_recording(airing.pk)
lifecycle.open_feed(HOUSE, airing.pk)
key = services.addresses_of(airing, IngestSecret.objects.get(airing=airing)).stream_key
print(json.dumps({{
    "page": f"/programmes/{{programme.slug}}/{{airing.episode.number}}/",
    "airing": str(airing.pk),
    "programme": programme.pk,
    "key": key,
}}))
"""


@dataclass
class Show:
    """The airing, its source, and one viewer."""

    house: House
    clip: Path
    viewer: Person
    airing: str
    programme: int
    address: str
    page: str
    playing: Playing
    sources: list[Encoder] = field(default_factory=list)
    began: float = 0.0

    def send(self) -> Encoder:
        """The source comes (again); it goes on with new pictures, so that each is sent once."""
        last = self.sources[-1] if self.sources else None
        skip = ((last.skip + (last.counts or [0])[-1] // FPS) // 2 + 1) * 2 if last else 0
        assert skip < SECONDS - 60
        self.sources.append(Encoder(self.clip, skip * FPS, self.address, skip).start())
        return self.sources[-1]

    def pull_the_cable(self) -> None:
        self.sources[-1].pull_the_cable()

    def do(self, words: str) -> None:
        """An act in the house: lifecycle, cuts or playout."""
        head = (
            "from archive import cuts, playout; from broadcast import lifecycle; from broadcast.access import HOUSE; "
        )
        self.house.does(f"{head}airing = '{self.airing}'; {words}")

    def sent_at(self, number: int) -> float:
        """When the source had sent that picture."""
        found = [at for each in self.sources if (at := each.sent_at(number))]
        assert found, number
        return found[-1]

    def shows_source(self, seconds: float = 60) -> int:
        """Wait for a picture of the source on the screen. Returns its number."""
        found: int = wait_for(lambda: (self.playing.picture()[1] or -1) + 1, seconds, "a picture of the source") - 1
        return found

    def goes_on(self, seconds: float = 2) -> None:
        """The picture and its time go on."""
        before = self.viewer.video()["time"]
        self.playing.wait(f"video.currentTime > {before + seconds} && !video.paused", 40)

    def press(self, name: str) -> None:
        """A button of the player; the controls hide while nobody moves."""
        self.viewer.page.locator("#player").hover()
        self.viewer.page.locator("#player").get_by_role("button", name=name, exact=True).click()

    def slide(self, seconds: float) -> None:
        """Move the slider to that time of the player."""
        self.viewer.page.locator("#player").hover()
        self.viewer.page.locator("#controls input.slider").fill(str(int(seconds)))


@pytest.fixture(scope="module")
def show(house: House, browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Show]:
    clip = make_numbered(tmp_path_factory.mktemp("clip") / "clip.mp4", SECONDS, fps=FPS, size="640x360", tone="440")
    plan = json.loads(house.does(PLAN).splitlines()[-1])
    viewer = Person(browser, house.address, DESK)
    found = Show(
        house,
        clip,
        viewer,
        plan["airing"],
        plan["programme"],
        f"rtmp://127.0.0.1:{rtmp_port(house)}/live/{plan['key']}",
        plan["page"],
        Playing(viewer.page),
    )
    yield found
    if "JOURNEY_SHOTS" in os.environ:
        viewer.page.screenshot(path=Path(os.environ["JOURNEY_SHOTS"]) / "playback.png")
    for each in found.sources:
        each.pull_the_cable()


def rtmp_port(house: House) -> int:
    """Where the house takes RTMP; one that somebody else started says it in its log."""
    said = re.findall(r"rtmp gate ready port=(\d+)", (house.var / "log" / "recorder.log").read_text())
    return int(said[-1])


# The tests below are one story told in order; each stands on the one before.


def test_live_plays_after_the_delay_and_not_before(show: Show) -> None:
    show.send()
    show.do("lifecycle.start(HOUSE, airing)")
    show.viewer.open(show.page)
    show.playing.watch()
    number = show.shows_source()
    at, _ = show.playing.picture()
    assert at - show.sent_at(number) >= DELAY - SLACK
    show.goes_on()


def test_the_picture_is_behind_the_source_by_the_delay_and_little_more(show: Show) -> None:
    behind = []
    for _ in range(8):
        at, number = show.playing.picture()
        assert number is not None
        behind.append(at - show.sent_at(number))
        show.viewer.page.wait_for_timeout(300)
    middle = statistics.median(behind)
    print(
        f"glass to page: {middle:.2f} s ({min(behind):.2f} to {max(behind):.2f}), the delay {DELAY} s + {middle - DELAY:.2f} s"
    )
    assert min(behind) >= DELAY - SLACK, "nobody sees anything before the delay has passed"


def test_a_lower_quality_the_sound_alone_and_the_best_again(show: Show) -> None:
    player, page = show.playing, show.viewer.page
    player.stood()
    for height in (240, 360):
        page.locator("#player").hover()
        page.locator("#controls select").select_option(label=f"{height}p")
        player.wait(f"video.videoHeight === {height} && video.videoWidth > {height}")
        show.goes_on()
    print(f"longest standstill over two changes of quality: {player.stood():.1f} s")
    show.press("只听")
    player.wait("video.videoHeight === 0 && video.videoWidth === 0 && video.currentTime > 0 && !video.paused")
    show.goes_on()
    show.press("看画面")
    player.wait("video.videoHeight === 360 && !video.paused")
    show.goes_on()


def test_a_viewer_goes_back_in_time_and_to_live_again(show: Show) -> None:
    player = show.playing
    # Further back than where hls.js would take a viewer who is merely late to the live edge.
    wait_for(lambda: (v := show.viewer.video())["end"] - v["start"] > 34, 60, "enough to go back to")
    _, now = player.picture()
    start = show.viewer.video()["start"]
    show.slide(start + 2)
    player.wait(f"!video.seeking && video.readyState > 2 && video.currentTime < {start + 6}")
    show.goes_on(4)
    player.wait(f"video.currentTime < {start + 20}", 1)
    earlier = show.shows_source()
    assert now is not None
    assert earlier < now - 8 * FPS, "a picture of long ago"
    show.press("回到直播")
    player.wait(f"!video.seeking && video.readyState > 2 && video.currentTime > {start + 20}")
    show.goes_on()
    assert show.shows_source() > now


def test_a_drop_is_told_and_the_picture_goes_on_by_itself(show: Show) -> None:
    show.pull_the_cable()
    last = show.sources[-1].first + show.sources[-1].counts[-1]
    show.viewer.sees("现场信号中断", DELAY + 40)
    show.send()
    show.viewer.does_not_see("现场信号中断", DELAY + 40)
    wait_for(lambda: (show.playing.picture()[1] or 0) > last, 60, "pictures from after the drop")
    show.goes_on()


def test_the_fallback_fills_a_drop_without_a_break_and_goes_when_the_source_is_back(show: Show) -> None:
    player = show.playing
    show.do(f"playout.set_rule(HOUSE, {show.programme}, fallback='filler')")
    show.shows_source()
    player.stood()
    show.pull_the_cable()
    wait_for(lambda: player.picture()[1] is None, DELAY + 40, "the filler")
    show.goes_on(4)
    assert player.picture()[1] is None
    show.send()
    number = show.shows_source(DELAY + 60)
    assert number >= show.sources[-1].first
    show.goes_on(4)
    stood = player.stood()
    print(f"longest standstill into the filler and back: {stood:.1f} s")
    assert stood < 3 * SEGMENT, "no break for the viewer"
    show.viewer.does_not_see("现场信号中断", 1)


def test_a_cut_takes_the_picture_away_and_resume_brings_a_later_one(show: Show) -> None:
    _, before = show.playing.picture()
    show.do("cuts.cut_output(HOUSE, airing, 'test')")
    show.viewer.sees("暂停播出", 10)
    show.do("cuts.resume_output(HOUSE, airing)")
    show.viewer.does_not_see("暂停播出", DELAY + 20)
    number = show.shows_source()
    assert before is not None
    assert number > before + FPS, "what was withheld is not shown"
    show.goes_on(4)


def test_the_control_room_says_how_far_the_public_is_behind(show: Show) -> None:
    producer = Person(show.viewer.browser, show.house.address, DESK)
    producer.log_in("producer", show.house.accounts()["producer"])
    producer.open(f"/staff/airings/{show.airing}/control")
    said = producer.sees("公众落后").inner_text()
    seconds = float(re.findall(r"\d+", said)[0])
    print(said)
    assert DELAY - 1 <= seconds < DELAY + 60
    producer.context.close()


def test_the_replay_plays_and_is_sought_over_its_seams(show: Show) -> None:
    player = show.playing
    show.do("lifecycle.end(HOUSE, airing)")
    show.viewer.sees("播放回看", DELAY + 90)
    show.press("播放回看")
    show.goes_on()
    assert show.shows_source() < show.sources[0].counts[-1], "from the beginning"
    replay = next(all_[-1] for url, all_ in player.playlists.items() if "/replay/" in url and not all_[-1].is_variant)
    assert replay.is_endlist
    seams, offset = [], 0.0
    for segment in replay.segments:
        if segment.discontinuity:
            seams.append(offset)
        offset += float(segment.duration or 0)
    assert len(seams) >= 3, "a drop, a filler and a cut"
    for source, seam in zip(show.sources[1:], seams, strict=False):
        show.slide(seam - 2)
        player.wait(f"!video.seeking && Math.abs(video.currentTime - {seam - 2}) < 3 && video.readyState > 2", 30)
        player.wait(f"video.currentTime > {seam + 0.5}", 30)
        assert show.shows_source() >= source.first, "what came after the seam"
    stood = player.stood()
    print(f"longest standstill in the replay: {stood:.1f} s")


def test_all_playlists_were_right_and_nothing_was_fatal(show: Show) -> None:
    counts = check_playlists(show.playing.playlists)
    print("playlists:", counts, "not read:", len(show.playing.problems))
    assert counts.keys() >= {f"live/{each}.m3u8" for each in ("master", "index", "240p", "sound")} | {
        "replay/index.m3u8"
    }
    assert counts["live/index.m3u8"] > 20
    print("hls.js:", show.playing.errors())
    assert not [each for each in show.playing.errors() if each["fatal"]]
    assert not show.viewer.errors
