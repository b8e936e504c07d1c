"""Moves what is marked into the cold class, asks for it and looks until it is back. Killed anywhere it goes on; twice is as once."""

from __future__ import annotations

import datetime as dt
import logging
import os
import time
from collections.abc import Callable
from uuid import UUID

from django.db.models import Q, QuerySet

from archive.keeping import cold, hints
from archive.models import ColdKeeping
from archive.parts import AiringFolder
from archive.storage import Damaged, Stored, kept, media
from archive.storage import cold as classes
from archive.storage.base import CHUNK, digest_of
from archive.storage.s3 import S3Storage
from broadcast import clock, env, signals
from broadcast.errors import BroadcastError

logger = logging.getLogger(__name__)
LOOK_SECONDS = 600.0
# So many recordings are hinted at in one look.
_HINTED = 20
_looked = -LOOK_SECONDS
Told = Callable[[float], object]


def reconcile() -> int:
    """Every ten minutes: mark what is due, and hint at all that is on its way. Returns how many were marked."""
    global _looked
    if time.monotonic() - _looked < LOOK_SECONDS:
        return 0
    _looked = time.monotonic()
    marked = cold.mark()
    cold.changed().update(done_at=None)
    for airing_id in waiting().values_list("pk", flat=True)[:_HINTED]:
        hints.hint(airing_id)
    return marked


def waiting() -> QuerySet[ColdKeeping]:
    """Rows of which something is to be done, what people wait for first."""
    comes = Q(asked_at__isnull=False, ready_at=None)
    return ColdKeeping.objects.filter(comes | Q(done_at=None) | Q(until__lte=clock.now())).order_by("-asked_at", "pk")


def work(airing_id: UUID, told: Told = lambda share: None) -> str:
    """Do the next thing for one recording. Returns the code of what stopped it, or "". `told` may raise to end it, then it goes on later.

    Announces recording_changed.
    """
    row = ColdKeeping.objects.filter(pk=airing_id, recording__removal=None).first()
    if row is None:
        return ""
    try:
        if row.until is not None and row.until <= clock.now():
            _end(row)
        elif row.asked_at is not None:
            _follow(row)
        elif row.done_at is None:
            _cool(row, told)
    except (BroadcastError, OSError) as error:
        code = error.code if isinstance(error, BroadcastError) else "disk"
        logger.error("cold storage airing=%s: %s", airing_id, error)
        ColdKeeping.objects.filter(pk=airing_id).update(problem=code)
        return code
    signals.tell(signals.recording_changed, airing_id=airing_id)
    return ""


# -- there -----------------------------------------------------------------------------------------------------------


def _cool(row: ColdKeeping, told: Told) -> None:
    """Each object in each store; then this machine's disk gives up what is kept there. The public's names are not among them."""
    stores, wanted = cold.stores(), cold.objects(row.pk)
    sure: set[str] | None = None
    for store in stores.values():
        good: set[str] = set()
        for number, each in enumerate(wanted, start=1):
            if _cooled(store, each, row.storage_class):
                good.add(each.key)
            told(number / len(wanted))
        sure = good if sure is None else sure & good
    _release(row.pk, sure or set())
    facts = {
        "done_at": clock.now(),
        "objects_cold": len(sure or ()),
        "size_bytes": sum(each.size for each in wanted if each.key in (sure or ())),
        "problem": "" if sure is not None and len(sure) == len(wanted) else "cold_lacks",
    }
    # Somebody may have asked for it meanwhile.
    ColdKeeping.objects.filter(pk=row.pk, asked_at=None).update(**facts)


def _cooled(store: S3Storage, wanted: Stored, storage_class: str) -> bool:
    """Whether the object lies there cold and as the manifest says; what is not as it says is the next reading's business."""
    try:
        found = classes.cool(store, wanted.key, storage_class)
    except FileNotFoundError:
        return False
    return (found.size, found.digest) == (wanted.size, wanted.digest)


def _release(airing_id: UUID, sure: set[str]) -> None:
    """Delete from this disk the files that are kept elsewhere: where there is a store, the disk is no place of keeping."""
    if kept() is None:
        return
    for each in cold.files(airing_id):
        if each.key in sure:
            media().path(each.key).unlink(missing_ok=True)


# -- and back --------------------------------------------------------------------------------------------------------


def _follow(row: ColdKeeping) -> None:
    """Ask for every object, once; then look whether all of them can be read."""
    wanted = cold.objects(row.pk)
    if row.sent_at is None:
        _send(wanted)
        row.sent_at = clock.now()
        ColdKeeping.objects.filter(pk=row.pk, asked_at=row.asked_at).update(sent_at=row.sent_at, problem="")
    until = _until(wanted)
    if until is None:
        return
    _bring(row.pk)
    now = clock.now()
    ColdKeeping.objects.filter(pk=row.pk, asked_at=row.asked_at).update(ready_at=now, until=until, problem="")


def _send(wanted: list[Stored]) -> None:
    """Ask the first store that answers. Raises what the last one raised."""
    days, tier = int(env.read("COLD_BACK_DAYS")), str(env.read("COLD_TIER"))
    last: BroadcastError | None = None
    for store in cold.stores().values():
        try:
            for each in wanted:
                classes.ask_back(store, each.key, days, tier)
        except (BroadcastError, FileNotFoundError) as error:
            logger.warning("not asked back: %s", error)
            last = error if isinstance(error, BroadcastError) else None
        else:
            return
    if last is not None:
        raise last


def _until(wanted: list[Stored]) -> dt.datetime | None:
    """Until when all can be read, in the store that has them longest; None while there is none."""
    days = clock.now() + dt.timedelta(days=int(env.read("COLD_BACK_DAYS")))
    found = [_until_in(store, wanted, days) for store in cold.stores().values()]
    return max((each for each in found if each is not None), default=None)


def _until_in(store: S3Storage, wanted: list[Stored], until: dt.datetime) -> dt.datetime | None:
    for each in wanted:
        standing = classes.standing(store, each.key)
        # What is missing will not come; the next reading says so.
        if standing is None:
            continue
        if not standing.is_readable:
            return None
        until = min(until, standing.until or until)
    return until


def _bring(airing_id: UUID) -> None:
    """Where the recording's folder is on this machine, its files lie there again. Raises Damaged, StorageDown."""
    store = kept()
    if store is None or not AiringFolder(airing_id).path.is_dir():
        return
    for each in cold.files(airing_id):
        target = media().path(each.key)
        if target.exists():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        fresh = target.with_name(f".{target.name}.{os.getpid()}")
        try:
            with store.open(each.key) as source, fresh.open("wb") as out:
                while piece := source.read(CHUNK):
                    out.write(piece)
            with fresh.open("rb") as stream:
                found = digest_of(stream)
            if found != (each.size_bytes, each.digest):
                raise Damaged(f"{each.key} came back otherwise", key=each.key, expected=each.digest, found=found[1])
            fresh.replace(target)
        finally:
            fresh.unlink(missing_ok=True)


def _end(row: ColdKeeping) -> None:
    """The time that it was asked for is over: the service has let it go, the disk lets go of it with the next look."""
    ColdKeeping.objects.filter(pk=row.pk, until=row.until).update(
        asked_at=None, asked_by=None, asked_for="", sent_at=None, ready_at=None, until=None, done_at=None
    )
    hints.hint(row.pk)
