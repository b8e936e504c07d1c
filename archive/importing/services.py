"""The only writer of the rows of imports: batches, what is to be imported, who works on it, and how it ended; it opens no media."""

from __future__ import annotations

import datetime as dt
import os
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from archive.importing import media
from archive.importing.reading import Plan, start_of
from archive.models import Derivative, ImportBatch, ImportItem, Recording
from archive.storage import ALGORITHM
from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, NotFound
from broadcast.services import recorded
from broadcast.services.recorded import Appeared, RecordedPlan

LEASE_SECONDS = 30.0
BEAT_SECONDS = 5.0
# So often may a worker die over one file before that is left alone.
MOST_TRIES = 5
_LOCK = 0x59495348_494D5054  # "YISHIMPT"
_S = ImportItem.State


class FencedOut(Exception):
    """Somebody else holds the file by now: what was done under this attempt is dropped."""


@dataclass(frozen=True)
class Claim:
    """A file that is ours under `attempt`; its media are laid down as those of `airing_id`. `before` is that of the try that died."""

    item: ImportItem
    attempt: int
    airing_id: UUID
    before: UUID | None


def adopt(actor: Actor, plan: Plan) -> ImportBatch:
    """Bring the rows to what the folder holds: new files wait, refused ones whose file or row changed wait again, done ones stay.

    Needs PRODUCE in each programme. Audited when there is something to do. The same folder again changes nothing.
    """
    for programme in {each.programme.pk: each.programme for each in plan.items}.values():
        require(actor, Ability.PRODUCE, programme.pk)
    with transaction.atomic(), audit.at_the_end():
        batch, made = ImportBatch.objects.select_for_update().get_or_create(
            folder=str(plan.source.folder),
            sheet=plan.source.sheet,
            defaults={"created_at": clock.now(), "started_by": actor.user_id},
        )
        known = {each.file: each for each in batch.items.all()}
        changed = [_adopt(batch, known.get(each.file), each) for each in plan.items]
        waiting = sum(changed)
        left = [asdict(each) for each in plan.unmatched]
        if left != batch.unmatched:
            batch.unmatched = left
            batch.save(update_fields=["unmatched"])
        if made or waiting:
            facts = {"files": len(plan.items), "waiting": waiting, "unmatched": len(left)}
            audit.record(actor, "import.start", f"import:{batch.pk}", after=facts)
            if batch.finished_at is not None and waiting:
                batch.finished_at = None
                batch.save(update_fields=["finished_at"])
    return batch


def _adopt(batch: ImportBatch, item: ImportItem | None, planned: Any) -> bool:
    """Whether the file waits anew."""
    if item is not None and (item.state in {_S.DONE, _S.RUNNING} or item.fingerprint == planned.fingerprint):
        return False
    item = item or ImportItem(batch=batch, file=planned.file)
    item.size_bytes, item.fingerprint, item.programme = planned.size, planned.fingerprint, planned.programme
    item.row = planned.entry.kept()
    item.problem, item.detail, item.attempt, item.notes = planned.problem, planned.detail, 0, []
    item.state = _S.REFUSED if planned.problem else _S.WAITING
    item.done_at = clock.now() if planned.problem else None
    item.save()
    return item.state == _S.WAITING


def again(actor: Actor, batch: ImportBatch) -> int:
    """What was refused waits again, for whoever mended something that the files do not show. Needs PRODUCE. Returns how many."""
    with transaction.atomic():
        found = list(batch.items.select_for_update().filter(state__in=[_S.REFUSED, _S.DUPLICATE]))
        for programme_id in {each.programme_id for each in found}:
            require(actor, Ability.PRODUCE, programme_id)
        # What the row lacks, only another row can mend.
        media = [each for each in found if each.airing_uuid is not None]
        for item in media:
            item.state, item.problem, item.detail, item.attempt, item.done_at = _S.WAITING, "", "", 0, None
            item.save()
        if media:
            ImportBatch.objects.filter(pk=batch.pk).update(finished_at=None)
    return len(media)


# -- who works -------------------------------------------------------------------------------------------------------


def worker_name() -> str:
    """Machine and process."""
    return f"{os.uname().nodename}:{os.getpid()}"


def is_dead(worker: str) -> bool:
    """Whether the worker was a process of this machine that is no more: then its lease need not lapse first."""
    host, _colon, pid = worker.rpartition(":")
    return host == os.uname().nodename and pid.isdigit() and not Path(f"/proc/{pid}").exists()


def claim(batch_id: int, worker: str) -> Claim | None:
    """Take up the next file of the batch, skipping what others work on; None when there is none now."""
    while True:
        with transaction.atomic():
            now = clock.now()
            dead = [
                pk
                for pk, name in ImportItem.objects.filter(batch=batch_id, state=_S.RUNNING).values_list("pk", "worker")
                if is_dead(name)
            ]
            lapsed = Q(state=_S.RUNNING) & (Q(lease_until__lt=now) | Q(pk__in=dead))
            item = (
                ImportItem.objects.select_for_update(skip_locked=True, of=("self",))
                .select_related("batch", "programme")
                .filter(Q(state=_S.WAITING) | lapsed, batch=batch_id)
                .order_by("id")
                .first()
            )
            if item is None:
                return None
            if item.attempt >= MOST_TRIES:
                _end(item, _S.REFUSED, "worker_lost", "")
                continue
            before, airing_id = item.airing_uuid, uuid4()
            item.state, item.attempt, item.worker = _S.RUNNING, item.attempt + 1, worker[:80]
            item.lease_until, item.airing_uuid = now + dt.timedelta(seconds=LEASE_SECONDS), airing_id
            item.share = 0.0
            item.save()
            return Claim(item, item.attempt, airing_id, before)


def beat(held: Claim, share: float = 0.0) -> bool:
    """Prolong the lease and say how much of the file's length is encoded. Returns whether the file is still ours."""
    until = clock.now() + dt.timedelta(seconds=LEASE_SECONDS)
    mine = ImportItem.objects.filter(pk=held.item.pk, attempt=held.attempt, state=_S.RUNNING)
    return bool(mine.update(lease_until=until, share=share))


def release(held: Claim) -> None:
    """Nothing came of it through no fault of the file: it waits as before."""
    mine = ImportItem.objects.filter(pk=held.item.pk, attempt=held.attempt, state=_S.RUNNING)
    mine.update(state=_S.WAITING, lease_until=None, worker="", attempt=held.attempt - 1)


def _hold(held: Claim) -> ImportItem:
    found = (
        ImportItem.objects.select_for_update(of=("self",))
        .select_related("programme")
        .filter(pk=held.item.pk, attempt=held.attempt, state=_S.RUNNING)
        .first()
    )
    if found is None:
        raise FencedOut
    return found


# -- how it ended ----------------------------------------------------------------------------------------------------


def known_content(digest: str) -> ImportItem | None:
    """The file with these bytes that was imported before."""
    return ImportItem.objects.filter(state=_S.DONE, digest=digest, algorithm=ALGORITHM).first()


def refuse(held: Claim, problem: str, detail: str = "", *, digest: str = "") -> None:
    """The file was not imported, and why. Raises FencedOut."""
    with transaction.atomic():
        item = _hold(held)
        item.digest, item.algorithm = digest, ALGORITHM if digest else ""
        _end(item, _S.DUPLICATE if problem == "same_content" else _S.REFUSED, problem, detail)


def _end(item: ImportItem, state: str, problem: str, detail: str) -> None:
    item.state, item.problem, item.detail = state, problem[:32], re.sub(r"[\x00-\x1f]+", " ", detail)[:500]
    item.lease_until, item.worker, item.done_at = None, "", clock.now()
    item.save()


def finish(actor: Actor, held: Claim, digest: str, seconds: float, notes: tuple[str, ...]) -> str:
    """The media lie there: the episode, its airing and recording are made with them, in one transaction. Raises FencedOut.

    Returns "" when it is in, else why not (data of `refuse`): the same content or the number came in meanwhile.
    """
    try:
        with transaction.atomic(), audit.at_the_end():
            with connection.cursor() as cursor:
                # Of two that bring the same bytes at once, the second sees the first.
                cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
            item = _hold(held)
            same = known_content(digest)
            if same is not None:
                refuse(held, "same_content", same.file, digest=digest)
                return "same_content"
            taken = recorded.take_in(actor, _recorded(item, held, seconds))
            recording, _made = Recording.objects.get_or_create(airing=taken.airing)
            _keep_original(item, recording, digest)
            item.digest, item.algorithm, item.seconds, item.airing = digest, ALGORITHM, seconds, taken.airing
            item.notes = [{"code": each, "detail": ""} for each in notes]
            item.notes += [{"code": "namesake", "detail": each} for each in taken.namesakes]
            _end(item, _S.DONE, "", "")
    except BroadcastError as error:
        if not (problem := str(error.data.get("problem", ""))):
            raise
        refuse(held, problem, str(held.item.row.get("number") or ""), digest=digest)
        return problem
    return ""


def _keep_original(item: ImportItem, recording: Recording, digest: str) -> None:
    """The file as it came lies beside the recording: never public, kept, sent and read again like what is made of it."""
    key = media.original_key(recording.pk, item.file)
    Derivative.objects.create(
        recording=recording,
        kind=Derivative.Kind.ORIGINAL,
        key=key,
        size_bytes=(Path(settings.MEDIA_ROOT) / key).stat().st_size,
        digest=digest,
        algorithm=ALGORITHM,
        media_type="application/octet-stream",
        details={"file": item.file.rpartition("/")[2]},
        made_at=clock.now(),
    )


def _recorded(item: ImportItem, held: Claim, seconds: float) -> RecordedPlan:
    row = item.row
    people = tuple(Appeared(each["name"], each["role"], each.get("title", "")) for each in row.get("guests", ()))
    return RecordedPlan(
        programme=item.programme_id,
        airing_id=held.airing_id,
        title=row["title"],
        start=start_of(row["date"], row["time"]),
        seconds=seconds,
        number=row["number"],
        was_broadcast=bool(row["time"]),
        people=people,
    )


def close(actor: Actor, batch_id: int) -> bool:
    """Note that nothing of the batch waits any more. Returns whether that is so; audited once."""
    with transaction.atomic(), audit.at_the_end():
        batch = ImportBatch.objects.select_for_update().filter(pk=batch_id).first()
        if batch is None:
            raise NotFound(_("没有这次导入。"))
        states = list(batch.items.values_list("state", flat=True))
        if _S.WAITING in states or _S.RUNNING in states:
            return False
        if batch.finished_at is None:
            batch.finished_at = clock.now()
            batch.save(update_fields=["finished_at"])
            counts = {state: states.count(state) for state in sorted(set(states))}
            audit.record(actor, "import.finish", f"import:{batch.pk}", after=counts)
    return True
