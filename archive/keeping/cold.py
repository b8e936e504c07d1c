"""Which recordings go to cold storage, and the asking back of what is there; cooling.py moves objects, storage/cold.py speaks S3.

Cold goes only what nobody waits for: media as received, the sealed master, the original of an import. The public's names, its
master, its sound and every playlist stay where they are read at once, so a replay and a rerun of it never wait.
"""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, F, Max, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from archive import fixity, manifest
from archive.keeping import hints
from archive.models import ColdKeeping, Derivative, FixityCheck, KeepingTerms, Recording
from archive.steps import engine
from archive.storage import Stored, places
from archive.storage.cold import has_classes
from archive.storage.s3 import S3Storage
from broadcast import audit, clock, env, signals
from broadcast.access import HOUSE, Ability, Actor, can, require
from broadcast.errors import Conflict, NotFound
from broadcast.models import Airing, Programme

logger = logging.getLogger(__name__)
# So many recordings begin to go in one look; the next goes on.
PIECE = 5
Why = ColdKeeping.Why
_FILES = Q(kind=Derivative.Kind.MASTER, is_public=False) | Q(kind=Derivative.Kind.ORIGINAL)


@dataclass(frozen=True)
class Preview:
    """What would go to cold storage now: how many recordings, bytes received of them, and the oldest."""

    count: int
    size: int
    shown: tuple[Recording, ...]


def storage_class() -> str:
    """The class of YISHI_COLD_CLASS; "" where this house keeps nothing cold."""
    return str(env.read("COLD_CLASS")) if stores() else ""


def stores() -> dict[str, S3Storage]:
    """The places that have storage classes."""
    return {name: each for name, each in places().items() if has_classes(each) and isinstance(each, S3Storage)}


def objects(airing_id: UUID) -> list[Stored]:
    """What of a recording goes cold, by its newest manifest. Raises StorageDown, StorageRefused."""
    known = manifest.newest(airing_id)
    if known is None:
        return []
    mine = set(files(airing_id).values_list("key", flat=True))
    received = f"airings/{airing_id}/parts/"
    return [
        each
        for each in manifest.objects(known)
        if each.key in mine or (each.key.startswith(received) and each.key.endswith(".ts"))
    ]


def files(airing_id: UUID) -> QuerySet[Derivative]:
    """Files among them that this machine's disk need not hold as well: nothing public is made of their names."""
    return Derivative.objects.filter(_FILES, recording_id=airing_id)


# -- what is due -----------------------------------------------------------------------------------------------------


def due(programme_id: int, days: int, at: dt.datetime) -> QuerySet[Recording]:
    """Finished recordings of the programme that ended so long ago and are not cold yet, the oldest first.

    Only what has no step to do and was found good when all of it was last read: what goes cold is not read again for long.
    """
    whole = FixityCheck.objects.filter(recording=OuterRef("pk"), place=fixity.WHOLE).order_by("-id")
    good = Recording.objects.annotate(last=whole.values("outcome")[:1]).filter(last=FixityCheck.Outcome.GOOD)
    return (
        good.filter(~Exists(engine.unfinished().filter(recording=OuterRef("pk"))), state=Recording.State.FINISHED)
        .filter(airing__episode__programme=programme_id, airing__actual_end__lte=at - dt.timedelta(days=days))
        .filter(cold=None, removal=None)
        .order_by("airing__actual_end")
    )


def preview(actor: Actor, programme: Programme, days: int | None, shown: int = 20) -> Preview:
    """What these terms would take now. Needs ADMINISTER."""
    require(actor, Ability.ADMINISTER, programme.pk)
    if days is None:
        return Preview(0, 0, ())
    rows = list(due(programme.pk, days, clock.now()).select_related("airing__episode"))
    return Preview(len(rows), sum(each.received_bytes for each in rows), tuple(rows[:shown]))


def mark() -> int:
    """Say of some that are due that they go; returns how many. Takes each recording's row. Audited as the house's."""
    kind = storage_class()
    if not kind:
        return 0
    marked = 0
    for terms in KeepingTerms.objects.filter(cold_days__isnull=False):
        rows = due(terms.programme_id, terms.cold_days or 0, clock.now())
        for recording in list(rows[: PIECE - marked]):
            marked += _mark(recording, kind, terms.programme_id)
    return marked


def _mark(recording: Recording, kind: str, programme_id: int) -> int:
    with transaction.atomic():
        # Terms as they are now, not as they were when we looked.
        terms = KeepingTerms.objects.select_for_update().filter(pk=programme_id).first()
        if terms is None or terms.cold_days is None:
            return 0
        still = due(programme_id, terms.cold_days, clock.now()).filter(pk=recording.pk)
        row = still.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return 0
        ColdKeeping.objects.create(recording=row, storage_class=kind, marked_at=clock.now())
        after = {"class": kind, "days": terms.cold_days}
        audit.record(HOUSE, "cold.store", f"airing:{row.pk}", airing=row.airing, after=after)
        signals.tell(signals.recording_changed, airing_id=row.pk)
    return 1


def changed() -> QuerySet[ColdKeeping]:
    """Those of which something was made or mended since they went: that lies in the ordinary class, and goes after them."""
    mended = FixityCheck.objects.filter(recording=OuterRef("pk"), outcome=FixityCheck.Outcome.REPAIRED)
    made = Derivative.objects.filter(_FILES, recording=OuterRef("pk"))
    busy = engine.unfinished().filter(recording=OuterRef("pk"))
    rows = ColdKeeping.objects.annotate(
        mended_at=mended.values("recording").annotate(at=Max("checked_at")).values("at"),
        made_at=made.values("recording").annotate(at=Max("made_at")).values("at"),
    )
    later = Q(mended_at__gt=F("done_at")) | Q(made_at__gt=F("done_at"))
    return rows.filter(later, ~Exists(busy), asked_at=None)


# -- asking back -----------------------------------------------------------------------------------------------------


def may_ask(actor: Actor, programme_id: int) -> bool:
    """Whether the actor may have recordings of the programme brought back."""
    return can(actor, Ability.PRODUCE, programme_id) or can(actor, Ability.ADMINISTER, programme_id)


def ask(actor: Actor, airing_id: UUID) -> ColdKeeping:
    """Ask the stores for what lies cold of a recording, to be read for YISHI_COLD_BACK_DAYS. Needs PRODUCE or ADMINISTER. Audited.

    Takes its row; announces recording_changed. Asking again while it comes changes nothing, once it is back it prolongs that.
    Raises NotFound, Conflict for one that is not cold.
    """
    airing = Airing.objects.select_related("episode").filter(pk=airing_id).first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    if not may_ask(actor, airing.episode.programme_id):
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
    row = _ask(actor, airing, Why.HAND)
    if row is None:
        raise Conflict(_("这一场不在冷存储，可以直接使用。"))
    return row


def need(airing_id: UUID, why: ColdKeeping.Why) -> None:
    """The same by the house: somebody's work stopped at something cold. Silent where nothing is cold, or it comes already."""
    _ask(HOUSE, Airing.objects.get(pk=airing_id), why)


def _ask(actor: Actor, airing: Airing, why: ColdKeeping.Why) -> ColdKeeping | None:
    with transaction.atomic():
        row = ColdKeeping.objects.select_for_update().filter(pk=airing.pk).first()
        if row is None:
            return None
        comes = row.asked_at is not None and row.ready_at is None
        is_back = row.until is not None and row.until > clock.now()
        if comes or (is_back and why != Why.HAND):
            return row
        row.asked_at, row.asked_by_id, row.asked_for = clock.now(), actor.user_id, why
        row.sent_at = row.ready_at = row.until = None
        row.problem = ""
        row.save()
        audit.record(actor, "cold.retrieve", f"airing:{airing.pk}", airing=airing, after={"why": str(why)})
        signals.tell(signals.recording_changed, airing_id=airing.pk)
        transaction.on_commit(lambda: hints.hint(airing.pk))
    return row
