"""The staff lane in this process: sends each desk, control room and host what changed since the number it has; reads, never writes."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec

from broadcast import clock
from broadcast.access import Actor
from live import pressure, protocol, queries, wording
from live.queries import StaffView
from live.queries import desk as desk_queries
from live.queries import staff as staff_queries
from live.threads import Threads
from live.waking import ended, woken

logger = logging.getLogger(__name__)

LOOK_ANYWAY_SECONDS = 1.0
GATHER_SECONDS = 0.03
COUNTS_SECONDS = 1.0
PANELS_SECONDS = 5.0
QUEUE = 256
Viewers = Callable[[UUID], Awaitable[int]]
_PUBLIC = ("airing", "media", "rundown", "people", "counts")


@dataclass(eq=False)
class StaffSeat:
    """One staff socket. `frames` is bounded; when it overflows the socket is closed and comes back for a snapshot."""

    actor: Callable[[], Actor]
    view: StaffView
    frames: asyncio.Queue[str | None] = field(default_factory=lambda: asyncio.Queue(QUEUE))
    panels: dict[str, Any] = field(default_factory=dict)
    overflowed: bool = False

    def offer(self, frame: msgspec.Struct) -> None:
        """Queue a frame."""
        try:
            self.frames.put_nowait(protocol.encode(frame).decode())
        except asyncio.QueueFull:
            self.overflowed = True
            pressure.dropped("staff_frames")

    def end(self) -> None:
        """Let the socket be closed after what it is sending."""
        self.overflowed = True
        with contextlib.suppress(asyncio.QueueFull):
            self.frames.put_nowait(None)


@dataclass
class _Known:
    """What the lane of one airing has sent already."""

    seq: int = 0
    panels_seq: int = 0
    polls: dict[int, protocol.StaffPoll] = field(default_factory=dict)
    supports: dict[int, int] = field(default_factory=dict)
    public: dict[str, Any] = field(default_factory=dict)
    counted_at: float = 0.0
    panels_at: float = 0.0


@dataclass
class _Moved:
    """What moved since the last look without a number of the staff lane; the same for every view, but polls are the desk's."""

    public: tuple[Any, ...] = ()
    supported: tuple[protocol.StaffItem, ...] = ()
    polls: tuple[protocol.StaffPoll, ...] = ()
    running: dict[int, protocol.StaffPoll] | None = None
    supports: dict[int, int] | None = None


class _Lane:
    def __init__(self, airing_id: UUID, threads: Threads, viewers: Viewers) -> None:
        self.airing_id, self._threads, self._viewers = airing_id, threads, viewers
        self.seats: set[StaffSeat] = set()
        self.entering = 0
        self._turn = asyncio.Lock()
        self._event = asyncio.Event()
        self._what: set[str] = set()
        self._known = _Known()
        self.task = asyncio.create_task(self._run())

    def hint(self, what: tuple[str, ...]) -> None:
        self._what.update(what)
        self._event.set()

    async def enter(self, seat: StaffSeat) -> None:
        """Snapshot, then every change. No look is under way meanwhile, so that nothing falls between."""
        async with self._turn:
            shown = await self._threads.run(_snapshot, seat.actor(), self.airing_id, seat.view)
            viewers = await self._viewers(self.airing_id)
            shown = msgspec.structs.replace(shown, public=tuple(_counted(each, viewers) for each in shown.public))
            seat.panels = dict(shown.panels)
            seat.offer(shown)
            # Going back a little is harmless: whoever has an item already takes it again.
            self._known.seq = min(self._known.seq, shown.seq) if self.seats else shown.seq
            self.seats.add(seat)
        self.hint(("staff",))

    async def _run(self) -> None:
        while True:
            if await woken(self._event, LOOK_ANYWAY_SECONDS):
                await asyncio.sleep(GATHER_SECONDS)
            self._event.clear()
            what, self._what = self._what, set()
            try:
                async with self._turn:
                    await self._look(what)
            except Exception as error:
                logger.warning("staff lane stumbles airing=%s error=%s", self.airing_id, error)

    async def _look(self, what: set[str]) -> None:
        views = {seat.view for seat in self.seats}
        if not views:
            return
        now = time.monotonic()
        counting = now - self._known.counted_at >= COUNTS_SECONDS
        groups = set(_PUBLIC if counting else ()) | (what & set(_PUBLIC))
        viewers = await self._viewers(self.airing_id)
        moved = await self._threads.run(self._moved, groups, counting, viewers)
        changes = {view: await self._threads.run(self._change, view, moved) for view in views}
        for view, change in changes.items():
            if change.seq > change.after or change.items or change.polls or change.public or change.calls:
                for seat in self.seats:
                    if seat.view is view:
                        seat.offer(change)
        self._remember(moved, min(change.seq for change in changes.values()))
        if counting:
            self._known.counted_at = now
        await self._panels(now)
        if "desk" in what or counting:
            await self._present()

    def _moved(self, groups: set[str], counting: bool, viewers: int) -> _Moved:
        """Compare with what was sent, once for all views. Changes nothing: only what was sent is remembered."""
        moved = _Moved(public=self._objects(groups, viewers))
        if counting:
            moved.running = {poll.id: poll for poll in staff_queries.open_polls(self.airing_id)}
            moved.polls = tuple(poll for pk, poll in moved.running.items() if self._known.polls.get(pk) != poll)
            items = staff_queries.supported(self.airing_id)
            moved.supports = {item.id: item.supports for item in items}
            moved.supported = tuple(item for item in items if self._known.supports.get(item.id) != item.supports)
        return moved

    def _change(self, view: StaffView, moved: _Moved) -> protocol.StaffChange:
        change = staff_queries.staff_change(self.airing_id, self._known.seq, view)
        questions, polls = (
            {each.id for each in change.items if each.kind == "question"},
            {each.id for each in change.polls},
        )
        return msgspec.structs.replace(
            change,
            items=change.items
            + tuple(item for item in moved.supported if view is not StaffView.CALLS and item.id not in questions),
            polls=change.polls + tuple(poll for poll in moved.polls if view.has_polls and poll.id not in polls),
            public=moved.public,
        )

    def _remember(self, moved: _Moved, seq: int) -> None:
        self._known.seq = seq
        self._known.public.update({each.key: each for each in moved.public})
        if moved.running is not None:
            self._known.polls = moved.running
        if moved.supports is not None:
            self._known.supports = moved.supports

    def _objects(self, groups: set[str], viewers: int) -> tuple[Any, ...]:
        found = queries.public_groups(self.airing_id, groups, viewers, ahead=True) if groups else {}
        objects = (one for group in (found or {}).values() for one in group)
        return tuple(each for each in objects if self._known.public.get(each.key) != each)

    async def _panels(self, now: float) -> None:
        newest = await self._threads.run(staff_queries.panels_seq, self.airing_id)
        if newest == self._known.panels_seq and now - self._known.panels_at < PANELS_SECONDS:
            return
        self._known.panels_seq, self._known.panels_at = newest, now
        for seat in tuple(self.seats):
            shown = await self._threads.run(staff_queries.panels_of, self.airing_id, seat.actor())
            moved = {name: panel for name, panel in shown.items() if seat.panels.get(name) != panel}
            if moved:
                seat.panels = shown
                seq = self._known.seq
                seat.offer(protocol.StaffChange(seq=seq, after=seq, at=wording.iso(clock.now()), panels=moved))

    async def _present(self) -> None:
        """Who is at the desk is told sooner than panels are: it is asked once for all seats."""
        seats = [seat for seat in self.seats if seat.panels.get("desk")]
        if not seats:
            return
        present = await self._threads.run(desk_queries.present, self.airing_id)
        for seat in seats:
            shown = seat.panels["desk"]
            if shown["present"] != present:
                panel = {**shown, "present": present}
                seat.panels = {**seat.panels, "desk": panel}
                seq = self._known.seq
                seat.offer(
                    protocol.StaffChange(seq=seq, after=seq, at=wording.iso(clock.now()), panels={"desk": panel})
                )


def _snapshot(actor: Actor, airing_id: UUID, view: StaffView) -> protocol.StaffSnapshot:
    with actor.spoken_to():
        return queries.staff_snapshot(actor, airing_id, view)


def _counted(shown: Any, viewers: int) -> Any:
    """The public object, with those who watch where it counts them: the database does not know."""
    return msgspec.structs.replace(shown, viewers=viewers) if isinstance(shown, protocol.CountsObject) else shown


async def _nobody(_airing_id: UUID) -> int:
    return 0


class StaffLane:
    """The lanes of all airings with staff at this process. `viewers` says how many watch an airing."""

    def __init__(self, threads: Threads, viewers: Viewers = _nobody) -> None:
        self._threads, self._viewers = threads, viewers
        self._lanes: dict[UUID, _Lane] = {}

    @property
    def airings(self) -> set[UUID]:
        """Airings that staff of this process work on."""
        return set(self._lanes)

    def hint(self, airing_id: UUID, what: tuple[str, ...]) -> None:
        """Something changed: look now."""
        lane = self._lanes.get(airing_id)
        if lane is not None:
            lane.hint(what)

    async def enter(self, airing_id: UUID, seat: StaffSeat) -> None:
        """Give the seat its snapshot, then every change. A lane that somebody waits to enter is kept."""
        lane = self._lanes.get(airing_id)
        if lane is None:
            lane = self._lanes[airing_id] = _Lane(airing_id, self._threads, self._viewers)
        lane.entering += 1
        try:
            await lane.enter(seat)
        finally:
            lane.entering -= 1
            self._close_if_empty(lane)

    def leave(self, airing_id: UUID, seat: StaffSeat) -> None:
        """Free the seat; the last one closes the lane."""
        lane = self._lanes.get(airing_id)
        if lane is not None:
            lane.seats.discard(seat)
            self._close_if_empty(lane)

    def send_away(self) -> None:
        """Everybody: this process is leaving."""
        for lane in self._lanes.values():
            for seat in tuple(lane.seats):
                seat.end()

    def _close_if_empty(self, lane: _Lane) -> None:
        if not lane.seats and not lane.entering and self._lanes.get(lane.airing_id) is lane:
            del self._lanes[lane.airing_id]
            lane.task.cancel()

    async def stop(self) -> None:
        """End every lane."""
        lanes = list(self._lanes.values())
        self._lanes.clear()
        await ended(lane.task for lane in lanes)
