"""Works through a batch file by file: opened in the sandbox, encoded, laid down, made an episode; it can be killed at any instant."""

from __future__ import annotations

import contextlib
import logging
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.db import DatabaseError, connection, transaction

from archive import untrusted
from archive.ffmpeg import SEGMENT_SECONDS
from archive.importing import media, services
from archive.importing.reading import start_of
from archive.importing.services import Claim, FencedOut
from archive.models import ImportItem
from archive.queries import milliseconds
from archive.storage.base import digest_of
from archive.untrusted import Refused
from broadcast.access import Actor
from broadcast.errors import Unavailable
from broadcast.models import Airing, Programme

logger = logging.getLogger(__name__)
_LEAST_FREE = 5 << 30
_PAUSE = 1.0
_S = ImportItem.State


@dataclass(frozen=True)
class Progress:
    """After a file: how it ended, how much of the batch is over, and how long the rest takes at this pace (seconds)."""

    item: ImportItem
    over: int
    total: int
    left_seconds: float


def work(actor: Actor, batch_id: int, told: Callable[[Progress], None]) -> bool:
    """Import all that waits. Returns whether the batch is over. Raises Unavailable without room on the disk.

    Others may work on the same batch: what they hold is waited for, and taken up when they die.
    """
    sweep()
    began, worker, done_bytes = time.monotonic(), services.worker_name(), 0
    while True:
        held = services.claim(batch_id, worker)
        if held is None:
            if not ImportItem.objects.filter(batch=batch_id, state=_S.RUNNING).exists():
                return services.close(actor, batch_id)
            time.sleep(_PAUSE)
            continue
        with contextlib.suppress(FencedOut):
            _take(actor, held)
        done_bytes += max(held.item.size_bytes, 1)
        told(_progress(batch_id, held.item.pk, done_bytes, time.monotonic() - began))


def one(actor: Actor, batch_id: int) -> bool:
    """Import one file that waits, if there is one that nobody holds. Returns whether the batch is over. Raises Unavailable without room."""
    sweep()
    held = services.claim(batch_id, services.worker_name())
    if held is not None:
        with contextlib.suppress(FencedOut):
            _take(actor, held)
    return services.close(actor, batch_id)


def _progress(batch_id: int, item_id: int, done_bytes: int, seconds: float) -> Progress:
    rows = ImportItem.objects.filter(batch=batch_id).values_list("state", "size_bytes")
    waiting = [size for state, size in rows if state in {_S.WAITING, _S.RUNNING}]
    left = sum(max(size, 1) for size in waiting) * seconds / done_bytes
    return Progress(ImportItem.objects.get(pk=item_id), len(rows) - len(waiting), len(rows), left)


def _take(actor: Actor, held: Claim) -> None:
    """One file to its end. What is no fault of the file leaves it waiting. Raises FencedOut."""
    if held.before is not None and not Airing.objects.filter(pk=held.before).exists():
        media.clear([held.before])
    far = _Far()
    try:
        with _kept_alive(held, far):
            digest, seconds, notes = _make(held, far)
            problem = services.finish(actor, held, digest, seconds, notes)
    except Refused as refused:
        _drop(held)
        services.refuse(held, str(refused.data["problem"]), str(refused.data.get("detail", "")))
    except _Known as known:
        services.refuse(held, "same_content", known.file, digest=known.digest)
    except FencedOut:
        _drop(held)
        raise
    except BaseException:
        with contextlib.suppress(DatabaseError):
            _drop(held)
            services.release(held)
        raise
    else:
        if problem:
            _drop(held)


@dataclass
class _Far:
    """What is needed to tell how far a file is: where its segments come to lie, and how many there will be."""

    folder: Path | None = None
    seconds: float = 0.0

    def share(self) -> float:
        """Of its length, 0 to 1."""
        if self.folder is None or self.seconds <= 0:
            return 0.0
        made = sum(1 for each in self.folder.glob("*.ts")) if self.folder.is_dir() else 0
        return min(1.0, made * SEGMENT_SECONDS / self.seconds)


class _Known(Exception):
    """The same bytes are in already."""

    def __init__(self, file: str, digest: str) -> None:
        super().__init__(file)
        self.file, self.digest = file, digest


def _make(held: Claim, far: _Far) -> tuple[str, float, tuple[str, ...]]:
    """Lay the file's media down. Returns the digest of its bytes, seconds and notes. Raises Refused, _Known, Unavailable."""
    item = held.item
    source = Path(item.batch.folder) / item.file
    folder = media.work_folder() / f"{item.pk}-{held.attempt}"
    folder.mkdir(parents=True, exist_ok=True)
    if shutil.disk_usage(folder).free < _LEAST_FREE + 3 * item.size_bytes:
        raise Unavailable(f"{folder}: no room for {item.file}")
    try:
        with untrusted.box_of(source, media.OLD, folder) as box:
            with (box / "upload").open("rb") as stream:
                _size, digest = digest_of(stream)
            known = services.known_content(digest)
            if known is not None:
                raise _Known(known.file, digest)
            found = untrusted.look(box, media.OLD)
            media.check_whole(box)
            far.folder, far.seconds = box / "out", found.seconds
            made = media.make(box, found, sound_only=item.programme.kind == Programme.Kind.RADIO)
            start_ms = milliseconds(start_of(item.row["date"], item.row["time"]))
            end_ms = media.lay_down(made, held.airing_id, start_ms)
            media.keep_original(box, held.airing_id, item.file, digest)
            return digest, (end_ms - start_ms) / 1000, made.notes
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _drop(held: Claim) -> None:
    """Take away what this try laid down, unless an airing came of it."""
    if not Airing.objects.filter(pk=held.airing_id).exists():
        media.clear([held.airing_id])


@contextlib.contextmanager
def _kept_alive(held: Claim, far: _Far) -> Iterator[None]:
    """Prolong the lease from a thread of its own, while ffmpeg works."""
    over = threading.Event()

    def beats() -> None:
        try:
            while not over.wait(services.BEAT_SECONDS):
                try:
                    services.beat(held, far.share())
                except DatabaseError:
                    logger.warning("lease not prolonged item=%s", held.item.pk)
                    connection.close()
        finally:
            connection.close()

    thread = threading.Thread(target=beats, name=f"import {held.item.pk}", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def sweep() -> int:
    """Remove boxes that killed tries left. Returns how many."""
    gone = 0
    for left in media.work_folder().iterdir():
        item, _dash, attempt = left.name.partition("-")
        if not (item.isdigit() and attempt.isdigit()):
            continue
        with transaction.atomic():
            held = ImportItem.objects.filter(pk=int(item), attempt=int(attempt), state=_S.RUNNING).first()
        if held is None or services.is_dead(held.worker):
            shutil.rmtree(left, ignore_errors=True)
            gone += 1
    return gone
