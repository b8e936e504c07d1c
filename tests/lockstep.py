"""Runs several acts at once, lock by lock, so that a wrong order of locks always is a deadlock, however fast the machine is."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from typing import Any

from django.db import connection

_LOCKS = re.compile(r"\bFOR (NO KEY )?UPDATE\b|pg_advisory_xact_lock")
_BLOCKED = "SELECT count(*) FROM pg_stat_activity WHERE pid = ANY(%s) AND wait_event_type = 'Lock'"
PATIENCE_SECONDS = 60


class _Act(threading.Thread):
    """One act on a connection of its own; it waits after every lock that it got."""

    def __init__(self, work: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self.work = work
        self.pid = 0
        self.outcome: Any = None
        self.parked, self.go = threading.Event(), threading.Event()

    def run(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.pid = cursor.fetchone()[0]
        try:
            with connection.execute_wrapper(self._after_each):
                self.outcome = self.work()
        except Exception as error:  # the test says which it expects
            self.outcome = error
        finally:
            connection.close()

    def _after_each(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        found = execute(sql, params, many, context)
        if _LOCKS.search(sql):
            self.go.clear()
            self.parked.set()
            self.go.wait(PATIENCE_SECONDS)
        return found


def together(*works: Callable[[], Any]) -> list[Any]:
    """What each returned or raised. Everybody goes on only when all others wait too, here or for a lock in the database."""
    acts = [_Act(work) for work in works]
    for act in acts:
        act.start()
    until = time.monotonic() + PATIENCE_SECONDS
    while any(act.is_alive() for act in acts):
        assert time.monotonic() < until, "the acts wait for ever"
        busy = [act for act in acts if act.is_alive() and not act.parked.is_set()]
        if _blocked([act.pid for act in busy]) < len(busy):
            time.sleep(0.005)
            continue
        for act in [act for act in acts if act.parked.is_set()]:
            act.parked.clear()
            act.go.set()
    return [act.outcome for act in acts]


def _blocked(pids: list[int]) -> int:
    if not pids:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(_BLOCKED, [pids])
        return int(cursor.fetchone()[0])
