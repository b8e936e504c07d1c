"""Runs blocking work of the event loop in bounded threads with database connections of their own; it must not know what the work is."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from django.db import close_old_connections, connections

P = ParamSpec("P")
R = TypeVar("R")


class Threads:
    """A few threads. Work beyond them waits in line, so whoever calls keeps its own line short."""

    def __init__(self, name: str, count: int) -> None:
        self._pool = ThreadPoolExecutor(count, thread_name_prefix=f"live-{name}")
        self._count = count

    async def run(self, work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
        """The result of `work`, which may use the database; raises what it raises."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: _guarded(work, *args, **kwargs))

    async def close(self) -> None:
        """Close the threads' connections and end them."""
        barrier = threading.Barrier(self._count)

        def leave() -> None:
            connections.close_all()
            barrier.wait(timeout=5)

        loop = asyncio.get_running_loop()
        left = [loop.run_in_executor(self._pool, leave) for _each in range(self._count)]
        await asyncio.gather(*left, return_exceptions=True)
        self._pool.shutdown(wait=False)


def _guarded(work: Callable[P, R], *args: P.args, **kwargs: P.kwargs) -> R:
    close_old_connections()
    try:
        return work(*args, **kwargs)
    finally:
        close_old_connections()
