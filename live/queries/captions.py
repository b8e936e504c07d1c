"""Which caption lines are public now, and all of them for who writes them; a line waits for its picture as all that goes with it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet

from broadcast import clock, registry
from broadcast.models import Airing, Episode
from live import protocol, wording
from live.captions import seconds
from live.models import CaptionLine
from live.queries import behind

Span = tuple[dt.datetime, dt.datetime | None]
Stands = Literal["waiting", "public", "withheld", "removed"]
# The state carries what a player at the live edge, or a little behind it, still comes to. All else has an address of its own.
STATE_WINDOW = dt.timedelta(minutes=3)
STATE_MOST = 60
MOST = 10_000
STAFF_MOST = 80


def in_state(airing: Airing, seen: dt.datetime | None) -> list[protocol.CaptionObject]:
    """The lines of the last minutes before `seen` (None: the studio's now), while the show or its delayed end runs."""
    if airing.state == Airing.State.ENDED and seen is None:
        return []
    until = seen or clock.now()
    rows = _said(airing, until).filter(at__gt=until - STATE_WINDOW).order_by("-at", "-pk")[:STATE_MOST]
    return objects(reversed(_out(airing, list(rows))))


def public_lines(airing: Airing) -> list[CaptionLine]:
    """Every line whose picture the public has had, in order of time."""
    if airing.episode.publication == Episode.Publication.WITHDRAWN:
        return []
    until = behind.seen_until(airing) or clock.now()
    return _out(airing, list(_said(airing, until).order_by("at", "pk")[:MOST]))


def objects(lines: Iterable[CaptionLine]) -> list[protocol.CaptionObject]:
    """As everybody reads them."""
    return [_object(line) for line in lines]


def staff_lines(airing: Airing) -> list[dict[str, Any]]:
    """The newest lines for the captioner, the oldest first, each with where it stands and when it is public."""
    spans = withheld(airing)
    now = clock.now()
    seen = behind.seen_until(airing) or now
    rows = CaptionLine.objects.filter(room=airing.pk).select_related("by").order_by("-at", "-pk")[:STAFF_MOST]
    return [
        {
            "line": row.pk,
            "version": row.version,
            "text": row.text,
            "at": wording.iso(row.at),
            "command": row.command_id,
            "stands": _stands(row, airing, spans, seen),
            "public_at": wording.iso_or_none(behind.shown_from(airing, row.at)) or wording.iso(row.at),
            "by": row.source or (str(row.by) if row.by else ""),
        }
        for row in reversed(rows)
    ]


def total(airing_id: UUID) -> int:
    """How many lines stand."""
    return CaptionLine.objects.filter(room=airing_id, removed_at=None).count()


def withheld(airing: Airing) -> list[Span]:
    """From when to when what the studio did never reaches the public: what was cut off, or covered by something else."""
    return [span for _name, spans in registry.withheld for span in spans(airing)]


def _said(airing: Airing, until: dt.datetime) -> QuerySet[CaptionLine]:
    """Lines of the show itself that were said by `until`."""
    if airing.actual_start is None or airing.state == Airing.State.CANCELLED:
        return CaptionLine.objects.none()
    rows = CaptionLine.objects.filter(room=airing.pk, removed_at=None, at__gte=airing.actual_start, at__lte=until)
    return rows.filter(at__lte=airing.actual_end) if airing.actual_end is not None else rows


def _out(airing: Airing, rows: list[CaptionLine]) -> list[CaptionLine]:
    """Of these rows those that went out. Where nothing was said nobody is asked what was cut."""
    spans = withheld(airing) if rows else []
    return [row for row in rows if not _is_withheld(row, spans)]


def _is_withheld(row: CaptionLine, spans: Sequence[Span]) -> bool:
    """Whether any of its words fall into a span: the whole line goes, as its picture does."""
    over = row.until if row.until is not None and row.until > row.at else None
    over = over or row.at + dt.timedelta(seconds=seconds(row.text))
    return any(since < over and (end is None or row.at < end) for since, end in spans)


def _stands(row: CaptionLine, airing: Airing, spans: Sequence[Span], seen: dt.datetime) -> Stands:
    if row.removed_at is not None:
        return "removed"
    before = airing.actual_start is None or row.at < airing.actual_start
    after = airing.actual_end is not None and row.at > airing.actual_end
    if before or after or _is_withheld(row, spans):
        return "withheld"
    return "public" if row.at <= seen else "waiting"


def _object(row: CaptionLine) -> protocol.CaptionObject:
    return protocol.CaptionObject(
        key=f"caption:{row.pk}",
        id=row.pk,
        text=row.text,
        at=wording.iso(row.at),
        until=wording.iso_or_none(row.until),
    )
