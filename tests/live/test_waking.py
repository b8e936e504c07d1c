"""Resting until something happens, and no longer than was said."""

from __future__ import annotations

import asyncio

import pytest

from live.waking import ended, woken


async def test_it_says_whether_the_event_came() -> None:
    event = asyncio.Event()
    assert not await woken(event, 0.01)
    asyncio.get_running_loop().call_soon(event.set)
    assert await woken(event, 30)


async def test_whoever_is_cancelled_in_the_instant_of_the_event_is_cancelled() -> None:
    event = asyncio.Event()
    resting = asyncio.create_task(woken(event, 30))
    await asyncio.sleep(0)
    event.set()
    # The event's future is done, and the task has not run since.
    resting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await resting


async def test_a_cancellation_that_is_swallowed_is_given_again() -> None:
    swallowed = 0

    async def stubborn() -> None:
        nonlocal swallowed
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                swallowed += 1
                if swallowed > 1:
                    raise

    task = asyncio.create_task(stubborn())
    await asyncio.sleep(0)
    await asyncio.wait_for(ended([task]), 30)
    assert task.cancelled()
    assert swallowed == 2
