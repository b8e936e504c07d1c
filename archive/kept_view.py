"""How a recording is kept, for its staff page: manifest, what reading it again found, how far stores are behind; it writes nothing."""

from __future__ import annotations

import datetime as dt
import time
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from archive import derivatives, fixity, uploader
from archive.models import Derivative, FixityCheck, Recording
from archive.parts import AiringFolder
from archive.queries import from_milliseconds
from archive.storage import MAIN
from archive.storage.places import leaving
from archive.storage.shelf import MEDIA, Shelf
from broadcast import env

_LISTED = 50
_BELIEVED_SECONDS = 10.0
_MOST_KNOWN = 32
_known: dict[UUID, tuple[float, list[Behind]]] = {}


@dataclass(frozen=True)
class Behind:
    """What one store has yet to get of the segments on this machine's disk; `since` is the oldest of them."""

    place: str
    waiting: int
    size: int
    since: dt.datetime | None


def view(airing_id: UUID) -> dict[str, Any]:
    """Everything that the card shows. Blocks on the disk."""
    stores = sorted(leaving())
    found = manifest_of(airing_id)
    return {
        "manifest": found,
        "address": derivatives.address(found) if found else "",
        "stores": stores,
        "behind": [{"name": _place_words(each.place, True), **vars(each)} for each in behind(airing_id) or ()],
        "reported": _reported(airing_id) if stores and behind(airing_id) is None else [],
        **_read(airing_id, has_store=MAIN in stores),
    }


def manifest_of(airing_id: UUID) -> Derivative | None:
    """The manifest's row."""
    return Derivative.objects.filter(recording_id=airing_id, kind=Derivative.Kind.MANIFEST).first()


def behind(airing_id: UUID) -> list[Behind] | None:
    """How far each store is behind with what lies here, by disk and log, so that it is told after the show as well.

    Empty where there is no store; None where the recording is not on this machine. Believed for ten seconds.
    """
    folder = AiringFolder(airing_id).path
    if not folder.is_dir():
        return None
    asked, found = _known.get(airing_id, (-_BELIEVED_SECONDS, []))
    if time.monotonic() - asked >= _BELIEVED_SECONDS:
        found = []
        for name, store in leaving().items():
            shelf = Shelf(folder, f"airings/{airing_id}", uploader.label(name), store)
            left = [each for each in shelf.files() if each.name.endswith(MEDIA) and not shelf.has(each.name)]
            oldest = min((each.written_ns for each in left), default=0)
            since = from_milliseconds(oldest // 1_000_000) if oldest else None
            found.append(Behind(name, len(left), sum(each.size for each in left), since))
        if len(_known) >= _MOST_KNOWN:
            _known.clear()
        _known[airing_id] = (time.monotonic(), found)
    return found


def _reported(airing_id: UUID) -> list[dict[str, Any]]:
    """What the recorder last said of it, for a machine that has not its disk."""
    health = Recording.objects.values_list("health", flat=True).filter(pk=airing_id).first() or {}
    return [
        {"name": _place_words(each["place"], True), "waiting": each["waiting"], "size": each["waiting_bytes"]}
        for each in health.get("store", {}).get("places", ())
    ]


def _read(airing_id: UUID, *, has_store: bool) -> dict[str, Any]:
    """The last whole reading, what stays bad, what was mended."""
    rows = FixityCheck.objects.filter(recording_id=airing_id)
    whole = rows.filter(place=fixity.WHOLE).first()
    mended = list(rows.filter(outcome=FixityCheck.Outcome.REPAIRED)[:_LISTED])
    bad = fixity.bad(airing_id)
    days = int(env.read("FIXITY_DAYS"))
    return {
        "read_at": whole.checked_at if whole else None,
        "good": int(whole.found) if whole else 0,
        "next_at": whole.checked_at + dt.timedelta(days=days) if whole and days else None,
        "bad": [_shown(each, has_store) for each in bad[:_LISTED]],
        "bad_count": len(bad),
        "mended": [_shown(each, has_store) for each in mended],
    }


def _shown(row: FixityCheck, has_store: bool) -> dict[str, Any]:
    return {
        "name": row.key.split("/", 2)[-1],
        "place": _place_words(row.place, has_store),
        "outcome": row.get_outcome_display(),
        "at": row.checked_at,
    }


def _place_words(place: str, has_store: bool) -> str:
    if place == MAIN:
        return _("存储") if has_store else _("本机磁盘")
    return _("第二份")
