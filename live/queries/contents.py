"""What an episode holds, for its replay: what ran, was asked, answered and promised, each at its second; only what is public now."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from broadcast import registry, replay_times
from broadcast.models import Airing, SegmentRun

ASKED, ANSWERED, PROMISED = "question.show", "question.answer", "question.promise"
Spans = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Place:
    """Something of the show with the second of the replay at which it is seen, None where nothing is recorded."""

    kind: str
    key: int
    title: str
    at: str
    second: float | None

    @property
    def whole(self) -> int | None:
        """The whole second, for an address that begins there."""
        return int(self.second) if self.second is not None else None


@dataclass(frozen=True)
class Contents:
    """The episode's contents, each list in order of time. A question stands once in each."""

    segments: tuple[Place, ...]
    asked: tuple[Place, ...]
    answered: tuple[Place, ...]
    promised: tuple[Place, ...]
    calls: tuple[Place, ...]
    polls: tuple[Place, ...]

    @property
    def only_asked(self) -> set[int]:
        """Questions of which nothing else stands here: what was written about them later is told where they were asked."""
        return {place.key for place in self.asked} - {place.key for place in (*self.answered, *self.promised)}

    @property
    def chapters(self) -> list[Place]:
        """Parts that ran, calls and questions that were answered: what a player offers to jump to."""
        shown = {place.key: place for place in self.asked}
        # A chapter begins where the question was put, not where it was ticked off.
        answered = [shown.get(place.key, place) for place in self.answered]
        found = [each for each in (*self.segments, *self.calls, *answered) if each.second is not None]
        return sorted(found, key=lambda each: (each.second or 0.0, each.kind != "segment"))


def contents(airing: Airing, spans: Spans, names: Mapping[str, str]) -> Contents:
    """Of everything that the apps mark on the replay. `names`: of segments' roles in the reader's language, by the Chinese one."""
    marks = sorted(public_marks(airing), key=lambda mark: str(mark["at"]))
    return Contents(
        segments=tuple(_segments(airing, spans, names)),
        asked=_of(marks, spans, ASKED, "question"),
        answered=_of(marks, spans, ANSWERED, "question"),
        promised=_of(marks, spans, PROMISED, "question"),
        calls=_of(marks, spans, "call.start", "call"),
        polls=_of(marks, spans, "poll.open", "poll"),
    )


def public_marks(airing: Airing) -> list[dict[str, Any]]:
    """Every app's marks that are for everybody."""
    return [mark for _name, function in registry.timeline for mark in function(airing, False)]


def cut_out(airing: Airing) -> list[tuple[dt.datetime, dt.datetime]]:
    """Spans of the studio's time that were edited out of the replay."""
    return [span for _name, spans in registry.cut_out for span in spans(airing)]


def is_within(spans: Sequence[tuple[dt.datetime, dt.datetime]], at: str) -> bool:
    """Whether a time (ISO 8601) lies in one of them."""
    moment = dt.datetime.fromisoformat(at)
    return any(since <= moment < until for since, until in spans)


def _of(marks: list[dict[str, Any]], spans: Spans, kind: str, key: str) -> tuple[Place, ...]:
    found: dict[int, Place] = {}
    for mark in marks:
        if mark["kind"] == kind and mark.get(key) is not None and mark[key] not in found:
            found[mark[key]] = Place(kind, mark[key], str(mark["title"]), mark["at"], _second(spans, mark["at"]))
    return tuple(found.values())


def _segments(airing: Airing, spans: Spans, names: Mapping[str, str]) -> list[Place]:
    runs = SegmentRun.objects.filter(airing=airing).select_related("segment__role").order_by("started_at")
    found = []
    out = cut_out(airing)
    for run in runs:
        ended = run.ended_at or airing.actual_end or run.started_at
        if any(since <= run.started_at and ended <= until for since, until in out):
            # All of it was edited out.
            continue
        role = run.segment.role.name_zh if run.segment.role else ""
        title = "　".join(each for each in (names.get(role, role), run.segment.title) if each)
        at = run.started_at.isoformat()
        found.append(Place("segment", run.pk, title, at, _second(spans, at)))
    return found


def _second(spans: Spans, at: str) -> float | None:
    found = replay_times.offset_of(spans, dt.datetime.fromisoformat(at))
    # Marks are told in whole milliseconds: a second must not be lost by what they leave out.
    return None if found is None else round(found, 1)
