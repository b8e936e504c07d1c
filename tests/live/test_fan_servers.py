"""What both servers must do with frames that are ready-made: same order, same bounds, same close codes, nothing compressed."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets
from asgiref.sync import sync_to_async

from benchmarks.crowd import Crowd
from broadcast.house import processes
from broadcast.identity import COOKIE
from tests.live import making
from tests.live.conftest import ROOT, free_port, start_server
from tests.live.line_app import filling_of
from tests.live.sockets import Server, viewer_socket

_CODE = """
import sys, uvicorn
from broadcast.house.edge_protocol import ThinProtocol
deflate = sys.argv[2] == "deflate"
kind = ThinProtocol if sys.argv[3] == "thin" else "websockets-sansio"
uvicorn.run("tests.live.line_app:application", port=int(sys.argv[1]), ws=kind, loop="uvloop", ws_per_message_deflate=deflate,
    lifespan="off", log_level="warning")
"""
_DAPHNE = ["-m", "daphne", "-v", "0", "-b", "127.0.0.1", "-p"]
FRAMES = 300
KINDS = ["daphne", "thin", "uvicorn"]
SERVERS = ["daphne", "uvicorn"]


def start_lines(folder: Path, kind: str, *, deflate: bool = False) -> Server:
    port = free_port()
    if kind == "daphne":
        words = [*_DAPHNE, str(port), "tests.live.line_app:application"]
    else:
        words = ["-c", _CODE, str(port), "deflate" if deflate else "bare", kind]
    log = folder / f"line-{port}.log"
    process = processes.start(
        [sys.executable, *words],
        log=log,
        environ={**os.environ, "PYTHONPATH": str(ROOT), "BEHIND_SECONDS": "1"},
        death_signal=signal.SIGKILL,
        folder=ROOT,
    )
    server = Server(port, process, log)
    deadline = time.monotonic() + 60
    while True:
        try:
            httpx.get(server.http, timeout=1)
        except httpx.HTTPError:
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.05)
        else:
            return server


@pytest.fixture(scope="module", params=KINDS)
def lines(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    server = start_lines(tmp_path_factory.mktemp("lines"), request.param)
    yield server
    server.stop()


def client(server: Server, query: str = "", **more: Any) -> websockets.connect:
    return websockets.connect(f"ws://127.0.0.1:{server.port}/{query}", max_size=2**22, proxy=None, **more)


async def ask(socket: Any, **words: Any) -> Any:
    await socket.send(json.dumps(words))
    return json.loads(await asyncio.wait_for(socket.recv(), 30))


async def test_frames_go_straight_and_nothing_is_compressed(lines: Server) -> None:
    async with client(lines, compression="deflate") as socket:
        assert socket.protocol.extensions == []
        assert await ask(socket, do="straight") == {"straight": True}


@pytest.mark.parametrize("query", ["", "?plain"])
async def test_own_frames_and_public_ones_come_whole_and_in_order(lines: Server, query: str) -> None:
    async with client(lines, query, compression=None) as socket:
        for _time in range(2):
            await socket.send(json.dumps({"do": "mix", "frames": 30}))
            wanted = range(1, 31) if _time == 0 else range(2, 31, 2)
            for number in wanted:
                found = json.loads(await asyncio.wait_for(socket.recv(), 30))
                assert found["n"] == number
                assert found["x"] == "x" * filling_of(number)


async def test_the_code_and_reason_of_a_close_arrive(lines: Server) -> None:
    for query in ("", "?plain"):
        async with client(lines, query) as socket:
            await socket.send(json.dumps({"do": "close", "code": 4012, "reason": "250"}))
            await asyncio.wait_for(socket.wait_closed(), 30)
            assert socket.close_code == 4012


async def test_fragments_are_put_together(lines: Server) -> None:
    async with client(lines) as socket:
        await socket.send(['{"do": "ec', 'ho", "text": "', "字" * 100, '"}'])
        assert json.loads(await asyncio.wait_for(socket.recv(), 30))["echo"]["text"] == "字" * 100


async def test_a_stalled_reader_delays_nobody_and_is_let_go(lines: Server) -> None:
    with Crowd(1) as crowd, Crowd(1) as deaf:
        how = {"rate": 500.0, "first_frame": False}
        assert await asyncio.to_thread(lambda: crowd.open([lines.port], "/", 50, **how)) == 50
        assert await asyncio.to_thread(lambda: deaf.open([lines.port], "/", 2, receive_buffer=4_096, **how)) == 2
        assert await asyncio.to_thread(deaf.stall, 1.0) == 2
        # It takes everything, although nobody reads it here.
        async with client(lines, max_queue=None) as speaker:
            # Far more than the kernel keeps for a peer that does not read.
            await speaker.send(json.dumps({"do": "pour", "frames": FRAMES, "size": 20_000, "every": 0.015}))
            await until(lambda: facts(lines)["closed_slow"] == 2 and facts(lines)["poured"] == FRAMES)
        await until(lambda: last_tick_at(crowd) == 50)
        seen = await asyncio.to_thread(crowd.count)
        assert (seen.open, seen.closed) == (50, {})
        # A frame more than the bound at most: what is behind is not written to.
        assert facts(lines)["most_pending"] < 65_536 + 2 * 20_200
        # Those who read again find that they were sent away.
        await asyncio.to_thread(deaf.stall, 0.0)
        await until(lambda: sum(deaf.count().closed.values()) == 2)


def facts(lines: Server) -> dict[str, int]:
    return dict(httpx.get(lines.http, timeout=30).json())


def last_tick_at(crowd: Crowd) -> int:
    return sum(len(tick.arrivals) for tick in crowd.count().ticks if tick.seq == FRAMES)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.1)


async def test_where_compression_is_agreed_the_server_frames_itself(tmp_path: Path) -> None:
    server = await asyncio.to_thread(start_lines, tmp_path, "uvicorn", deflate=True)
    try:
        async with client(server, compression="deflate") as socket:
            assert len(socket.protocol.extensions) == 1
            assert await ask(socket, do="straight") == {"straight": False}
            await socket.send(json.dumps({"do": "mix", "frames": 20}))
            numbers = [json.loads(await asyncio.wait_for(socket.recv(), 30))["n"] for _each in range(20)]
            assert numbers == list(range(1, 21))
    finally:
        server.stop()


@pytest.fixture(scope="module", params=SERVERS)
def whole(
    request: pytest.FixtureRequest, django_db_setup: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Server]:
    server = start_server(tmp_path_factory.mktemp("whole"), None, request.param)
    yield server
    server.stop()


async def test_answers_come_in_order_among_the_ticks(whole: Server, transactional_db: None, tidy: None) -> None:
    show = await sync_to_async(making.make_show)(comments="post")
    viewer = await sync_to_async(making.make_viewer)()
    async with viewer_socket(whole, show, viewer) as socket:
        await socket.shows("airing", lambda _each: bool(socket.state and socket.state.epoch))
        sent = [await socket.send("comment.post", text=f"第{number}条") for number in range(10)]
        for each in sent:
            await socket.wait(lambda frame, wanted=each: frame.get("id") == wanted)
        answered = [each["id"] for each in socket.frames if each["type"] == "ack"]
        assert answered == sent
        await socket.shows("counts", lambda each: each["comments"] == 10)
        assert socket.gaps == 0


async def test_a_command_in_fragments_is_one_and_an_endless_one_ends_the_socket(
    whole: Server, transactional_db: None, tidy: None
) -> None:
    show = await sync_to_async(making.make_show)()
    viewer = await sync_to_async(making.make_viewer)()
    headers = {"Cookie": f"{COOKIE}={making.cookie(viewer)}", "Origin": whole.http}
    url = f"ws://127.0.0.1:{whole.port}/live/airings/{show.id}/socket"
    parts = ['{"type":"comment.post","id":"in-pieces-1",', '"text":"', "好" * 20, '"}']
    async with websockets.connect(url, additional_headers=headers, proxy=None, max_size=2**22) as socket:
        await socket.send(parts)
        while json.loads(await asyncio.wait_for(socket.recv(), 30)).get("id") != "in-pieces-1":
            pass
        with pytest.raises(websockets.ConnectionClosed):
            await socket.send("x" * 20_000 for _each in range(5))
            while True:
                await asyncio.wait_for(socket.recv(), 30)
        # Daphne says it too, and may cut the line before it is read.
        assert socket.close_code in {1009, 1006}
