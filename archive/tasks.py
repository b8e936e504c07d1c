"""Celery's way to the steps: a message is only a hint that something waits; rows say what, and the reconciler hints again."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from uuid import UUID

from celery import shared_task

from archive import fillers, fixity
from archive.clipping import hints as clip_hints
from archive.clipping import rows as clip_rows
from archive.clipping import work as clipping
from archive.keeping import cooling
from archive.keeping import hints as cold_hints
from archive.steps import engine, gate, hints, work
from archive.uploads import hints as upload_hints
from archive.uploads import work as upload_work
from broadcast import clock

HINT_SECONDS = 10.0
_hinted = -HINT_SECONDS
# Replays are written at the end of a show. Older ones lack steps after an update, or where the recorder was away for long.
_RECENT = dt.timedelta(days=1)
WHOLE_SECONDS = 600.0
_whole = -WHOLE_SECONDS
# How often a reading looks whether a show began.
_GATE_SECONDS = 10.0


class _OnAir(Exception):
    """A show began that needs the machine."""


@shared_task(name=hints.TASK, ignore_result=True)
def step() -> str:
    """Do one step, if there is one and this machine has room for it; then hint at the next. Returns what kind it was."""
    with gate.place() as free:
        if not free or not gate.open_now():
            return ""
        claim = work.once()
    if claim is None:
        return ""
    if engine.ready(clock.now()).exists():
        hints.hint()
    return claim.kind


@shared_task(name=clip_hints.TASK, ignore_result=True)
def clip() -> int:
    """Make one clip, if one waits and this machine has room for it; then hint at the next. Returns which it was, 0 for none."""
    with gate.place(gate.CLIPS) as free:
        if not free or not gate.open_now():
            return 0
        claim = clipping.once()
    if claim is None:
        return 0
    if clip_rows.ready(clock.now()).exists():
        clip_hints.hint()
    return claim.clip.pk


def _giving_way() -> Callable[[float], None]:
    """To be told how far work is; raises _OnAir once a show needs the machine."""
    looked = time.monotonic()

    def told(_share: float) -> None:
        nonlocal looked
        if time.monotonic() - looked >= _GATE_SECONDS:
            looked = time.monotonic()
            if not gate.open_now():
                raise _OnAir

    return told


@shared_task(name=fixity.TASK, ignore_result=True)
def keep(airing_id: str, asked: bool = False) -> str:
    """Read again all that a recording's manifest lists, where that is due or a person asked. Returns what stopped it, or "".

    It gives way to a show like a step that has not begun: what was read by then is read again another time.
    """
    with gate.place(gate.READING) as free:
        if not free or not gate.open_now():
            return "on_air" if free else "busy"
        try:
            read = fixity.audit_airing if asked else fixity.keep
            return read(UUID(airing_id), told=_giving_way()).problem
        except _OnAir:
            return "on_air"


@shared_task(name=cold_hints.TASK, ignore_result=True)
def cold(airing_id: str) -> str:
    """Move what a recording has cold one way or the other, one recording at a time. Returns what stopped it, or "".

    It gives way to a show like a reading.
    """
    with gate.place(gate.COLD) as free:
        if not free or not gate.open_now():
            return "on_air" if free else "busy"
        try:
            return cooling.work(UUID(airing_id), _giving_way())
        except _OnAir:
            return "on_air"


@shared_task(name=fillers.TASK, ignore_result=True)
def check_filler(filler_id: int) -> str:
    """Check one uploaded filler and encode it, one at a time and not while a show needs the machine. Returns its state, or ""."""
    with gate.place(gate.FILLERS) as free:
        return fillers.check(filler_id) if free and gate.open_now() else ""


@shared_task(name=upload_hints.TASK, ignore_result=True)
def uploads() -> bool:
    """Do one thing for what was uploaded, one at a time, and hint at the next. Returns whether anything was done."""
    with gate.place(gate.UPLOADS) as free:
        done = free and upload_work.once()
    if done and upload_work.waits():
        upload_hints.hint()
    return done


def reconcile() -> int:
    """Make the steps of what has finished, and hint at what waits or lapsed, not oftener than every ten seconds."""
    global _hinted, _whole
    now = time.monotonic()
    whole = now - _whole >= WHOLE_SECONDS
    made = engine.ensure_all(since=None if whole else clock.now() - _RECENT)
    if whole and not made:
        _whole = now
    if (made or now - _hinted >= HINT_SECONDS) and engine.ready(clock.now()).exists():
        _hinted = now
        hints.hint()
    return made
