"""Waits for an event, but only so long: how each lane rests between its looks; no meaning here."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any


async def woken(event: asyncio.Event, most_seconds: float) -> bool:
    """Whether the event came within that time.

    Not `asyncio.wait_for`: in Python 3.11 that may swallow a cancellation that comes in the instant it is done.
    """
    try:
        async with asyncio.timeout(most_seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True


async def ended(tasks: Iterable[asyncio.Task[Any]]) -> None:
    """Cancel them, and return when all are done.

    Again every three seconds, until it is taken: `wait_for` of Python 3.11, in libraries too, may swallow one that comes in the instant
    it is done. What a task does to clean up must not take longer.
    """
    left = set(tasks)
    while left:
        for task in left:
            task.cancel()
        done, left = await asyncio.wait(left, timeout=3)
        for task in done:
            # Asked for, so that nobody is told of it: they end because they are told to.
            _failed = task.cancelled() or task.exception()
