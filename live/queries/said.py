"""The typed captions of an airing for whoever keeps it: lines that were not taken out, each as long as it stood."""

from __future__ import annotations

import datetime as dt

from broadcast.models import Airing
from broadcast.said import Said
from live.captions import seconds
from live.models import CaptionLine


def said(airing: Airing) -> list[Said]:
    """In order of time."""
    rows = list(CaptionLine.objects.filter(room=airing.pk, removed_at__isnull=True).order_by("at", "pk"))
    found = []
    for number, row in enumerate(rows):
        until = row.until or row.at + dt.timedelta(seconds=seconds(row.text))
        if number + 1 < len(rows):
            until = min(until, rows[number + 1].at)
        if until > row.at:
            found.append(Said(row.at, until, row.text))
    return found
