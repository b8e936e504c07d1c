"""What everybody asks for costs nothing that grows with them: no query for a state or a reconnect, compressed once, the same bytes."""

from __future__ import annotations

import asyncio
import gzip
import json
import threading
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from asgiref.sync import sync_to_async
from django.db.backends.utils import CursorWrapper

from broadcast.identity import COOKIE
from broadcast.models import Programme
from live import process, shelf
from live.admission import Admission
from live.edge import audience_socket
from live.limits import Limits
from live.overflow import PublicState
from live.process import Live
from live.protocol import CloseCode
from live.state import State
from tests.live import making

MANY = 10**6
NO_LIMITS = Limits(*[MANY] * 14)
TIMES = 1_500


class Queries:
    """Counts what every thread of this process asks the database."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.asked = 0
        self._lock = threading.Lock()
        execute = CursorWrapper.execute

        def counted(cursor: CursorWrapper, *arguments: Any, **named: Any) -> Any:
            with self._lock:
                self.asked += 1
            return execute(cursor, *arguments, **named)

        patch.setattr(CursorWrapper, "execute", counted)


@pytest.fixture
async def live(transactional_db: None, tidy: None) -> AsyncIterator[Live]:
    running = process.current()
    running.admission = Admission(NO_LIMITS, lambda: running.hub.sockets)
    yield running
    await process.shut_down()


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    return Queries(monkeypatch)


async def ask(airing_id: uuid.UUID | str, **headers: str) -> tuple[int, dict[str, str], bytes]:
    """GET …/state as the server would pass it on; 0 where it was passed on to the pages."""
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def pages(scope: Any, receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": 0, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    raw = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    scope = {"type": "http", "method": "GET", "path": f"/live/airings/{airing_id}/state", "headers": raw}
    await PublicState(pages)(scope, None, send)
    answered = {bytes(name).decode(): bytes(value).decode() for name, value in sent[0]["headers"]}
    return sent[0]["status"], answered, sent[1]["body"]


async def until(true: Callable[[], bool]) -> None:
    """Let everything else run until it is so."""
    deadline = asyncio.get_running_loop().time() + 60
    while True:
        if true():
            return
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.001)


class Visit:
    """One audience socket at the application's door, without a server."""

    def __init__(self, airing_id: uuid.UUID, cookie: str = "", query: str = "") -> None:
        self.frames: list[dict[str, Any]] = []
        self.code: int | None = None
        self._inbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._inbox.put_nowait({"type": "websocket.connect"})
        headers = [(b"host", b"localhost"), (b"origin", b"http://localhost")]
        headers += [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
        scope = {
            "type": "websocket",
            "path": f"/live/airings/{airing_id}/socket",
            "query_string": query.encode(),
            "headers": headers,
            "client": ("192.0.2.1", 40_000),
            "url_route": {"kwargs": {"airing_id": airing_id}},
        }
        self._task = asyncio.create_task(audience_socket(scope, self._inbox.get, self._send))

    async def _send(self, message: dict[str, Any]) -> None:
        if message["type"] == "websocket.send":
            self.frames.append(json.loads(message["text"]))
        elif message["type"] == "websocket.close":
            self.code = message["code"]

    async def first(self) -> dict[str, Any]:
        await until(lambda: bool(self.frames) or self.code is not None)
        return self.frames[0] if self.frames else {}

    async def cut(self) -> None:
        self._inbox.put_nowait({"type": "websocket.disconnect", "code": 1006})
        await self._task


async def composed(live: Live, airing_id: uuid.UUID) -> State:
    """The state once a composer is heard."""
    await live.audience(airing_id)
    await until(lambda: live.hub.audience(airing_id).is_fresh)
    found = await live.state(airing_id)
    assert found is not None
    return found


async def idle_rate(queries: Queries) -> float:
    """Queries a second while nobody comes."""
    await asyncio.sleep(1)
    before = queries.asked
    await asyncio.sleep(3)
    return (queries.asked - before) / 3


async def test_a_state_on_air_is_answered_without_a_query(live: Live, queries: Queries) -> None:
    show = await sync_to_async(making.make_show)()
    await composed(live, show.id)
    rate = await idle_rate(queries)
    before, began, packed = queries.asked, asyncio.get_running_loop().time(), live.shelf.compressed
    sequences = set()
    for _each in range(TIMES):
        status, headers, _body = await ask(show.id, accept_encoding="gzip")
        assert status == 200
        sequences.add(headers["etag"])
        await asyncio.sleep(0)
    seconds = asyncio.get_running_loop().time() - began
    # What the process does anyway, half as much again for a slow moment, and a hundredth for each.
    assert queries.asked - before <= 1.5 * rate * seconds + rate + 0.01 * TIMES
    assert live.shelf.compressed - packed <= len(sequences) + 1, "once for each state, however many ask"


async def test_all_cut_at_once_come_back_without_a_query(live: Live, queries: Queries) -> None:
    show = await sync_to_async(making.make_show)()
    people = [making.cookie(await sync_to_async(making.make_viewer)()) for _each in range(20)]
    state = await composed(live, show.id)
    epoch, seq = state.position
    rate = await idle_rate(queries)
    visits = [Visit(show.id, people[n % len(people)]) for n in range(TIMES)]
    assert {(await each.first())["type"] for each in visits} == {"snapshot"}
    await asyncio.gather(*(each.cut() for each in visits))
    before, began = queries.asked, asyncio.get_running_loop().time()
    again = [Visit(show.id, people[n % len(people)], f"epoch={epoch}&seq={seq}") for n in range(TIMES)]
    await until(lambda: live.hub.sockets == TIMES)
    seconds = asyncio.get_running_loop().time() - began
    assert live.hub.sockets == TIMES
    assert {frame["type"] for each in again for frame in each.frames} <= {"tick", "pace"}, "resumed from the window"
    assert queries.asked - before <= 1.5 * rate * seconds + rate + 0.01 * TIMES
    await asyncio.gather(*(each.cut() for each in again))
    assert live.hub.sockets == 0


async def test_those_who_sit_here_are_told_in_which_window_to_come_back(live: Live) -> None:
    show = await sync_to_async(making.make_show)()
    await composed(live, show.id)
    live.admission = live.returning._admission = Admission(
        Limits(joins=10, joins_address=MANY), lambda: live.hub.sockets
    )
    live.admission._joins = Admission(NO_LIMITS, lambda: 0)._joins
    visits = [Visit(show.id) for _each in range(50)]
    for each in visits:
        await each.first()
    await live.returning.look()
    # The process looks by itself too, perhaps when only some had come; it tells again once the window has doubled.
    told = {"type": "pace", "return_ms": live.returning.window_ms}
    assert 6_250 / 2 < told["return_ms"] <= 6_250
    assert all(told in each.frames for each in visits)
    late = Visit(show.id)
    await late.first()
    assert told in late.frames
    for each in (*visits, late):
        await each.cut()


async def test_both_forms_and_the_socket_have_the_same_bytes(live: Live) -> None:
    show = await sync_to_async(making.make_show)()
    state = await composed(live, show.id)
    status, headers, plain = await ask(show.id)
    _status, packed_headers, packed = await ask(show.id, accept_encoding="br, GZIP;q=0.5")
    position = json.loads(plain)["epoch"], json.loads(plain)["seq"]
    if position == state.position:
        assert plain == state.snapshot()
    assert status == 200
    assert json.loads(gzip.decompress(packed))["objects"] == json.loads(plain)["objects"]
    assert packed_headers["content-encoding"] == "gzip"
    assert "content-encoding" not in headers
    assert headers["vary"] == "Accept-Encoding"
    assert "set-cookie" not in headers
    assert len(packed) == int(packed_headers["content-length"])
    status, _headers, body = await ask(show.id, if_none_match=f'"older", {packed_headers["etag"]}')
    assert (status, body) in {(304, b""), (200, body)}


async def test_what_is_for_some_goes_to_the_pages(live: Live) -> None:
    show = await sync_to_async(making.make_show)(audience=Programme.Audience.MEMBERS)
    assert (await ask(show.id))[0] == 0
    assert (await ask(uuid.uuid4()))[0] == 0
    visit = Visit(show.id)
    await visit.first()
    assert visit.code == CloseCode.NOT_FOUND
    await visit.cut()


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("gzip", True),
        ("GZIP ; q=0.1", True),
        ("br, gzip", True),
        ("gzip;q=0", False),
        ("gzip;q=0.000", False),
        ("br", False),
        ("", False),
    ],
)
def test_gzip_is_sent_to_whoever_takes_it(header: str, taken: bool) -> None:
    assert shelf.accepts_gzip(header) is taken


def test_a_cache_is_told_to_keep_it_until_the_end_of_its_own_second() -> None:
    assert shelf.public_headers("t", "p", "1700000000.999")["X-Accel-Expires"] == "@1700000000"
    for nonsense in ("", "x", "-1", "1e9", "9" * 20, "１２"):
        assert "X-Accel-Expires" not in shelf.public_headers("t", "p", nonsense)
