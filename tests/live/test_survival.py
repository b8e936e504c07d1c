"""Deaths during a show: of the composing web process, of the bus, of database connections; and peers that do not read."""

from __future__ import annotations

import asyncio
import datetime as dt
import socket
import time
from collections.abc import Callable, Collection

import pytest
from asgiref.sync import sync_to_async
from django.db import connection

from broadcast import clock
from broadcast.models import Participant
from live import commands, hints, protocol
from live.models import Ballot, BallotCast, Comment, ComposerLease
from tests.live import making
from tests.live.own_bus import OwnValkey
from tests.live.sockets import Server, viewer_socket

new_show, new_viewer = sync_to_async(making.make_show), sync_to_async(making.make_viewer)
perform = sync_to_async(commands.perform)
Start = Callable[..., Server]


async def test_another_process_takes_over_within_two_seconds(servers: Start) -> None:
    show, viewer = await new_show(comments="post"), await new_viewer()
    first = servers()
    async with viewer_socket(first, show) as early:
        await early.shows("airing", lambda _each: bool(early.state and early.state.epoch))
        second = servers()
        async with viewer_socket(second, show, viewer) as browser:
            await browser.shows("counts", lambda each: each["viewers"] == 2)
            assert browser.state is not None
            epoch = browser.state.epoch
            item = (await browser.ask("comment.post", text="之前"))["result"]["item"]
            await browser.shows(f"comment:{item}")
            first.kill()
            died = time.monotonic()
            item = (await browser.ask("comment.post", text="之后"))["result"]["item"]
            await browser.shows(f"comment:{item}", seconds=2.5)
            taken = time.monotonic() - died
            assert browser.state.epoch > epoch
            assert taken < 2.2, taken
            assert browser.gaps == 0
    assert await sync_to_async(ComposerLease.objects.count)() == 1


@pytest.mark.parametrize("forget", [False, True])
async def test_the_bus_dies_and_comes_back(servers: Start, own_valkey: OwnValkey, *, forget: bool) -> None:
    show, viewer, other = await new_show(comments="post"), await new_viewer(), await new_viewer()
    environ = {"YISHI_BUS_URL": own_valkey.valkey.url}
    one, two = servers(environ), servers(environ)
    poll, options = await sync_to_async(making.make_poll)(show)
    async with viewer_socket(one, show, viewer) as near, viewer_socket(two, show, other) as far:
        await near.shows("counts", lambda each: each["viewers"] == 2)
        own_valkey.kill(forget=forget)
        assert (await near.ask("poll.vote", poll=poll, options=[options[0]]))["type"] == "ack"
        assert (await far.ask("poll.vote", poll=poll, options=[options[1]]))["type"] == "ack"
        item = (await far.ask("comment.post", text="总线断了也能说"))["result"]["item"]
        for server in (one, two):
            state = await until_state_shows(server, show, f"comment:{item}")
            assert state
        own_valkey.start()
        await near.shows(f"comment:{item}", seconds=6)
        await far.shows(f"comment:{item}", seconds=8)
        again = (await near.ask("comment.post", text="又通了"))["result"]["item"]
        await far.shows(f"comment:{again}", seconds=6)
        assert (near.gaps, far.gaps) == (0, 0)
    assert await sync_to_async(Ballot.objects.count)() == 2


async def until_state_shows(server: Server, show: making.Show, key: str) -> bool:
    """The URL answers all the while; a state without a composer may be a few seconds old."""
    for _try in range(90):
        response = await sync_to_async(server.get)(f"/live/airings/{show.id}/state")
        assert response.status_code == 200
        if key in {each["key"] for each in response.json()["objects"]}:
            return True
        await asyncio.sleep(0.1)
    return False


async def test_no_acknowledged_vote_is_lost_when_web_and_database_connections_die(servers: Start) -> None:
    show = await new_show()
    poll, options = await sync_to_async(making.make_poll)(show)
    people = [await new_viewer() for _each in range(8)]
    acknowledged: set[str] = set()
    sent: dict[str, int] = {}

    async def vote_until(server: Server, person: int, stop: asyncio.Event) -> None:
        async with viewer_socket(server, show, people[person]) as browser:
            while not stop.is_set():
                option = options[len(sent) % 2]
                name = await browser.send("poll.vote", poll=poll, options=[option])
                sent[name] = option
                try:
                    answer = await browser.wait(lambda frame, n=name: frame.get("id") == n, seconds=3)
                except TimeoutError:
                    return
                if answer["type"] == "ack":
                    acknowledged.add(name)
                await asyncio.sleep(0.02)

    for round_number in range(2):
        before = await sync_to_async(database_time)()
        server, stop = servers(), asyncio.Event()
        voters = [asyncio.create_task(vote_until(server, person, stop)) for person in range(len(people))]
        await until_many(acknowledged, 20 + 40 * round_number)
        if round_number == 0:
            await sync_to_async(end_connections_since)(before)
            await until_many(acknowledged, 40)
        server.kill()
        stop.set()
        await asyncio.gather(*voters, return_exceptions=True)
    kept = set(await sync_to_async(lambda: list(BallotCast.objects.values_list("command_id", flat=True)))())
    assert len(acknowledged) > 50
    assert acknowledged <= kept
    from live import queries
    from live.queries.polls import tally

    assert await sync_to_async(queries.recount)(poll) == await sync_to_async(tally)(poll)
    assert await sync_to_async(Ballot.objects.count)() == len(people)


async def until_many(found: Collection[str], many: int, seconds: float = 60) -> None:
    """Return when there are more than so many, or after so long."""
    deadline = time.monotonic() + seconds
    while len(found) <= many and time.monotonic() < deadline:  # noqa: ASYNC110
        await asyncio.sleep(0.05)


def database_time() -> dt.datetime:
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        found: dt.datetime = cursor.fetchone()[0]
        return found


def end_connections_since(moment: dt.datetime) -> None:
    """Those of the web process; not the tests' own."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_start > %s",
            [moment],
        )


async def test_a_peer_that_does_not_read_is_closed_and_delays_nobody(server: Server) -> None:
    show, viewer, deaf = await new_show(comments="post"), await new_viewer(), await new_viewer()
    line = socket.socket()
    line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    line.connect(("127.0.0.1", server.port))
    reader, writer = await asyncio.open_connection(sock=line, limit=1024)
    writer.write(
        f"GET /live/airings/{show.id}/socket HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nUpgrade: websocket\r\n"
        f"Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
        f"Cookie: yishi_participant={making.cookie(deaf)}\r\nOrigin: {server.http}\r\n\r\n".encode()
    )
    await reader.readline()
    writer.transport.pause_reading()  # type: ignore[attr-defined]
    async with viewer_socket(server, show, viewer) as quick:
        await quick.shows("counts", lambda each: each["viewers"] == 2)
        # Far more than the kernel's buffers take.
        for round_number in range(14):
            await sync_to_async(publish_long_comments)(show, round_number)
            await asyncio.sleep(0.6)
        before = time.monotonic()
        item = (await quick.ask("comment.post", text="不受影响"))["result"]["item"]
        await quick.shows(f"comment:{item}")
        assert time.monotonic() - before < 1.5
        await quick.shows("counts", lambda each: each["viewers"] == 1, seconds=12)
        assert quick.gaps == 0
    writer.close()


def publish_long_comments(show: making.Show, round_number: int) -> None:
    """As no citizen may write them: a few hundred kilobytes for everybody, each time in other words."""
    author, now = Participant.objects.first(), clock.now()
    for number in range(15):
        words = {"text": f"{round_number}" + "长" * 8_000, "author_name": "甲", "assurance": 0, "state": "approved"}
        Comment.objects.update_or_create(
            room_id=show.id,
            author=author,
            command_id=f"long-{number:04}",
            defaults=words,
            create_defaults={**words, "public_at": now, "created_at": now},
        )
    hints.hint(show.id, "comments")


async def test_commands_by_post_are_the_same(server: Server) -> None:
    import httpx

    from tests.live.making import cookie

    show, viewer = await new_show(), await new_viewer()
    async with httpx.AsyncClient(base_url=server.http, cookies={"yishi_participant": cookie(viewer)}) as browser:
        url = f"/live/airings/{show.id}/commands"
        sent = {"type": "comment.post", "id": making.command_id(), "text": "用表单"}
        assert (await browser.post(url, json=sent)).status_code == 403, "no CSRF token"
        browser.cookies.set("csrftoken", "a" * 32)
        headers = {"X-CSRFToken": "a" * 32, "Origin": server.http}
        first = await browser.post(url, json=sent, headers=headers)
        assert (first.status_code, first.json()["type"]) == (200, "ack"), first.text
        assert (await browser.post(url, json=sent, headers=headers)).json() == first.json()
        own = (await browser.get(f"/live/airings/{show.id}/mine")).json()
        assert [each["text"] for each in own["items"]] == ["用表单"]
        bad = await browser.post(url, json={**sent, "id": making.command_id(), "text": "   "}, headers=headers)
        assert (bad.status_code, bad.json()["code"], bad.json()["data"]["field"]) == (422, "invalid_input", "text")
        staff = {"type": "item.approve", "id": making.command_id(), "kind": "comment", "item": 1, "version": 1}
        assert (await browser.post(url, json=staff, headers=headers)).json()["code"] == "not_allowed"
        assert (await browser.get(f"/live/airings/{show.id}/staff/snapshot")).json()["code"] == "not_allowed"
        assert (await browser.get(f"/live/airings/{show.id}/timeline")).status_code == 404
        big = await browser.post(url, content=b"x" * 20_000, headers={**headers, "Content-Type": "application/json"})
        assert (big.status_code, big.json()["code"]) == (413, "too_big")
    assert protocol.TEXT_MAX == 500
