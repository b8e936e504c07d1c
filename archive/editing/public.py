"""What applied edits take from the public: spans of programme time whose words, or whose everything, is not shown; it changes nothing."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db.models import F, Q

from archive.models import Edit, EditedReplay
from broadcast.models import Airing

Span = tuple[dt.datetime, dt.datetime]
# Of a trim: from and until always.
BEGINNING = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(9999, 1, 1, tzinfo=dt.UTC)
_K = Edit.Kind


def withheld_words(airing: Airing | UUID) -> list[Span]:
    """Spans of programme time whose words may not be shown, in order: cut, before and behind a trim, or bleeped; applied alone.

    It is so from the moment of applying, before the files follow.
    """
    return _spans(airing, (_K.CUT, _K.TRIM, _K.BLEEP))


def withheld_words_of(airings: Iterable[UUID]) -> dict[UUID, list[Span]]:
    """The same of many airings in one query; those without any are left out."""
    return _spans_of(airings, (_K.CUT, _K.TRIM, _K.BLEEP))


def cut_out(airing: Airing | UUID) -> list[Span]:
    """Spans of programme time of which the public's replay holds nothing, because they were cut or trimmed away."""
    return _spans(airing, (_K.CUT, _K.TRIM))


def touches(spans: Sequence[Span], starts_at: dt.datetime, ends_at: dt.datetime) -> bool:
    """Whether something said from then to then falls into a span, be it in part: which of its words, nobody can tell."""
    return any(since < ends_at and starts_at < until for since, until in spans)


def is_hidden(airing: Airing | UUID) -> bool:
    """Whether files or stores may still hold what applied edits take away: until they follow, nobody but staff gets the replay."""
    pk = airing.pk if isinstance(airing, Airing) else airing
    behind = Q(written__lt=F("hidden")) | Q(cleared__lt=F("hidden"))
    return EditedReplay.objects.filter(behind, pk=pk).exists()


def _spans(airing: Airing | UUID, kinds: Iterable[Edit.Kind]) -> list[Span]:
    key = airing.pk if isinstance(airing, Airing) else airing
    return _spans_of([key], kinds).get(key, [])


def _spans_of(airings: Iterable[UUID], kinds: Iterable[Edit.Kind]) -> dict[UUID, list[Span]]:
    rows = Edit.objects.filter(airing__in=list(airings), state=Edit.State.APPLIED, kind__in=kinds)
    found: dict[UUID, list[Span]] = defaultdict(list)
    for airing, kind, since, until in rows.values_list("airing", "kind", "starts_at", "ends_at"):
        found[airing] += [(BEGINNING, since), (until, END)] if kind == _K.TRIM else [(since, until)]
    return {airing: sorted(spans) for airing, spans in found.items()}


def documents(airing: Airing, sealed: bool) -> dict[str, Any]:
    """What of its edits belongs into its bag: sealed, all that stand or stood, with their reasons; else nothing."""
    rows = Edit.objects.filter(airing=airing).exclude(state=Edit.State.DRAFT).order_by("pk") if sealed else ()
    found = [
        {
            "id": each.pk,
            "kind": each.kind,
            "state": each.state,
            "starts_at": each.starts_at.isoformat(),
            "ends_at": each.ends_at.isoformat(),
            "reason": each.reason,
        }
        for each in rows
    ]
    return {"edits.json": found} if found else {}
