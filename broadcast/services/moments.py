"""Marks moments of an airing; where they lie on the recording is the archive's to find."""

from __future__ import annotations

import datetime as dt
from typing import Any

from broadcast import clock
from broadcast.models import Airing, Moment


def mark(
    airing: Airing,
    kind: str,
    title: str = "",
    *,
    data: dict[str, Any] | None = None,
    at: dt.datetime | None = None,
    public: bool = True,
) -> Moment:
    """Mark `at` (default: now) of the airing. `kind` is noun.verb as on the wire. Called by services that checked the right."""
    return Moment.objects.create(
        airing=airing, kind=kind, title=title[:200], data=data or {}, at=at or clock.now(), is_public=public
    )
