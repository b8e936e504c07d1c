"""Tells the house what really went out of its airings, out of the as-run record; it only reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from uuid import UUID

from archive.models import AsRunEntry, Filler
from broadcast.asrun import Ran
from broadcast.models import Airing


def ran(airing_ids: Sequence[UUID]) -> dict[UUID, list[Ran]]:
    """By airing, its stretches in order; airings without any are left out. Three queries, however many they are."""
    rows = list(AsRunEntry.objects.filter(airing_id__in=airing_ids))
    fillers = _fillers(row.subject for row in rows if row.kind == AsRunEntry.Kind.FILLER)
    reruns = _reruns(row.subject for row in rows if row.kind == AsRunEntry.Kind.RERUN)
    subjects = fillers | reruns
    found: dict[UUID, list[Ran]] = defaultdict(list)
    for row in rows:
        subject = subjects.get(row.subject, "") if row.subject else ""
        label = str(row.get_kind_display())
        found[row.airing_id].append(Ran(row.started_at, row.ended_at, row.kind, label, row.reason, subject))
    return dict(found)


def _fillers(subjects: Iterable[str]) -> dict[str, str]:
    keys = {each for each in subjects if each.isdecimal()}
    return {str(each.pk): each.title for each in Filler.objects.filter(pk__in=keys)} if keys else {}


def _reruns(subjects: Iterable[str]) -> dict[str, str]:
    keys = set()
    for each in subjects:
        try:
            keys.add(UUID(each))
        except ValueError:
            continue
    airings = Airing.objects.filter(pk__in=keys).select_related("episode__programme") if keys else ()
    return {str(each.pk): str(each.episode) for each in airings}
