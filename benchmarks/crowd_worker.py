"""A process of the crowd: holds its share of the sockets and does what the controller says over a pipe, one order at a time."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import random
import resource
import socket
import threading
import time
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from benchmarks.crowd_socket import CrowdSocket, Desk, Tally

_AT_ONCE = 256
_COME_BACK_CODES = (4012, 4013)


@dataclass(frozen=True)
class Where:
    """Where and how this worker's sockets go. `addresses`: 127.x source addresses, taken in turn."""

    ports: tuple[int, ...]
    path: str
    cookies: tuple[str, ...]
    addresses: tuple[str, ...]
    first_frame: bool
    receive_buffer: int
    stay_seconds: float | None
    host: str = "127.0.0.1"


class Worker:
    """Its orders are its public methods; each returns what goes back over the pipe."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.desk = Desk(self._lost)
        self.where: Where | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self._is_cut = False

    async def open(self, where: Where, count: int, first_number: int, rate: float, seconds: float) -> dict[str, Any]:
        """Open `count` more sockets; returns when each is open, refused or late."""
        self.where, self._is_cut = where, False
        self.desk.first_frame = where.first_frame
        room, began, tasks = asyncio.Semaphore(_AT_ONCE), time.monotonic(), []
        for each in range(count):
            await _until(began + each / rate if rate else 0.0)
            await room.acquire()
            cookie = where.cookies[(first_number + each) % len(where.cookies)] if where.cookies else ""
            seat = CrowdSocket(self.desk, first_number + each, cookie)
            self.desk.sockets.append(seat)
            task = asyncio.create_task(self._enter(seat, seconds))
            task.add_done_callback(lambda _done: room.release())
            tasks.append(task)
        await asyncio.gather(*tasks)
        return {"open": sum(each.opened and each.transport is not None for each in self.desk.sockets)}

    async def _enter(self, seat: CrowdSocket, seconds: float) -> None:
        where, loop = self.where, asyncio.get_running_loop()
        if where is None:
            return
        seat.began, seat.ended, seat.entering = time.monotonic_ns(), loop.create_future(), True
        port = where.ports[seat.number % len(where.ports)]
        try:
            plain = socket.socket()
            plain.setblocking(False)
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if where.receive_buffer:
                plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, where.receive_buffer)
            if where.addresses:
                # The port is chosen at connect, for the whole four-tuple.
                plain.setsockopt(socket.IPPROTO_IP, 24, 1)
                plain.bind((where.addresses[seat.number % len(where.addresses)], 0))
            await asyncio.wait_for(loop.sock_connect(plain, (where.host, port)), seconds)
            transport, _protocol = await loop.create_connection(lambda: seat, sock=plain)
            seat.begin(transport, _request(where, port, seat))
            await asyncio.wait_for(asyncio.shield(seat.ended), seconds)
        except (TimeoutError, OSError) as error:
            self.desk.tally.refused[type(error).__name__] += 1
            if seat.transport is not None:
                seat.transport.abort()
        finally:
            seat.entering = False
        if seat.transport is None:
            self._lost(seat)

    def _lost(self, seat: CrowdSocket) -> None:
        """Bring it back with full jitter in the window that the server named, else in ours."""
        where = self.where
        if where is None or where.stay_seconds is None or self._is_cut or seat.entering:
            return
        window = where.stay_seconds
        if seat.code in _COME_BACK_CODES and seat.reason.isdigit():
            window = int(seat.reason) / 1000
        seat.entering = True
        asyncio.get_running_loop().call_later(random.uniform(0, window), self._back, seat)

    def _back(self, seat: CrowdSocket) -> None:
        if not self._is_cut:
            task = asyncio.create_task(self._enter(seat, 30.0))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def reset(self) -> None:
        """Count from zero; the sockets keep their places."""
        self.desk.tally = Tally()
        gc.collect()

    async def count(self) -> dict[str, Any]:
        """What was counted since the last reset, with this process's processor seconds so far."""
        tally, used = self.desk.tally, resource.getrusage(resource.RUSAGE_SELF)
        return {
            "open": sum(each.opened and each.transport is not None for each in self.desk.sockets),
            "tally": {name: value for name, value in vars(tally).items() if name != "seen"},
            "seen": list(tally.seen.values()),
            "cpu": used.ru_utime + used.ru_stime,
        }

    async def say(
        self, texts: tuple[str, ...], count: int, rate: float, in_flight: int, prefix: str, patience: float
    ) -> dict[str, Any]:
        """Send `count` commands over the open sockets in turn; returns when all are answered or `patience` is over."""
        answers = self.desk.tally.answers
        answers.clear()
        due: dict[str, int] = {}
        began = time.monotonic()
        sockets = [each for each in self.desk.sockets if each.transport is not None]
        for each in range(count):
            at = began + each / rate if rate else time.monotonic()
            await _until(at)
            while in_flight and len(due) - len(answers) >= in_flight and await self._answered(at + patience):
                pass
            name = f"{prefix}-{self.number}-{each:07d}"
            at_ns = int(at * 1e9) if rate else time.monotonic_ns()
            text = texts[each % len(texts)].replace("{id}", name).replace("{ns}", str(at_ns))
            if sockets and sockets[each % len(sockets)].say(text.encode()):
                due[name] = at_ns
        sent_at = time.monotonic()
        while len(answers) < len(due) and await self._answered(sent_at + patience):
            pass
        waits = [(name, answers[name][0] - at, answers[name][1]) for name, at in due.items() if name in answers]
        last = max((answers[name][0] for name, _wait, _code in waits), default=0)
        return {"sent": len(due), "waits": waits, "began_ns": int(began * 1e9), "last_ns": last}

    async def _answered(self, until: float) -> bool:
        self.desk.answered.clear()
        try:
            await asyncio.wait_for(self.desk.answered.wait(), max(0.0, until - time.monotonic()))
        except TimeoutError:
            return False
        return True

    async def stall(self, share: float) -> int:
        """This share of the sockets stops reading; 0 lets all read again."""
        wanted = int(len(self.desk.sockets) * share)
        for number, each in enumerate(self.desk.sockets):
            if each.transport is not None and not each.transport.is_closing():
                with contextlib.suppress(RuntimeError):
                    (each.transport.pause_reading if number < wanted else each.transport.resume_reading)()
        return wanted

    async def cut(self, back: bool) -> int:
        """Break every connection without a goodbye. With `back` those that stay come back; else they are forgotten."""
        self._is_cut = not back
        open_now = [each for each in self.desk.sockets if each.transport is not None]
        for each in open_now:
            if each.transport is not None:
                each.transport.abort()
        if not back:
            self.desk.sockets.clear()
        return len(open_now)


def _request(where: Where, port: int, seat: CrowdSocket) -> bytes:
    query = f"?epoch={seat.epoch}&seq={seat.seq}" if seat.epoch else ""
    lines = [
        f"GET {where.path}{query} HTTP/1.1",
        f"Host: {where.host}:{port}",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==",
        "Sec-WebSocket-Version: 13",
        f"Origin: http://{where.host}:{port}",
        "User-Agent: Mozilla/5.0 (crowd)",
    ]
    if seat.cookie:
        lines.append(f"Cookie: {seat.cookie}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def _until(at: float) -> None:
    wait = at - time.monotonic()
    if wait > 0:
        await asyncio.sleep(wait)


async def _serve(number: int, pipe: Connection) -> None:
    worker, loop = Worker(number), asyncio.get_running_loop()
    orders: asyncio.Queue[tuple[str, tuple[Any, ...]]] = asyncio.Queue()

    def listen() -> None:
        with contextlib.suppress(EOFError, OSError):
            while True:
                loop.call_soon_threadsafe(orders.put_nowait, pipe.recv())
        # Nobody speaks to us any more.
        os._exit(0)

    threading.Thread(target=listen, daemon=True).start()
    while True:
        name, arguments = await orders.get()
        try:
            answer = await getattr(worker, name)(*arguments)
        except Exception as error:
            answer = error
        pipe.send(answer)


def main(number: int, pipe: Connection) -> None:
    """Live until the controller closes the pipe."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    gc.freeze()
    gc.disable()
    try:
        import uvloop
    except ImportError:
        asyncio.run(_serve(number, pipe))
    else:
        uvloop.run(_serve(number, pipe))
