"""Counts that clerks entered for a poll, asked of whoever keeps them; it keeps nothing and decides nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple


class Entered(NamedTuple):
    """What one source brought: votes by option, and of how many ballots."""

    source: str
    votes: Mapping[int, int]
    total: int


Source = Callable[[Sequence[int]], Mapping[int, Sequence[Entered]]]
_sources: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Ask `source` from now on: by poll what was entered and confirmed. Called once when the app is ready."""
    _sources[name] = source


def entered(poll_ids: Iterable[int]) -> dict[int, list[Entered]]:
    """By poll, everything that stands; nothing where nobody enters counts."""
    found: dict[int, list[Entered]] = {}
    asked = list(poll_ids)
    for source in _sources.values() if asked else ():
        for poll, rows in source(asked).items():
            found.setdefault(poll, []).extend(rows)
    return found
