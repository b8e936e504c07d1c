"""What of an airing the public never gets though the studio made it: spans cut, covered by hand or edited out; it decides nothing."""

from __future__ import annotations

import datetime as dt

from django.db.models import F

from archive.editing import public
from archive.ffmpeg import SEGMENT_SECONDS
from archive.models import OutputCut, SourceChoice
from broadcast.models import Airing

SEGMENT = dt.timedelta(seconds=SEGMENT_SECONDS)


def spans(airing: Airing) -> list[tuple[dt.datetime, dt.datetime | None]]:
    """By media time, from and until (None: still): of cuts, and of a filler that a person put in the studio's place.

    Whole segments are withheld: any that was not out at a CUT, and any that began before its end.
    """
    cuts = OutputCut.objects.filter(airing=airing, state__in=[OutputCut.State.ACTIVE, OutputCut.State.RESUMED])
    found: list[tuple[dt.datetime, dt.datetime | None]] = [
        (since - SEGMENT, until + SEGMENT if until is not None else None)
        for since, until in cuts.values_list("from_media_time", F("until_media_time"))
        if since is not None
    ]
    choices = list(
        SourceChoice.objects.filter(airing=airing)
        .order_by("from_media_time", "id")
        .values_list("from_media_time", "source")
    )
    ends = [*(since for since, _source in choices[1:]), None]
    for (since, source), end in zip(choices, ends, strict=True) if choices else ():
        if source == SourceChoice.Source.FALLBACK:
            found.append((since, end + SEGMENT if end is not None else None))
    # Edits are exact.
    return [*found, *public.withheld_words(airing)]
