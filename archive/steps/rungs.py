"""Makes the rungs that were given up while the show ran, segment by segment, and names them in the replays; what is there stays."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from archive import disk, jobs, orders, tools
from archive.editing import kept, writing
from archive.ffmpeg import rung_name
from archive.parts import AiringFolder
from archive.playlists import Segment
from archive.rung_names import PUBLIC
from archive.rungs import Rungs
from archive.steps import material
from archive.steps.material import Piece
from archive.steps.run import StepFailed
from archive.steps.work import Outcome, Work
from archive.storage import media
from archive.writer import STAFF, Writer
from broadcast import env
from broadcast.models import Airing, Programme

Chosen = list[tuple[Segment, bool]]


def work(work: Work) -> Outcome:
    """Make what is missing of the segments that anybody may watch, then write the rungs' playlists of both replays."""
    airing = Airing.objects.select_related("episode__programme__playout_rule").get(pk=work.airing_id)
    heights = orders.rungs_of(airing, orders.rule_of(airing))
    if not heights:
        return Outcome({"skipped": "no_rungs"})
    folder = AiringFolder(airing.pk)
    folder.load()
    with disk.making_rungs(folder.path) as free:
        if not free:
            # The disk guard takes them away: there is no room.
            raise StepFailed("disk")
        return _make(work, airing, folder, heights)


def _make(work: Work, airing: Airing, folder: AiringFolder, heights: Sequence[int]) -> Outcome:
    everything = _chosen(folder, material.pieces(airing.pk, public=False), None)
    missing = _missing(folder, everything, heights)
    failed = 0
    for number, job in enumerate(missing):
        work.check()
        done = asyncio.run(jobs.make(tools.path(), job))
        failed += done is None or not done.well
        work.tell((number + 1) / (len(missing) + 1))
    work.check()
    _write(airing, folder, heights, everything)
    return Outcome({"made": len(missing) - failed, "failed": failed})


def _missing(folder: AiringFolder, chosen: Chosen, heights: Sequence[int]) -> list[jobs.Job]:
    """Segments that lack a rung lower than themselves, or their sound."""
    parts = {part.number: part for part in folder.parts}
    found = []
    for segment, _ in chosen:
        job = jobs.Job(parts[segment.part], segment, tuple(heights))
        facts = material.look(job.source)
        lower = [rung_name(height) for height in heights if height < facts.height]
        wanted = [*lower, *(["sound"] if facts.picture and facts.sound else [])]
        if any(not job.target(rung).exists() for rung in wanted):
            found.append(job)
    return found


def _write(airing: Airing, folder: AiringFolder, heights: Sequence[int], everything: Chosen) -> None:
    """The rungs' playlists of both replays. Of what is not in the public's, nothing keeps a public name."""
    sound_only = airing.episode.programme.kind == Programme.Kind.RADIO
    rungs = Rungs(folder, sound_only=sound_only)
    rungs.follow(heights, airing.delay_seconds * 1000)
    window = int(env.read("DVR_MINUTES")) * 60
    writer = Writer(folder, media(), window_seconds=window, sound_only=sound_only, rungs=rungs)
    rungs.write_replay(writer, STAFF, everything, ended=True)
    with kept.alone(folder):
        # Asked while nobody else writes: edits applied meanwhile hold.
        if not writing.again(airing.pk):
            _write_public(folder, rungs, writer)


def _write_public(folder: AiringFolder, rungs: Rungs, writer: Writer) -> None:
    shown = _chosen(folder, material.pieces(folder.airing_id, public=True), writer)
    public = {(segment.part, segment.number) for segment, _ in shown}
    for segment in folder.segments():
        if (segment.part, segment.number) not in public:
            rungs.unlink(segment)
    rungs.write_replay(writer, PUBLIC, shown, ended=True)


def _chosen(folder: AiringFolder, pieces: Sequence[Piece], writer: Writer | None) -> Chosen:
    """The segments that a replay's playlist names; with a writer by their public names."""
    known = {}
    for segment in folder.segments():
        name = (
            f"{segment.part:03d}/{segment.number:06d}" if writer is None else writer.name(segment.part, segment.number)
        )
        known[name] = segment
    place = -2 if writer is None else -1
    names = ["/".join(piece.key.removesuffix(".ts").split("/")[place:]) for piece in pieces]
    return [
        (known[name], piece.gap and number > 0)
        for number, (name, piece) in enumerate(zip(names, pieces, strict=True))
        if name in known
    ]
