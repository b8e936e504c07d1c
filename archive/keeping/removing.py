"""Removes the media of recordings that were never public and are past their programme's terms; what was ever public stays for good.

First the row says it and nobody gets the media any more, then they go from every place, however often the process dies between.
"""

from __future__ import annotations

import datetime as dt
import logging
import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Q, QuerySet

from archive.models import ColdKeeping, Derivative, KeepingTerms, MediaRemoval, Part, Recording, Step
from archive.storage import media
from archive.storage.places import leaving
from broadcast import audit, clock, signals
from broadcast.access import HOUSE
from broadcast.errors import BroadcastError
from broadcast.models import Airing, Episode, Programme
from broadcast.services import holds

logger = logging.getLogger(__name__)
_LOOK_SECONDS = 600.0
# So many recordings in one look; the next goes on.
PIECE = 5
_looked = -_LOOK_SECONDS
_R = MediaRemoval.Rule


@dataclass(frozen=True)
class Terms:
    """Days; None: for good."""

    rehearsal_days: int | None = None
    unpublished_days: int | None = None
    # Nothing goes by this one but to cold storage: cold.py.
    cold_days: int | None = None

    @classmethod
    def of_row(cls, row: KeepingTerms | None) -> Terms:
        """What a row says; without one all is for good, and at hand."""
        return cls(row.rehearsal_days, row.unpublished_days, row.cold_days) if row else cls()

    def of(self, rule: MediaRemoval.Rule) -> int | None:
        """The days of one rule."""
        return self.rehearsal_days if rule == _R.REHEARSAL else self.unpublished_days


def terms_of(programme_id: int) -> Terms:
    """What stands; for good where nobody said anything."""
    return Terms.of_row(KeepingTerms.objects.filter(pk=programme_id).first())


def due(programme_id: int, terms: Terms, at: dt.datetime) -> list[tuple[MediaRemoval.Rule, QuerySet[Recording]]]:
    """By rule the finished recordings of the programme that are past these terms at a time; those that a legal hold keeps among them."""
    found = []
    for rule in _R:
        days = terms.of(rule)
        if days is not None:
            found.append((rule, _never_public(programme_id, rule, at - dt.timedelta(days=days))))
    return found


def _never_public(programme_id: int, rule: MediaRemoval.Rule, before: dt.datetime) -> QuerySet[Recording]:
    kind = Q(airing__kind=Airing.Kind.REHEARSAL)
    if rule == _R.UNPUBLISHED:
        # Withdrawn ones were public: they are sealed, not removed. What is shown elsewhere in the house as a rerun was public too.
        never = Q(airing__episode__published_at=None, airing__episode__signed_off_at=None)
        kind = (
            ~kind
            & never
            & Q(airing__episode__publication__in=[Episode.Publication.DRAFT, Episode.Publication.INTERNAL])
        )
    return (
        Recording.objects.filter(kind, airing__episode__programme=programme_id, airing__state=Airing.State.ENDED)
        .filter(state=Recording.State.FINISHED, airing__actual_end__lte=before, removal=None)
        # Old tapes that were imported wait for their sign-off as long as it takes.
        .exclude(parts__source=Part.Source.FILE)
        .order_by("airing__actual_end")
    )


def reconcile() -> int:
    """Every ten minutes: mark what is due, a few at a time, and take away the media of what is marked. Any number may run at once."""
    global _looked
    if time.monotonic() - _looked < _LOOK_SECONDS:
        return 0
    _looked = time.monotonic()
    return run()


def run() -> int:
    """The same now. Returns how many recordings' media went."""
    for programme in Programme.objects.filter(keeping_terms__isnull=False):
        mark(programme.pk)
    return sum(take_away(each) for each in list(MediaRemoval.objects.filter(done_at=None)[:PIECE]))


def mark(programme_id: int) -> int:
    """Say of some that are due that they go; returns how many. Takes each recording's row and the lock of holds. Audited as the house's.

    Announces recording_changed.
    """
    marked = 0
    held = holds.standing().airings
    for rule, rows in due(programme_id, terms_of(programme_id), clock.now()):
        for recording in [each for each in rows if each.pk not in held][: PIECE - marked]:
            marked += _mark(recording, programme_id, rule)
    return marked


def _mark(recording: Recording, programme_id: int, rule: MediaRemoval.Rule) -> int:
    with transaction.atomic():
        standing = holds.guard()
        # Terms and publication as they are now, not as they were when we looked.
        terms = KeepingTerms.objects.select_for_update().filter(pk=programme_id).first()
        days = Terms.of_row(terms).of(rule)
        if days is None or recording.pk in standing.airings:
            return 0
        Episode.objects.select_for_update().get(airings=recording.pk)
        still = _never_public(programme_id, rule, clock.now() - dt.timedelta(days=days)).filter(pk=recording.pk)
        row = still.select_for_update(of=("self",), skip_locked=True).first()
        if row is None:
            return 0
        MediaRemoval.objects.create(recording=row, rule=rule, days=days, at=clock.now())
        Step.objects.filter(recording=row).delete()
        Derivative.objects.filter(recording=row).delete()
        ColdKeeping.objects.filter(recording=row).delete()
        row.replay_ready_at = None
        row.save(update_fields=["replay_ready_at"])
        audit.record(
            HOUSE, "retention.media", f"airing:{row.pk}", airing=row.airing, after={"rule": rule, "days": days}
        )
        signals.tell(signals.recording_changed, airing_id=row.pk)
    return 1


def take_away(removal: MediaRemoval) -> int:
    """Delete all objects of a marked recording, in every place; 1 when none is left. A place that is down is asked again later."""
    prefix = f"airings/{removal.recording_id}"
    gone = 0
    try:
        for place in [*leaving().values(), media()]:
            for key in list(place.list(prefix)):
                place.delete(key)
                gone += 1
    except (BroadcastError, OSError) as error:
        logger.error("media past their time are still there airing=%s: %s", removal.recording_id, error)
        return 0
    shutil.rmtree(media().path(prefix), ignore_errors=True)
    total = removal.objects_gone + gone
    MediaRemoval.objects.filter(pk=removal.pk, done_at=None).update(done_at=clock.now(), objects_gone=total)
    logger.info("media past their time removed airing=%s objects=%s", removal.recording_id, total)
    return 1


def size_of(rows: Iterable[Recording]) -> int:
    """Bytes that were received of them; what was made of them is not counted."""
    return sum(each.received_bytes for each in rows)
