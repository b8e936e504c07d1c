"""One airing in the recorder: its intake, its parts, its public line, and the report of them; rows are written by services alone."""

from __future__ import annotations

import asyncio
import datetime as dt
import hmac
import logging

from archive.intake import Intake
from archive.orders import Wanted
from archive.output import LOST_MS
from archive.parts import AiringFolder, PartFolder, now_ms
from archive.playlists import Segment
from archive.queries import from_milliseconds
from archive.services import PartReport, Report
from archive.storage import Storage
from archive.writer import Writer
from broadcast import env

logger = logging.getLogger(__name__)


class Session:
    """State of one airing while the process lives; all of it is found again on disk."""

    def __init__(self, wanted: Wanted, folder: AiringFolder, intake: Intake, storage: Storage) -> None:
        self.wanted, self.folder, self.intake = wanted, folder, intake
        window = int(env.read("DVR_MINUTES")) * 60
        self.writer = Writer(folder, storage, window_seconds=window, sound_only=wanted.sound_only)
        self.replay_ready_ms: int | None = None
        self.urgent = False
        self._said: tuple[object, ...] = ()
        self._stopped = False
        self._replay_done = False

    def has_key(self, key_digest: str) -> bool:
        """Whether this airing receives now and the digest is that of its stream key; takes the same time either way."""
        return hmac.compare_digest(self.wanted.key_digest, key_digest) and self.wanted.receives

    async def advance(self, wanted: Wanted, as_of_ms: int) -> None:
        """One pass: listen or stop, read what came, release what is due."""
        self.wanted = wanted
        if wanted.receives:
            self._stopped = False
            await self.intake.want(wanted.srt_port, wanted.passphrase)
        elif not self._stopped:
            await self.intake.stop()
            self._stopped = True
        await asyncio.to_thread(self._write, as_of_ms)
        said = (self._state(), self.intake.problem, self.replay_ready_ms, len(self.intake.receiving))
        self.urgent, self._said = self.urgent or said != self._said, said

    def _write(self, as_of_ms: int) -> None:
        self.folder.refresh()
        show = self.wanted.show
        if show is None:
            return
        segments = self.folder.segments()
        if show.end_ms is not None and self._stopped and not self._replay_done:
            if self.writer.write_replay(segments, show):
                self.replay_ready_ms = now_ms()
                logger.info("replay ready airing=%s after_ms=%s", self.wanted.airing_id, now_ms() - show.end_ms)
            self._replay_done = True
        self.writer.advance(segments, show, as_of_ms, self.folder.fresh(as_of_ms, LOST_MS))
        if show.end_ms is None:
            self.writer.write_staff(segments, show)

    def _state(self) -> str:
        if not self.wanted.receives:
            return "finished" if self.writer.closed and self._replay_done else "finishing"
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
            problem=self.intake.problem,
            last_segment_at=from_milliseconds(last.received_ms) if last else None,
            public_until=from_milliseconds(until) if until is not None else None,
            public_since=self._public_since(),
            received_seconds=sum(segment.duration for part in self.folder.parts for segment in part.segments),
            received_bytes=sum(part.size_bytes for part in self.folder.parts),
            bitrate=self._bitrate(),
            refused=dict(self.intake.refused),
            replay_ready_at=from_milliseconds(self.replay_ready_ms) if self.replay_ready_ms else None,
            parts=tuple(self._part(part) for part in parts),
        )

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
        seconds = sum(segment.duration for segment in part.segments)
        return int(part.size_bytes * 8 / seconds) if seconds else 0

    @staticmethod
    def _part(part: PartFolder) -> PartReport:
        return PartReport(
            number=part.number,
            source=part.source,
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
