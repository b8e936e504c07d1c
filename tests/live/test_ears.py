"""A server of the bus's cluster dies: what the others hold goes on without a gap, and what it held comes back with it or its replica."""

from __future__ import annotations

import asyncio
import io
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from asgiref.sync import sync_to_async
from django.core.management import call_command
from pytest_django import Settings

from live import envelope, hints
from live.envelope import Header
from live.protocol import CloseCode
from tests.live import making
from tests.live.own_cluster import OwnCluster
from tests.live.sockets import Server, viewer_socket
from tests.live.test_fan_bus import heard_at_last, listening, one_for_each_server, tick, until

DEAD = 1


@pytest.fixture
def cluster(request: pytest.FixtureRequest, settings: Settings) -> Iterator[OwnCluster]:
    with tempfile.TemporaryDirectory(prefix="yishi-cluster-") as folder:
        found = OwnCluster(Path(folder), replicas=getattr(request, "param", 0))
        try:
            found.start()
            settings.BUS_URL, settings.BUS_CLUSTER = found.url, True
            yield found
        finally:
            found.stop()


async def test_what_the_others_hold_is_heard_without_a_gap_and_the_rest_comes_back(cluster: OwnCluster) -> None:
    airings = one_for_each_server(cluster)
    held, lost = [airings[0], airings[2]], airings[DEAD]
    async with listening(*airings) as one:
        for airing_id in airings:
            await heard_at_last(one, airing_id)
        one.heard.clear()
        for seq in range(1_000, 1_080):
            if seq == 1_010:
                cluster.kill(DEAD)
            assert all([await tick(one.bus, each, seq) for each in held])
            if seq % 10 == 5:
                # Somebody speaks to the dead one all the time.
                assert await tick(one.bus, lost, seq) is (seq < 1_010)
            await asyncio.sleep(0.05)
        await until(lambda: sum(pk in held for pk, *_rest in one.heard) >= 160)
        for airing_id in held:
            assert [seq for pk, seq, _body in one.heard if pk == airing_id] == list(range(1_000, 1_080))
        cluster.restart(DEAD)
        one.heard.clear()
        await back(one, lost)


@pytest.mark.parametrize("cluster", [2], indirect=True)
async def test_a_replica_takes_the_place_of_its_master(cluster: OwnCluster) -> None:
    airings = one_for_each_server(cluster)
    async with listening(*airings) as one:
        for airing_id in airings:
            await heard_at_last(one, airing_id)
        one.heard.clear()
        cluster.kill(DEAD)
        await back(one, airings[DEAD])


async def back(one: object, airing_id: object) -> None:
    """Said again and again until it is heard; the cluster itself needs some seconds to agree on who is dead."""
    deadline, seq = time.monotonic() + 60, 2_000
    while not any(pk == airing_id for pk, *_rest in one.heard):  # type: ignore[attr-defined]
        assert time.monotonic() < deadline
        seq += 1
        await tick(one.bus, airing_id, seq)  # type: ignore[attr-defined, arg-type]
        await asyncio.sleep(0.1)


async def test_hints_to_a_dead_server_hold_nobody_up_and_the_others_get_theirs(
    cluster: OwnCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "publisher", hints._Publisher())
    airings = one_for_each_server(cluster)
    told = [(envelope.channel(pk), envelope.pack(Header(lane="hint", what=("polls",)))) for pk in airings]
    async with listening(*airings) as one:
        for airing_id in airings:
            await heard_at_last(one, airing_id)
        one.heard.clear()
        await asyncio.to_thread(hints.publisher.publish, told)
        await until(lambda: len(one.heard) == 3)
        cluster.kill(DEAD)
        one.heard.clear()
        longest = 0.0
        for _each in range(20):
            began = time.monotonic()
            await asyncio.to_thread(hints.publisher.publish, told)
            longest = max(longest, time.monotonic() - began)
            await asyncio.sleep(0.1)
        print(f"longest hint {longest:.2f} s")
        assert longest < 5
        for airing_id in (airings[0], airings[2]):
            await until(lambda wanted=airing_id: sum(pk == wanted for pk, *_rest in one.heard) == 20)
        assert 1 <= hints.publisher.failures < 20, "now and then it is tried again"


async def test_processes_leave_a_house_whose_bus_is_a_cluster(
    cluster: OwnCluster, servers: Callable[..., Server]
) -> None:
    environ = {"YISHI_BUS_URL": cluster.url, "YISHI_BUS_CLUSTER": "1"}
    leaving, staying = [await sync_to_async(servers)(environ) for _each in range(2)]
    show = await sync_to_async(making.make_show)()
    async with viewer_socket(leaving, show) as moved, viewer_socket(staying, show) as stays:
        for each in (moved, stays):
            await each.wait(lambda frame: frame.get("epoch", 0) > 0)
        told = io.StringIO()
        asked = sync_to_async(call_command, thread_sensitive=False)(
            "drain", str(leaving.process.pid), "--seconds", "1", stdout=told
        )
        done = asyncio.ensure_future(asked)
        assert await moved.closed() == CloseCode.MOVING
        await done
        assert "gone" in told.getvalue()
        assert await asyncio.to_thread(leaving.process.wait, 30) == 0
        assert staying.process.poll() is None
        seen = stays.state.position if stays.state else (0, 0)
        await stays.wait(lambda frame: (frame.get("epoch", 0), frame.get("seq", 0)) > seen)
        assert stays.gaps == 0
