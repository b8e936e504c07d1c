"""The arithmetic of a running order: when each line is planned, expected, and must begin at the latest, so that the show ends on time.

Pure: times are seconds from the planned start of the show; it knows no table, no clock and no words. `broadcast/backtime.js` is the
same for pages that count on every second; a test holds the two together.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any


@dataclass(frozen=True)
class Line:
    """One line of the running order.

    `seconds` is the planned length; a floating line may take from `least` to `most` instead; of others both are None. `at` is the
    time that a line is to begin at; without one it follows the line before. With `wait` that start is hard: earlier never, later by
    `wait` seconds at most (0: the line before is cut); with `wait` None it is soft: aimed at by the floating lines before it, no more.
    """

    key: Hashable
    seconds: float
    at: float | None = None
    wait: float | None = None
    least: float | None = None
    most: float | None = None

    def __post_init__(self) -> None:
        if self.seconds < 0 or (self.wait is not None and self.wait < 0):
            raise ValueError("a line takes no negative time")
        if self.wait is not None and self.at is None:
            raise ValueError("a line with a hard start says when")
        if not 0 <= self.shortest <= self.seconds <= self.longest:
            raise ValueError("a floating line's planned length lies between its least and its most")

    @property
    def shortest(self) -> float:
        """The least it may take."""
        return self.seconds if self.least is None else self.least

    @property
    def longest(self) -> float:
        """The most it may take."""
        return self.seconds if self.most is None else self.most


@dataclass(frozen=True)
class Run:
    """When a line really began, and ended; `ended` None: it runs."""

    started: float
    ended: float | None = None


class Stand(StrEnum):
    """Where a line stands. Skipped: something after it has begun, or the show is over, and it never ran."""

    DONE = "done"
    RUNNING = "running"
    SKIPPED = "skipped"
    AHEAD = "ahead"


@dataclass(frozen=True)
class Shape:
    """One line in time. `start` is when it began or is expected to; `seconds` how long it took or is expected to take.

    `planned` and `planned_seconds` are the same before anything has run. `latest`: begun later than this, the show (or the next hard
    start) cannot be held even with the floating lines at their shortest; None for what is not ahead. `gap`: empty seconds before a
    hard start that is reached too early. `cut`: seconds that what is before loses to this line's hard start.
    """

    key: Hashable
    stand: Stand
    planned: float
    planned_seconds: float
    start: float
    seconds: float
    latest: float | None = None
    gap: float = 0
    cut: float = 0

    @property
    def over(self) -> float:
        """Seconds later (positive) or earlier than planned."""
        return self.start - self.planned


@dataclass(frozen=True)
class Order:
    """The whole running order in time. `aim` is when the show should end, `planned_end` when it would as planned, `end` when it did
    or is expected to. `late`: seconds by which the next line is late, before floating lines take them back. `slack`: seconds that may
    still be lost before the next hard start, or the end, cannot be held; negative: it is lost already."""

    lines: tuple[Shape, ...]
    aim: float
    planned_end: float
    end: float
    late: float
    slack: float

    @property
    def over(self) -> float:
        """Seconds by which the end is expected to be late (positive) or early."""
        return self.end - self.aim


def order(
    lines: Sequence[Line],
    *,
    end: float,
    runs: Mapping[Any, Run] | None = None,
    now: float = 0,
    closed: bool = False,
) -> Order:
    """Lay the lines into time: what ran as it ran, the running one to its planned length or to now, the rest after it.

    Floating lines give way in proportion to the room each has, so that the next timed line, or `end`, is met. What stands before the
    line that began last and never ran was skipped. Nothing is expected before `now`; nothing at all once the show is `closed`.
    """
    known = runs or {}
    plan, planned_end = _planned(lines, end)
    last = max(
        (place for place in range(len(lines)) if lines[place].key in known), key=_begun(lines, known), default=-1
    )
    ahead = [place for place in range(last + 1, len(lines)) if lines[place].key not in known and not closed]
    shapes: dict[int, Shape] = {}
    at = passed = max(0.0, now) if last < 0 and not closed else 0.0
    for place, line in enumerate(lines):
        run = known.get(line.key)
        if run is None:
            shapes[place] = Shape(line.key, Stand.SKIPPED, *plan[place], at, 0)
            continue
        until = max(run.started + line.seconds, now) if run.ended is None else run.ended
        at = max(at, until)
        passed = max(passed, run.started, now if run.ended is None else run.ended)
        stand = Stand.RUNNING if run.ended is None else Stand.DONE
        shapes[place] = Shape(line.key, stand, *plan[place], run.started, until - run.started)
    latest = _latest([lines[place] for place in ahead], end)
    slack, late = (latest[0], plan[ahead[0]][0]) if ahead else (end, end)
    slack, late = slack - at, at - late
    at = _lay(lines, ahead, plan, dict(zip(ahead, latest, strict=True)), shapes, (at, passed, end))
    found = tuple(shapes[place] for place in range(len(lines)))
    return Order(found, end, planned_end, at, late, slack)


def _begun(lines: Sequence[Line], known: Mapping[Any, Run]) -> Callable[[int], tuple[float, int]]:
    return lambda place: (known[lines[place].key].started, place)


def _lay(
    lines: Sequence[Line],
    ahead: Sequence[int],
    plan: Sequence[tuple[float, float]],
    latest: dict[int, float],
    shapes: dict[int, Shape],
    times: tuple[float, float, float],
) -> float:
    """Put what is ahead into `shapes`, stretch by stretch from one timed line to the next; returns when all is through.

    `times`: when the first of them is expected to begin, the earliest that anything can, and the end to meet.
    """
    at, passed, end = times
    for first, stop in _stretches([lines[place] for place in ahead]):
        places = ahead[first:stop]
        line, gap, cut = lines[places[0]], 0.0, 0.0
        if line.at is not None and line.wait is not None:
            gap = max(0.0, line.at - at)
            cut = max(0.0, at - max(line.at + line.wait, passed))
            at += gap - cut
            _trim(shapes, at)
        aim = lines[ahead[stop]].at if stop < len(ahead) else end
        lengths = _fitted([lines[place] for place in places], (end if aim is None else aim) - at)
        for place, seconds in zip(places, lengths, strict=True):
            key = lines[place].key
            shapes[place] = Shape(key, Stand.AHEAD, *plan[place], at, seconds, latest[place], gap, cut)
            at, gap, cut = at + seconds, 0.0, 0.0
    return at


def _planned(lines: Sequence[Line], end: float) -> tuple[list[tuple[float, float]], float]:
    """Start and length of each line as planned, floating ones fitted; and when all would be through. A timed line begins at its time."""
    found: list[tuple[float, float]] = []
    at = 0.0
    for first, stop in _stretches(lines):
        begins = lines[first].at
        at = at if begins is None else begins
        aim = lines[stop].at if stop < len(lines) else end
        for seconds in _fitted(lines[first:stop], (end if aim is None else aim) - at):
            found.append((at, seconds))
            at += seconds
    return found, at


def _stretches(lines: Sequence[Line]) -> list[tuple[int, int]]:
    """First and stop of each run of lines that begins at the start or at a timed line."""
    firsts = [place for place, line in enumerate(lines) if place == 0 or line.at is not None]
    return list(zip(firsts, [*firsts[1:], len(lines)], strict=True)) if firsts else []


def _latest(lines: Sequence[Line], end: float) -> list[float]:
    """Back from the end: each line at its shortest; a hard start can wait no longer than it says."""
    found = [0.0] * len(lines)
    until = end
    for place in range(len(lines) - 1, -1, -1):
        line = lines[place]
        until -= line.shortest
        if line.at is not None and line.wait is not None:
            until = min(until, line.at + line.wait)
        found[place] = until
    return found


def _fitted(lines: Sequence[Line], room: float) -> list[float]:
    """How long each of a stretch takes so that together they take `room`, as far as the floating ones can give way."""
    wanted = room - sum(line.seconds for line in lines)
    reach = [(line.longest - line.seconds) if wanted > 0 else (line.seconds - line.shortest) for line in lines]
    whole = sum(reach)
    share = min(1.0, abs(wanted) / whole) if whole else 0.0
    sign = 1 if wanted > 0 else -1
    return [line.seconds + sign * share * each for line, each in zip(lines, reach, strict=True)]


def _trim(shapes: dict[int, Shape], until: float) -> None:
    """Of what is before a hard start, nothing lasts beyond it."""
    for place, shape in shapes.items():
        if shape.start + shape.seconds > until and shape.stand in {Stand.RUNNING, Stand.AHEAD}:
            start = min(shape.start, until)
            shapes[place] = replace(shape, start=start, seconds=until - start)
