"""The roles of docker/compose.yaml side by side behind the nginx of docker/nginx: a web, two edges, worker, tick; one edge is killed.

The commands are read from the composition, so that what is tried here is what runs there.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import websockets
import yaml
from asgiref.sync import sync_to_async
from django.db import connection

from broadcast.house import connections, processes
from broadcast.house.diagnosis import Situation
from broadcast.house.places import ROOT, Places
from broadcast.identity import COOKIE
from live.models import Ballot
from tests.live import making, nginx
from tests.live.conftest import free_port
from tests.live.nginx import PROXY, VISITOR, Front
from tests.live.sockets import Server, Socket

ORIGIN = "https://127.0.0.1"
UP_SECONDS = 90.0

new_show, new_viewer, new_poll = (
    sync_to_async(each) for each in (making.make_show, making.make_viewer, making.make_poll)
)


@dataclass
class House:
    """What runs, by role; `front` is where visitors come."""

    roles: dict[str, subprocess.Popen[bytes]]
    ports: dict[str, int]
    environ: dict[str, str]
    folder: Path
    front: Front

    def says(self, *words: str) -> tuple[int, str]:
        """Exit code and output of a command beside it."""
        done = subprocess.run(
            [sys.executable, "-m", *words], env=self.environ, cwd=ROOT, capture_output=True, text=True, timeout=60
        )
        return done.returncode, done.stdout + done.stderr

    def asks(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, bytes]:
        """As a visitor's browser, through nginx."""
        way = http.client.HTTPSConnection(
            "127.0.0.1", self.front.port, timeout=30, source_address=(VISITOR, 0), context=self.front.tls
        )
        way.request(method, path, body, {"Host": "127.0.0.1", "Origin": ORIGIN, **headers})
        answer = way.getresponse()
        return answer.status, answer.read()


@pytest.fixture
def house(transactional_db: None, tidy: None, tmp_path: Path) -> Iterator[House]:
    if nginx.program() is None:
        pytest.skip("nginx is not installed: apt-get install nginx-light")
    composed = yaml.safe_load((ROOT / "docker" / "compose.yaml").read_text())["services"]
    environ = _environ(tmp_path)
    ports = {"web": free_port(), "edge-1": free_port(), "edge-2": free_port()}
    roles = {}
    for role in ("web", "edge-1", "edge-2", "worker", "tick"):
        command = list(composed[role.split("-")[0]]["command"])
        if role in ports:
            command[command.index("--host") + 1] = "127.0.0.1"
            command[command.index("--port") + 1] = str(ports[role])
        log = tmp_path / f"{role}.log"
        words = [sys.executable, "-m", *command]
        roles[role] = processes.start(words, log=log, environ=environ, death_signal=signal.SIGKILL, folder=ROOT)
    edges = (ports["edge-1"], ports["edge-2"])
    running = House(roles, ports, environ, tmp_path, Front(ports["web"], tmp_path / "nginx", edge_ports=edges))
    try:
        for role, port in ports.items():
            _wait_for(role, port, running)
        running.front.start()
        yield running
    finally:
        running.front.stop()
        for process in roles.values():
            processes.signal_group(process.pid, signal.SIGKILL)
            process.wait()


def _environ(folder: Path) -> dict[str, str]:
    url, _, query = os.environ["YISHI_DATABASE_URL"].partition("?")
    url = url.rpartition("/")[0] + f"/{connection.settings_dict['NAME']}" + (f"?{query}" if query else "")
    told = {
        "YISHI_DATABASE_URL": url,
        "YISHI_VAR": str(folder / "var"),
        "YISHI_BEHIND_TLS": "1",
        "YISHI_PROXIES": PROXY,
    }
    told["YISHI_STATIC_ROOT"] = f"{os.environ['YISHI_VAR']}/static"
    # Each gives its connections its own name.
    rest = {name: value for name, value in os.environ.items() if name != "PGAPPNAME"}
    return {**rest, **told, "DJANGO_SETTINGS_MODULE": "broadcast.settings"}


def _wait_for(role: str, port: int, running: House) -> None:
    deadline = time.monotonic() + UP_SECONDS
    while not _answers(port):
        log = running.folder / f"{role}.log"
        assert running.roles[role].poll() is None, f"{role} ended: {log.read_text()[-2000:]}"
        assert time.monotonic() < deadline, f"{role} does not answer: {log.read_text()[-2000:]}"
        time.sleep(0.1)


def _answers(port: int) -> bool:
    way = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        way.request("GET", "/healthz", headers={"Host": "localhost", "X-Forwarded-Proto": "https"})
        return way.getresponse().status == 200
    except OSError:
        return False
    finally:
        way.close()


class Browser(Socket):
    """A viewer's socket through nginx, over TLS."""

    def __init__(self, house: House, show: making.Show, viewer: making.Actor) -> None:
        server = Server(house.front.port, house.roles["web"], Path(os.devnull))
        super().__init__(server, f"/live/airings/{show.id}/socket", f"{COOKIE}={making.cookie(viewer)}", ORIGIN)
        self._tls = house.front.tls

    async def __aenter__(self) -> Browser:
        self._socket = await websockets.connect(
            self._url.replace("ws://", "wss://"),
            additional_headers={"Cookie": self.cookies},
            origin=self._origin,  # type: ignore[arg-type]
            ssl=self._tls,
            local_addr=(VISITOR, 0),
            proxy=None,
        )
        self._reader = asyncio.create_task(self._read())
        return self

    @property
    def is_lost(self) -> bool:
        return self._reader.done()

    async def _read(self) -> None:
        try:
            await super()._read()
        except websockets.ConnectionClosedError:
            return


def tally(number: int) -> Callable[[dict[str, Any]], bool]:
    """A poll whose public numbers come to that many votes."""
    return lambda poll: sum(option.get("votes") or 0 for option in poll["options"]) == number


async def test_roles_work_together_and_pages_go_on_without_an_edge(house: House) -> None:
    show = await new_show()
    viewers = [await new_viewer() for _each in range(4)]
    poll, (yes, no) = await new_poll(show, results="always")
    key = f"poll:{poll}"
    async with Browser(house, show, viewers[0]) as one, Browser(house, show, viewers[1]) as two:
        # A vote on one edge is seen on the other.
        assert (await one.ask("poll.vote", poll=poll, options=[yes]))["type"] == "ack"
        for each in (one, two):
            await each.shows(key, tally(1))
        # Somebody whose page polls votes by POST at the web, and sees the state from nginx's cache.
        await asyncio.to_thread(_vote_by_post, house, show, viewers[2], poll, no)
        for each in (one, two):
            await each.shows(key, tally(2))
        assert await asyncio.to_thread(_polled, house, show, key, tally(2))
        running = await asyncio.to_thread(_running, house)
        assert running >= 3

        lost, kept = await _kill_one_edge(house, (one, two))
        # Pages know nothing of it, and who comes back is on the other edge at once.
        assert (await asyncio.to_thread(house.asks, "GET", "/"))[0] == 200
        async with Browser(house, show, viewers[3]) as back:
            assert (await back.ask("poll.vote", poll=poll, options=[yes]))["type"] == "ack"
            for each in (kept, back):
                await each.shows(key, tally(3), seconds=40)
        assert (lost.is_lost, kept.is_lost, kept.gaps) == (True, False, 0)
    assert await sync_to_async(Ballot.objects.filter(poll=poll).count)() == 3
    assert await asyncio.to_thread(_running, house) == running - 1
    assert (await asyncio.to_thread(house.says, "broadcast", "alive", "tick"))[0] == 0
    code, said = await asyncio.to_thread(house.says, "celery", "-A", "broadcast", "inspect", "ping", "-t", "20")
    assert (code, "pong" in said) == (0, True), said


async def _kill_one_edge(house: House, browsers: tuple[Browser, Browser]) -> tuple[Browser, Browser]:
    """Who lost the socket, and who has it still: nginx had given each edge one of them."""
    house.roles["edge-1"].kill()
    house.roles["edge-1"].wait()
    deadline = time.monotonic() + 20
    while not any(each.is_lost for each in browsers):
        assert time.monotonic() < deadline, "nobody was on the edge that was killed"
        await asyncio.sleep(0.05)
    first, second = browsers
    return (first, second) if first.is_lost else (second, first)


def _vote_by_post(house: House, show: making.Show, viewer: making.Actor, poll: int, option: int) -> None:
    csrf = secrets.token_hex(16)
    status, answer = house.asks(
        "POST",
        f"/live/airings/{show.id}/commands",
        json.dumps({"type": "poll.vote", "id": making.command_id(), "poll": poll, "options": [option]}),
        **{
            "Cookie": f"{COOKIE}={making.cookie(viewer)}; csrftoken={csrf}",
            "X-CSRFToken": csrf,
            "Content-Type": "application/json",
        },
    )
    assert (status, json.loads(answer)["type"]) == (200, "ack"), answer


def _polled(house: House, show: making.Show, key: str, fits: Callable[[dict[str, Any]], bool]) -> bool:
    """Whether the cached state comes to show it."""
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        status, body = house.asks("GET", f"/live/airings/{show.id}/state")
        assert status == 200
        if any(each["key"] == key and fits(each) for each in json.loads(body)["objects"]):
            return True
        time.sleep(0.2)
    return False


def _running(house: House) -> int:
    """Processes with connections, as the doctor counts them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("YISHI_DATABASE_URL", house.environ["YISHI_DATABASE_URL"])
        (found,) = connections.room(Situation(Places(house.folder / "var"), frozenset()))
    return int(found.found.rpartition("; ")[2].split()[0])
