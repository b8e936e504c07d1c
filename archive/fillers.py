"""Prepared files that go out when there is nothing else: uploaded by producers, checked and encoded in the sandbox before any use."""

from __future__ import annotations

import datetime as dt
import hashlib
import logging
import os
import shutil
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _
from kombu.exceptions import OperationalError as BrokerError

from archive import untrusted
from archive.ffmpeg import PLAYLIST
from archive.models import Filler
from archive.storage import ALGORITHM, Storage, media
from archive.storage.places import leaving
from archive.untrusted import LIMITS, Limits, Refused
from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.celery import app
from broadcast.errors import InvalidInput, NotFound, Unavailable
from broadcast.models import Programme

logger = logging.getLogger(__name__)
TASK = "archive.check_filler"
_HINT_SECONDS = 10.0
_LOCK = 0x59495348_46494C4C  # "YISHFILL"
# Free disk that an upload must leave.
_LEAST_FREE = 5 << 30
_MOST_CHECKING = 5
_hinted = -_HINT_SECONDS


def incoming(filler_id: int) -> Path:
    """Where the upload waits for its check; served to nobody."""
    return Path(settings.MEDIA_ROOT) / "incoming" / f"filler-{filler_id}"


def upload(
    actor: Actor, programme: Programme, title: str, pieces: Iterable[bytes], *, limits: Limits = LIMITS
) -> Filler:
    """Take a file in, piece by piece, onto the disk; its check follows. Needs PRODUCE; audited.

    Raises InvalidInput for a title or size that cannot be, Unavailable while five wait or the disk is nearly full.
    """
    require(actor, Ability.PRODUCE, programme.pk)
    title = " ".join(title.split())
    if not title or len(title) > 120:
        raise InvalidInput(_("请填写名称，不超过 120 个字。"), field="title")
    if Filler.objects.filter(state=Filler.State.CHECKING).count() >= _MOST_CHECKING:
        raise Unavailable(_("还有文件在检查，请等它们完成后再上传。"), retry_after_seconds=30)
    folder = incoming(0).parent
    folder.mkdir(parents=True, exist_ok=True)
    fresh, size, digest = _receive(folder, pieces, limits)
    try:
        with transaction.atomic():
            filler = Filler.objects.create(
                programme=programme,
                title=title,
                digest=digest,
                algorithm=ALGORITHM,
                uploaded_by=actor.user_id,
                uploaded_at=clock.now(),
            )
            audit.record(
                actor,
                "filler.upload",
                f"filler:{filler.pk}",
                after={"programme": programme.pk, "size": size, "digest": digest, "algorithm": ALGORITHM},
            )
            # Within the transaction: no row ever waits for a file that is not there.
            fresh.replace(incoming(filler.pk))
            transaction.on_commit(lambda: _hint(filler.pk))
    finally:
        fresh.unlink(missing_ok=True)
    return filler


def _receive(folder: Path, pieces: Iterable[bytes], limits: Limits) -> tuple[Path, int, str]:
    """Write the pieces to a new file. Raises InvalidInput when there are too many bytes or none, Unavailable without room."""
    handle, name = tempfile.mkstemp(prefix=".upload-", dir=folder)
    fresh, size, taken = Path(name), 0, hashlib.new(ALGORITHM)
    try:
        with os.fdopen(handle, "wb") as out:
            for piece in pieces:
                size += len(piece)
                if size > limits.bytes:
                    raise InvalidInput(untrusted.words_of("media_too_large"), field="file")
                if shutil.disk_usage(folder).free < _LEAST_FREE:
                    raise Unavailable(_("磁盘空间不足，暂时不能上传。"))
                taken.update(piece)
                out.write(piece)
            out.flush()
            os.fsync(out.fileno())
        if not size:
            raise InvalidInput(untrusted.words_of("media_empty"), field="file")
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    return fresh, size, taken.hexdigest()


def remove(actor: Actor, filler_id: int) -> None:
    """Take a filler out of use for good. Needs PRODUCE; audited. Rules that named it name none; its segments stay for the record."""
    with transaction.atomic():
        filler = Filler.objects.select_for_update().filter(pk=filler_id).first()
        if filler is None or filler.programme_id is None:
            raise NotFound(_("没有这个垫片。"))
        require(actor, Ability.PRODUCE, filler.programme_id)
        audit.record(actor, "filler.remove", f"filler:{filler.pk}", before=view(filler))
        filler.delete()
    incoming(filler_id).unlink(missing_ok=True)


def view(filler: Filler) -> dict[str, Any]:
    """The filler as staff see it."""
    return {
        "id": filler.pk,
        "title": filler.title,
        "state": filler.state,
        "problem": filler.problem,
        "words": untrusted.words_of(filler.problem) if filler.problem else "",
        "seconds": round(filler.duration_ms / 1000, 1),
        "has_picture": filler.has_picture,
    }


# -- the check ---------------------------------------------------------------------------------------------------------


def check(filler_id: int) -> str:
    """Look at the upload in the sandbox and encode it anew. Returns the state then.

    Idempotent: one at a time for a filler, and again from the beginning when a worker died over it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [_LOCK ^ filler_id])
        if not cursor.fetchone()[0]:
            return "busy"
    try:
        filler = Filler.objects.filter(pk=filler_id).first()
        if filler is None or filler.state != Filler.State.CHECKING:
            return filler.state if filler else ""
        return _check(filler)
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_unlock(%s)", [_LOCK ^ filler_id])


def _check(filler: Filler) -> str:
    source = incoming(filler.pk)
    try:
        with untrusted.box_of(source) as box:
            found = untrusted.look(box)
            folder = untrusted.segments(box, found)
            seconds = _keep(filler, folder)
    except Refused as refused:
        detail = str(refused.data.get("detail", ""))
        logger.info("filler refused filler=%s problem=%s %s", filler.pk, refused.data["problem"], detail)
        return _settle(filler, state=Filler.State.REFUSED, problem=str(refused.data["problem"]))
    return _settle(
        filler,
        state=Filler.State.READY,
        directory=f"fillers/{filler.pk}",
        duration_ms=round(seconds * 1000),
        has_picture=found.picture,
    )


def _keep(filler: Filler, folder: Path) -> float:
    """Take the segments out of the box to where fillers lie, in every place; how long they last."""
    target = media().path(f"fillers/{filler.pk}")
    fresh = target.with_name(f".{target.name}")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    files = sorted(folder.iterdir())
    for file in files:
        # What ran in the box may have put anything there.
        if file.is_symlink() or not file.is_file() or not (file.suffix == ".ts" or file.name == PLAYLIST):
            raise untrusted.refuse("media_output", file.name)
        shutil.copyfile(file, fresh / file.name)
    shutil.rmtree(target, ignore_errors=True)
    fresh.rename(target)
    for store in leaving().values():
        _send(store, target, f"fillers/{filler.pk}")
    lines = (target / PLAYLIST).read_text(encoding="utf-8").splitlines()
    return sum(float(line[8:].split(",")[0]) for line in lines if line.startswith("#EXTINF:"))


def _send(store: Storage, folder: Path, key: str) -> None:
    for file in sorted(folder.iterdir()):
        store.put(f"{key}/{file.name}", file, replace=True)


def _settle(filler: Filler, **facts: Any) -> str:
    with transaction.atomic():
        changed = Filler.objects.filter(pk=filler.pk, state=Filler.State.CHECKING).update(**facts)
    if changed:
        incoming(filler.pk).unlink(missing_ok=True)
    return str(facts["state"])


def reconcile() -> int:
    """Hint again at what waits for its check: a hint may be lost, a worker may have died."""
    global _hinted
    if time.monotonic() - _hinted < _HINT_SECONDS:
        return 0
    _hinted = time.monotonic()
    late = clock.now() - dt.timedelta(seconds=_HINT_SECONDS)
    waiting = Filler.objects.filter(state=Filler.State.CHECKING, uploaded_at__lt=late).order_by("pk")
    for filler_id in waiting.values_list("pk", flat=True)[:_MOST_CHECKING]:
        _hint(filler_id)
    return 0


def _hint(filler_id: int) -> None:
    try:
        app.send_task(TASK, args=[filler_id], expires=_HINT_SECONDS, retry=False)
    except (BrokerError, OSError) as error:
        logger.warning("no hint sent: %s", type(error).__name__)
