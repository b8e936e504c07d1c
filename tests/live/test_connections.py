"""A web process holds few connections to the database, however many pages are asked for at once."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg
from asgiref.sync import sync_to_async
from django.db import connection

from broadcast.page_threads import PAGE_THREADS
from live.process import COMPOSE_THREADS, READ_THREADS, WRITE_LANES
from tests.live import making
from tests.live.sockets import Server, viewer_socket

# One more each for `slow`, for sockets' sessions, for who still closes.
MOST = PAGE_THREADS + READ_THREADS + COMPOSE_THREADS + WRITE_LANES + 3
# As many for each thread: where every request brought its own connection, there would be far more than MOST.
PAGES = 4 * PAGE_THREADS


@contextmanager
def counted(params: dict[str, Any]) -> Iterator[list[int]]:
    """How many connections other processes had to this database, seen again and again while it is open."""
    seen, over = [0], threading.Event()
    count = "select count(*) from pg_stat_activity where datname = current_database() and application_name = 'web under test'"

    def watch() -> None:
        with psycopg.connect(**params, autocommit=True) as looking:
            while not over.wait(0.03):
                seen.append(looking.execute(count).fetchone()[0])  # type: ignore[index]

    thread = threading.Thread(target=watch)
    thread.start()
    try:
        yield seen
    finally:
        over.set()
        thread.join()


async def test_many_pages_at_once_take_few_connections(servers: Callable[..., Server]) -> None:
    show = await sync_to_async(making.make_show)()
    viewer = await sync_to_async(making.make_viewer)()
    server = await sync_to_async(servers)({"PGAPPNAME": "web under test"})
    page = f"{server.http}/programmes/{show.programme.slug}/{show.episode.number}/"
    params = await sync_to_async(connection.get_connection_params)()
    limits = httpx.Limits(max_connections=PAGES)
    with counted(params) as seen:
        async with (
            viewer_socket(server, show, viewer) as socket,
            httpx.AsyncClient(limits=limits, timeout=110) as browser,
        ):
            answers = await asyncio.gather(*(browser.get(page) for _each in range(PAGES)))
            sent = await socket.send("comment.post", text="好")
            answer = await socket.wait(lambda frame: frame.get("id") == sent, seconds=60)
            assert answer["type"] == "ack"
    assert {answer.status_code for answer in answers} == {200}
    assert PAGE_THREADS <= max(seen) <= MOST
