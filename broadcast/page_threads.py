"""The threads in which pages do their synchronous work: a few, kept, each with its own connection; it knows no page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from asgiref.sync import ThreadSensitiveContext

# One process computes pages on one processor: more threads would only hold more connections.
PAGE_THREADS = 12

Application = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class _Line:
    """One thread and how many requests have it."""

    def __init__(self, number: int) -> None:
        self.executor = ThreadPoolExecutor(1, thread_name_prefix=f"page-{number}")
        self.requests = 0


class PageThreads:
    """Gives each request one of the threads, the least wanted.

    Django alone gives each request a thread of its own that dies with it, and its connection waits for the garbage collector:
    as many connections as requests at once, none of them ever used again. Only synchronous steps wait for their thread;
    what is awaited, and bodies on their way to slow browsers, hold none.
    """

    def __init__(self, application: Application, most: int = PAGE_THREADS) -> None:
        self._application = application
        self._lines = [_Line(number) for number in range(most)]

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        line = min(self._lines, key=lambda each: each.requests)
        line.requests += 1
        try:
            async with ThreadSensitiveContext(executor=line.executor):
                await self._application(scope, receive, send)
        finally:
            line.requests -= 1
