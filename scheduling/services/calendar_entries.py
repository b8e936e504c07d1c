"""Counts the versions of calendar entries: SEQUENCE rises when what calendars are told of an airing changes; it tells nobody."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from django.db.models import F

from broadcast import clock
from scheduling.models import CalendarEntry
from scheduling.outing import Outing


def versioned(outings: Sequence[Outing]) -> list[Outing]:
    """The outings with the version of their entries, which is raised here for those that say something else than the last time.

    The house's own bookkeeping, without an actor: nothing is changed but these numbers. Any number of processes may do it at once:
    each change is one compare-and-set on the digest, so that a version never stands for two contents given one after the other.
    One query where nothing changed.
    """
    known = _known(outings)
    now = clock.now()
    fresh = [each for each in outings if each.id not in known]
    changed = [each for each in outings if each.id in known and known[each.id].digest != each.digest]
    if not fresh and not changed:
        return _with(outings, known)
    CalendarEntry.objects.bulk_create(
        [CalendarEntry(airing_id=each.id, digest=each.digest, changed_at=now) for each in fresh], ignore_conflicts=True
    )
    for each in changed:
        CalendarEntry.objects.filter(airing_id=each.id, digest=known[each.id].digest).update(
            digest=each.digest, sequence=F("sequence") + 1, changed_at=now
        )
    return _with(outings, _known(outings))


def _known(outings: Sequence[Outing]) -> dict[object, CalendarEntry]:
    return {row.airing_id: row for row in CalendarEntry.objects.filter(airing_id__in=[each.id for each in outings])}


def _with(outings: Sequence[Outing], known: dict[object, CalendarEntry]) -> list[Outing]:
    # An airing that was deleted meanwhile is left out.
    return [
        replace(each, sequence=_sequence(each, known[each.id]), changed_at=known[each.id].changed_at)
        for each in outings
        if each.id in known
    ]


def _sequence(outing: Outing, entry: CalendarEntry) -> int:
    """That of the entry; of what is older by now (it changed while we read), the one before."""
    return entry.sequence if entry.digest == outing.digest else max(entry.sequence - 1, 0)
