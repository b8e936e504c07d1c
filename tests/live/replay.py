"""A show replayed to a real page: its socket is answered from here with frames made by the server's own code; no page of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress
from typing import Any

import msgspec
from playwright.async_api import Page, Playwright, WebSocketRoute, async_playwright

from live import protocol
from live import state as states
from live.state import State
from tests.journeys.pages import FLAGS

HIDING = """
window.hidden_now = false;
Object.defineProperty(document, "hidden", { get: () => window.hidden_now });
window.hide = (on) => { window.hidden_now = on; document.dispatchEvent(new Event("visibilitychange")); };
"""


class Replay:
    """Ticks of a lively room, one after another; the state is what a page must have at the end."""

    def __init__(self, objects: Iterable[Any], seed: int = 7) -> None:
        self._fixed = {each.key: each for each in objects if each.key.partition(":")[0] not in {"comment", "counts"}}
        self._chance = random.Random(seed)
        self._comments: dict[int, protocol.CommentObject] = {}
        self._next = 1_000
        self.state = State(1, 0, at(0), 500, states.encoded(self._fixed.values()))

    def tick(self) -> bytes:
        """The next tick's bytes: two comments, the counts, one question's supports, the votes; now and then a withdrawal."""
        seq, chance = self.state.seq + 1, self._chance
        for _each in range(2):
            self._next += 1
            text = "支持" * chance.randint(1, 30)
            self._comments[self._next] = protocol.CommentObject(
                f"comment:{self._next}", self._next, text, f"市民{self._next}", "", at(seq)
            )
        if chance.random() < 0.05:
            del self._comments[chance.choice(list(self._comments))]
        for old in sorted(self._comments)[: -protocol.COMMENTS_SHOWN]:
            del self._comments[old]
        asked = [each for each in self._fixed.values() if isinstance(each, protocol.QuestionObject)]
        if asked:
            backed = asked[seq % len(asked)]
            self._fixed[backed.key] = msgspec.structs.replace(backed, supports=backed.supports + 1)
        self._fixed["counts"] = protocol.CountsObject("counts", 5_000 + seq % 977, seq * 3, seq * 2, 12)
        objects = states.encoded([*self._fixed.values(), *self._comments.values()])
        change = states.difference(self.state.objects, objects)
        self.state = State(1, seq, at(seq), 500, objects)
        return states.tick(self.state, *change)


def at(seq: int) -> str:
    """Two ticks a second, from eleven o'clock on."""
    seconds, half = divmod(seq, 2)
    hours, rest = divmod(seconds, 3_600)
    return f"2026-11-28T{3 + hours:02}:{rest // 60:02}:{rest % 60:02}.{half * 5}00Z"


class Line:
    """The page's socket, answered by a replay instead of a server."""

    def __init__(self, replay: Replay) -> None:
        self.replay = replay
        self._route: WebSocketRoute | None = None
        self._open = asyncio.Event()

    def answer(self, route: WebSocketRoute) -> None:
        """Give the snapshot to whoever connects."""
        self._route = route
        route.on_message(lambda _message: None)
        route.send(self.replay.state.snapshot().decode())
        self._open.set()

    async def play(self, ticks: int, per_second: float) -> None:
        """So many ticks at this pace; as fast as the page takes them where it cannot keep up."""
        await asyncio.wait_for(self._open.wait(), 30)
        if self._route is None:
            raise RuntimeError("no socket")
        began, loop = asyncio.get_running_loop().time(), asyncio.get_running_loop()
        for number in range(ticks):
            self._route.send(self.replay.tick().decode())
            await asyncio.sleep(max(0.0, began + (number + 1) / per_second - loop.time()))


@asynccontextmanager
async def browsing() -> AsyncIterator[Playwright]:
    """Playwright, with Chromium's flags as everywhere."""
    async with async_playwright() as playwright:
        yield playwright


async def open_page(playwright: Playwright, program: str, size: dict[str, int]) -> Page:
    """A page of a fresh browser; its `document.hidden` is what `window.hide(true)` says."""
    browser = await playwright.chromium.launch(executable_path=program, args=[*FLAGS, "--js-flags=--expose-gc"])
    context = await browser.new_context(viewport=size)  # type: ignore[arg-type]
    page = await context.new_page()
    await page.add_init_script(HIDING)
    return page


async def memory_of(page: Page) -> dict[str, float]:
    """Bytes of the page's heap after collecting, its nodes and listeners."""
    session = await page.context.new_cdp_session(page)
    await session.send("Performance.enable")
    for _each in range(3):
        await session.send("HeapProfiler.collectGarbage")
    found = await session.send("Performance.getMetrics")
    with suppress(Exception):
        await session.detach()
    wanted = {"JSHeapUsedSize", "Nodes", "JSEventListeners"}
    return {each["name"]: each["value"] for each in found["metrics"] if each["name"] in wanted}
