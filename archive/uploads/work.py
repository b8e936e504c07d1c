"""What a worker does for uploads: checks whole files, foretells, imports; rows say what waits, it can be killed at any instant."""

from __future__ import annotations

import logging
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q

from archive import machine
from archive.importing import reading, run, services
from archive.models import ImportItem, Upload, UploadTray
from archive.panel import RECORDER
from archive.steps import gate
from archive.storage import ALGORITHM
from archive.storage.base import digest_of
from archive.uploads import hints, places
from archive.uploads.services import EXPIRES
from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError, Unavailable
from broadcast.models import User

logger = logging.getLogger(__name__)
_HINT_SECONDS = 10.0
_SWEEP_SECONDS = 3600.0
_KEPT = EXPIRES * 4
_hinted = -_HINT_SECONDS
_swept = -_SWEEP_SECONDS
_W = UploadTray.Wanted
_S = Upload.State


def once() -> bool:
    """Do one thing that waits. Returns whether anything was done; files of an import wait while a show needs the machine."""
    upload = Upload.objects.filter(state=_S.CHECKING).order_by("touched_at").first()
    if upload is not None:
        settle(upload)
        return True
    tray = UploadTray.objects.select_related("programme").filter(wanted=_W.FORETELL).order_by("touched_at").first()
    if tray is not None:
        _foretell(tray)
        return True
    # Whoever waited longest goes first, file by file.
    tray = UploadTray.objects.select_related("programme").filter(wanted=_W.IMPORT).order_by("touched_at").first()
    return tray is not None and _import(tray)


def settle(upload: Upload) -> None:
    """All bytes are here: their digest, compared where the sender told one, and the file under its name in the tray."""
    source, target = places.coming(upload.pk), places.tray(upload.tray_id) / upload.name
    # A worker that was killed may have moved it already.
    found = source if source.exists() else target
    try:
        with found.open("rb") as stream:
            size, digest = digest_of(stream)
    except FileNotFoundError:
        size, digest = -1, ""
    with transaction.atomic():
        row = Upload.objects.select_for_update().filter(pk=upload.pk, state=_S.CHECKING).first()
        if row is None:
            return
        row.digest, row.algorithm, row.touched_at = digest, ALGORITHM, clock.now()
        if size != row.size_bytes or (row.expected and row.expected != digest):
            row.state, row.problem = _S.REFUSED, "digest" if size == row.size_bytes else "lost"
            found.unlink(missing_ok=True)
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            if found == source:
                source.replace(target)
            row.state = _S.READY
        row.save()


def _actor(tray: UploadTray) -> Actor:
    """Whoever asked, with the rights that are theirs now."""
    user = User.objects.filter(pk=tray.wanted_by or 0).first()
    return Actor(user_id=user.pk, name=str(user)) if user is not None else Actor()


def _plan(tray: UploadTray) -> reading.Plan:
    folder = places.tray(tray.pk)
    folder.mkdir(parents=True, exist_ok=True)
    return reading.read(reading.find(folder), tray.programme)


def _foretell(tray: UploadTray) -> None:
    report: dict[str, Any] = {}
    problem = ""
    try:
        plan = _plan(tray)
        items = [
            {
                "file": each.file,
                "programme": each.programme.pk,
                "number": each.entry.number,
                "date": each.entry.date,
                "title": each.entry.title,
                "guests": [guest.name for guest in each.entry.guests],
                "problem": found,
                "detail": detail,
            }
            for each, found, detail in reading.foretell(plan)
        ]
        report = {"items": items, "unmatched": [vars(each) for each in plan.unmatched]}
    except BroadcastError as error:
        problem = error.message[:500]
    mine = UploadTray.objects.filter(pk=tray.pk, wanted=_W.FORETELL)
    mine.update(wanted=_W.NOTHING, report=report, reported_at=clock.now(), problem=problem)


def _import(tray: UploadTray) -> bool:
    """One file of it. Returns whether there may be another now."""
    mine = UploadTray.objects.filter(pk=tray.pk, wanted=_W.IMPORT)
    actor = _actor(tray)
    try:
        if tray.batch_id is None:
            batch = services.adopt(actor, _plan(tray))
            mine.update(batch=batch)
            tray.batch_id = batch.pk
        if not gate.open_now() or machine.elsewhere(RECORDER, Path(settings.MEDIA_ROOT)) is not None:
            return False
        over = run.one(actor, int(tray.batch_id))
    except Unavailable as error:
        mine.update(problem=error.message[:500])
        return False
    except BroadcastError as error:
        mine.update(wanted=_W.NOTHING, problem=error.message[:500])
        return True
    mine.update(problem="", touched_at=clock.now(), **({"wanted": _W.NOTHING} if over else {}))
    return over or ImportItem.objects.filter(batch=tray.batch_id, state=ImportItem.State.WAITING).exists()


def _empty(tray: UploadTray) -> None:
    """What is in for a week needs no copy here; what was refused stays to be mended, until the tray expires."""
    done = {ImportItem.State.DONE, ImportItem.State.DUPLICATE}
    for name in ImportItem.objects.filter(batch=tray.batch_id, state__in=done).values_list("file", flat=True):
        (places.tray(tray.pk) / name).unlink(missing_ok=True)


def sweep() -> int:
    """Give up what nobody goes on with: files after seven days, trays after four weeks. Returns how many."""
    now = clock.now()
    gone = 0
    for upload in Upload.objects.filter(state__in=[_S.RECEIVING, _S.REFUSED], touched_at__lt=now - EXPIRES):
        places.coming(upload.pk).unlink(missing_ok=True)
        upload.delete()
        gone += 1
    for tray in UploadTray.objects.filter(wanted=_W.NOTHING, batch__finished_at__lt=now - EXPIRES):
        _empty(tray)
    for tray in UploadTray.objects.filter(wanted=_W.NOTHING, touched_at__lt=now - _KEPT):
        for upload in tray.uploads.all():
            places.coming(upload.pk).unlink(missing_ok=True)
        places.remove_tray(tray.pk)
        tray.delete()
        gone += 1
    return gone


def waits() -> bool:
    """Whether there is anything to do."""
    asked = UploadTray.objects.filter(~Q(wanted=_W.NOTHING)).exists()
    return asked or Upload.objects.filter(state=_S.CHECKING).exists()


def reconcile() -> int:
    """Hint again at what waits: a hint may be lost, a worker may have died. Removes what expired, once an hour."""
    global _hinted, _swept
    now = time.monotonic()
    if now - _hinted < _HINT_SECONDS:
        return 0
    _hinted = now
    if waits():
        hints.hint()
    if now - _swept < _SWEEP_SECONDS:
        return 0
    _swept = now
    return sweep()
