"""Works on one closed segment with one limited ffmpeg: rungs, sound, measures; it decides neither when nor whether."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from archive import measures, streams
from archive.ffmpeg import BLACK, LOUDNESS, Source, rung_name, segment_job
from archive.measures import Measure
from archive.modest import modest
from archive.parts import PartFolder
from archive.playlists import Segment
from archive.runner import redact
from archive.storage import write_atomically
from archive.streams import Facts
from archive.variants import SOUND
from broadcast.house import processes

logger = logging.getLogger(__name__)
_JOB_SECONDS = 20.0
_JOB_BYTES = 3 << 30
_MOST_POINTS = 4096 * 2304


@dataclass(frozen=True)
class Job:
    """One segment to be worked on; no heights: measures alone."""

    part: PartFolder
    segment: Segment
    heights: tuple[int, ...] = ()

    @property
    def source(self) -> Path:
        """The segment as received."""
        return self.part.path / self.segment.file

    def target(self, rung: str) -> Path:
        """Where a rung of it lies."""
        return self.part.path / rung / f"{self.segment.number:06d}.ts"


@dataclass(frozen=True)
class Done:
    """What came of a segment, and whether ffmpeg did its part of it."""

    facts: Facts
    measure: Measure
    well: bool


async def make(program: str, job: Job, before: Facts | None = None) -> Done | None:
    """Make the sound file, the rungs lower than the source and the measure of one segment; what is there is made again.

    `before` are the facts of the segment before it. Returns None when the segment cannot be read.
    """
    try:
        data = await asyncio.to_thread(job.source.read_bytes)
    except OSError:
        logger.exception("segment cannot be read file=%s", job.source)
        return None
    facts = await asyncio.to_thread(_split_sound, job, data)
    lower = tuple(height for height in job.heights if height < facts.height)
    if facts.width * facts.height > _MOST_POINTS or not (facts.picture or facts.sound):
        return Done(facts, measures.of(job.segment.number, facts, len(data), before, "", ""), False)
    folder = job.part.path / f".job-{job.segment.number:06d}-{os.getpid()}"
    source = Source(job.source.resolve(), bool(facts.picture), bool(facts.sound), facts.fps, facts.interlaced)
    await asyncio.to_thread(folder.mkdir, exist_ok=True)
    try:
        words = segment_job(program, source, lower)
        status = await _run(words, folder)
        if status == -signal.SIGKILL:
            # Somebody's, or the machine's for want of memory: it says nothing of the segment.
            logger.warning("segment job was killed and is done again folder=%s", folder)
            status = await _run(words, folder)
        well = status == 0
        loudness, black = await asyncio.to_thread(_taken, job, folder, lower if well else ())
    finally:
        await asyncio.to_thread(shutil.rmtree, folder, True)
    return Done(facts, measures.of(job.segment.number, facts, len(data), before, loudness, black), well)


def _split_sound(job: Job, data: bytes) -> Facts:
    """Write the sound alone beside the segment, where there is a picture to leave out."""
    facts = streams.look(data)
    if facts.picture and facts.sound:
        target = job.target(SOUND)
        target.parent.mkdir(exist_ok=True)
        write_atomically(target, streams.sound_alone(data))
    return facts


def _taken(job: Job, folder: Path, heights: Sequence[int]) -> tuple[str, str]:
    """Move the made rungs to their places and read what was measured."""
    for height in heights:
        target = job.target(rung_name(height))
        target.parent.mkdir(exist_ok=True)
        (folder / f"{rung_name(height)}.ts").replace(target)
    texts = []
    for name in (LOUDNESS, BLACK):
        file = folder / name
        texts.append(file.read_text(encoding="utf-8", errors="replace") if file.exists() else "")
    return texts[0], texts[1]


async def _run(words: Sequence[str], folder: Path) -> int | None:
    """Run one finite child in `folder`, with low priority and bounded memory and time. Returns its status; None: it took too long."""
    process = await asyncio.create_subprocess_exec(
        *words,
        cwd=folder,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        env=processes.bare_environ(),
        start_new_session=True,
        preexec_fn=modest(memory=_JOB_BYTES, cpu_seconds=int(3 * _JOB_SECONDS)),
    )
    try:
        _, said = await asyncio.wait_for(process.communicate(), _JOB_SECONDS)
    except TimeoutError:
        logger.warning("segment job takes too long folder=%s", folder)
        return None
    finally:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
    if process.returncode:
        words_said = redact(said.decode("utf-8", "replace"))[-400:]
        logger.warning("segment job failed folder=%s status=%s: %s", folder, process.returncode, words_said)
    return process.returncode
