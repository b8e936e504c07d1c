"""The overflow lane: what nginx and the origin do for ever more viewers that poll, each simulated as its share of the requests.

A browser asks once a second and brings the tag of what it has. At most 2,000 connections carry them all, so what is measured are
requests; the number of viewers that a core could serve is worked out from them, and marked so.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import socket
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.crowd import percentile
from benchmarks.report import Report
from benchmarks.servers import Process, Seeded, Servers

VIEWERS, QUICK_VIEWERS = (100, 1_000, 5_000, 10_000), (100, 1_000, 4_000)
SECONDS, QUICK_SECONDS = 8.0, 4.0
CONNECTIONS = 2_000
COMMENTS_A_SECOND = 4


@dataclass
class Load:
    """What the simulated viewers saw."""

    answers: int = 0
    unchanged: int = 0
    failed: int = 0
    octets: int = 0
    waits: list[float] = field(default_factory=list)


class _Browser(asyncio.Protocol):
    """One connection: sends what is due, reads answers in order, keeps the newest tag."""

    def __init__(self, head: bytes, load: Load) -> None:
        self._head, self._load = head, load
        self._tag, self._buffer, self._asked = b"", b"", list[float]()
        self.transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def ask(self) -> None:
        """One poll, due now."""
        if self.transport is None or self.transport.is_closing():
            self._load.failed += 1
            return
        self._asked.append(time.monotonic())
        known = b"If-None-Match: " + self._tag + b"\r\n" if self._tag else b""
        self.transport.write(self._head + known + b"\r\n")

    def data_received(self, data: bytes) -> None:
        self._load.octets += len(data)
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end]
            length = _field(head, b"content-length:")
            size = int(length) if length and not head.startswith(b"HTTP/1.1 304") else 0
            if len(self._buffer) < end + 4 + size:
                return
            self._buffer = self._buffer[end + 4 + size :]
            self._answered(head)

    def _answered(self, head: bytes) -> None:
        self._load.waits.append(time.monotonic() - self._asked.pop(0))
        self._load.answers += 1
        self._load.unchanged += head.startswith(b"HTTP/1.1 304")
        self._load.failed += not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 304"))
        self._tag = _field(head, b"etag:") or self._tag


def _field(head: bytes, name: bytes) -> bytes:
    at = head.lower().find(b"\r\n" + name)
    return head[at + 2 + len(name) :].partition(b"\r\n")[0].strip() if at >= 0 else b""


async def _poll(port: int, path: str, viewers: int, seconds: float) -> Load:
    """So many viewers for so long, each about once a second."""
    load, loop = Load(), asyncio.get_running_loop()
    head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip, deflate, br\r\n".encode()
    browsers: list[_Browser] = []
    for _each in range(min(viewers, CONNECTIONS)):
        _transport, browser = await loop.create_connection(lambda: _Browser(head, load), "127.0.0.1", port)
        browsers.append(browser)
    for browser in browsers:
        browser.ask()
    await asyncio.sleep(1)
    load.__dict__.update(Load().__dict__)
    began, sent = loop.time(), 0
    while (now := loop.time() - began) < seconds:
        due = int(now * viewers)
        for _each in range(due - sent):
            random.choice(browsers).ask()
        sent = due
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.5)
    for browser in browsers:
        if browser.transport is not None:
            browser.transport.close()
    return load


def run(report: Report, *, quick: bool) -> None:
    """nginx as docker/nginx configures it before one web process, while the show goes on."""
    from tests.live import nginx

    if nginx.program() is None:
        report.missing("nginx_us_per_request", "nginx is not installed: apt-get install nginx-light")
        return
    report.conditions |= {
        "viewers": "simulated as requests, one a second each with the tag they have, over at most 2,000 connections",
        "tls": "none, on either side: it is the proxy's and the same for every page",
        "traffic": f"{COMMENTS_A_SECOND} comments a second, so that the state changes with every tick",
        "nginx": "one worker, docker/nginx, access log off",
    }
    with Servers() as servers, tempfile.TemporaryDirectory(prefix="yishi-bench-") as folder:
        seeded = servers.seed(20, comments="post")
        (web,) = servers.start("uvicorn")
        with _front(web, Path(folder)) as (front, relay), _talking(seeded):
            _measure(report, web, front, relay, seeded, quick)


def _measure(report: Report, web: Process, front: object, relay: object, seeded: Seeded, quick: bool) -> None:
    from benchmarks.servers import tree_cpu
    from tests.live.nginx import Front
    from tests.live.relay import Relay

    assert isinstance(front, Front)
    assert isinstance(relay, Relay)
    assert front.process
    seconds = QUICK_SECONDS if quick else SECONDS
    asyncio.run(_poll(front.port, seeded.state, 20, 2))
    idle, began = web.cpu(), time.monotonic()
    time.sleep(3)
    idle_share = (web.cpu() - idle) / (time.monotonic() - began)
    report.add("origin_cpu_idle_percent", 100 * idle_share, "the show goes on, nobody polls")
    origin: list[float] = []
    cost = 0.0
    for viewers in QUICK_VIEWERS if quick else VIEWERS:
        report.heading(f"{viewers:,} viewers")
        # Nobody asked for a while: the first ones fill the cache again.
        asyncio.run(_poll(front.port, seeded.state, 20, 1))
        before, web_cpu, nginx_cpu, began = (
            relay.asked.total(),
            web.cpu(),
            tree_cpu(front.process.pid),
            time.monotonic(),
        )
        load = asyncio.run(_poll(front.port, seeded.state, viewers, seconds))
        took = time.monotonic() - began
        origin.append((relay.asked.total() - before) / took)
        cost = 1e6 * (tree_cpu(front.process.pid) - nginx_cpu) / max(1, load.answers)
        report.add(f"requests_per_second_{viewers}", load.answers / seconds, f"{load.failed} failed")
        report.add(f"origin_requests_per_second_{viewers}", origin[-1])
        report.add(f"origin_cpu_percent_{viewers}", 100 * (web.cpu() - web_cpu) / took)
        report.add(f"nginx_us_per_request_{viewers}", cost)
        report.add(f"answer_p99_ms_{viewers}", 1_000 * (percentile(load.waits, 0.99) or 0))
        report.add(f"unchanged_percent_{viewers}", 100 * load.unchanged / max(1, load.answers), "answered by 304")
        report.add(f"bytes_per_poll_{viewers}", load.octets / max(1, load.answers))
    report.heading("all in all")
    report.add(
        "origin_growth", max(origin) / max(0.001, min(origin)), "origin requests, the most of all steps by the fewest"
    )
    report.add("nginx_us_per_request", cost, "at the last step")
    report.add(
        "viewers_per_core_extrapolated", 1e6 / cost, "EXTRAPOLATED: one second of a core by the cost of a poll a second"
    )
    _baseline(report, web, seeded, seconds, cost)


def _baseline(report: Report, web: Process, seeded: Seeded, seconds: float, cost: float) -> None:
    """The same polls straight at the web process, as without a proxy."""
    idle, viewers = web.cpu(), 500
    load = asyncio.run(_poll(web.port, seeded.state, viewers, seconds))
    theirs = 1e6 * (web.cpu() - idle) / max(1, load.answers)
    report.add(
        "origin_us_per_request_without_cache", theirs, "baseline: every poll at the origin, its idle work included"
    )
    report.ratio("nginx_to_origin", cost, theirs)


@contextlib.contextmanager
def _front(web: Process, folder: Path) -> Iterator[tuple[object, object]]:
    """nginx without TLS, one worker, and the relay between that counts what reaches the origin."""
    from tests.live.nginx import Front
    from tests.live.relay import Relay

    class Plain(Front):
        def _configuration(self) -> str:
            text = super()._configuration()
            for there, here in ((" ssl http2;", ";"), ("worker_processes auto;", "worker_processes 1;")):
                assert there in text
                text = text.replace(there, here)
            return text

        def _ask(self) -> None:
            socket.create_connection(("127.0.0.1", self.port), 1).close()

    relay = Relay(web.port)
    front = Plain(relay.port, folder / "nginx", connections=8_192).start()
    try:
        yield front, relay
    finally:
        front.stop()
        relay.close()


@contextlib.contextmanager
def _talking(seeded: Seeded) -> Iterator[None]:
    """Somebody comments all the time."""
    from broadcast.access import Actor
    from broadcast.models.catalogue import Assurance
    from live import commands
    from tests.live import making

    over = threading.Event()

    def talk() -> None:
        number = 0
        while not over.wait(1 / COMMENTS_A_SECOND):
            number += 1
            author = Actor(
                participant_id=seeded.participants[number % len(seeded.participants)], assurance=Assurance.PHONE
            )
            with contextlib.suppress(Exception):
                commands.perform(author, seeded.airing_id, making.comment(f"第 {number} 句：加装电梯的钱怎么分摊？"))

    thread = threading.Thread(target=talk, daemon=True)
    thread.start()
    yield
    over.set()
    thread.join(5)
