"""The gate before strangers: what they can hold is bounded, and an encoder gets in past them."""

from __future__ import annotations

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator
from typing import Any

import pytest

from archive import amf, entrances, rtmp, rtmp_gate
from archive.entrances import Entrance
from archive.rtmp import BadRtmp, ChunkReader
from archive.rtmp_gate import Gate

from .making import eventually


@pytest.fixture
async def gate() -> AsyncIterator[Gate]:
    """A gate at which no key is right."""
    found = Gate("127.0.0.1", 0, lambda _digest: None)
    await found.start()
    yield found
    await found.stop()


async def knock(gate: Gate, source: str = "127.0.0.1") -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", gate.port, local_addr=(source, 0))


async def publish(gate: Gate, key: str, source: str = "127.0.0.1") -> bytes:
    """What the gate answers an encoder that names this key."""
    reader, writer = await knock(gate, source)
    writer.write(b"\x03" + bytes(rtmp.HANDSHAKE))
    answer = await reader.readexactly(1 + 2 * rtmp.HANDSHAKE)
    writer.write(answer[1 : 1 + rtmp.HANDSHAKE])
    commands: list[tuple[Any, ...]] = [
        ("connect", 1.0, {"app": "live"}),
        ("createStream", 2.0, None),
        ("publish", 3.0, None, key, "live"),
    ]
    for command in commands:
        # 128 bytes a chunk, as long as nothing else was said.
        payload = amf.encode_all(*command)
        assert len(payload) <= 128
        writer.write(rtmp.chunks(rtmp.COMMAND, payload, stream=1))
    said = b""
    with contextlib.suppress(ConnectionError):
        while data := await asyncio.wait_for(reader.read(65536), 20):
            said += data
    writer.close()
    return said


async def test_a_crowd_that_dawdles_makes_room_for_an_encoder(gate: Gate) -> None:
    crowd = [await knock(gate, f"127.0.1.{1 + number % 40}") for number in range(240)]
    for _reader, writer in crowd:
        writer.write(b"\x03" + bytes(700))
    await eventually(lambda: gate.refused.get("crowded", {}).get("count", 0) >= 240 - rtmp_gate.MOST_GREETING)
    assert gate.connections[1] <= rtmp_gate.MOST_GREETING
    answered = await publish(gate, "0" * 32)
    assert b"NetStream.Publish.BadName" in answered
    assert gate.refused["wrong_key"]["count"] == 1
    for _reader, writer in crowd:
        writer.close()
    await eventually(lambda: gate.connections == (0, 0))


async def test_one_address_cannot_fill_the_gate(gate: Gate) -> None:
    crowd = [await knock(gate) for _ in range(60)]
    await eventually(lambda: gate.refused.get("too_many_connections", {}).get("count") == 60 - 16)
    assert gate.connections[1] == rtmp_gate.MOST_GREETING_PER_ADDRESS
    assert b"BadName" in await publish(gate, "0" * 32, "127.0.0.9")
    for _reader, writer in crowd:
        writer.close()


async def test_one_byte_at_a_time_gains_no_time(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rtmp_gate, "GREET_SECONDS", 1.0)
    reader, writer = await knock(gate)

    async def drip() -> None:
        with contextlib.suppress(ConnectionError):
            while True:
                writer.write(b"\x03")
                await writer.drain()
                await asyncio.sleep(0.05)

    dripping = asyncio.create_task(drip())
    async with asyncio.timeout(20):
        with contextlib.suppress(ConnectionError):
            assert await reader.read() == b""
    await eventually(lambda: gate.refused.get("timeout", {}).get("count") == 1)
    dripping.cancel()
    assert gate.connections == (0, 0)


async def test_guessing_ends_for_an_address_and_for_no_other(gate: Gate) -> None:
    for number in range(rtmp_gate.MOST_WRONG_KEYS):
        gate._wrong.setdefault("127.0.0.1", rtmp_gate.deque()).append(rtmp_gate.time.monotonic() + number / 1e6)
    reader, _writer = await knock(gate)
    with contextlib.suppress(ConnectionError):
        assert await asyncio.wait_for(reader.read(), 10) == b""
    assert gate.refused["too_many_attempts"]["count"] == 1
    assert b"BadName" in await publish(gate, "0" * 32, "127.0.0.2")


@pytest.mark.parametrize(
    ("address", "counted"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("?", "?"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(address: str, counted: str) -> None:
    assert rtmp_gate.block(address) == counted


def test_every_key_is_compared_whichever_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[str] = []
    real = entrances.hmac.compare_digest

    def counting(mine: str, theirs: str) -> bool:
        compared.append(mine)
        return real(mine, theirs)

    monkeypatch.setattr(entrances.hmac, "compare_digest", counting)
    ways = (Entrance("main", 1, "a" * 64), Entrance("backup", 2, "b" * 64))
    for digest, lane in (("a" * 64, "main"), ("b" * 64, "backup"), ("c" * 64, None), ("", None)):
        compared.clear()
        assert entrances.lane_of_key(ways, digest) == lane
        assert compared == ["a" * 64, "b" * 64]
    assert entrances.lane_of_key((Entrance("backup", 2, ""),), "") is None, "a key that was never made fits nobody"


def test_messages_begun_on_many_streams_are_bounded_in_all() -> None:
    reader = ChunkReader()
    list(reader.feed(rtmp.chunks(1, struct.pack(">I", 8_192), channel=2)))
    begun = [
        bytes([3 + number]) + bytes(3) + (16_000).to_bytes(3, "big") + bytes([9]) + bytes(4) + bytes(8_192)
        for number in range(8)
    ]
    with pytest.raises(BadRtmp, match="oversize"):
        for each in begun:
            list(reader.feed(each))
    assert reader._held <= 3 * reader.most


def test_a_message_given_up_is_forgotten() -> None:
    reader = ChunkReader()
    head = b"\x03" + bytes(3) + (4_000).to_bytes(3, "big") + bytes([9]) + bytes(4)
    for _ in range(40):
        list(reader.feed(head + bytes(128)))
        list(reader.feed(rtmp.chunks(2, struct.pack(">I", 3), channel=2)))
        assert reader._held == 0
    [message] = reader.feed(rtmp.chunks(rtmp.VIDEO, b"whole", channel=3))
    assert message.payload == b"whole"


def test_crumbs_are_no_chunks() -> None:
    with pytest.raises(BadRtmp, match="bad_chunk"):
        list(ChunkReader().feed(rtmp.chunks(1, struct.pack(">I", 1), channel=2)))
