"""Composes the public ticks of an airing: reads what is committed, says what changed, numbers it; it decides nothing and writes no row."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
import logging
import math
import time
from collections.abc import Awaitable, Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from broadcast import clock
from live import ladder, pressure, queries, wording
from live import state as states
from live.bus import Bus
from live.envelope import Header
from live.hub import Hub
from live.ladder import Ladder
from live.queries import RoomLevel
from live.services import leases, levels, polls
from live.state import Encoded, Objects, State
from live.threads import Threads
from live.waking import ended

logger = logging.getLogger(__name__)

LOOK_ANYWAY_SECONDS = 1.5
HEARTBEAT_SECONDS = 5.0
CONTEND_SECONDS = 0.4
ASK_EVERY_SECONDS = 1.0
# Whoever cannot reach the bus for so long lets another try, and waits a moment before taking the lease again.
UNHEARD_SECONDS = 6.0
STAND_BACK_SECONDS = 1.0
Reports = Callable[[UUID], Awaitable[list[pressure.Report]]]


@dataclass(frozen=True)
class _Found:
    """What one look at the database gave."""

    groups: dict[str, Objects]
    next_close: dt.datetime | None
    gone: list[str]
    staff_seq: int | None
    level: RoomLevel


@dataclass(frozen=True)
class _Wish:
    """What one look is to do: which groups to read, and what was measured of the pressure."""

    groups: set[str]
    viewers: int
    after: int | None
    level: int | None
    why: str
    measured: dict[str, Any]


def _look(airing_id: UUID, lease: tuple[str, int], wish: _Wish) -> _Found | None:
    """Renew the lease, follow the pressure, freeze polls that are due, read groups. None when the lease is lost. Runs in a thread."""
    if not leases.renew(airing_id, *lease):
        return None
    level = queries.level_of(airing_id)
    if wish.level is not None and not level.is_held and wish.level != level.level:
        level = levels.follow(airing_id, wish.level, wish.why, wish.measured)
    wanted, after = wish.groups, wish.after
    if "polls" in wanted:
        polls.freeze_due(airing_id)
    found = queries.public_groups(airing_id, wanted, wish.viewers) if wanted else {}
    gone, newest = queries.left_the_public(airing_id, after) if "comments" in wanted else ([], after)
    closing = None
    for poll in (found or {}).get("polls", ()):
        if poll.closes_at and not poll.closed_at:
            ends = dt.datetime.fromisoformat(poll.closes_at)
            closing = ends if closing is None else min(closing, ends)
    encoded = {name: states.encoded(objects) for name, objects in (found or {}).items()}
    return _Found(encoded, closing, gone, newest, level)


class Composer:
    """One airing's composer in this process: waits for the lease, then ticks until it loses it or is stopped."""

    def __init__(self, airing_id: UUID, owner: str, hub: Hub, bus: Bus, threads: Threads, reports: Reports) -> None:
        self.airing_id, self._owner = airing_id, owner
        self._hub, self._bus, self.threads, self._reports = hub, bus, threads, reports
        self.state: State | None = None
        self.wanted: set[str] = set()
        self._woken = asyncio.Event()
        self._groups: dict[str, Objects] = {}
        self._next_close: dt.datetime | None = None
        self._staff_seq: int | None = None
        self._looked_at = self._sent_at = self._renewed_at = self._asked_at = 0.0
        self._paced_at = self._counted_at = self._published_at = self._stand_back_until = 0.0
        self._viewers, self._slowest = 0, 0.0
        self._level, self._ladder = RoomLevel(), Ladder()
        self._why, self._measured = "", dict[str, Any]()
        self._held: tuple[dt.datetime | None, float] = (None, 0.0)

    @property
    def leads(self) -> bool:
        """Whether this process composes the airing now."""
        return self.state is not None

    def hint(self, what: Collection[str]) -> None:
        """Something changed: look at it with the next tick; at what was withdrawn whatever the pace is."""
        if "withdrawn" in what:
            self._paced_at = self._counted_at = 0.0
        self.wanted.update(name for name in what if name in queries.GROUPS)

    def slowest(self) -> float:
        """Seconds of the longest look and tick since this was asked last."""
        slowest, self._slowest = self._slowest, 0.0
        return slowest

    def repeat(self) -> None:
        """Send the newest state again: the bus was empty or away."""
        self._sent_at = 0.0

    def contend(self) -> None:
        """Whoever had the lease has given it up: try at once."""
        if not self.leads:
            self._woken.set()

    async def _rest(self, seconds: float) -> None:
        # Not `wait_for`: in Python 3.11 it may swallow the cancellation that comes in the instant it is done.
        alarm = asyncio.get_running_loop().call_later(seconds, self._woken.set)
        try:
            await self._woken.wait()
        finally:
            alarm.cancel()
            self._woken.clear()

    async def run(self) -> None:
        """Until cancelled. A failure costs the lease at most; whoever has it then goes on."""
        try:
            while True:
                started = time.monotonic()
                try:
                    await (self._tick() if self.leads else self._contend())
                    self._slowest = max(self._slowest, time.monotonic() - started)
                except Exception as error:
                    logger.warning("composer stumbles airing=%s error=%s", self.airing_id, error)
                    if time.monotonic() - self._renewed_at > leases.LEASE_SECONDS:
                        self.state = None
                pause = settings.TICK_SECONDS if self.leads else CONTEND_SECONDS
                await self._rest(max(0.02, pause - (time.monotonic() - started)))
        finally:
            if self.leads:
                self.state = None
                with contextlib.suppress(Exception):
                    await asyncio.shield(self.threads.run(leases.give_up, self.airing_id, self._owner))

    async def _contend(self) -> None:
        started = time.monotonic()
        if started < self._stand_back_until:
            return
        held = await self.threads.run(leases.held, self.airing_id)
        if held is None or held != self._held[0]:
            self._held = (held, started)
        # Nobody renewed it for longer than it lasts: whoever had it is gone, though clocks may have jumped.
        lapsed = held if started - self._held[1] > leases.LEASE_SECONDS else None
        if held is not None and lapsed is None:
            return
        epoch = await self.threads.run(leases.take, self.airing_id, self._owner, lapsed)
        if epoch is None:
            return
        logger.info("composing airing=%s epoch=%s", self.airing_id, epoch)
        self._renewed_at = self._published_at = started
        self._groups, self._looked_at, self._sent_at, self._staff_seq = {}, 0.0, 0.0, None
        self._paced_at = self._counted_at = 0.0
        # The room stands where the last composer left it; pressure moves it from there.
        self._level = await self.threads.run(queries.level_of, self.airing_id)
        self._ladder = Ladder(self._level.level)
        self.state = State(epoch, 0, wording.iso(clock.now()), self._pace())
        await self._tick()

    async def _tick(self) -> None:
        state, now = self.state, time.monotonic()
        if state is None:
            return
        asked = await self._ask_around(now)
        level = self._ladder.level if asked and settings.LADDER else None
        wish = _Wish(self._due(now), self._viewers, self._staff_seq, level, self._why, self._measured)
        lease = (self._owner, state.epoch)
        found = await self.threads.run(_look, self.airing_id, lease, wish)
        if found is None:
            logger.info("lease lost airing=%s epoch=%s", self.airing_id, state.epoch)
            self.state = None
            return
        self._renewed_at = now
        self._groups.update(found.groups)
        if "polls" in found.groups:
            self._next_close = found.next_close
        self._staff_seq = found.staff_seq
        if found.level.level != self._level.level:
            self.hint(["comments", "counts"])
        self._level = found.level
        await self._send(state, now, found.gone)

    def _due(self, now: float) -> set[str]:
        """What to read: all groups now and then, whatever the hints say, for a hint only saves time. What the level holds back waits."""
        wanted, self.wanted = self.wanted, set()
        if now - self._looked_at >= LOOK_ANYWAY_SECONDS:
            self._looked_at = now
            wanted = set(queries.GROUPS)
        elif self._next_close is not None and clock.now() >= self._next_close:
            wanted.add("polls")
        level = ladder.LEVELS[self._level.level]
        held = set(ladder.PACED) if now - self._paced_at < level.pace_seconds else set()
        if now - self._counted_at < level.counts_seconds:
            held.add("counts")
        due = wanted - held
        self.wanted |= wanted & held
        if due & set(ladder.PACED):
            self._paced_at = now
        if "counts" in due:
            self._counted_at = now
        return due

    async def _send(self, state: State, now: float, gone: Iterable[str]) -> None:
        objects: dict[str, Encoded] = {}
        for name in queries.GROUPS:
            objects.update(self._groups.get(name, {}))
        put, remove, supports = states.difference(state.objects, objects)
        remove += [key for key in gone if key not in objects and key not in remove]
        if not (put or remove or supports) and now - self._sent_at < HEARTBEAT_SECONDS:
            return
        fresh = State(state.epoch, state.seq + 1, wording.iso(clock.now()), self._pace(), objects)
        tick = states.tick(fresh, put, remove, supports)
        self.state, self._sent_at = fresh, now
        header = Header(lane="public", epoch=fresh.epoch, seq=fresh.seq)
        # This process needs no bus to go on; whoever hears it twice drops the second.
        self._hub.heard(self.airing_id, header, tick, fresh)
        if await self._bus.publish_tick(self.airing_id, header, tick, fresh.snapshot()):
            self._published_at = now
        elif now - self._published_at > UNHEARD_SECONDS:
            await self._let_another_try()

    async def _let_another_try(self) -> None:
        logger.warning("not heard by the others, giving the lease up airing=%s", self.airing_id)
        self.state, self._stand_back_until = None, time.monotonic() + STAND_BACK_SECONDS
        await self.threads.run(leases.give_up, self.airing_id, self._owner)

    async def _ask_around(self, now: float) -> bool:
        """Once a second: how many watch, and how the processes of this airing keep up. Whether it asked."""
        if now - self._asked_at < ASK_EVERY_SECONDS:
            return False
        self._asked_at = now
        found = await self._bus.viewers(self.airing_id)
        viewers = len(self._hub.audience(self.airing_id).seats) if found is None else found
        if viewers != self._viewers:
            self._viewers = viewers
            self.wanted.add("counts")
        measured = pressure.together(await self._reports(self.airing_id))
        worst, strength = ladder.worst(measured)
        before = self._ladder.level
        moved = self._ladder.step(strength, now)
        self._why, self._measured = (worst if moved > before else levels.CALM), measured
        return True

    def _pace(self) -> int:
        """When the next news is due, in milliseconds: pages that poll ask no sooner."""
        tick = float(settings.TICK_SECONDS)
        return int(1000 * tick * max(1, math.ceil(ladder.LEVELS[self._level.level].pace_seconds / tick)))


class Composers:
    """The composers of this process, one for each airing that runs or has somebody waiting for it."""

    def __init__(self, make: Callable[[UUID], Composer]) -> None:
        self._make = make
        self._running: dict[UUID, tuple[Composer, asyncio.Task[None]]] = {}

    def want(self, airing_ids: Iterable[UUID]) -> None:
        """Run these, and no others."""
        wanted = set(airing_ids)
        for airing_id in wanted - set(self._running):
            composer = self._make(airing_id)
            self._running[airing_id] = (composer, asyncio.create_task(composer.run()))
        for airing_id in set(self._running) - wanted:
            self._running.pop(airing_id)[1].cancel()

    def add(self, airing_id: UUID) -> None:
        """Run this one too, at once."""
        self.want({*self._running, airing_id})

    def get(self, airing_id: UUID) -> Composer | None:
        """The composer of an airing, if this process runs one."""
        found = self._running.get(airing_id)
        return found[0] if found else None

    def repeat_all(self) -> None:
        """The bus is back and may be empty."""
        for composer, _task in self._running.values():
            composer.repeat()

    async def stop(self) -> list[UUID]:
        """Give every lease up; returns the airings that were composed here."""
        led = [airing_id for airing_id, (composer, _task) in self._running.items() if composer.leads]
        tasks = [task for _composer, task in self._running.values()]
        self._running.clear()
        await ended(tasks)
        return led
