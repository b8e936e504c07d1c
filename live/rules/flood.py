"""Recognises floods: one sign over and over, and texts nearly like others; pure, it keeps what it is given and knows no clock."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Hashable
from dataclasses import dataclass, field
from itertools import pairwise

from live.rules import views
from live.rules.views import Span, View

# The same few characters so often that they are no word any more.
_OVER_AND_OVER = re.compile(r"(.{1,8}?)\1{5,}")
_LONG = 12
_SHORT = 8
_ROWS, _BANDS = 2, 4
_PRIME = (1 << 31) - 1
_TURNS = tuple(0x9E3779B1 * (2 * each + 1) % _PRIME for each in range(_ROWS * _BANDS))


def repeated(view: View) -> list[Span]:
    """Where the same one to eight characters stand six times and more, twelve characters at least."""
    if len(view.text) < _LONG:
        return []
    found = (match.span() for match in _OVER_AND_OVER.finditer(view.text))
    return [view.span(*span) for span in found if span[1] - span[0] >= _LONG]


@dataclass(frozen=True, slots=True)
class Print:
    """What remains of a text for comparing it."""

    words: str
    grams: frozenset[int]
    bands: tuple[tuple[int, ...], ...]

    def is_like(self, other: Print, percent: int) -> bool:
        """Whether so many in a hundred of all pairs of neighbours stand in both; short texts are alike only when equal."""
        if self.words == other.words:
            return True
        if len(self.words) < _SHORT or len(other.words) < _SHORT:
            return False
        both = len(self.grams & other.grams)
        return both * 100 >= percent * (len(self.grams) + len(other.grams) - both)


def print_of(source: str) -> Print:
    """The print of a text."""
    words = views.words(source).text
    points = list(map(ord, words))
    grams = frozenset([before << 21 | after for before, after in pairwise(points)] or points or [0])
    least = [min([gram * turn % _PRIME for gram in grams]) for turn in _TURNS]
    bands = tuple((band, *least[band * _ROWS : (band + 1) * _ROWS]) for band in range(_BANDS))
    return Print(words, grams, bands)


@dataclass(frozen=True, slots=True)
class Said:
    """One of the texts that are remembered: whose, when (seconds of any steady clock)."""

    key: Hashable
    author: Hashable
    at: float
    print: Print


@dataclass
class Recent:
    """The last texts of a room. Looking for those like a given one costs the same however many there are."""

    most: int = 400
    _said: deque[Said] = field(default_factory=deque, repr=False)
    _known: set[Hashable] = field(default_factory=set, repr=False)
    _by_band: dict[tuple[int, ...], list[Said]] = field(default_factory=dict, repr=False)
    _by_author: dict[Hashable, deque[Said]] = field(default_factory=dict, repr=False)

    def __contains__(self, key: Hashable) -> bool:
        return key in self._known

    def add(self, said: Said) -> None:
        """Remember it; the oldest is forgotten for it. Adding it again changes nothing."""
        if said.key in self._known:
            return
        self._known.add(said.key)
        self._said.append(said)
        self._by_author.setdefault(said.author, deque()).append(said)
        for band in said.print.bands:
            self._by_band.setdefault(band, []).append(said)
        if len(self._said) > self.most:
            self._forget(self._said.popleft())

    def _forget(self, said: Said) -> None:
        self._known.discard(said.key)
        of_author = self._by_author[said.author]
        of_author.remove(said)
        if not of_author:
            del self._by_author[said.author]
        for band in said.print.bands:
            held = self._by_band[band]
            held.remove(said)
            if not held:
                del self._by_band[band]

    def many_of(self, author: Hashable, since: float, but: Hashable = None) -> int:
        """How many texts of one author, but for that one, are not older than that."""
        return sum(said.at >= since and said.key != but for said in self._by_author.get(author, ()))

    def like(self, print_: Print, since: float, percent: int, but: Hashable = None) -> list[Said]:
        """The texts like this one, but for that one, that are not older than that."""
        found: dict[Hashable, Said] = {}
        for band in print_.bands:
            for said in self._by_band.get(band, ()):
                if said.at < since or said.key in found or said.key == but:
                    continue
                if said.print.is_like(print_, percent):
                    found[said.key] = said
        return list(found.values())
