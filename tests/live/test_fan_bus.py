"""The bus between processes: nothing that was asked for is missed, a cluster is spoken to by its slots, bytes do not grow with viewers."""

from __future__ import annotations

import asyncio
import contextlib
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import redis
from asgiref.sync import sync_to_async
from django.conf import settings

from benchmarks.crowd import Crowd
from live import envelope, hints, protocol
from live import state as states
from live.bus import Bus
from live.envelope import Header
from live.state import State
from tests.live import making
from tests.live.own_cluster import OwnCluster
from tests.live.sockets import Server


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnCluster]:
    with tempfile.TemporaryDirectory(prefix="yishi-cluster-") as folder:
        found = OwnCluster(Path(folder))
        found.start()
        yield found
        found.stop()


class Listener:
    """A process's bus and what it heard."""

    def __init__(self) -> None:
        self.heard: list[tuple[uuid.UUID, int, bytes]] = []
        self.returns = 0
        self.bus = Bus(lambda pk, header, body: self.heard.append((pk, header.seq, body)), self._returned)

    def _returned(self) -> None:
        self.returns += 1


@contextlib.asynccontextmanager
async def listening(*wanted: uuid.UUID) -> AsyncIterator[Listener]:
    each = Listener()
    for airing_id in wanted:
        each.bus.subscribe(airing_id)
    task = asyncio.create_task(each.bus.listen())
    try:
        yield each
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await each.bus.close()


async def until(condition: Callable[[], object], seconds: float = 30) -> None:
    deadline = asyncio.get_running_loop().time() + seconds
    while not condition():
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)


async def tick(bus: Bus, airing_id: uuid.UUID, seq: int, body: bytes = b"{}") -> bool:
    return await bus.publish_tick(airing_id, Header(lane="public", epoch=1, seq=seq), body, b"{}")


async def heard_at_last(one: Listener, airing_id: uuid.UUID) -> None:
    """What is wanted is heard within a while: subscriptions take their way."""
    for seq in range(1, 600):
        assert await tick(one.bus, airing_id, seq)
        await asyncio.sleep(0.05)
        if any(pk == airing_id for pk, *_rest in one.heard):
            return
    pytest.fail("never heard")


async def test_what_is_asked_for_while_the_connection_comes_about_is_heard() -> None:
    early, late = uuid.uuid4(), [uuid.uuid4() for _each in range(60)]
    async with listening(early) as one:
        # One after the other while it connects and subscribes: each falls into another moment of it.
        for airing_id in late:
            one.bus.subscribe(airing_id)
            await asyncio.sleep(0)
        await until(lambda: one.bus.up)
        for airing_id in (early, *late):
            await heard_at_last(one, airing_id)


async def test_what_is_no_longer_wanted_is_not_heard() -> None:
    airing_id, other = uuid.uuid4(), uuid.uuid4()
    async with listening(airing_id, other) as one:
        await heard_at_last(one, airing_id)
        one.bus.unsubscribe(airing_id)
        await heard_at_last(one, other)
        before = len([pk for pk, *_rest in one.heard if pk == airing_id])
        await tick(one.bus, airing_id, 1_000)
        await heard_at_last(one, other)
        assert len([pk for pk, *_rest in one.heard if pk == airing_id]) == before


@pytest.fixture
def on_cluster(cluster: OwnCluster, settings: pytest.FixtureRequest) -> OwnCluster:
    settings.BUS_URL, settings.BUS_CLUSTER = cluster.url, True  # type: ignore[attr-defined]
    return cluster


async def test_a_cluster_is_spoken_to_by_its_slots(on_cluster: OwnCluster) -> None:
    airings = one_for_each_server(on_cluster)
    async with listening(*airings) as one, listening(airings[0]) as other:
        for airing_id in airings:
            await heard_at_last(one, airing_id)
            await one.bus.report_viewers(airing_id, "one", 3)
            assert await other.bus.viewers(airing_id) == 3
            snapshot, window = await other.bus.load(airing_id)
            assert snapshot == b"{}"
            assert window
        await heard_at_last(other, airings[0])
        assert {pk for pk, *_rest in other.heard} == {airings[0]}
        for number, airing_id in enumerate(airings):
            name = envelope.channel(airing_id)
            shards = on_cluster.client(number).execute_command("PUBSUB SHARDCHANNELS")
            assert [each.decode() for each in shards if each.decode() == name] == [name]
        assert one.bus.lost == other.bus.lost == 0


async def test_hints_of_other_threads_reach_whoever_listens_to_the_cluster(
    on_cluster: OwnCluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hints, "publisher", hints._Publisher())
    airings = one_for_each_server(on_cluster)
    async with listening(*airings) as one:
        for airing_id in airings:
            await heard_at_last(one, airing_id)
        one.heard.clear()
        told = [(envelope.channel(pk), envelope.pack(Header(lane="hint", what=("polls",)))) for pk in airings]
        await asyncio.to_thread(hints.publisher.publish, told)
        await until(lambda: {pk for pk, *_rest in one.heard} == set(airings))
        assert hints.publisher.failures == 0


async def test_an_airing_whose_slot_moves_is_heard_from_its_new_server(on_cluster: OwnCluster) -> None:
    airings = one_for_each_server(on_cluster)
    airing_id = airings[1]
    async with listening(*airings) as one:
        await heard_at_last(one, airing_id)
        returns, slot = one.returns, redis.crc.key_slot(envelope.channel(airing_id).encode())
        move(on_cluster, slot, 1, 2)
        try:
            await until(lambda: one.returns > returns)
            one.heard.clear()
            # Whoever speaks finds the new owner too, at the second try at the latest.
            for seq in range(1, 200):
                await tick(one.bus, airing_id, seq)
                if one.heard:
                    break
                await asyncio.sleep(0.05)
            assert next(pk for pk, *_rest in one.heard) == airing_id
        finally:
            move(on_cluster, slot, 2, 1)


async def test_bytes_on_the_bus_do_not_grow_with_the_audience(server: Server) -> None:
    """Counted by the bus's server itself, with a real web process and real sockets."""
    show = await sync_to_async(making.make_show)()
    path, spent = f"/live/airings/{show.id}/socket", []
    with Crowd(1) as crowd:
        async with listening() as composer:
            for more, viewers in ((5, 5), (395, 400)):
                await asyncio.to_thread(crowd.open, [server.port], path, more, rate=300)
                await until(lambda wanted=viewers: crowd.count().open == wanted)
                before = traffic()
                for seq in range(1, 41):
                    # An epoch above all: this process passes them on and composes nothing more itself.
                    header = Header(lane="public", epoch=10**9 + viewers, seq=seq)
                    state = State(header.epoch, seq, "t", 500)
                    snapshot = state.snapshot()
                    body = states.tick(state, [comment(f"{seq:03d}" + "x" * 400)], [])
                    assert await composer.bus.publish_tick(show.id, header, body, snapshot)
                    # The first is fetched whole; what comes meanwhile would be in it.
                    await asyncio.sleep(2 if seq == 1 else 0.01)
                await until(lambda epoch=header.epoch: has_all(crowd, epoch, 40))
                spent.append(traffic() - before)
    # Whatever else is said meanwhile: a viewer's own name in each tick would be two hundred bytes, and the tick itself 500.
    assert spent[1] - spent[0] < 395 * 40 * 20


def comment(text: str) -> bytes:
    return protocol.encode(protocol.CommentObject(key="comment:1", id=1, text=text, author="", badge="", at="t"))


def has_all(crowd: Crowd, epoch: int, seq: int) -> bool:
    found = crowd.count()
    last = [each for each in found.ticks if (each.epoch, each.seq) == (epoch, seq)]
    return bool(last) and len(last[0].arrivals) == found.open


def traffic() -> int:
    with redis.Redis.from_url(settings.BUS_URL) as client:
        found = client.info("stats")
    return int(found["total_net_input_bytes"]) + int(found["total_net_output_bytes"])


def one_for_each_server(cluster: OwnCluster) -> list[uuid.UUID]:
    found: dict[int, uuid.UUID] = {}
    while len(found) < cluster.masters:
        airing_id = uuid.uuid4()
        found.setdefault(cluster.holder(envelope.channel(airing_id)), airing_id)
    return [found[number] for number in sorted(found)]


def move(cluster: OwnCluster, slot: int, source: int, target: int) -> None:
    """Give a slot, its keys gone, to another server."""
    giving, taking = cluster.client(source), cluster.client(target)
    names = giving.execute_command("CLUSTER GETKEYSINSLOT", slot, 100)
    if names:
        giving.delete(*names)
    identity = taking.execute_command("CLUSTER MYID").decode()
    for number in range(len(cluster.ports)):
        cluster.client(number).execute_command("CLUSTER SETSLOT", slot, "NODE", identity)
