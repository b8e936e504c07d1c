"""Check of `doctor`: whether the database lets in as many connections as the processes may open; it opens one and changes nothing."""

from __future__ import annotations

from collections.abc import Iterator

from broadcast import env
from broadcast.house.diagnosis import OK, TIMEOUT_SECONDS, WARNING, Finding, Situation
from broadcast.page_threads import PAGE_THREADS

# Threads of live in one process (live/process.py: read, compose, slow, write), and sessions of staff's sockets.
LIVE_THREADS = 3 + 2 + 1 + 2
SESSIONS = 2
A_PROCESS = PAGE_THREADS + LIVE_THREADS + SESSIONS
# Worker, tick, recorder, a backup, and somebody who looks.
OTHERS = 20
# What broadcast.asgi calls its connections.
NAME = "yishi-web "

_QUESTION = """
    select current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
             - coalesce(current_setting('reserved_connections', true), '0')::int,
           (select count(distinct (application_name, client_addr)) from pg_stat_activity
             where datname = current_database() and application_name like %s)
"""


def needed(processes: int) -> int:
    """Connections that so many processes for pages and sockets, and all else, may hold at once."""
    return processes * A_PROCESS + OTHERS


def room(house: Situation) -> Iterator[Finding]:
    """Compares what is allowed with what the processes that run now, one at least, may come to need."""
    import psycopg

    try:
        with psycopg.connect(env.read("DATABASE_URL"), connect_timeout=TIMEOUT_SECONDS) as connection:
            row = connection.execute(_QUESTION, (f"{NAME}%",)).fetchone()
    except psycopg.Error:
        return  # the check of the database itself says so
    assert row is not None
    yield judged(allowed=int(row[0]), running=int(row[1]))


def judged(allowed: int, running: int) -> Finding:
    """The finding for these numbers."""
    most = max(0, (allowed - OTHERS) // A_PROCESS)
    found = f"{allowed} allowed: enough for {most} processes of {A_PROCESS} (web, edge); {running} run now"
    if needed(max(1, running)) <= allowed:
        return Finding("database connections", OK, found)
    wanted = needed(max(1, running))
    mend = f"raise max_connections of PostgreSQL to {wanted + 10} or more, or run fewer edges"
    return Finding("database connections", WARNING, found, f"{wanted} or more", mend)
