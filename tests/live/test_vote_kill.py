"""`kill -9` of web, edge, composer, Valkey and PostgreSQL under votes: none that was acknowledged is lost, none counts twice."""

from __future__ import annotations

import asyncio
import itertools
import json
import tempfile
import time
from collections import Counter
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
import websockets

from tests.live.own_house import OwnHouse

PARTS = ("daphne-0", "valkey", "edge-1", "postgres", "composer", "valkey, forgetting")
PEOPLE = 12
# The last ones have two browsers that vote at the same time.
TWICE = 3
PATIENCE_SECONDS = 60.0
BETWEEN = 6


@pytest.fixture
def own_house() -> Iterator[OwnHouse]:
    with tempfile.TemporaryDirectory(prefix="yishi-kill-", ignore_cleanup_errors=True) as folder:
        house = OwnHouse(Path(folder))
        try:
            house.begin()
            yield house
        finally:
            house.end()


@dataclass
class Voter:
    """One browser: votes, waits, and sends what was not answered again under the same id, by socket or by POST.

    So whatever was committed is acknowledged in the end, even when the poll is closed meanwhile; what is refused then, is not kept.
    """

    house: OwnHouse
    seeded: dict[str, Any]
    person: int
    name: str
    acked: list[tuple[str, int]] = field(default_factory=list)
    receipts: dict[str, Any] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    is_closed: bool = False

    async def run(self) -> None:
        """Vote until the poll is closed; what was begun is finished."""
        options = self.seeded["options"]
        for turn in itertools.count():
            if self.is_closed:
                return
            await self._vote(f"{self.name}-{turn:06d}", options[turn % len(options)], turn)

    async def _vote(self, command_id: str, option: int, turn: int) -> None:
        command = {"type": "poll.vote", "id": command_id, "poll": self.seeded["poll"], "options": [option]}
        deadline = time.monotonic() + PATIENCE_SECONDS
        for attempt in itertools.count():
            port = list(self.house.ports.values())[(attempt + turn // 5) % len(self.house.ports)]
            way = self._post if (turn + attempt) % 4 == 3 else self._by_socket
            answer = await self._tried(way(port, command))
            if answer is not None and answer["type"] == "ack":
                assert answer["result"]["options"] == [option]
                first = self.receipts.setdefault(command_id, answer["result"]["receipt"])
                assert first == answer["result"]["receipt"]
                self.acked.append((command_id, option))
                return
            self.refused[answer["code"] if answer else "no answer"] += 1
            self.is_closed = answer is not None and answer["code"] == "illegal_transition"
            if self.is_closed:
                return
            assert time.monotonic() < deadline, self.refused
            await asyncio.sleep(0.1)

    async def _tried(self, way: Awaitable[dict[str, Any]]) -> dict[str, Any] | None:
        try:
            return await asyncio.wait_for(way, 4)
        except (OSError, TimeoutError, httpx.HTTPError, websockets.WebSocketException, json.JSONDecodeError, KeyError):
            return None

    async def _by_socket(self, port: int, command: dict[str, Any]) -> dict[str, Any]:
        async with websockets.connect(
            f"ws://127.0.0.1:{port}/live/airings/{self.seeded['airing']}/socket",
            additional_headers={"Cookie": self._cookie},
            origin=f"http://127.0.0.1:{port}",  # type: ignore[arg-type]
            proxy=None,
            close_timeout=0.1,
        ) as socket:
            # Twice at once: the second is a retry while the first is under way.
            for _twice in range(2 if command["id"].endswith("7") else 1):
                await socket.send(json.dumps(command))
            async for text in socket:
                frame: dict[str, Any] = json.loads(text)
                if frame.get("id") == command["id"]:
                    return frame
        raise OSError("closed")

    async def _post(self, port: int, command: dict[str, Any]) -> dict[str, Any]:
        address = f"http://127.0.0.1:{port}"
        headers = {"Cookie": f"{self._cookie}; csrftoken={'a' * 32}", "X-CSRFToken": "a" * 32, "Origin": address}
        async with httpx.AsyncClient(headers=headers, timeout=4) as browser:
            answer = await browser.post(f"{address}/live/airings/{self.seeded['airing']}/commands", json=command)
            frame: dict[str, Any] = answer.json()
            return {"code": "?", **frame, "type": frame["type"]}

    @property
    def _cookie(self) -> str:
        return f"yishi_participant={self.seeded['cookies'][self.person]}"


class Crowd:
    """All voters, and how far they are."""

    def __init__(self, house: OwnHouse, seeded: dict[str, Any]) -> None:
        people = [*range(PEOPLE), *range(PEOPLE - TWICE, PEOPLE)]
        self.voters = [Voter(house, seeded, person, f"voter-{number:03d}") for number, person in enumerate(people)]

    @property
    def acked(self) -> int:
        return sum(len(each.acked) for each in self.voters)

    async def goes_on(self, more: int) -> None:
        """Return when so many more votes were acknowledged."""
        wanted, deadline = self.acked + more, time.monotonic() + PATIENCE_SECONDS
        while self.acked < wanted:
            assert time.monotonic() < deadline, (self.acked, [each.refused for each in self.voters])
            await asyncio.sleep(0.02)


@pytest.mark.timeout(300)
async def test_twenty_kills_lose_no_vote_and_count_none_twice(own_house: OwnHouse) -> None:
    await killing(own_house, 20)


@pytest.mark.long
@pytest.mark.timeout(3600)
async def test_two_hundred_kills_lose_no_vote_and_count_none_twice(own_house: OwnHouse) -> None:
    await killing(own_house, 220)


async def killing(house: OwnHouse, cycles: int) -> None:
    seeded = await asyncio.to_thread(house.seed, PEOPLE)
    crowd = Crowd(house, seeded)
    async with voting(crowd):
        await crowd.goes_on(BETWEEN)
        for cycle in range(cycles):
            await kill(house, PARTS[cycle % len(PARTS)], seeded)
            try:
                await crowd.goes_on(BETWEEN)
            except AssertionError as error:
                raise AssertionError(f"after kill {cycle} of {PARTS[cycle % len(PARTS)]}: {house.tails()}") from error
        # Closed while all of them vote by two web processes.
        await asyncio.to_thread(house.close, seeded["poll"], seeded["producer"])
    for name in ("daphne-0", "edge-1"):
        await asyncio.to_thread(house.wait_started, name)
    assert all(voter.is_closed for voter in crowd.voters)
    check(house, seeded, crowd)


class voting:  # noqa: N801  # read as a verb
    """Voters vote within, until the poll is closed; what they began is finished."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd

    async def __aenter__(self) -> None:
        self._tasks = [asyncio.create_task(each.run()) for each in self._crowd.voters]

    async def __aexit__(self, kind: type[BaseException] | None, *_rest: object) -> None:
        if kind is None:
            await asyncio.gather(*self._tasks)
        for each in self._tasks:
            each.cancel()


async def kill(house: OwnHouse, part: str, seeded: dict[str, Any]) -> None:
    """Kill it and start it again; web processes come back while the others serve."""
    name = await asyncio.to_thread(composer, house, seeded) if part == "composer" else part.partition(",")[0]
    others = [each for each in house.ports if each != name]
    for each in others:
        await asyncio.to_thread(house.wait_started, each)
    await asyncio.to_thread(house.kill, name)
    if part.endswith("forgetting"):
        for file in (house.valkey.data / "appendonlydir").glob("*"):
            file.unlink()
    if name in house.ports:
        house.start_soon(name)
    else:
        await asyncio.to_thread(house.start, name)


def composer(house: OwnHouse, seeded: dict[str, Any]) -> str:
    """Which web process composes the airing now."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with psycopg.connect(house.postgres.url) as connection:
            rows = connection.execute(
                "SELECT owner FROM live_composerlease WHERE airing_id = %s AND expires_at > now()", [seeded["airing"]]
            ).fetchall()
        for (owner,) in rows:
            for name in house.ports:
                if int(owner.split(":")[1]) == house.pid(name):
                    return name
        time.sleep(0.05)
    raise AssertionError("nobody composes")


def check(house: OwnHouse, seeded: dict[str, Any], crowd: Crowd) -> None:
    with psycopg.connect(house.postgres.url) as connection:
        casts = connection.execute(
            "SELECT command_id, participant_id::text, options, id FROM live_ballotcast WHERE poll_id = %s",
            [seeded["poll"]],
        ).fetchall()
        ballots: dict[str, list[int]] = dict(
            connection.execute(
                "SELECT participant_id::text, options FROM live_ballot WHERE poll_id = %s", [seeded["poll"]]
            ).fetchall()
        )
        result = connection.execute("SELECT result FROM live_poll WHERE id = %s", [seeded["poll"]]).fetchone()
    acked = {name: option for voter in crowd.voters for name, option in voter.acked}
    assert {name: options[0] for name, _person, options, _id in casts} == acked, "each acknowledged vote is there once"
    assert len(casts) == len(acked) == crowd.acked
    kept = {name: id_ for name, _person, _options, id_ in casts}
    for voter in crowd.voters:
        assert all(kept[name] == receipt["cast"] for name, receipt in voter.receipts.items())
    for number in range(PEOPLE - TWICE):
        person = seeded["people"][number]
        assert ballots[person] == [crowd.voters[number].acked[-1][1]], "the last acknowledged vote counts"
    last = {person: options for _name, person, options, _id in sorted(casts, key=lambda cast: cast[3])}
    assert ballots == last
    counted = Counter(options[0] for options in last.values())
    assert result is not None
    assert {int(key): many for key, many in result[0]["votes"].items() if many} == counted
    assert result[0]["total"] == len(last) == PEOPLE
    assert "相符" in house.run("-m", "broadcast", "verify-poll", str(seeded["poll"]))
