"""One real slot of three minutes in a running house: announced, on air, ended, replayed, and nobody touches it."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import m3u8
import pytest

from tests.journeys.house import House
from tests.journeys.pages import wait_for

pytestmark = [pytest.mark.ffmpeg, pytest.mark.long, pytest.mark.timeout(900)]
SECONDS = 180
# The demo's encoder sends into every feed whose name begins so, as the studio's would.
MAKE = f"""
import datetime as dt, json
from zoneinfo import ZoneInfo
from broadcast.house.places import free_port
from broadcast.models import Feed, Programme
from scheduling.models import Slot
programme = Programme.objects.create(slug="by-itself", name_zh="自动节目", name_en="By Itself", kind="video", delay_seconds=4)
feed = Feed.objects.create(name="demo-by-itself", srt_port=free_port())
start = dt.datetime.now(ZoneInfo("Asia/Shanghai")) + dt.timedelta(seconds=100)
slot = Slot.objects.create(
    programme=programme, feed=feed, first_date=start.date(), local_time=start.time().replace(microsecond=0),
    rule="FREQ=DAILY;COUNT=1", minutes={SECONDS // 60},
    auto_announce=True, auto_start=True, auto_end=True, auto_publish=True,
)
print(json.dumps(slot.pk))
"""
LEDGER = """
import json
from scheduling.models import Firing, Occurrence
from archive.models import AsRunEntry
airing = Occurrence.objects.get(slot={slot}).airing
rows = Firing.objects.filter(airing=airing)
print(json.dumps({{
    "airing": str(airing.pk),
    "number": airing.episode.number,
    "planned": airing.planned_start.isoformat(),
    "late": (airing.actual_start - airing.planned_start).total_seconds(),
    "length": (airing.actual_end - airing.actual_start).total_seconds(),
    "ledger": [[row.action, row.outcome, row.attempt] for row in rows],
    "as_run": [[e.kind, (e.ended_at - e.started_at).total_seconds()] for e in AsRunEntry.objects.filter(airing=airing)],
}}))
"""


def find_page(house: House) -> str | None:
    """The show's address once the public is told of it."""
    page = "/programmes/by-itself/1/"
    return page if httpx.get(house.address + page).status_code == 200 else None


def test_a_slot_fires_itself_from_announcement_to_replay(house: House) -> None:
    assert find_page(house) is None
    slot = json.loads(house.does(MAKE))
    page = wait_for(lambda: find_page(house), 90, "announced: the public can open its page")
    airing = house.does(
        f"from scheduling.models import Occurrence; print(Occurrence.objects.get(slot={slot}).airing_id)"
    )
    airing = airing.strip()

    def state() -> str:
        frame = httpx.get(f"{house.address}/live/airings/{airing}/state").raise_for_status().json()
        return next(str(each["state"]) for each in frame["objects"] if each["key"] == "airing")

    wait_for(lambda: state() == "waiting", 60, "the feed is open")
    wait_for(lambda: state() == "on_air", 180, "on air by itself")
    began = time.monotonic()
    live = f"{house.address}/media/airings/{airing}/live/index.m3u8"
    wait_for(lambda: len(playlist(live).segments) >= 3, 60, "the public has a picture")
    assert "直播中" in httpx.get(house.address + page).text
    wait_for(lambda: state() == "ended", SECONDS + 60, "ended by itself")
    assert time.monotonic() - began > SECONDS - 20
    address = f"{house.address}/media/airings/{airing}/replay/index.m3u8"
    wait_for(lambda: playlist(address).is_endlist, 60, "the public's replay")
    replay = playlist(address)
    seconds = sum(each.duration for each in replay.segments)
    assert SECONDS - 6 <= seconds <= SECONDS + 2, seconds
    first = httpx.get(address.rpartition("/")[0] + "/" + str(replay.segments[0].uri))
    assert first.content[:1] == b"G", "a segment of the replay is there"
    facts = json.loads(house.does(LEDGER.format(slot=slot)))
    print(facts, f"replay {seconds:.1f} s")
    check(facts)


def check(facts: dict[str, Any]) -> None:
    """Each act once, at its time, and the record says what went out."""
    acts = [name for name, _outcome, _attempt in facts["ledger"]]
    assert sorted(acts) == ["announce", "end", "open_feed", "publish", "start"]
    assert {outcome for _name, outcome, _attempt in facts["ledger"]} == {"fired"}
    assert 0 <= facts["late"] < 20
    assert abs(facts["length"] - SECONDS) < 20
    assert {kind for kind, _seconds in facts["as_run"]} <= {"main", "nothing"}
    assert sum(seconds for kind, seconds in facts["as_run"] if kind == "main") >= facts["length"] - 6


def playlist(address: str) -> m3u8.M3U8:
    """What stands there now; an empty list while there is none."""
    answer = httpx.get(address, timeout=5)
    return m3u8.loads(answer.text if answer.status_code == 200 else "#EXTM3U")
