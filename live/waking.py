"""Waits for an event, but only so long: how each lane rests between its looks; no meaning here."""

from __future__ import annotations

import asyncio


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
