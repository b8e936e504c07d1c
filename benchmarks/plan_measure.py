"""What the plan measures by itself: nginx as shipped before one edge (TLS, frames, polls), and, for want of better, the edge's own costs.

Small and short: benchmarks made for one question answer it better, and the plan prefers theirs.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.servers import ROOT, Process, Seeded, Servers, pss_kib

if TYPE_CHECKING:
    from tests.live.nginx import Front

PATIENCE_SECONDS = 30.0


@dataclass(frozen=True)
class Sizes:
    """How much is measured."""

    sockets: int
    ticks: int
    every: float
    polls_seconds: float
    handshakes_seconds: int
    votes: int


QUICK = Sizes(sockets=400, ticks=16, every=0.2, polls_seconds=2, handshakes_seconds=1, votes=2_000)
LONG = Sizes(sockets=2_000, ticks=40, every=0.25, polls_seconds=8, handshakes_seconds=5, votes=12_000)


class Client:
    """benchmarks.plan_client in a process of its own."""

    def __init__(self, port: int, authority: Path) -> None:
        words = [sys.executable, "-m", "benchmarks.plan_client", str(port), str(authority)]
        self._running = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def order(self, name: str, *arguments: Any) -> dict[str, Any]:
        """Do it; what came of it. Raises RuntimeError with its words."""
        assert self._running.stdin
        assert self._running.stdout
        self._running.stdin.write(json.dumps([name, arguments]) + "\n")
        self._running.stdin.flush()
        line = self._running.stdout.readline()
        answer: dict[str, Any] = json.loads(line) if line else {"error": "the client is gone"}
        if "error" in answer:
            raise RuntimeError(f"{name}: {answer['error']}")
        return answer

    def close(self) -> None:
        """End it."""
        self._running.kill()
        self._running.wait()


class Stack:
    """The servers, one edge, nginx as docker/ configures it in front, and a show on air."""

    def __init__(self, servers: Servers, front: Front, edge: Process, seeded: Seeded, client: Client) -> None:
        self.servers, self.front, self.edge, self.seeded, self.client = servers, front, edge, seeded, client

    @property
    def nginx(self) -> int:
        """Process number of the master."""
        assert self.front.process
        return self.front.process.pid


@contextmanager
def stack() -> Iterator[Stack]:
    """Everything up; ends with the block. Raises RuntimeError without nginx."""
    from tests.live import nginx
    from tests.live.nginx import PROXY, Front

    if nginx.program() is None:
        raise RuntimeError("nginx is not installed: apt-get install nginx-light")
    with Servers(durable=True) as servers:
        seeded = servers.seed(participants=300)
        (edge,) = servers.start("uvicorn", environ={"YISHI_PROXIES": PROXY})
        front = Front(edge.port, servers.folder / "nginx", connections=8_192).start()
        client = Client(front.port, servers.folder / "nginx" / "tls" / "site.crt")
        try:
            yield Stack(servers, front, edge, seeded, client)
        finally:
            client.close()
            front.stop()


def measure(sizes: Sizes) -> dict[str, float]:
    """All coefficients this module can find, by their names in the plan."""
    found: dict[str, float] = {}
    with stack() as ready:
        # What is made once is made before anything is counted.
        ready.client.order("open", ready.seeded.socket, 32)
        ready.client.order("close")
        time.sleep(1.5)
        found |= _sockets(ready, sizes)
        found |= _frames(ready, sizes)
        found |= _polls(ready, sizes)
        ready.client.order("close")
        found |= _handshakes(ready, sizes)
        found |= _votes(ready, sizes)
    return found


def _sockets(ready: Stack, sizes: Sizes) -> dict[str, float]:
    """Joins, and the memory of those who joined."""
    before = family_pss(ready.nginx), family_pss(ready.edge.pid), _transactions()
    idle = _idle(lambda: on_cpu(ready.edge.pid), 1.0)
    began, cpu = time.monotonic(), on_cpu(ready.edge.pid)
    ready.client.order("open", ready.seeded.socket, sizes.sockets)
    cpu = on_cpu(ready.edge.pid) - cpu - idle * (time.monotonic() - began)
    time.sleep(1.5)
    queries = _transactions() - before[2] - _idle(_transactions, 2.0) * (time.monotonic() - began)
    return {
        "joins_per_cpu_second": sizes.sockets / cpu,
        "front_kib_per_socket": (family_pss(ready.nginx) - before[0]) / sizes.sockets,
        "edge_kib_per_socket": (family_pss(ready.edge.pid) - before[1]) / sizes.sockets,
        "queries_per_reconnect": max(0.0, queries / sizes.sockets),
    }


def _frames(ready: Stack, sizes: Sizes) -> dict[str, float]:
    """Paced ticks to all sockets: what they cost beyond what the same processes do at rest."""
    from benchmarks.pace import Pacer

    parts = {"edge": ready.edge.pid, "bus": ready.servers.valkey.pid, "front": ready.nginx}
    with Pacer(ready.seeded.airing_id, 500) as pacer:
        idle = {name: _idle(lambda pid=pid: on_cpu(pid), 1.0) for name, pid in parts.items()}  # type: ignore[misc]
        ready.client.order("reset")
        began = time.monotonic()
        cpu = {name: on_cpu(pid) for name, pid in parts.items()}
        pacer.run(sizes.ticks, sizes.every)
        seconds = time.monotonic() - began
        spent = {name: on_cpu(pid) - cpu[name] - idle[name] * seconds for name, pid in parts.items()}
        counted = ready.client.order("count")
    frames = counted["frames"]
    if frames < 0.9 * sizes.sockets * sizes.ticks:
        words = (
            f"only {frames} frames came through of {sizes.sockets * sizes.ticks}, {counted['open']} sockets are open"
        )
        raise RuntimeError(f"{words}; the edge's last words: {ready.edge.log.read_text()[-1000:]}")
    return {
        "edge_us_per_frame": (spent["edge"] + spent["bus"]) / frames * 1e6,
        "front_us_per_frame": spent["front"] / frames * 1e6,
        "tick_bytes": counted["octets"] / frames,
    }


def _polls(ready: Stack, sizes: Sizes) -> dict[str, float]:
    """The cached state, over kept-alive TLS."""
    cpu = on_cpu(ready.nginx)
    found = ready.client.order("poll", ready.seeded.state, 16, sizes.polls_seconds)
    spent = on_cpu(ready.nginx) - cpu
    packets = -(-found["bytes"] // 1_400)
    # TLS adds 22 bytes a record, IP and TCP 52 a packet.
    return {"poll_us": spent / found["answers"] * 1e6, "poll_bytes": found["bytes"] + 22 + 52 * packets}


def _handshakes(ready: Stack, sizes: Sizes) -> dict[str, float]:
    """Full ones (TLS 1.3, P-256) and resumed ones (TLS 1.2: openssl's own tool resumes no other)."""
    found = {}
    for name, words in (("tls_us_full", ["-new"]), ("tls_us_resumed", ["-reuse", "-tls1_2"])):
        cpu = on_cpu(ready.nginx)
        command = [
            "openssl",
            "s_time",
            "-connect",
            f"127.0.0.1:{ready.front.port}",
            "-time",
            f"{sizes.handshakes_seconds}",
            *words,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
        made = re.search(r"^(\d+) connections in", done.stdout, re.MULTILINE)
        if made is None or not int(made[1]):
            raise RuntimeError(f"no handshakes: {done.stdout[-300:]} {done.stderr[-300:]}")
        found[name] = (on_cpu(ready.nginx) - cpu) / int(made[1]) * 1e6
    return found


def _votes(ready: Stack, sizes: Sizes) -> dict[str, float]:
    """Durable acknowledged votes a second over sockets to another edge, as many in flight as there are sockets."""
    from benchmarks.crowd import Crowd
    from tests.live import making

    (edge,) = ready.servers.start("uvicorn")
    show: Any = ready.seeded.show
    poll, options = making.make_poll(show)
    text = json.dumps({"type": "poll.vote", "id": "{id}", "poll": poll, "options": [options[0]]}, separators=(",", ":"))
    with Crowd(1) as crowd:
        crowd.open([edge.port], ready.seeded.socket, 300, cookies=ready.seeded.cookies)
        crowd.say([text], 600, in_flight=300, prefix="warm", patience=PATIENCE_SECONDS)
        said = crowd.say([text], sizes.votes, in_flight=300, prefix="vote", patience=PATIENCE_SECONDS)
    if said.codes.get("ack", 0) < sizes.votes:
        raise RuntimeError(f"votes were refused or lost: {said.codes}, {said.unanswered} unanswered")
    return {"votes_per_second": sizes.votes / said.seconds}


def on_cpu(pid: int) -> float:
    """Seconds on a processor of a process, its threads and its living children, to the nanosecond."""
    total = 0
    for task in Path(f"/proc/{pid}/task").glob("*"):
        total += int((task / "schedstat").read_text(encoding="ascii").split()[0])
    return total / 1e9 + sum(on_cpu(child) for child in _children(pid))


def family_pss(pid: int) -> float:
    """Memory in KiB of a process and its children, shared pages by their share."""
    return pss_kib(pid) + sum(family_pss(child) for child in _children(pid))


def _children(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(each) for task in tasks for each in task.read_text(encoding="ascii").split()]


def _idle(read: Callable[[], float], seconds: float) -> float:
    """How fast that grows when nothing is asked."""
    before = read()
    time.sleep(seconds)
    return (read() - before) / seconds


def _transactions() -> float:
    """Transactions of the database until now: in autocommit, one a query. The server tells them about a second late."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("select xact_commit from pg_stat_database where datname = current_database()")
        row = cursor.fetchone()
    return float(row[0]) if row else 0.0


__all__ = ["LONG", "QUICK", "Sizes", "measure"]
