"""The sockets of this process, airing by airing: passes every tick on as the same bytes, resumes, catches up; it composes nothing."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from uuid import UUID

from broadcast import clock
from live import state as states
from live import wording
from live.bus import WINDOW
from live.envelope import Header
from live.frames import Frame
from live.protocol import CloseCode
from live.seat import Counters, Seat
from live.state import State

logger = logging.getLogger(__name__)

# Sockets written before the loop gets a breath.
BREATH = 200
EMPTY_SECONDS = 60.0
STALE_SECONDS = 7.0
# Missed ticks up to this size are sent as ticks even where the snapshot would be shorter.
SMALL_BYTES = 4_096
Loaded = tuple[bytes | None, list[bytes]]


class Audience:
    """Those who watch one airing through this process, the newest state, and the last ticks for whoever comes back."""

    def __init__(self, airing_id: UUID) -> None:
        self.airing_id = airing_id
        self.seats: set[Seat] = set()
        self.state: State | None = None
        self.ring: deque[Frame] = deque(maxlen=WINDOW)
        self.heard_at = 0.0
        self.newest_heard = (0, 0)
        self.empty_since = time.monotonic()
        self.loading: asyncio.Task[None] | None = None
        self._by_participant: dict[str, tuple[Seat, ...]] = {}
        self._frames: deque[Frame] = deque()
        self._fanning: asyncio.Task[None] | None = None
        self._snapshot: Frame | None = None
        self._unnumbered = 0
        self._queued_at: deque[float] = deque()
        self._slowest = 0.0

    @property
    def is_fresh(self) -> bool:
        """Whether a composer was heard lately, so that the state is the one everybody has."""
        return self.state is not None and self.state.epoch > 0 and time.monotonic() - self.heard_at < STALE_SECONDS

    @property
    def behind(self) -> float:
        """The share of sockets here that do not keep up."""
        return sum(seat.behind_since is not None for seat in self.seats) / max(1, len(self.seats))

    def snapshot(self) -> Frame:
        """The newest state as a frame, made once."""
        if self.state is None:
            raise RuntimeError("no state yet")
        if self._snapshot is None or self._snapshot.position != self.state.position:
            self._snapshot = Frame(self.state.snapshot(), self.state.position)
        return self._snapshot

    def enter(self, seat: Seat, epoch: int, seq: int) -> None:
        """Take a seat: the missed ticks when the window has them all, else the snapshot; then everything new."""
        self.seats.add(seat)
        if seat.participant:
            self._by_participant[seat.participant] = (*self._by_participant.get(seat.participant, ()), seat)
        for frame in self.missed(epoch, seq):
            seat.welcome(frame)
        seat.position = max(seat.position, self.snapshot().position)

    def missed(self, epoch: int, seq: int) -> list[Frame]:
        """The frames that lead from (epoch, seq) to now: ticks, or one snapshot; never a part."""
        newest = self.snapshot()
        position = newest.position
        if epoch != position[0] or seq > position[1] or epoch == 0:
            return [newest]
        ticks = [each for each in self.ring if each.position[0] == epoch and each.position[1] > seq]
        whole = len(ticks) == position[1] - seq
        if whole and sum(len(each.payload) for each in ticks) <= max(len(newest.payload), SMALL_BYTES):
            return ticks
        return [newest]

    def leave(self, seat: Seat) -> None:
        """Free the seat."""
        self.seats.discard(seat)
        own = tuple(each for each in self._by_participant.get(seat.participant, ()) if each is not seat)
        if own:
            self._by_participant[seat.participant] = own
        else:
            self._by_participant.pop(seat.participant, None)
        if not self.seats:
            self.empty_since = time.monotonic()

    def take(self, tick: bytes, position: tuple[int, int]) -> bool:
        """The next tick: into the state, the window, and on its way to every seat. False when it does not follow."""
        if self.state is None or not self.state.apply(tick):
            return False
        self.heard_at = time.monotonic()
        frame = Frame(tick, position)
        self.ring.append(frame)
        self.fan_out(frame)
        return True

    def adopt(self, fresh: State, window: Iterable[bytes]) -> None:
        """A whole new state, after a gap or from a new composer: everybody gets the snapshot, unless the window bridges the gap."""
        ticks = [each for each in (_positioned(raw) for raw in window) if each.position[0] == fresh.epoch]
        before = self.state.position if self.state is not None else None
        self.state, self.heard_at = fresh, time.monotonic()
        self.ring = deque((each for each in ticks if each.position <= fresh.position), maxlen=WINDOW)
        if before is None or before == fresh.position:
            return
        if before[0] == fresh.epoch and before < fresh.position:
            for frame in self.missed(*before):
                self.fan_out(frame)
        else:
            self.fan_out(self.snapshot())

    def fan_out(self, frame: Frame) -> None:
        """Queue a public frame for every seat."""
        self._frames.append(frame)
        self._queued_at.append(time.monotonic())
        if self._fanning is None or self._fanning.done():
            self._fanning = asyncio.create_task(self._fan())

    def show(self, fresh: State) -> None:
        """A state that nobody numbered, straight from the database: everybody gets it as a snapshot of epoch 0."""
        if self.state is not None:
            self._unnumbered = max(self._unnumbered, 0 if self.state.epoch else self.state.seq) + 1
        self.state = State(0, self._unnumbered, fresh.at, fresh.next_after_ms, dict(fresh.objects))
        self.heard_at = time.monotonic()
        self.ring.clear()
        self.fan_out(self.snapshot())

    def beat(self, now: float) -> None:
        """A sign of life for those who wait for nothing; the newest state for whoever was behind."""
        if self.state is None:
            return
        sign = states.tick(State(0, 0, wording.iso(clock.now()), self.state.next_after_ms), [], []).decode()
        for seat in tuple(self.seats):
            if seat.behind_since is not None:
                seat.catch_up(self.snapshot(), now)
            elif not seat.pending:
                seat.tell(sign)

    def tell(self, participant: str, text: str) -> None:
        """A frame for the sockets of one participant."""
        for seat in self._by_participant.get(participant, ()):
            seat.tell(text)

    def slowest(self) -> float:
        """Seconds that a frame took at most until it was written to every seat, since this was asked last."""
        slowest, self._slowest = self._slowest, 0.0
        return slowest

    def sits(self, seat: str) -> bool:
        """Whether somebody of that name (`seat_of`) has a socket here; for any thread."""
        return seat in self._by_participant

    def close_all(self, code: int) -> None:
        """Send everybody away."""
        for seat in tuple(self.seats):
            seat.close(code)

    async def _fan(self) -> None:
        while self._frames:
            frame, queued_at, now = self._frames.popleft(), self._queued_at.popleft(), time.monotonic()
            for number, seat in enumerate(tuple(self.seats)):
                seat.offer(frame, now)
                if seat.behind_since is not None:
                    seat.catch_up(self.snapshot(), now)
                if number % BREATH == BREATH - 1:
                    await asyncio.sleep(0)
            self._slowest = max(self._slowest, time.monotonic() - queued_at)
            if self.state is not None and self.state.is_withdrawn:
                self.close_all(CloseCode.NOT_FOUND)


class Hub:
    """All audiences of this process."""

    def __init__(
        self,
        load: Callable[[UUID], Awaitable[Loaded]],
        compute: Callable[[UUID], Awaitable[State | None]],
    ) -> None:
        self._load = load
        self._compute = compute
        self.audiences: dict[UUID, Audience] = {}
        self.stale_ticks = 0

    @property
    def sockets(self) -> int:
        """How many sockets this process holds."""
        return sum(len(each.seats) for each in self.audiences.values())

    def audience(self, airing_id: UUID) -> Audience:
        """The audience of an airing, an empty one at first."""
        found = self.audiences.get(airing_id)
        if found is None:
            found = self.audiences[airing_id] = Audience(airing_id)
        return found

    async def ready(self, airing_id: UUID) -> Audience | None:
        """The audience with a state to show; None when there is no such airing. Many may wait for one loading."""
        audience = self.audience(airing_id)
        if audience.state is None:
            await self._loaded(audience)
        return audience if audience.state is not None else None

    def heard(self, airing_id: UUID, header: Header, tick: bytes, whole: State | None = None) -> None:
        """A tick, from the bus or from a composer in this process (which lends its whole state). Old and doubled ones are dropped."""
        audience = self.audiences.get(airing_id)
        if audience is None:
            return
        position = (header.epoch, header.seq)
        if audience.state is not None and position <= audience.state.position:
            self.stale_ticks += 1
            return
        if audience.take(tick, position):
            return
        audience.newest_heard = max(audience.newest_heard, position)
        if whole is not None:
            audience.adopt(whole.copy(), [])
        elif audience.loading is None or audience.loading.done():
            audience.loading = asyncio.create_task(self._reload(audience))

    def reload_all(self) -> None:
        """The bus is back: see what was missed."""
        for audience in self.audiences.values():
            if audience.state is not None and (audience.loading is None or audience.loading.done()):
                audience.loading = asyncio.create_task(self._reload(audience))

    def forget_empty(self) -> list[UUID]:
        """Drop audiences that nobody has sat in for a while; returns them."""
        now = time.monotonic()
        gone = [pk for pk, each in self.audiences.items() if not each.seats and now - each.empty_since > EMPTY_SECONDS]
        for pk in gone:
            del self.audiences[pk]
        return gone

    def counters(self) -> dict[str, int]:
        """Every kind of frame that was not delivered."""
        return {
            "skipped_ticks": Counters.skipped_ticks,
            "caught_up": Counters.caught_up,
            "closed_slow": Counters.closed_slow,
            "lost_own": Counters.lost_own,
            "stale_ticks": self.stale_ticks,
        }

    async def _loaded(self, audience: Audience) -> None:
        if audience.loading is None or audience.loading.done():
            audience.loading = asyncio.create_task(self._first(audience))
        await asyncio.shield(audience.loading)

    async def _first(self, audience: Audience) -> None:
        await self._reload(audience)
        if audience.state is None:
            fresh = await self._compute(audience.airing_id)
            if audience.state is None and fresh is not None:
                audience.adopt(fresh, [])
                audience.heard_at = 0.0

    async def _reload(self, audience: Audience) -> None:
        """Look until what was heard meanwhile is in it too; a few times at most, the next tick asks again."""
        for _try in range(3):
            await self._look(audience)
            if audience.state is not None and audience.state.position >= audience.newest_heard:
                return

    async def _look(self, audience: Audience) -> None:
        snapshot, window = await self._load(audience.airing_id)
        if snapshot is None:
            return
        try:
            fresh = states.loaded(snapshot)
        except ValueError:
            logger.warning("a stranger's snapshot on the bus airing=%s", audience.airing_id)
            return
        if audience.state is None or fresh.position > audience.state.position:
            audience.adopt(fresh, window)


def _positioned(tick: bytes) -> Frame:
    return Frame(tick, states.position_of(tick))
