"""Reads a run-down with what really ran of it, for its page, its files and the control room; it writes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from broadcast import clock
from broadcast.models import Airing, AuditEntry, Segment, SegmentRole, SegmentRun
from broadcast.rundown_lines import FOLLOW, HARD, plan_of
from scheduling.backtime import Line, Order, Run, order
from scheduling.rundown_words import beginning, length, sentences

_OVER = frozenset({Airing.State.ENDED, Airing.State.CANCELLED})
_CHANGES_TOLD = 5


def state(airing: Airing) -> dict[str, Any]:
    """All that the page draws from, as plain data; times in ISO 8601, lengths and offsets in seconds. Six queries."""
    airing = Airing.objects.select_related("episode").get(pk=airing.pk)
    return {
        "version": airing.episode.rundown_version,
        "now": clock.now().isoformat(),
        "state": airing.state,
        "planned_start": airing.planned_start.isoformat(),
        "planned_end": airing.planned_end.isoformat(),
        "actual_start": _iso(airing.actual_start),
        "actual_end": _iso(airing.actual_end),
        "lines": [_line(each) for each in _segments(airing)],
        "runs": [
            {"segment": run.segment_id, "started": run.started_at.isoformat(), "ended": _iso(run.ended_at)}
            for run in runs(airing).values()
        ],
        "changed": changed(airing.episode_id),
    }


def lines_of(airing: Airing) -> dict[str, Any]:
    """What the control room counts over and under with: the lines of the running order, by segment."""
    return {
        "lines": [
            {"id": each.pk, **{name: getattr(line, name) for name in ("seconds", "at", "wait", "least", "most")}}
            for each in _segments(airing)
            for line in [_timed(each)]
        ]
    }


def laid(airing: Airing, *, planned: bool = False) -> tuple[list[Segment], Order]:
    """The segments, and the running order now, in seconds from the airing's planned start; `planned`: as if nothing had run."""
    segments = _segments(airing)
    begin = airing.planned_start

    def since(moment: dt.datetime) -> float:
        return (moment - begin).total_seconds()

    end = since(airing.planned_end)
    lines = [_timed(each) for each in segments]
    if planned:
        return segments, order(lines, end=end)
    known = {
        run.segment_id: Run(since(run.started_at), since(run.ended_at) if run.ended_at else None)
        for run in runs(airing).values()
    }
    closed = airing.state in _OVER
    now = since(airing.actual_end) if closed and airing.actual_end else since(clock.now())
    return segments, order(lines, end=end, runs=known, now=now, closed=closed)


def printed(airing: Airing, segments: list[Segment], order: Order) -> list[dict[str, Any]]:
    """Rows for paper, and for who has no script: each segment with its words, and its planned start."""
    shapes = {shape.key: shape for shape in order.lines}
    return [
        {
            "segment": each,
            "beginning": beginning(plan_of(each)),
            "length": length(each.planned_seconds),
            "planned": airing.planned_start + dt.timedelta(seconds=shapes[each.pk].planned),
        }
        for each in segments
    ]


def runs(airing: Airing) -> dict[int, SegmentRun]:
    """When each segment ran, by segment; of one that was taken twice the last time."""
    return {run.segment_id: run for run in SegmentRun.objects.filter(airing=airing).order_by("started_at")}


def changed(episode_id: int, since: int = 0) -> list[dict[str, Any]]:
    """The newest changes of the run-down, the last first: at, who (empty for the house, or when erased), version, words.

    `since`: only what came after that version of it.
    """
    entries = AuditEntry.objects.filter(target=f"rundown:{episode_id}", act="rundown.change")
    roles: dict[str, str] | None = None
    told: list[dict[str, Any]] = []
    for entry in entries.select_related("personal").order_by("-id")[:_CHANGES_TOLD]:
        after = entry.after or {}
        if after.get("version", 0) <= since:
            break
        if roles is None:
            roles = _roles(episode_id)
        personal = getattr(entry, "personal", None)
        name = str(personal.data.get("name", "")) if personal is not None else ""
        told.append(
            {
                "at": entry.at.isoformat(),
                "who": "" if name == "system" else name,
                "version": after.get("version"),
                "words": sentences(after.get("changes", []), roles),
            }
        )
    return told


def _segments(airing: Airing) -> list[Segment]:
    return list(Segment.objects.filter(episode=airing.episode_id).select_related("role").order_by("position"))


def _timed(segment: Segment) -> Line:
    """A segment for the arithmetic."""
    least = most = wait = None
    if segment.is_floating:
        # The length can be changed elsewhere, without a look at the bounds.
        least = min(segment.least_seconds or 0, segment.planned_seconds)
        most = max(segment.most_seconds or 0, segment.planned_seconds)
    if segment.start == HARD:
        wait = segment.wait_seconds or 0
    at = segment.offset_seconds if segment.start != FOLLOW else None
    return Line(
        segment.pk, segment.planned_seconds, at=at, wait=wait if at is not None else None, least=least, most=most
    )


def _line(segment: Segment) -> dict[str, Any]:
    return {
        "id": segment.pk,
        "title": segment.title,
        "seconds": segment.planned_seconds,
        "role": segment.role.code if segment.role else "",
        "mark": segment.role.mark if segment.role else "",
        "role_name": segment.role.name if segment.role else "",
        "start": segment.start,
        "offset": segment.offset_seconds,
        "wait": segment.wait_seconds,
        "is_floating": segment.is_floating,
        "least": segment.least_seconds,
        "most": segment.most_seconds,
        "note": segment.note,
    }


def _roles(episode_id: int) -> dict[str, str]:

    roles = SegmentRole.objects.filter(programme__episodes=episode_id)
    return {each.code: each.name for each in roles}


def _iso(moment: dt.datetime | None) -> str | None:
    return moment.isoformat() if moment else None
