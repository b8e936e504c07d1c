"""Schedulers that can be killed at any write, for simulations: each a thread with a connection of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from django.db import connection

from scheduling.services import firing, making

_WRITE = re.compile(r"\s*(INSERT|UPDATE|DELETE|WITH\b.*\b(INSERT|UPDATE|DELETE))", re.IGNORECASE | re.DOTALL)


class Crash(BaseException):
    """The process is gone: nothing that catches errors catches this."""


class Knife:
    """Counts the writes of a connection, and what comes before and after each commit; ends its process at the chosen one."""

    def __init__(self, at: int = 0) -> None:
        self.at = at
        self.count = 0

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        """As Django's execute wrappers are called."""
        if _WRITE.match(str(sql)):
            self.strike()
        return execute(sql, params, many, context)

    def strike(self) -> None:
        """One more point at which a process can die."""
        self.count += 1
        if self.count == self.at:
            raise Crash

    @contextmanager
    def held(self) -> Iterator[None]:
        """Over the connection of this thread."""
        commit = connection._commit

        def struck() -> None:
            try:
                self.strike()
            except Crash:
                connection.rollback()
                raise
            commit()
            self.strike()

        connection._commit = struck
        try:
            with connection.execute_wrapper(self):
                yield
        finally:
            del connection._commit


class Scheduler:
    """One process: `python -m broadcast tick`, as far as scheduling goes."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1)

    def beat(self, *, make: bool = False) -> Future[int]:
        """One beat, beside whatever others do; its result is how many acts were done."""
        return self._thread.submit(self._beat, make, Knife())

    def die(self, at: int, *, make: bool = False) -> bool:
        """One beat that ends at that write; returns whether it came so far."""
        return self._thread.submit(self._die, make, Knife(at)).result()

    def stop(self) -> None:
        """Let the connection go."""
        self._thread.submit(lambda: connection.close()).result()
        self._thread.shutdown()

    def _beat(self, make: bool, knife: Knife) -> int:
        with knife.held():
            if make:
                making.materialise()
            return firing.tick()

    def _die(self, make: bool, knife: Knife) -> bool:
        try:
            self._beat(make, knife)
        except Crash:
            connection.close()
            return True
        return False
