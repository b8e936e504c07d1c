"""Makes the rungs and measures of closed segments, one limited ffmpeg a segment; it reads the recording and never holds it up."""

from __future__ import annotations

import asyncio
import logging
import shutil
import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from archive import jobs
from archive.ffmpeg import rung_name
from archive.jobs import Job
from archive.measures import Log
from archive.output import Show
from archive.parts import AiringFolder, PartFolder, now_ms
from archive.playlists import Segment
from archive.streams import Facts

logger = logging.getLogger(__name__)
# A segment's rungs are worth making until its release and, with a short delay, so long after it was received.
SLACK_MS = 6_000
# What is older needs no measure: nobody asks how loud the feed was then.
_MEASURED_LATE_MS = 60_000
# The main feed's segment of the same time has come by then, if it comes.
_BACKUP_WAITS_MS = 3_000


@dataclass
class Counts:
    """What the ladder did since the process began."""

    made: int = 0
    late: int = 0
    failed: int = 0
    seconds: float = 0.0


@dataclass
class _Known:
    """What is known of one part: its measures and which segments need nothing more."""

    log: Log
    settled: set[int] = field(default_factory=set)
    late: set[int] = field(default_factory=set)
    looked: tuple[int, Facts] | None = None


class Ladder:
    """The rungs of one airing. All it knows is on disk; a killed job is made again, or given up when its time is over."""

    def __init__(self, folder: AiringFolder, program: str, places: asyncio.Semaphore) -> None:
        self.folder, self.program, self.places = folder, program, places
        self.counts = Counts()
        self.heights: tuple[int, ...] = ()
        self.show: Show | None = None
        self._known: dict[int, _Known] = {}
        self._worker: asyncio.Task[None] | None = None
        self._behind = 0
        self._stopped = False

    def advance(self, show: Show | None, heights: Sequence[int]) -> None:
        """One pass: see that somebody works when there is work. Returns at once and raises nothing."""
        self.show, self.heights = show, tuple(heights)
        if not self._stopped and (self._worker is None or self._worker.done()):
            self._worker = asyncio.create_task(self._work(), name=f"ladder {self.folder.airing_id}")

    async def stop(self) -> None:
        """End the child and do nothing more."""
        self._stopped = True
        if self._worker is not None:
            self._worker.cancel()
            await asyncio.wait([self._worker])

    def report(self) -> dict[str, float]:
        """For the control room: segments that wait, made, given up, failed; seconds of one job."""
        counts = self.counts
        return {
            "behind": self._behind,
            "made": counts.made,
            "late": counts.late,
            "failed": counts.failed,
            "job_seconds": round(counts.seconds, 2),
        }

    async def _work(self) -> None:
        try:
            while not self._stopped:
                job = await asyncio.to_thread(self._next)
                if job is None:
                    return
                async with self.places:
                    await self._do(job)
        except Exception:
            # The next pass begins again; the recording goes on in any case.
            logger.exception("ladder stumbles airing=%s", self.folder.airing_id)

    def _next(self) -> Job | None:
        """The most urgent segment that is worth working on; counts those that are given up."""
        now = now_ms()
        waiting: list[tuple[int, Job]] = []
        main = [each for part in self.folder.parts if part.lane == "main" for each in part.segments[-60:]]
        for part in self.folder.parts:
            known = self._part(part)
            for segment in part.segments:
                if segment.number in known.settled:
                    continue
                job = self._job_for(part, known, segment, main, now)
                if job is not None:
                    waiting.append((self._deadline(segment), job))
        self._behind = len(waiting)
        return min(waiting, key=lambda each: each[0])[1] if waiting else None

    def _part(self, part: PartFolder) -> _Known:
        known = self._known.get(part.number)
        if known is None:
            known = self._known[part.number] = _Known(part.log)
            for left in part.path.glob(".job-*"):
                shutil.rmtree(left, ignore_errors=True)
        known.log.refresh()
        return known

    def _deadline(self, segment: Segment) -> int:
        """When the rungs of the segment are of no more use to the live line."""
        return segment.ready_ms + max(self.show.delay_ms if self.show else 0, SLACK_MS)

    def _job_for(
        self, part: PartFolder, known: _Known, segment: Segment, main: Sequence[Segment], now: int
    ) -> Job | None:
        measured = segment.number in known.log.known
        old = now - segment.received_ms > _MEASURED_LATE_MS
        over = now + self.counts.seconds * 1000 > self._deadline(segment)
        if self.show is not None and self.heights and not over and self._goes_out(segment, main):
            job = Job(part, segment, self.heights)
            if segment.lane != "main" and now < segment.received_ms + _BACKUP_WAITS_MS:
                return None if measured else Job(part, segment)
            if not measured or not self._complete(job, known):
                return job
        elif over and self.show is not None and self.heights and not old and segment.number not in known.late:
            self._give_up(part, known, segment, main)
        if measured or old:
            if over or old:
                known.settled.add(segment.number)
            return None
        return Job(part, segment)

    def _give_up(self, part: PartFolder, known: _Known, segment: Segment, main: Sequence[Segment]) -> None:
        known.late.add(segment.number)
        if self._goes_out(segment, main) and not self._complete(Job(part, segment, self.heights), known):
            self.counts.late += 1
            logger.warning("rungs given up airing=%s part=%s number=%s", part.path.parent.parent.name, *_key(segment))

    def _goes_out(self, segment: Segment, main: Collection[Segment]) -> bool:
        """Whether the segment may come on the public line: not withheld, and no back-up of what main has."""
        assert self.show is not None
        if self.show.withheld(segment):
            return False
        if segment.lane == "main":
            return True
        return not any(
            not each.silent and each.start_ms < segment.end_ms and each.end_ms > segment.start_ms for each in main
        )

    def _complete(self, job: Job, known: _Known) -> bool:
        """Whether all rungs of a measured segment lie there."""
        measure = known.log.known.get(job.segment.number)
        if measure is None:
            return False
        return all(job.target(rung_name(height)).exists() for height in job.heights if height < measure.height)

    async def _do(self, job: Job) -> None:
        known = self._known[job.part.number]
        began = time.monotonic()
        before = known.looked[1] if known.looked and known.looked[0] == job.segment.number - 1 else None
        done = await jobs.make(self.program, job, before)
        if done is None:
            known.settled.add(job.segment.number)
            self.counts.failed += 1
            return
        known.looked = (job.segment.number, done.facts)
        if done.measure.number not in known.log.known:
            await asyncio.to_thread(known.log.add, done.measure)
        if not done.well:
            known.settled.add(job.segment.number)
            self.counts.failed += 1
        elif job.heights:
            took = time.monotonic() - began
            self.counts.made += 1
            self.counts.seconds += (took - self.counts.seconds) * (0.2 if self.counts.made > 1 else 1)


def _key(segment: Segment) -> tuple[int, int]:
    return segment.part, segment.number
