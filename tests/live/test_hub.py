"""Seats and audiences without a network: resume, gaps, new epochs, peers that do not read; no frame goes missing unnoticed."""

from __future__ import annotations

import asyncio
import json
import uuid
from typing import Any

import pytest

from live import protocol, seat
from live import state as states
from live.envelope import Header
from live.hub import Hub, Loaded
from live.seat import Counters, Seat
from live.state import State

AIRING = uuid.uuid4()


def composed(epoch: int, seq: int, viewers: int) -> State:
    counts = protocol.CountsObject(key="counts", viewers=viewers, likes=0, comments=0, questions=0)
    return State(epoch, seq, "t", 500, states.encoded([counts]))


def tick(state: State) -> bytes:
    return states.tick(state, [each.body for each in state.objects.values()], [])


class Peer:
    """A browser that reads, or does not."""

    def __init__(self) -> None:
        self.frames: list[dict[str, Any]] = []
        self.code: int | None = None
        self.reading = asyncio.Event()
        self.reading.set()

    async def send(self, message: dict[str, Any]) -> None:
        await self.reading.wait()
        if message["type"] == "websocket.close":
            self.code = message["code"]
        else:
            self.frames.append(json.loads(message["text"]))

    @property
    def positions(self) -> list[tuple[str, int, int]]:
        return [(each["type"], each["epoch"], each["seq"]) for each in self.frames]


class Bus:
    """What the hub finds when it looks."""

    def __init__(self) -> None:
        self.snapshot: bytes | None = None
        self.window: list[bytes] = []

    async def load(self, airing_id: uuid.UUID) -> Loaded:
        return self.snapshot, self.window

    async def compute(self, airing_id: uuid.UUID) -> State | None:
        return composed(0, 0, 0)


async def settle() -> None:
    for _each in range(20):
        await asyncio.sleep(0)


async def seated(hub: Hub, peer: Peer, epoch: int = 0, seq: int = 0) -> Seat:
    audience = await hub.ready(AIRING)
    assert audience is not None
    taken = Seat(peer.send, "me")
    audience.enter(taken, epoch, seq)
    return taken


def heard(hub: Hub, state: State) -> None:
    hub.heard(AIRING, Header(lane="public", epoch=state.epoch, seq=state.seq), tick(state))


async def test_ticks_in_order_then_a_gap_heals_by_the_window() -> None:
    bus, peer = Bus(), Peer()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 1, 1).snapshot()
    await seated(hub, peer)
    heard(hub, composed(5, 2, 2))
    await settle()
    bus.snapshot, bus.window = composed(5, 5, 5).snapshot(), [tick(composed(5, n, n)) for n in range(1, 6)]
    heard(hub, composed(5, 5, 5))
    await settle()
    heard(hub, composed(5, 6, 6))
    heard(hub, composed(5, 6, 6))
    await settle()
    assert [seq for _kind, _epoch, seq in peer.positions] == [1, 2, 3, 4, 5, 6]
    assert hub.stale_ticks == 1


async def test_a_new_epoch_sends_the_snapshot_and_the_old_composer_is_not_heard() -> None:
    bus, peer = Bus(), Peer()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 9, 1).snapshot()
    await seated(hub, peer)
    bus.snapshot, bus.window = composed(6, 1, 2).snapshot(), [tick(composed(6, 1, 2))]
    heard(hub, composed(6, 1, 2))
    await settle()
    heard(hub, composed(5, 10, 3))
    heard(hub, composed(6, 2, 4))
    await settle()
    assert peer.positions == [("snapshot", 5, 9), ("snapshot", 6, 1), ("tick", 6, 2)]


async def test_resume_is_whole_or_not_at_all() -> None:
    bus = Bus()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 1, 1).snapshot()
    await hub.ready(AIRING)
    for seq in range(2, 300):
        heard(hub, composed(5, seq, seq))
    await settle()
    behind, far, other, now = Peer(), Peer(), Peer(), Peer()
    await seated(hub, behind, 5, 298)
    await seated(hub, far, 5, 3)
    await seated(hub, other, 4, 298)
    await seated(hub, now, 5, 299)
    assert behind.positions == [("tick", 5, 299)]
    assert far.positions == [("snapshot", 5, 299)]
    assert other.positions == [("snapshot", 5, 299)]
    assert now.positions == []


async def test_a_peer_that_does_not_read_is_skipped_then_caught_up(monkeypatch: pytest.MonkeyPatch) -> None:
    bus, slow, quick = Bus(), Peer(), Peer()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 1, 1).snapshot()
    await seated(hub, slow)
    await seated(hub, quick)
    slow.reading.clear()
    skipped = Counters.skipped_ticks
    for seq in range(2, 12):
        heard(hub, composed(5, seq, seq))
        await settle()
    assert [seq for *_, seq in quick.positions] == list(range(1, 12))
    assert Counters.skipped_ticks - skipped == 9
    slow.reading.set()
    await settle()
    heard(hub, composed(5, 12, 12))
    await settle()
    heard(hub, composed(5, 13, 13))
    await settle()
    assert slow.positions == [("snapshot", 5, 1), ("tick", 5, 2), ("snapshot", 5, 12), ("tick", 5, 13)]


async def test_a_peer_that_never_reads_is_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seat, "BEHIND_SECONDS", 0.0)
    bus, slow = Bus(), Peer()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 1, 1).snapshot()
    taken = await seated(hub, slow)
    slow.reading.clear()
    for seq in range(2, 6):
        heard(hub, composed(5, seq, seq))
        await settle()
    assert taken.closed
    slow.reading.set()
    await settle()
    assert slow.code == protocol.CloseCode.TOO_SLOW


async def test_own_frames_wait_in_order_and_are_bounded() -> None:
    peer = Peer()
    taken = Seat(peer.send)
    peer.reading.clear()
    for seq in range(10):
        taken.tell(json.dumps({"type": "ack", "epoch": 0, "seq": seq}))
    peer.reading.set()
    await settle()
    assert [each["seq"] for each in peer.frames] == list(range(10))
    peer.reading.clear()
    lost = Counters.lost_own
    for _each in range(seat.OWN_FRAMES + 5):
        taken.tell("{}")
    assert taken.closed
    assert Counters.lost_own == lost + 1


async def test_a_broken_send_ends_one_seat_only() -> None:
    bus, quick = Bus(), Peer()
    hub = Hub(bus.load, bus.compute)
    bus.snapshot = composed(5, 1, 1).snapshot()

    async def broken(message: dict[str, Any]) -> None:
        raise ConnectionError("gone")

    audience = await hub.ready(AIRING)
    assert audience is not None
    audience.enter(Seat(broken), 0, 0)
    await seated(hub, quick)
    heard(hub, composed(5, 2, 2))
    await settle()
    assert [seq for *_, seq in quick.positions] == [1, 2]


async def test_without_bus_or_composer_the_database_is_shown() -> None:
    bus, peer = Bus(), Peer()
    hub = Hub(bus.load, bus.compute)
    await seated(hub, peer)
    assert peer.positions == [("snapshot", 0, 0)]
    bus.snapshot, bus.window = composed(7, 1, 1).snapshot(), [tick(composed(7, 1, 1))]
    heard(hub, composed(7, 1, 1))
    await settle()
    assert peer.positions == [("snapshot", 0, 0), ("snapshot", 7, 1)]
