"""Pages share a few threads, so connections stay few however many requests come at once."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from asgiref.sync import ThreadSensitiveContext, sync_to_async

from broadcast.page_threads import PageThreads


class Pages:
    """An application as Django's is: a context of its own round each request, steps in it by `sync_to_async`."""

    def __init__(self) -> None:
        self.threads: set[int] = set()
        self.most = self.now = 0
        self.barrier = threading.Event()

    async def __call__(self, scope: dict[str, Any], _receive: Any, _send: Any) -> None:
        async with ThreadSensitiveContext():
            for _step in range(3):
                await sync_to_async(self.step)(scope.get("path", ""))
            if scope.get("path") == "/slow-browser":
                await scope["read"].wait()
            if scope.get("path") == "/broken":
                raise RuntimeError("broken page")

    def step(self, path: str) -> None:
        self.now += 1
        self.most = max(self.most, self.now)
        self.threads.add(threading.get_ident())
        if path == "/stuck":
            assert self.barrier.wait(30)
        self.now -= 1


async def test_many_requests_take_few_threads_and_keep_them() -> None:
    pages = Pages()
    application = PageThreads(pages, 4)
    for _round in range(3):
        await asyncio.gather(*(application({"path": "/"}, None, None) for _each in range(100)))
    assert len(pages.threads) == 4
    assert pages.most <= 4


async def test_a_stuck_page_holds_up_nobody_while_others_are_free() -> None:
    pages = Pages()
    application = PageThreads(pages, 2)
    stuck = asyncio.create_task(application({"path": "/stuck"}, None, None))
    for _each in range(10):
        await asyncio.wait_for(application({"path": "/"}, None, None), 20)
    assert not stuck.done()
    pages.barrier.set()
    await asyncio.wait_for(stuck, 20)


async def test_a_slow_browser_holds_no_thread() -> None:
    pages, read = Pages(), asyncio.Event()
    application = PageThreads(pages, 1)
    slow = asyncio.create_task(application({"path": "/slow-browser", "read": read}, None, None))
    await asyncio.wait_for(application({"path": "/"}, None, None), 20)
    assert not slow.done()
    read.set()
    await asyncio.wait_for(slow, 20)


async def test_a_broken_page_gives_its_thread_back() -> None:
    application = PageThreads(Pages(), 2)
    for _each in range(5):
        with pytest.raises(RuntimeError, match="broken page"):
            await application({"path": "/broken"}, None, None)
    assert [line.requests for line in application._lines] == [0, 0]
