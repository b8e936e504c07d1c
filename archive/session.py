"""One airing in the recorder: its intake, its parts, its public line, and the report of them; rows are written by services alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from archive.asrun import AsRun, going_out
from archive.entrances import lane_of_key
from archive.fallback import Shelf
from archive.intake import Intake
from archive.orders import Wanted
from archive.output import LOST_MS, Show, Tape
from archive.parts import AiringFolder, PartFolder, now_ms
from archive.playlists import Segment
from archive.queries import from_milliseconds
from archive.rungs import Rungs
from archive.services import PartReport, Report
from archive.storage import Storage
from archive.writer import Writer
from broadcast import env

logger = logging.getLogger(__name__)
# A pass waits so long for a child that begins or dies; nearly all do within it.
_TURN_SECONDS = 0.25
_STAFF_WAIT_MS = 3_000
# It is said for so long that the line passed over something.
_LOST_SAID_MS = 600_000
# Threads of their own: a name service or a store that hangs must not keep a public line waiting, nor a replay another's line.
LINES = ThreadPoolExecutor(8, thread_name_prefix="line")
_REPLAYS = ThreadPoolExecutor(2, thread_name_prefix="replay")
# The public line has stood still for so long when we say so.
FROZEN_MS = LOST_MS


class Session:
    """State of one airing while the process lives; all of it is found again on disk."""

    def __init__(self, wanted: Wanted, folder: AiringFolder, intake: Intake, storage: Storage) -> None:
        self.wanted, self.folder, self.intake = wanted, folder, intake
        window = int(env.read("DVR_MINUTES")) * 60
        self.rungs = Rungs(folder, sound_only=wanted.sound_only)
        self.writer = Writer(folder, storage, window_seconds=window, sound_only=wanted.sound_only, rungs=self.rungs)
        self.replay_ready_ms: int | None = None
        self.urgent = False
        self.frozen = False
        self._said: tuple[object, ...] = ()
        self._turn: asyncio.Task[None] | None = None
        self._stopped = False
        self._staff_done = False
        self._public_of: Show | None = None
        self._publishing: asyncio.Task[None] | None = None
        self._shelf = Shelf(folder.path.parents[1])
        self._as_run = AsRun()
        self._as_of_ms = 0
        self._forgotten: frozenset[str] = frozenset()

    def lane_of_key(self, key_digest: str) -> str | None:
        """The lane whose stream key has that digest, if this airing receives now; takes the same time either way."""
        lane = lane_of_key(self.wanted.entrances, key_digest)
        return lane if self.wanted.receives else None

    async def advance(self, wanted: Wanted, as_of_ms: int) -> None:
        """One pass: listen or stop, read what came, release what is due as of a time when all cuts were known."""
        self.wanted = wanted
        await self._steer(wanted.receives)
        self._note_frozen(as_of_ms)
        await asyncio.get_running_loop().run_in_executor(LINES, self._write, as_of_ms)
        self._publish()
        said = (self._state(), self.problem, self.replay_ready_ms, len(self.intake.receiving), self.going_out)
        self.urgent, self._said = self.urgent or said != self._said, said

    async def leave(self) -> bool:
        """Stop for good. Returns whether all children are gone; call it again until they are."""
        await self._steer(False)
        return self._stopped and not self._is_publishing

    async def _steer(self, receives: bool) -> None:
        """Begin listening or stopping in a task of its own: a child may take fifteen seconds to die, and nobody waits for it."""
        if self._turn is None or self._turn.done():
            if not receives and self._stopped:
                return
            self._turn = asyncio.create_task(self._listen() if receives else self._stop())
        await asyncio.wait([self._turn], timeout=_TURN_SECONDS)

    async def _listen(self) -> None:
        self._stopped = False
        if self.wanted.passphrase is None:
            return
        try:
            await self.intake.want(self.wanted.entrances, self.wanted.passphrase)
        except Exception:
            logger.exception("intake does not listen airing=%s", self.wanted.airing_id)

    async def _stop(self) -> None:
        try:
            await self.intake.stop()
        except Exception:
            logger.exception("intake does not stop airing=%s", self.wanted.airing_id)
        else:
            self._stopped = True

    @property
    def problem(self) -> str:
        """The stable code of what is wrong, the worst first; "" when nothing is."""
        if self.frozen:
            return "line_frozen"
        if self.wanted.receives and self.wanted.passphrase is None:
            return "secret_unreadable"
        lost = self.writer.lost_at_ms
        said = lost is not None and self._as_of_ms - lost < _LOST_SAID_MS
        return self.intake.problem or ("segment_unreadable" if said else "")

    def _note_frozen(self, as_of_ms: int) -> None:
        """Say it once when the public line has stood still for long because cuts cannot be read, and once when it goes on."""
        behind = now_ms() - as_of_ms
        frozen = self.wanted.show is not None and not self.writer.closed and behind > FROZEN_MS
        if frozen and not self.frozen:
            logger.error(
                "public line stands still: cuts are unknown airing=%s behind_ms=%s", self.wanted.airing_id, behind
            )
        elif self.frozen and not frozen:
            logger.info("public line goes on airing=%s", self.wanted.airing_id)
        self.frozen = frozen

    def _write(self, as_of_ms: int) -> None:
        self.folder.refresh()
        show = self.wanted.show
        if show is None:
            return
        # Asked before the segments are read: what came until the stop is among them.
        stopped = self._stopped
        segments = self.folder.segments()
        if not self._staff_done:
            self._write_staff(segments, show, stopped)
        tapes = replace(show, fallback=self._shelf.tape(self.wanted.tapes), rerun=self._rerun())
        self._forget(self.wanted.withdrawn)
        fresh = self.folder.fresh(as_of_ms, LOST_MS)
        self.writer.advance(
            segments, tapes, as_of_ms, fresh, may_close=stopped or self._has_end(segments, show, as_of_ms)
        )
        self._as_of_ms = as_of_ms
        self._as_run.follow(self.writer.items, show, closed=self.writer.closed)

    def _forget(self, withdrawn: frozenset[str]) -> None:
        """First of all: nothing of a withdrawn source is named in this pass. One that is published again may be forgotten again."""
        self.rungs.refuse(withdrawn)
        for source in withdrawn - self._forgotten:
            self.writer.forget(source)
        self._forgotten = withdrawn

    @property
    def _is_publishing(self) -> bool:
        return self._publishing is not None and not self._publishing.done()

    def _publish(self) -> None:
        """Once the line is complete write the public's replay, aside: hours of media keep no other airing's line waiting."""
        show = self.wanted.show
        if show is not None and self.writer.closed and self._public_of != show and not self._is_publishing:
            self._publishing = asyncio.create_task(self._write_public(show), name=f"replay {self.wanted.airing_id}")

    async def _write_public(self, show: Show) -> None:
        segments = self.folder.segments()
        try:
            await asyncio.get_running_loop().run_in_executor(_REPLAYS, self.writer.write_public, segments, show)
        except Exception:
            logger.exception("public replay cannot be written airing=%s", self.wanted.airing_id)
            return
        self._public_of, self.urgent = show, True
        if segments:
            self.replay_ready_ms = now_ms()
        logger.info("public replay written airing=%s segments=%s", self.wanted.airing_id, len(segments))

    async def published(self) -> None:
        """Wait until nothing is being published."""
        if self._publishing is not None:
            await asyncio.wait([self._publishing])

    def _rerun(self) -> Tape | None:
        return self._shelf.tape((self.wanted.rerun,)) if self.wanted.rerun else None

    def _has_end(self, segments: Sequence[Segment], show: Show, as_of_ms: int) -> bool:
        """Whether all of an airing that still receives after its end is on disk: something later is, or would be."""
        if not self.wanted.aside or show.end_ms is None:
            return False
        later = any(each.end_ms > show.end_ms for each in segments[-20:])
        return later or as_of_ms > show.end_ms + show.delay_ms + LOST_MS

    def _write_staff(self, segments: Sequence[Segment], show: Show, stopped: bool) -> None:
        """Growing while the show runs; whole at its end, for which staff do not wait longer than for a child that dies in time."""
        since_end = now_ms() - show.end_ms if show.end_ms is not None else -1
        ended = show.end_ms is not None and (stopped or since_end > _STAFF_WAIT_MS)
        self.writer.write_staff(segments, show, ended=ended)
        if stopped and ended:
            self._staff_done = True
            logger.info("staff replay written airing=%s after_ms=%s", self.wanted.airing_id, since_end)

    def _state(self) -> str:
        if not self.wanted.receives:
            if self.wanted.show is None or self.wanted.show.end_ms is None:
                return "off"
            done = self.writer.closed and self._stopped and self._public_of == self.wanted.show
            return "finished" if done else "finishing"
        if self.intake.receiving:
            last = self._last()
            if last is None or now_ms() - last.received_ms <= LOST_MS:
                return "receiving"
        return "lost" if self.folder.parts else "listening"

    def _last(self) -> Segment | None:
        ends = [part.segments[-1] for part in self.folder.parts]
        return max(ends, key=lambda segment: segment.received_ms, default=None)

    def report(self, *, off: bool = False) -> Report:
        """What the rows should say."""
        parts = [part for part in self.folder.parts if part.sure]
        last = self._last()
        until = self.writer.items[-1].end_ms if self.writer.items else None
        receiving = [part.source for part in self.folder.parts if part.number in self.intake.receiving]
        return Report(
            airing_id=self.wanted.airing_id,
            state="off" if off else self._state(),
            source=receiving[-1] if receiving else "",
            problem=self.problem,
            last_segment_at=from_milliseconds(last.received_ms) if last else None,
            public_until=from_milliseconds(until) if until is not None else None,
            public_since=self._public_since(),
            received_seconds=sum(part.seconds for part in self.folder.parts),
            received_bytes=sum(part.size_bytes for part in self.folder.parts),
            bitrate=self._bitrate(),
            refused=dict(self.intake.refused),
            replay_ready_at=from_milliseconds(self.replay_ready_ms) if self.replay_ready_ms else None,
            parts=tuple(self._part(part) for part in parts),
            going_out=self.going_out,
            as_run=self._as_run.news(),
        )

    @property
    def going_out(self) -> str:
        """What the public line shows now; "" before it began."""
        return going_out(self.writer.items, self.wanted.show, self._as_of_ms, closed=self.writer.closed)

    def _public_since(self) -> dt.datetime | None:
        """Wall time since when the public line has been unbroken."""
        show = self.wanted.show
        start = None
        for item in reversed(self.writer.items):
            start = item.start_ms
            if item.gap:
                break
        return from_milliseconds(start + show.delay_ms) if start is not None and show else None

    def _bitrate(self) -> int:
        """Bits a second over the last segments of the part that receives."""
        receiving = [part for part in self.folder.parts if part.number in self.intake.receiving]
        if not receiving:
            return 0
        part = receiving[-1]
        return int(part.size_bytes * 8 / part.seconds) if part.seconds else 0

    @staticmethod
    def _part(part: PartFolder) -> PartReport:
        return PartReport(
            number=part.number,
            source=part.source,
            lane=part.lane,
            directory=f"parts/{part.path.name}",
            started_at=from_milliseconds(part.segments[0].start_ms),
            ended_at=from_milliseconds(part.closed_ms) if part.closed_ms else None,
            end_code=str(part.note.get("end_code", "")),
            first_pdt=from_milliseconds(part.segments[0].start_ms),
            media_until=from_milliseconds(part.segments[-1].end_ms),
            segments=len(part.segments),
            size_bytes=part.size_bytes,
        )

    def reported(self) -> None:
        """The last report is in the rows."""
        self.urgent = False
        self._as_run.told()
