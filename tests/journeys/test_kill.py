"""`kill -9` of each part in turn during a show: what was acknowledged stands once, the show goes on."""

from __future__ import annotations

import os
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import Any

import httpx
import m3u8
import pytest

from tests.broadcast.house.patience import soon
from tests.journeys.citizen import Citizen, airing_on_air
from tests.journeys.house import House
from tests.journeys.pages import wait_for

PARTS = ("valkey", "web", "worker", "recorder", "postgres")


@dataclass
class Crowd:
    """Citizens who write all the time, in threads, and retry what was not acknowledged with the same id."""

    airing: str
    people: list[Citizen]
    poll: dict[str, object]
    over: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def begin(self) -> None:
        """Let them write."""
        self.threads = [threading.Thread(target=self._write, args=(person,)) for person in self.people]
        for thread in self.threads:
            thread.start()

    def end(self) -> None:
        """Let them finish what they began."""
        self.over.set()
        for thread in self.threads:
            thread.join(60)
            assert not thread.is_alive()

    def _write(self, person: Citizen) -> None:
        options = [option["id"] for option in self.poll["options"]]  # type: ignore[union-attr, attr-defined]
        turn = 0
        while not self.over.is_set():
            person.send(
                self.airing, "poll.vote", tries=30, poll=self.poll["id"], options=[options[turn % len(options)]]
            )
            if turn % 8 == 0:
                person.send(self.airing, "comment.post", tries=30, text=f"第 {turn} 次发言")
            turn += 1
            time.sleep(0.25)


@pytest.fixture(scope="module")
def crowd(house: House) -> Crowd:
    page, airing = airing_on_air(house.address)
    people = [Citizen(house.address).arrive(page) for _ in range(3)]
    polls = [
        thing for thing in people[0].state(airing).values() if thing["kind"] == "poll" and thing["state"] == "open"
    ]
    assert polls, "the demo show has an open poll"
    return Crowd(airing, people, polls[0])


def last_segment(house: House, airing: str) -> str:
    text = httpx.get(f"{house.address}/media/airings/{airing}/live/index.m3u8", timeout=5).raise_for_status().text
    playlist = m3u8.loads(text)
    return str(playlist.segments[-1].uri)


def wait_for_new_segment(house: House, airing: str, before: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        try:
            if last_segment(house, airing) != before:
                return
        except (httpx.HTTPError, IndexError):
            pass
        time.sleep(0.5)
    raise AssertionError("the public playlist does not grow")


@pytest.mark.ffmpeg
@pytest.mark.timeout(600)
def test_nothing_acknowledged_is_lost_whoever_dies(house: House, crowd: Crowd) -> None:
    wait_for_new_segment(house, crowd.airing, "", 90)
    producer = Citizen(house.address).log_in("producer", house.accounts()["producer"])
    before = producer.panel(crowd.airing, "feed")
    crowd.begin()
    try:
        for part in PARTS:
            time.sleep(2)
            old = house.pid(part)
            os.kill(old, signal.SIGKILL)
            deadline = time.monotonic() + soon() + 0.5
            while house.pid(part) == old:
                assert time.monotonic() < deadline, f"{part} was not started again within two seconds"
                time.sleep(0.05)
            house.wait_healthy(60)
        wait_for_new_segment(house, crowd.airing, last_segment(house, crowd.airing))
    finally:
        crowd.end()
    for person in crowd.people:
        check(person, crowd)
    refused = {code for person in crowd.people for code in person.refused}
    assert refused <= {"too_many"}, f"nothing but the stated limit was refused: {house.faults()}"
    after = wait_for(lambda: receiving(producer, crowd.airing), 60, "the feed comes in again: the show goes on")
    assert after["received_seconds"] >= before["received_seconds"], "nothing that was recorded is gone"
    assert len(after["gaps"]) > len(before["gaps"]), "the recorder's outage stands in the gap map"


def receiving(producer: Citizen, airing: str) -> dict[str, Any] | None:
    feed = producer.panel(airing, "feed")
    return feed if feed["state"] == "receiving" else None


def check(person: Citizen, crowd: Crowd) -> None:
    mine = person.mine(crowd.airing)
    said = [ack for ack in person.acked.values() if ack["type"] == "comment.post"]
    voted = [ack for ack in person.acked.values() if ack["type"] == "poll.vote"]
    assert said
    assert len(voted) > 10
    kept = [item["id"] for item in mine["items"]]
    assert sorted(kept) == sorted({ack["result"]["item"] for ack in said}), "each acknowledged comment stands, once"
    ballots = [ballot for ballot in mine["ballots"] if ballot["poll"] == crowd.poll["id"]]
    assert [ballot["options"] for ballot in ballots] == [voted[-1]["options"]], "one ballot: the last acknowledged vote"
