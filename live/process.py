"""What one web process holds for live, made for its event loop at the first need: bus, hub, composers, group commit, threads."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import secrets
import socket
import sys
import time
from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import DatabaseError, InterfaceError

from broadcast import clock
from broadcast.identity import Identity
from live import hints, limits, pressure, queries, reporting, wording
from live import state as states
from live.admission import Admission
from live.batcher import Batcher, Order, Outcome
from live.bus import Bus
from live.composer import Composer, Composers
from live.envelope import Header
from live.guard import Guard
from live.hub import Audience, Hub
from live.overlay_lane import OverlayLane
from live.own_lane import OwnLane
from live.pressure import Meter, Report
from live.queries import doors
from live.queries.doors import Door
from live.quiet import Quiet
from live.returning import Returning
from live.services import audience as writes
from live.shelf import Shelf
from live.staff_lane import StaffLane
from live.state import State
from live.threads import Threads
from live.waking import ended

logger = logging.getLogger(__name__)

READ_THREADS = 3
COMPOSE_THREADS = 2
WRITE_LANES = 2
ENTER_THREADS = 2
CHORES_SECONDS = 1.0
# How long a thread may keep the interpreter while others want it. With Python's 5 ms, whoever writes waits that long after each of
# a dozen answers of the database, whenever the loop is busy.
SWITCH_SECONDS = 0.0005


class Live:
    """The parts, wired. Everything here belongs to one event loop."""

    def __init__(self) -> None:
        self.name = f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"
        self.reading = Threads("read", READ_THREADS)
        # Shows that run wait for nobody: neither for those who read, nor for airings that are long over.
        self.composing = Threads("compose", COMPOSE_THREADS)
        self.slow = Threads("slow", 1)
        self.writing = Threads("write", WRITE_LANES)
        # Partners' log-ins, however many come at once, hold up no vote.
        self.entering = Threads("enter", ENTER_THREADS)
        self.bus = Bus(self._heard, self._bus_returned)
        self.hub = Hub(self.bus.load, self.compute)
        self.composers = Composers(
            lambda pk: Composer(pk, self.name, self.hub, self.bus, self.reading, self.reports_of)
        )
        self.quiet = Quiet(self.hub, self._read_slowly)
        self.batcher = Batcher(self._commit, WRITE_LANES)
        self.staff = StaffLane(self.reading, self.viewers)
        self.overlay = OverlayLane(self.reading)
        self.own = OwnLane(self.hub, self.reading)
        self.meter = Meter()
        self.reports: dict[UUID, Report] = {}
        self.guard = Guard(self.door, self.admitted)
        self.admission = Admission(limits.current(), lambda: self.hub.sockets)
        self.shelf = Shelf()
        self.returning = Returning(self.hub, self.admission)
        self.is_leaving = False
        self._computed: dict[UUID, tuple[float, State]] = {}
        self._computing: dict[UUID, asyncio.Task[State | None]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to listen and to look around; once."""
        sys.setswitchinterval(SWITCH_SECONDS)
        work = (
            self.bus.listen(),
            self._chores(),
            self.guard.watch(),
            self.quiet.run(),
            self.own.run(),
            self.meter.watch(),
        )
        self._tasks = [asyncio.create_task(each) for each in work]

    def leave(self) -> None:
        """Let nobody in and compose nothing from now on; those who are here stay until they are told (`live.drain`)."""
        self.is_leaving = self.admission.moving = True

    def facts(self) -> dict[str, Any]:
        """What others may know of this process."""
        return {
            "pid": os.getpid(),
            "host": socket.gethostname(),
            "sockets": self.hub.sockets,
            "leaving": self.is_leaving,
        }

    async def stop(self) -> None:
        """Finish what is under way, give the leases up, let go of everything."""
        await self.batcher.finish()
        await self.composers.stop()
        await self.staff.stop()
        await self.overlay.stop()
        await ended(self._tasks)
        await self.bus.close()
        for threads in (self.reading, self.composing, self.slow, self.writing, self.entering):
            await threads.close()

    async def reports_of(self, airing_id: UUID) -> list[Report]:
        """How the processes of an airing keep up; this one alone while the bus is away."""
        heard = pressure.unpacked(await self.bus.pressures(airing_id))
        own = self.reports.get(airing_id)
        return heard or ([own] if own is not None else [])

    async def door(self, airing_id: UUID) -> Door | None:
        """The airing as the entrance sees it; usually without a query."""
        known, found = doors.remembered(airing_id)
        if known:
            return found
        try:
            return await self.reading.run(doors.door, airing_id)
        except (DatabaseError, InterfaceError):
            # The database is away: who was let in a minute ago may go on watching what is known.
            return doors.last_known(airing_id)

    async def may_enter(self, who: Identity | None, found: Door | None) -> bool:
        """Whether a token opens the airing; a query only where it is not for everybody."""
        if found is None or found.is_public:
            return found is not None
        return who is not None and who in await self.admitted({who}, found)

    async def admitted(self, identities: Collection[Identity], found: Door) -> set[Identity]:
        """Those whose token opens a room that is not for everybody, now."""
        return await self.reading.run(queries.admitted, identities, found)

    async def audience(self, airing_id: UUID) -> Audience | None:
        """The airing's audience in this process, heard on the bus and, until it is settled, composed by somebody.

        None: no such airing.
        """
        self.bus.subscribe(airing_id)
        if not (self.is_leaving or self.quiet.holds(airing_id) or self._is_settled(airing_id)):
            self.composers.add(airing_id)
        return await self.hub.ready(airing_id)

    async def state(self, airing_id: UUID) -> State | None:
        """The newest public state: the one the sockets have while a composer is heard, else read from the database, a second old."""
        audience = self.hub.audiences.get(airing_id)
        shown = audience.state if audience is not None else None
        if audience is not None and (audience.is_fresh or (audience.seats and self.quiet.holds(airing_id))) and shown:
            return shown
        try:
            return await self.compute(airing_id)
        except (DatabaseError, InterfaceError):
            if audience is not None and audience.state is not None:
                return audience.state
            raise

    def pace(self) -> str:
        """How soon pages that poll should ask again, and in which window try for a socket (milliseconds): a structured header."""
        return f"poll={limits.current().poll_ms}, socket={self.admission.again_ms()}"

    async def viewers(self, airing_id: UUID) -> int:
        """How many sockets of all processes watch an airing; without the bus only ours."""
        found = await self.bus.viewers(airing_id)
        return len(self.hub.audience(airing_id).seats) if found is None else found

    async def compute(self, airing_id: UUID) -> State | None:
        """The public state straight from the database, with epoch 0: no composer numbered it."""
        at, known = self._computed.get(airing_id, (0.0, None))
        if known is not None and time.monotonic() - at < 1.0:
            return known
        computing = self._computing.get(airing_id)
        if computing is None:
            computing = self._computing[airing_id] = asyncio.create_task(self._compute(airing_id))
            computing.add_done_callback(lambda _done: self._computing.pop(airing_id, None))
        return await asyncio.shield(computing)

    async def _compute(self, airing_id: UUID) -> State | None:
        threads = self.slow if self._is_settled(airing_id) else self.reading
        fresh = await threads.run(_read, airing_id)
        if fresh is not None:
            self._computed[airing_id] = (time.monotonic(), fresh)
        return fresh

    async def _read_slowly(self, airing_id: UUID, viewers: int) -> State | None:
        return await self.slow.run(_read, airing_id, viewers)

    def _is_settled(self, airing_id: UUID) -> bool:
        _known, door = doors.remembered(airing_id)
        return door is not None and door.is_settled

    async def _commit(self, orders: Sequence[Order]) -> list[Outcome]:
        began = time.monotonic()
        try:
            return await self.writing.run(writes.commit_batch, orders)
        finally:
            self.meter.note("batch", time.monotonic() - began)

    def _heard(self, airing_id: UUID, header: Header, body: bytes) -> None:
        if header.lane == "public":
            self.hub.heard(airing_id, header, body)
        elif header.lane == "hint":
            self._hinted(airing_id, header.what)

    def _hinted(self, airing_id: UUID, what: tuple[str, ...]) -> None:
        if "airing" in what:
            doors.forget(airing_id)
        composer = self.composers.get(airing_id)
        if composer is not None:
            composer.hint(what)
            if hints.LEASE in what:
                composer.contend()
        self.quiet.hint(airing_id)
        if "own" in what:
            self.own.hint(airing_id)
        self.staff.hint(airing_id, what)
        self.overlay.hint(airing_id)

    def _bus_returned(self) -> None:
        self.hub.reload_all()
        self.composers.repeat_all()
        self.quiet.hint_all()

    async def _chores(self) -> None:
        """Once a second: contend for what runs, report who is here, forget who left."""
        while True:
            try:
                running = await self.reading.run(queries.running_airings)
                here = {pk for pk, each in self.hub.audiences.items() if each.seats} | self.staff.airings
                for airing_id in (*running, *here):
                    self.bus.subscribe(airing_id)
                    self.hub.audience(airing_id)
                settled = await self.reading.run(queries.settled, here - set(running))
                self.quiet.want(settled)
                self.composers.want(set() if self.is_leaving else {*running, *here} - set(settled))
                for airing_id in running:
                    composer = self.composers.get(airing_id)
                    if composer is not None:
                        composer.threads = self.composing
                self.own.want(here)
                for airing_id in here:
                    await self.bus.report_viewers(airing_id, self.name, len(self.hub.audience(airing_id).seats))
                await reporting.report(self, {*running, *here})
                await self.returning.look()
                for airing_id in self.hub.forget_empty():
                    if airing_id not in running and airing_id not in here:
                        self.bus.unsubscribe(airing_id)
            except Exception as error:
                logger.warning("chores stumble error=%s", error)
            await asyncio.sleep(CHORES_SECONDS)


def _read(airing_id: UUID, viewers: int = 0) -> State | None:
    """The public state of an airing as the database has it."""
    objects = queries.public_groups(airing_id, None, viewers)
    if objects is None:
        return None
    flat = [each for group in objects.values() for each in group]
    return State(0, 0, wording.iso(clock.now()), int(settings.TICK_SECONDS * 1000), states.encoded(flat))


_by_loop: dict[int, tuple[asyncio.AbstractEventLoop, Live]] = {}


def current() -> Live:
    """The Live of the running loop, started at the first call."""
    loop = asyncio.get_running_loop()
    known = _by_loop.get(id(loop))
    if known is not None and known[0] is loop:
        return known[1]
    for key in [key for key, (other, _live) in _by_loop.items() if other.is_closed()]:
        del _by_loop[key]
    live = Live()
    _by_loop[id(loop)] = (loop, live)
    live.start()
    return live


async def shut_down() -> None:
    """Stop the running loop's Live, if there is one."""
    known = _by_loop.pop(id(asyncio.get_running_loop()), None)
    if known is not None:
        with contextlib.suppress(Exception):
            await known[1].stop()


__all__ = ["Live", "current", "shut_down"]
