"""One child that sends the public line to one target, from one item on; it retries nothing and knows no row.

It is fed with released segments as fast as it takes them and paces them itself; what it does not take, nobody else waits for.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from archive import sending, tls
from archive.mpegts import CLOCK, ORIGIN, BadSegment, Joiner, Scan, scan
from archive.output import Item
from archive.parts import now_ms
from archive.runner import Ended, Run
from archive.sending import Address

logger = logging.getLogger(__name__)
T = TypeVar("T")
# A child begins so many items before the newest: what it has in hand while the next is being released.
CUSHION = 2
# So far behind where it should be, and a child is given up.
BEHIND_MS = 10_000
# A target that has not taken a first byte by then is not going to.
CONNECT_SECONDS = 15.0
# What is in hand after the last item is sent for so long.
DRAIN_SECONDS = 12.0
_TURN = 0.25
_CHUNK = 64 * 1024
# The child tells twice a second what it sent, and leaves out the first it told.
_LATE = 7 * CLOCK // 10


class Line(Protocol):
    """The public line as Writer offers it: released items in order, their files, and whether it has come to its end."""

    items: list[Item]
    closed: bool

    def path_of(self, item: Item) -> Path:
        """The file of a released item."""


@dataclass(frozen=True)
class Means:
    """What every child needs: the program, where children are registered, threads of our own for disk and bytes."""

    program: str
    register: Path
    threads: Executor


@dataclass(frozen=True)
class _Fed:
    """An item in the child's hands and where its last frame stands in the child's stream."""

    index: int
    item: Item
    end: int


class Child:
    """`run` it once; what it has sent can be read at any time."""

    def __init__(self, name: str, line: Line, index: int, address: Address, means: Means) -> None:
        self.name, self.line, self.address, self.means = name, line, address, means
        # The first item that is not sent yet.
        self.next = index
        self.sent_until_ms: int | None = None
        self.sent_seconds = 0.0
        self.sending_since_ms: int | None = None
        self._run: Run | None = None
        # What is not sent yet, as far as the child has it.
        self._fed: deque[_Fed] = deque()
        self._reason = ""

    async def run(self) -> str:
        """Send until there is no more or it fails. Returns why it ended: ended (the line is over), changed (what the line
        carries now needs a new connection), the reason given to `stop`, or a stable code of what went wrong.
        """
        data, found = await self._read(self.line.items[self.next])
        if found is None:
            self.next += 1
            return "changed"
        words = sending.words(self.means.program, self.address, found.streams, tls.authorities())
        run = self._run = Run(
            words,
            name=self.name,
            secrets=self.address.secrets,
            feed=True,
            stale_seconds=None,
            register=self.means.register,
        )
        if self._reason:
            return self._reason
        try:
            await run.start()
        except OSError as error:
            logger.error("ffmpeg does not start program=%s error=%s", self.means.program, error.strerror)
            return "failed"
        feed = asyncio.create_task(self._feed(run, data, found), name=f"feed {self.name}")
        try:
            ended = await self._watch(run, feed)
        finally:
            feed.cancel()
            if run.running:
                await run.stop(hard=True)
        return await self._why(ended, feed)

    async def stop(self, reason: str, *, hard: bool = False) -> None:
        """End it; returns when it is gone."""
        self._reason = reason
        if self._run is not None and self._run.pid:
            await self._run.stop(reason, hard=hard)

    async def _why(self, ended: Ended, feed: asyncio.Task[str]) -> str:
        """What to call this end. A child that was fed to the end and ended well has sent all."""
        fed = "broken"
        with contextlib.suppress(asyncio.CancelledError, OSError):
            fed = await feed
        if ended.status == 0 and ended.code == "ended" and fed != "broken":
            if self._fed:
                self._count(self._fed[-1].end)
            return fed
        if ended.code in {"ended", "failed", "bad_input"}:
            return sending.explain("\n".join(ended.words))
        return ended.code

    async def _watch(self, run: Run, feed: asyncio.Task[str]) -> Ended:
        """Follow the child to its end: what it has sent, whether it takes anything, whether it is too far behind."""
        loop = asyncio.get_running_loop()
        end = asyncio.create_task(run.wait())
        began, drained = loop.time(), 0.0
        while not end.done():
            await asyncio.wait({end} if drained else {end, feed}, timeout=_TURN)
            if feed.done() and not drained:
                drained = loop.time()
                run.stdin.close()
            if run.progress.moved_at is not None:
                self.sending_since_ms = self.sending_since_ms or now_ms()
                self._count(ORIGIN + run.progress.out_time_us * CLOCK // 1_000_000)
            if self.sending_since_ms is None and loop.time() - began > CONNECT_SECONDS:
                await run.stop("no_answer", hard=True)
            elif self._behind_ms() > BEHIND_MS or (drained and loop.time() - drained > DRAIN_SECONDS):
                # What hangs in a write takes no other signal.
                await run.stop("stalled", hard=True)
        return await end

    def _behind_ms(self) -> int:
        """How much later than it should be the target gets the line."""
        items = self.line.items
        if self.sending_since_ms is None or self.next >= len(items):
            return 0
        should = items[max(0, len(items) - 1 - CUSHION)].end_ms
        return should - max(self.sent_until_ms or 0, items[self.next].start_ms)

    def _count(self, place: int) -> None:
        """The child has sent up to that place of its stream."""
        while self._fed and place + _LATE >= self._fed[0].end:
            each = self._fed.popleft()
            self.next = each.index + 1
            self.sent_until_ms = each.item.end_ms
            self.sent_seconds += each.item.duration

    # -- feeding ------------------------------------------------------------------------------------------------------

    async def _feed(self, run: Run, data: bytes, found: Scan) -> str:
        """Give the child one item after another until the line ends or changes what it carries."""
        joiner, index, streams = Joiner(), self.next, found.streams
        item: Item | None = self.line.items[index]
        origin = self.line.items[index].start_ms
        before: Item | None = None
        while item is not None:
            if sending.restarts(self.address.kind, streams, found.streams):
                return "changed"
            follows, at = before is not None and continues(before, item), (item.start_ms - origin) * CLOCK // 1000
            moved = await self._aside(lambda: joiner.add(data, found, follows=follows, at=at))  # noqa: B023
            for first in range(0, len(moved), _CHUNK):
                run.stdin.write(moved[first : first + _CHUNK])
                await run.stdin.drain()
            self._fed.append(_Fed(index, item, joiner.end))
            before = item
            item, index, data, found = await self._following(index, found)
        return "ended"

    async def _following(self, index: int, found: Scan) -> tuple[Item | None, int, bytes, Scan]:
        """The next item that can be read, once it is released; None at the end of the line."""
        while True:
            index += 1
            while index >= len(self.line.items):
                if self.line.closed:
                    return None, index, b"", found
                await asyncio.sleep(_TURN)
            data, scanned = await self._read(self.line.items[index])
            if scanned is not None:
                return self.line.items[index], index, data, scanned

    async def _read(self, item: Item) -> tuple[bytes, Scan | None]:
        """An item's bytes and what is in them; None for one that cannot be read, which is left out."""
        try:
            file = self.line.path_of(item)
            data = await self._aside(file.read_bytes)
            return data, await self._aside(lambda: scan(data))
        except (OSError, BadSegment) as error:
            logger.warning("push leaves out an item name=%s sequence=%s error=%s", self.name, item.sequence, error)
            return b"", None

    async def _aside(self, job: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self.means.threads, job)


def continues(before: Item, item: Item) -> bool:
    """Whether an item is the next segment of the same source, so that its times go on by themselves."""
    same = (item.source, item.part, item.number) == (before.source, before.part, before.number + 1)
    return same and not item.gap
