"""Who gets a socket when there are not enough for all: limits by process, person, address, partner; refused with a window, and counted."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import websockets
from asgiref.sync import sync_to_async

from broadcast.identity import COOKIE
from live import admission, allowance, limits
from live.admission import FULL_MS, LONGEST_MS, MOVING_MS, Admission
from live.allowance import Allowance, Sender, network
from live.limits import Limits
from live.protocol import CloseCode
from tests.live import making
from tests.live.sockets import Server, viewer_socket

ANN, BOB = Sender("ann", "192.0.2.1"), Sender("bob", "192.0.2.1")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    stopped = SimpleNamespace(now=1_000.0)
    for module in (allowance, admission):
        monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=lambda: stopped.now))
    return stopped


def entrance(held: int = 0, **numbers: int) -> Admission:
    return Admission(Limits(**numbers), lambda: held)


def test_a_full_process_takes_nobody_and_says_so_to_those_who_poll(clock: SimpleNamespace) -> None:
    full, free = entrance(10, sockets=10), entrance(9, sockets=10)
    assert (full.refuse(ANN), full.again_ms(), full.refused) == (FULL_MS, FULL_MS, {"sockets": 1})
    assert free.refuse(ANN) == 0
    assert free.again_ms() < FULL_MS


def test_joins_come_at_a_rate_and_the_row_makes_the_window_wider(clock: SimpleNamespace) -> None:
    door = entrance(joins=10, joins_person=1_000, joins_address=1_000)
    assert [door.refuse(ANN) for _each in range(10)] == [0] * 10
    windows = [door.refuse(ANN) for _each in range(1_000)]
    assert windows == sorted(windows)
    assert windows[0] == admission.SHORTEST_MS
    assert windows[-1] == min(LONGEST_MS, 2_000 * 1_000 // 10), (
        "a thousand wait at ten a second: twice a hundred seconds at most"
    )
    assert door.again_ms() == windows[-1]
    clock.now += 90
    assert door.again_ms() < windows[-1], "the row gets shorter with time"
    assert door.refuse(ANN) == 0
    assert door.refused == {"joins": 1_000}


def test_one_person_one_address_and_one_partner_hold_so_many_sockets(clock: SimpleNamespace) -> None:
    door = entrance(sockets_person=2, sockets_address=3, sockets_partner=4)
    for each in (ANN, ANN, BOB):
        assert door.refuse(each) == 0
        door.enter(each)
    assert door.refuse(ANN) == FULL_MS
    assert door.refuse(BOB) == FULL_MS, "the address is full"
    far = Sender("bob", "198.51.100.7")
    assert door.refuse(far) == 0
    assert door.refused == {"sockets_person": 1, "sockets_address": 1}
    door.leave(ANN)
    assert door.refuse(ANN) == 0
    guests = [Sender("", f"203.0.113.{n}", "https://partner.example") for n in range(5)]
    for each in guests[:4]:
        door.enter(each)
    assert door.refuse(guests[4]) == FULL_MS
    assert door.refused["sockets_partner"] == 1


def test_whoever_comes_again_and_again_waits_alone(clock: SimpleNamespace) -> None:
    door = entrance(joins_person=1, joins=10_000)
    assert [door.refuse(ANN) for _each in range(20)] == [0] * 20
    assert door.refuse(ANN) > 0
    assert door.refuse(Sender("bob", "198.51.100.7")) == 0
    assert door.refused == {"joins_person": 1}


def test_a_process_that_leaves_sends_everybody_to_the_next_one(clock: SimpleNamespace) -> None:
    door = entrance()
    door.moving = True
    assert door.refuse(ANN) == MOVING_MS < 2_000, "so short that the page does not show it"


def test_all_who_sit_here_come_back_within_what_the_entrance_needs_and_a_quarter() -> None:
    assert entrance(0).return_ms() == admission.SHORTEST_MS
    assert entrance(10_000, joins=500).return_ms() == 25_000
    assert entrance(10**6, joins=1).return_ms() == LONGEST_MS


def test_an_address_is_a_household_and_this_machine_is_none() -> None:
    assert network("192.0.2.1") == network("::ffff:192.0.2.1") == "192.0.2.1"
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:3::9") != network("2001:db8:1:3::1")
    assert network("127.0.0.1") == network("::1") == network("no address") == ""


def test_commands_and_bytes_are_limited_by_person_address_and_partner(clock: SimpleNamespace) -> None:
    known = Limits(commands_person=2, commands_address=3, bytes_person=100, bytes_address=100_000)
    sent = Allowance(known, "commands", "bytes")
    assert [sent.take(ANN, 1, 10) for _each in range(10)] == [0] * 10
    assert sent.take(ANN, 1, 10) == 1
    assert [sent.take(BOB, 1, 10) for _each in range(4)] == [0] * 4
    assert sent.take(BOB, 1, 10) == 1, "both are behind one address"
    assert sent.take(Sender("cleo"), 1, 1_600) == 0
    assert sent.take(Sender("cleo"), 1, 1) == 1, "few commands, many bytes"
    assert sent.refused == {"commands_person": 1, "commands_address": 1, "bytes_person": 1}


def test_limits_are_changed_by_name_and_a_misspelt_one_is_found(settings: Any) -> None:
    limits.current.cache_clear()
    settings.LIMITS = {"sockets": 7, "sokets": 3}
    assert limits.current() == Limits(sockets=7)
    assert [each.id for each in limits.limits_are_known()] == ["live.E001"]
    limits.current.cache_clear()


async def test_who_finds_no_room_is_told_so_by_a_real_server_and_posts_and_polls(
    servers: Callable[..., Server],
) -> None:
    """The window stands in the reason, on both servers."""
    show, viewer = await sync_to_async(making.make_show)(), await sync_to_async(making.make_viewer)()
    for kind in ("daphne", "uvicorn"):
        server = await sync_to_async(servers)({"YISHI_LIMITS": "sockets=2"}, kind)
        async with viewer_socket(server, show) as one, viewer_socket(server, show) as two:
            await one.wait(lambda frame: frame["type"] == "snapshot")
            await two.wait(lambda frame: frame["type"] == "snapshot")
            async with viewer_socket(server, show, viewer) as third:
                assert await third.closed() == CloseCode.FULL
                assert int(third.close_reason) == FULL_MS
            state = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
            assert state.headers["Yishi-Pace"] == f"poll=1000, socket={FULL_MS}"
        deadline = asyncio.get_running_loop().time() + 30
        while f"socket={FULL_MS}" in state.headers["Yishi-Pace"]:
            state = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
            assert asyncio.get_running_loop().time() < deadline
        async with viewer_socket(server, show, viewer) as third:
            await third.wait(lambda frame: frame["type"] == "snapshot")


@pytest.mark.parametrize("kind", ["daphne", "uvicorn"])
async def test_hostile_senders_disturb_nobody(servers: Callable[..., Server], kind: str) -> None:
    """A flood of commands, frames that are too big, and handshakes that never come to their point."""
    server = await sync_to_async(servers)({}, kind)
    show, viewer, other = [
        await sync_to_async(make)() for make in (making.make_show, making.make_viewer, making.make_viewer)
    ]
    drips = [await asyncio.open_connection("127.0.0.1", server.port) for _each in range(20)]
    for _reader, writer in drips:
        writer.write(b"GET /live/airings/x/socket HTTP/1.1\r\nHost: 127.0")
    async with viewer_socket(server, show, other) as calm, viewer_socket(server, show, viewer) as eager:
        like = {"type": "like.add", "count": 1}
        for _each in range(200):
            with contextlib.suppress(websockets.ConnectionClosed):
                await eager.send_raw(json.dumps({**like, "id": making.command_id()}))
        assert await eager.closed() == CloseCode.TOO_FAST
        codes = [frame["code"] for frame in eager.frames if frame["type"] == "error"]
        assert set(codes) == {"too_many"}
        assert len(codes) >= 100
        async with viewer_socket(server, show, other) as huge:
            await huge.wait(lambda frame: frame["type"] == "snapshot")
            with contextlib.suppress(websockets.ConnectionClosed):
                await huge.send_raw("x" * 2_000_000)
            assert await huge.closed() in {1009, 1006}
        assert (await calm.ask("like.add", count=1))["type"] == "ack"
        for reader, writer in drips:
            # Drop by drop, which keeps a clock alive that begins anew with every byte.
            with contextlib.suppress(ConnectionError):
                writer.write(b".")
            with contextlib.suppress(ConnectionError):
                assert await asyncio.wait_for(reader.read(), 30) == b""
        assert (await calm.ask("like.add", count=1))["type"] == "ack"
    assert f"{COOKIE}=" not in server.log.read_text()
