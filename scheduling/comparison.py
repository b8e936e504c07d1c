"""Holds what went out of our house beside what the station's log says, to the second; pure: it knows no table and no current time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)
Span = tuple[dt.datetime, dt.datetime]
# So far apart two starts may lie and still be the same show, where names agree.
NEAR = dt.timedelta(minutes=30)
# So many letters a title needs to stand for a longer name.
_TELLING = 2


@dataclass(frozen=True)
class Ours(Generic[Key]):
    """One airing of ours: the stretches in which something went out, and by which names the station may call it."""

    key: Key
    names: tuple[str, ...]
    spans: tuple[Span, ...]

    @property
    def start(self) -> dt.datetime:
        """When it first went out."""
        return self.spans[0][0]

    @property
    def end(self) -> dt.datetime:
        """When it last went out."""
        return self.spans[-1][1]


@dataclass(frozen=True)
class Theirs:
    """One line of the station's log."""

    line: int
    title: str
    start: dt.datetime
    end: dt.datetime


@dataclass(frozen=True)
class Compared(Generic[Key]):
    """One airing beside its lines. Seconds are theirs less ours: positive is later there. `only_*` are the spans that one side has
    and the other has not."""

    key: Key
    lines: tuple[Theirs, ...]
    start_seconds: float | None
    end_seconds: float | None
    only_ours: tuple[Span, ...]
    only_theirs: tuple[Span, ...]

    def agrees(self, within: dt.timedelta) -> bool:
        """Whether both say the same, but for spans that are no longer than `within`."""
        return bool(self.lines) and all(end - start <= within for start, end in (*self.only_ours, *self.only_theirs))


def compare(
    ours: Sequence[Ours[Key]], theirs: Sequence[Theirs], known: Iterable[str] = ()
) -> tuple[list[Compared[Key]], list[Theirs]]:
    """Each of ours with its lines, and the lines that name a show of ours (`known`, or any of ours) but belong to none.

    A line belongs to one airing at most: to the one of its name that it overlaps longest, else whose start is nearest within NEAR.
    """
    found: dict[Key, list[Theirs]] = {each.key: [] for each in ours}
    left = []
    names = [_plain(name) for each in ours for name in each.names] + [_plain(name) for name in known]
    for line in theirs:
        mine = _of(line, ours)
        if mine is not None:
            found[mine.key].append(line)
        elif _named(line, names):
            left.append(line)
    return [_compared(each, found[each.key]) for each in ours], left


def missing(from_: Iterable[Span], without: Iterable[Span]) -> tuple[Span, ...]:
    """The parts of `from_` that no span of `without` covers, in order, joined where they touch."""
    rest = []
    holes = joined(without)
    for start, end in joined(from_):
        at = start
        for hole_start, hole_end in holes:
            if hole_end <= at or hole_start >= end:
                continue
            if hole_start > at:
                rest.append((at, hole_start))
            at = max(at, hole_end)
        if at < end:
            rest.append((at, end))
    return tuple(rest)


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same time as as few spans as possible, in order; empty ones go."""
    found: list[Span] = []
    for start, end in sorted(each for each in spans if each[1] > each[0]):
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def _compared(mine: Ours[Key], lines: list[Theirs]) -> Compared[Key]:
    spans = [(each.start, each.end) for each in lines]
    start = end = None
    if lines:
        start = (min(each.start for each in lines) - mine.start).total_seconds()
        end = (max(each.end for each in lines) - mine.end).total_seconds()
    return Compared(mine.key, tuple(lines), start, end, missing(mine.spans, spans), missing(spans, mine.spans))


def _of(line: Theirs, ours: Sequence[Ours[Key]]) -> Ours[Key] | None:
    named = [each for each in ours if _named(line, [_plain(name) for name in each.names])]

    def nearness(each: Ours[Key]) -> tuple[dt.timedelta, dt.timedelta]:
        overlap = min(line.end, each.end) - max(line.start, each.start)
        return -max(overlap, dt.timedelta(0)), abs(line.start - each.start)

    best = min(named, key=nearness, default=None)
    if best is None:
        return None
    overlap, apart = nearness(best)
    return best if overlap or apart <= NEAR else None


def _named(line: Theirs, names: Iterable[str]) -> bool:
    title = _plain(line.title)
    return any(name and (name in title or (len(title) >= _TELLING and title in name)) for name in names)


def _plain(name: str) -> str:
    return "".join(each for each in name.casefold() if each.isalnum())
