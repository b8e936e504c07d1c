"""How all recordings are kept, for the staff page: per place what is known of it, readings, what is wrong; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import F, Max, Q
from django.utils.translation import gettext as _

from archive import fixity
from archive.models import Derivative, FixityCheck, Recording
from archive.storage import MAIN, SECOND, places
from archive.storage.places import kept
from broadcast import env
from broadcast.models import Programme

SHOWN = 100
_Outcome = FixityCheck.Outcome


@dataclass(frozen=True)
class PlaceRow:
    """One place: how many objects should lie there and how many bytes; what of them is bad now, and was mended ever."""

    name: str
    words: str
    objects: int
    size: int
    missing: int
    damaged: int
    repaired: int


def readable(programmes: list[Programme]) -> Q:
    """Recordings of these programmes."""
    return Q(airing__episode__programme__in=programmes)


def view(programmes: list[Programme]) -> dict[str, Any]:
    """Everything that the page shows of these programmes."""
    recordings = Recording.objects.filter(readable(programmes), state=Recording.State.FINISHED)
    keys = set(recordings.values_list("pk", flat=True))
    bad = [each for each in fixity.bad() if each.recording_id in keys]
    mended = FixityCheck.objects.filter(recording_id__in=keys, outcome=_Outcome.REPAIRED)
    rows = _rows(keys)
    return {
        "places": _places(keys, bad, mended),
        "rows": rows[:SHOWN],
        "count": len(rows),
        "unread": sum(each["read_at"] is None for each in rows),
        "last": max((each["read_at"] for each in rows if each["read_at"]), default=None),
        "next": min((each["next_at"] for each in rows if each["next_at"]), default=None),
        "days": int(env.read("FIXITY_DAYS")),
        "bad": _listed(bad[:SHOWN]),
        "bad_count": len(bad),
        "mended": _listed(list(mended.select_related("recording__airing__episode__programme")[:SHOWN])),
    }


def _places(keys: set[UUID], bad: list[FixityCheck], mended: Any) -> list[PlaceRow]:
    """By the manifests' steps, which say how many objects each lists; a place is not asked, that would take too long."""
    objects = size = 0
    listed = Recording.objects.filter(pk__in=keys, steps__kind="manifest", steps__state="done")
    for result in listed.values_list("steps__result", flat=True):
        objects += int(result.get("objects", 0))
        size += int(result.get("bytes", 0))
    wrong = Counter((each.place, each.outcome) for each in bad)
    good_again = Counter(mended.values_list("place", flat=True))
    return [
        PlaceRow(
            name,
            place_words(name),
            objects,
            size,
            wrong[name, _Outcome.MISSING],
            wrong[name, _Outcome.DAMAGED],
            good_again[name],
        )
        for name in places()
    ]


def _rows(keys: set[UUID]) -> list[dict[str, Any]]:
    """Each recording with its last and next whole reading, the longest unread first."""
    days = int(env.read("FIXITY_DAYS"))
    read = Max("fixity_checks__checked_at", filter=Q(fixity_checks__place=fixity.WHOLE))
    found = (
        Recording.objects.filter(pk__in=keys)
        .select_related("airing__episode__programme")
        .annotate(read_at=read)
        .order_by(F("read_at").asc(nulls_first=True), "pk")
    )
    with_manifest = set(
        Derivative.objects.filter(recording_id__in=keys, kind=Derivative.Kind.MANIFEST).values_list(
            "recording_id", flat=True
        )
    )
    return [
        {
            "recording": each,
            "episode": each.airing.episode,
            "read_at": each.read_at,
            "next_at": each.read_at + dt.timedelta(days=days) if each.read_at and days else None,
            "has_manifest": each.pk in with_manifest,
        }
        for each in found
    ]


def _listed(rows: list[FixityCheck]) -> list[dict[str, Any]]:
    known = Recording.objects.select_related("airing__episode__programme").in_bulk({each.recording_id for each in rows})
    return [
        {
            "recording": known[each.recording_id],
            "episode": known[each.recording_id].airing.episode,
            "name": each.key.split("/", 2)[-1],
            "place": place_words(each.place),
            "outcome": each.get_outcome_display(),
            "at": each.checked_at,
        }
        for each in rows
    ]


def place_words(name: str) -> str:
    """A place as people call it."""
    if name == SECOND:
        return _("第二份")
    return _("存储") if name == MAIN and kept() is not None else _("本机磁盘")
