"""Writes the public's replay of an airing as its edits want it: names taken first, playlists next, the row last; it renders nothing."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction

from archive import orders, withdrawn
from archive.editing import kept, reruns
from archive.editing.compose import BLEEP, BLUR, CUT, Mark, Piece, compose, is_touched
from archive.ffmpeg import rung_name
from archive.models import Edit, EditedReplay, Recording
from archive.parts import AiringFolder
from archive.playlists import Entry
from archive.playout import HEIGHTS
from archive.queries import milliseconds
from archive.rung_names import LIVE, PUBLIC, Names, public_name
from archive.rungs import Rungs
from archive.search import stale
from archive.steps import material
from archive.storage import media
from archive.variants import SOUND, Rate
from archive.writer import Writer
from broadcast import clock, env, signals
from broadcast.models import Airing, Programme

logger = logging.getLogger(__name__)
_K = Edit.Kind
_KINDS = {_K.BLEEP.value: BLEEP, _K.BLUR.value: BLUR}


@dataclass
class Replay:
    """One airing's public replay with all that is needed to write it."""

    airing: Airing
    folder: AiringFolder
    rungs: Rungs
    writer: Writer
    heights: tuple[int, ...]

    @classmethod
    def of(cls, airing_id: UUID) -> Replay:
        """Read from rows and disk. Whoever writes holds `kept.alone` first."""
        airing = Airing.objects.select_related("episode__programme__playout_rule").get(pk=airing_id)
        folder = AiringFolder(airing_id)
        folder.load()
        sound_only = airing.episode.programme.kind == Programme.Kind.RADIO
        rungs = Rungs(folder, sound_only=sound_only)
        listed = {int(each[:-1]) for each in rungs.names.listed(PUBLIC) if each[:-1].isdigit() and each.endswith("p")}
        heights = tuple(sorted({*orders.rungs_of(airing, orders.rule_of(airing)), *listed}, reverse=True))
        rungs.follow(heights, airing.delay_seconds * 1000)
        rungs.refuse(frozenset(source for _airing, source in withdrawn.owed([airing_id])))
        window = int(env.read("DVR_MINUTES")) * 60
        writer = Writer(folder, media(), window_seconds=window, sound_only=sound_only, rungs=rungs)
        return cls(airing, folder, rungs, writer, heights)

    def base(self) -> kept.Base:
        """Its segments before any edit. Raises kept.BaseMissing, StepFailed."""
        listed = [] if kept.has_base(self.folder) else material.pieces(self.airing.pk, public=True)
        return kept.base(self.folder, self.writer, listed)


def marks_of(airing_id: UUID) -> list[Mark]:
    """What applied edits want."""
    found: list[Mark] = []
    for each in Edit.objects.filter(airing=airing_id, state=Edit.State.APPLIED).order_by("pk"):
        since, until = milliseconds(each.starts_at), milliseconds(each.ends_at)
        if each.kind == _K.TRIM:
            found += [Mark(CUT, None, since), Mark(CUT, until, None)]
        else:
            region = each.region
            area = (region[0], region[1], region[2], region[3]) if region else None
            found.append(Mark(_KINDS.get(each.kind, CUT), since, until, area))
    return found


def is_edited(airing_id: UUID) -> bool:
    """Whether the public's replay is, or was, written by its edits."""
    return EditedReplay.objects.filter(pk=airing_id).exists()


def write(airing_id: UUID) -> bool:
    """Bring the files up to the edits as they stand; returns whether there was anything to do. Blocks on the disk.

    Killed at any line it does the same again. Announces recording_changed. Raises kept.BaseMissing, StepFailed, OSError.
    """
    with kept.alone(AiringFolder(airing_id)):
        state = EditedReplay.objects.filter(pk=airing_id).first()
        if state is None:
            return False
        edition = state.wanted
        replay = Replay.of(airing_id)
        marks = marks_of(airing_id)
        pieces = compose(replay.base(), marks)
        missing = sum(not kept.is_made(replay.folder, each) for each in pieces if not each.is_plain)
        if state.written == edition and state.missing == missing:
            return False
        lay(replay, marks, pieces)
        if not marks:
            kept.forget_base(replay.folder)
        _note(airing_id, edition, missing)
    logger.info("edited replay written airing=%s edition=%s missing=%s", airing_id, edition, missing)
    return True


def again(airing_id: UUID) -> bool:
    """Write the playlists once more as the edits want them, since files were added; False where there are no edits.

    The caller holds `kept.alone`.
    """
    if not is_edited(airing_id) or not kept.has_base(AiringFolder(airing_id)):
        return False
    replay = Replay.of(airing_id)
    marks = marks_of(airing_id)
    lay(replay, marks, compose(replay.base(), marks))
    return True


def _note(airing_id: UUID, edition: int, missing: int) -> None:
    """The files are so far: all that is made of the replay is to be made of this one."""
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=airing_id)
        now = clock.now()
        EditedReplay.objects.filter(pk=airing_id).update(written=edition, missing=missing, problem="", written_at=now)
        if recording.replay_ready_at is not None:
            recording.replay_ready_at = max(now, recording.replay_ready_at + dt.timedelta(milliseconds=1))
            recording.save(update_fields=["replay_ready_at"])
        stale.mark(Airing.objects.values_list("episode_id", flat=True).get(pk=airing_id))
        signals.tell(signals.recording_changed, airing_id=airing_id)


# -- files -----------------------------------------------------------------------------------------------------------


def lay(replay: Replay, marks: Sequence[Mark], pieces: Sequence[Piece]) -> None:
    """Take the public names of what is withheld, then write all playlists and the gap map of these pieces."""
    _take_names(replay, marks, pieces)
    shown = [each for each in pieces if each.is_plain or kept.has_media(replay.folder, each)]
    gaps = _gaps(pieces, shown)
    top, entries = Rate(), []
    for piece, gap in zip(shown, gaps, strict=True):
        uri = _name(replay, piece)
        top.add(replay.rungs.names.size(uri), piece.duration)
        entries.append(piece.entry(uri, gap=gap))
    replay.writer.write_list(PUBLIC, entries)
    rates: dict[str, Rate] = {}
    for rung in replay.rungs.rung_names():
        rate = rates[rung] = Rate()
        lower = [_rung_entry(replay, piece, rung, gap, rate) for piece, gap in zip(shown, gaps, strict=True)]
        replay.rungs.write_list(PUBLIC, rung, lower)
    replay.rungs.write_master(PUBLIC, rates, top)
    if replay.folder[LIVE].exists():
        replay.writer.write_live_without(lambda segment: is_touched(segment, marks))


def _take_names(replay: Replay, marks: Sequence[Mark], pieces: Sequence[Piece]) -> None:
    """Whatever of this airing may not be public as it is, in any lane, and pieces of former edits: here and where it was played again."""
    writer, folder = replay.writer, replay.folder
    gone: set[str] = set()
    for segment in folder.segments():
        if is_touched(segment, marks):
            name = f"{writer.name(segment.part, segment.number)}.ts"
            media().delete(f"{folder.key}/public/{name}")
            replay.rungs.unlink(segment)
            gone.add(name)
        replay.rungs.names.note(segment.part, segment.number)
    wanted = {each.key for each in pieces if not each.is_plain}
    for key in kept.made_keys(folder) - wanted:
        for rung in ("", *kept.rungs_of(folder, key)):
            media().delete(f"{folder.key}/public/{kept.public_name(replay.airing.pk, key, rung)}")
        gone.add(kept.public_name(replay.airing.pk, key))
    reruns.forget(replay.airing.pk, gone)
    for key in kept.made_keys(folder) - wanted:
        kept.drop(folder, key)


def _gaps(pieces: Sequence[Piece], shown: Sequence[Piece]) -> list[bool]:
    """Whether a discontinuity stands before each of those that are there: its own, or one is missing before it."""
    there = {id(each) for each in shown}
    found: list[bool] = []
    skipped = False
    for piece in pieces:
        if id(piece) not in there:
            skipped = True
            continue
        found.append(bool(found) and (piece.gap or skipped))
        skipped = False
    return found


def _name(replay: Replay, piece: Piece) -> str:
    """The public name of a piece, given now. Raises OSError where its media are gone."""
    folder, segment = replay.folder, piece.segment
    if piece.is_plain:
        name = f"{replay.writer.name(segment.part, segment.number)}.ts"
        if media().head(f"{folder.key}/public/{name}") is None:
            media().put(f"{folder.key}/public/{name}", folder[f"parts/{segment.part:03d}/{segment.file}"])
        return name
    name = kept.public_name(replay.airing.pk, piece.key)
    media().put(f"{folder.key}/public/{name}", kept.file_of(folder, piece.key))
    return name


def _rung_entry(replay: Replay, piece: Piece, rung: str, gap: bool, rate: Rate) -> Entry:
    """The piece in a rung's playlist; by its own name where it has no such rung."""
    folder, names = replay.folder, replay.rungs.names
    name: str | None
    if piece.is_plain:
        name = names.publish(piece.segment.part, piece.segment.number, rung)
    else:
        name, file = kept.public_name(replay.airing.pk, piece.key, rung), kept.file_of(folder, piece.key, rung)
        if file.exists():
            media().put(f"{folder.key}/public/{name}", file)
        else:
            name = None
    if name is None:
        return piece.entry(_name(replay, piece), gap=gap)
    rate.add(names.size(name), piece.duration)
    return piece.entry(name, gap=gap)


def withheld_names(airing_id: UUID) -> set[str]:
    """Public names, of all rungs too, that nothing of this airing may have now."""
    folder = AiringFolder(airing_id)
    folder.load()
    marks = marks_of(airing_id)
    found: set[str] = set()
    rungs = {"", SOUND, *(rung_name(height) for height in HEIGHTS), *Names(folder).listed()}
    for segment in folder.segments():
        if is_touched(segment, marks):
            found |= {f"{public_name(airing_id, segment.part, segment.number, each)}.ts" for each in rungs}
    return found


def report(airing_id: UUID) -> dict[str, Any]:
    """How far the files follow, for pages of staff."""
    state = EditedReplay.objects.filter(pk=airing_id).first()
    if state is None:
        return {"edited": False, "written": True, "missing": 0, "problem": ""}
    applied = Edit.objects.filter(airing=airing_id, state=Edit.State.APPLIED).exists()
    return {
        "edited": applied,
        "written": state.written == state.wanted,
        "missing": state.missing,
        "problem": state.problem,
    }
