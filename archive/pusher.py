"""Sends one airing's public line to one target for as long as that lasts: states, back-off, counts; it never decides what is public.

Everything here waits for this target alone: what does not read, refuses or is dead costs its own task and child, nothing else.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
from dataclasses import dataclass

from archive.parts import now_ms
from archive.push_child import CUSHION, DRAIN_SECONDS, Child, Line, Means
from archive.sending import Address

logger = logging.getLogger(__name__)
LEAST_PAUSE, MOST_PAUSE = 1.0, 30.0
# A target that took media for so long was well: the next pause is the shortest again.
WELL_MS = 20_000
_TURN = 0.25


@dataclass(frozen=True)
class Target:
    """What is wanted of one target now. `address` is None when it cannot be opened; `asked_ms` moves when a restart is asked for.

    What is not `public` (any more) may not go on for a moment: the child is killed, not asked.
    """

    key: int
    address: Address | None
    enabled: bool = True
    asked_ms: int = 0
    public: bool = True


@dataclass(frozen=True)
class PushReport:
    """How sending fares; times in ms since 1970. A pusher of a new process begins with the last one of the old."""

    state: str = "waiting"
    problem: str = ""
    attempts: int = 0
    sending_since_ms: int | None = None
    next_try_ms: int | None = None
    sent_until_ms: int | None = None
    sent_seconds: float = 0.0
    missed_seconds: float = 0.0


class Pusher:
    """One target of one airing. `start` once, `update` as often as you like, `finish` at the end."""

    def __init__(self, name: str, line: Line, target: Target, means: Means, past: PushReport) -> None:
        self.name, self.line, self.target, self.means = name, line, target, means
        self.state, self.problem, self.attempts = "waiting", "", past.attempts
        self.next_try_ms: int | None = None
        self._past, self._missed = past, past.missed_seconds
        self._next = self._first(past.sent_until_ms)
        self._fresh, self._failures = True, 0
        self._child: Child | None = None
        self._news = asyncio.Event()
        self._closing = False
        self._task: asyncio.Task[None] | None = None
        self._ending: asyncio.Task[None] | None = None

    def _first(self, sent_until_ms: int | None) -> int:
        """Where to go on: after what was sent before; a target that is new in the middle of a show has missed nothing."""
        items = self.line.items
        if self.line.closed:
            return len(items)
        if sent_until_ms is None:
            return max(0, len(items) - CUSHION)
        return next((at for at, item in enumerate(items) if item.end_ms > sent_until_ms), len(items))

    def start(self) -> None:
        """Begin, in a task of its own."""
        self._task = asyncio.create_task(self._live(), name=self.name)

    def update(self, target: Target, line: Line) -> None:
        """Take what is wanted now; a new address, a restart or being switched off ends the child that runs."""
        before, self.target, self.line = self.target, target, line
        if self._child is not None:
            # The same line, read anew: a session that left came back meanwhile.
            self._child.line = line
        if before == target:
            return
        self._failures = 0
        self._news.set()
        if self._child is not None and (self._ending is None or self._ending.done() or not target.public):
            self._ending = asyncio.create_task(self._child.stop("asked", hard=not target.public))

    async def finish(self) -> None:
        """End: after the tail is out where the line is complete, else at once. Never raises."""
        if self._task is None:
            return
        if self.line.closed:
            await asyncio.wait([self._task], timeout=DRAIN_SECONDS + 3)
        self._closing = True
        self._news.set()
        if self._child is not None:
            with contextlib.suppress(OSError):
                await self._child.stop("stopped", hard=self.state != "sending")
        await asyncio.wait([self._task], timeout=5)
        self._task.cancel()
        self._move("done" if self.line.closed else "waiting", self.problem if self.line.closed else "")

    def report(self) -> PushReport:
        """How it fares now."""
        child, past = self._child, self._past
        state, problem = self.state, self.problem
        if child is not None:
            state, problem = ("sending", "") if child.sending_since_ms else ("connecting", problem)
        return PushReport(
            state=state,
            problem=problem,
            attempts=self.attempts,
            sending_since_ms=child.sending_since_ms if child else None,
            next_try_ms=self.next_try_ms,
            sent_until_ms=(child.sent_until_ms if child else None) or past.sent_until_ms,
            sent_seconds=round(past.sent_seconds + (child.sent_seconds if child else 0), 3),
            missed_seconds=round(self._missed, 3),
        )

    async def _live(self) -> None:
        while not self._closing:
            try:
                if await self._turn():
                    return
            except Exception as error:
                # The words of an error may hold the address.
                logger.error("push failed name=%s error=%s", self.name, type(error).__name__)
                self._move("retrying", "failed")
                await self._pause(MOST_PAUSE)

    async def _turn(self) -> bool:
        """One step of the state machine; whether it was the last one."""
        items = self.line.items
        if self.line.closed and (self._next >= len(items) or self._failures or not self.target.enabled):
            self._go_on_at(len(items), missed=self.target.enabled)
            self._move("done", self.problem)
            return True
        if not self.target.enabled:
            self._go_on_at(len(items) - CUSHION, missed=False)
            self._move("off", "" if self.target.public else "not_public")
            await self._pause(1.0)
        elif self.target.address is None:
            self._move("retrying", "secret_unreadable")
            await self._pause(1.0)
        elif self._next >= len(items):
            self._move("waiting", "")
            await self._pause(_TURN)
        else:
            await self._attempt(self.target.address)
        return False

    async def _attempt(self, address: Address) -> None:
        """Run one child. One that only changes what it carries goes on with the next item; every other begins near the newest."""
        if self._fresh:
            self._go_on_at(len(self.line.items) - CUSHION, missed=True)
            self.attempts += 1
        self._move("connecting", self.problem)
        child = self._child = Child(self.name, self.line, self._next, address, self.means)
        try:
            code = await child.run()
        finally:
            self._child = None
            self._keep(child)
        self._fresh = code != "changed"
        if code in {"ended", "changed", "asked", "stopped"}:
            self._failures = 0
            self.problem = ""
            return
        since = child.sending_since_ms
        self._failures = 1 if since is not None and now_ms() - since > WELL_MS else self._failures + 1
        pause = min(LEAST_PAUSE * 2.0 ** (self._failures - 1), MOST_PAUSE) * random.uniform(0.75, 1.25)
        self._move("retrying", code)
        self.next_try_ms = now_ms() + round(pause * 1000)
        logger.warning("push lost name=%s code=%s pause=%.1f attempts=%s", self.name, code, pause, self.attempts)
        if not self.line.closed:
            await self._pause(pause)
        self.next_try_ms = None

    def _keep(self, child: Child) -> None:
        """Count what a child has sent."""
        self._next = child.next
        self._past = PushReport(
            sent_until_ms=child.sent_until_ms or self._past.sent_until_ms,
            sent_seconds=self._past.sent_seconds + child.sent_seconds,
        )

    def _move(self, state: str, problem: str) -> None:
        if state != self.state:
            logger.info("push name=%s state=%s problem=%s", self.name, state, problem)
        self.state, self.problem = state, problem

    async def _pause(self, seconds: float) -> None:
        """Wait, less long when something else is wanted."""
        self._news.clear()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._news.wait(), seconds)

    def _go_on_at(self, index: int, *, missed: bool) -> None:
        """Go on at that item; what lies before it and was not sent is missed, unless nobody wanted it sent."""
        if index > self._next:
            if missed:
                self._missed += sum(item.duration for item in self.line.items[self._next : index])
            self._next = index
