"""Takes a text apart into what is compared: Han characters one by one, other words whole, folded, each with its place; pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from broadcast.han import is_han, simplified


@dataclass(frozen=True, slots=True)
class Token:
    """One Han character or one word, folded, with first and last+1 code point of the text it came from."""

    text: str
    start: int
    end: int
    is_han: bool


def tokens(text: str) -> list[Token]:
    """In order. Folded: NFKC, lower case, accents off, traditional characters to simplified, one for one."""
    found: list[Token] = []
    word, start = "", 0
    for place, character in enumerate(text):
        folded = _folded(character)
        if not folded and unicodedata.category(character) in {"Mn", "Me", "Cf"}:
            continue  # not seen, or hangs on what is before it
        if folded and not is_han(folded[0]) and folded.isalnum():
            start = start if word else place
            word += folded
            continue
        if word:
            found.append(Token(word, start, place, False))
            word = ""
        found += [Token(each, place, place + 1, True) for each in folded if is_han(each)]
    if word:
        found.append(Token(word, start, len(text), False))
    return found


@lru_cache(maxsize=20_000)
def _folded(character: str) -> str:
    spelled = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", character).lower())
    kept = [each for each in spelled if unicodedata.category(each)[0] in "LN"]
    known = simplified()
    return "".join(known.get(each, each) for each in kept)


def places(haystack: Sequence[Token], needle: Sequence[str]) -> list[tuple[int, int]]:
    """Where the words of `needle` stand one after the other: first and last+1 code point, none over another."""
    found: list[tuple[int, int]] = []
    size, at = len(needle), 0
    while size and at + size <= len(haystack):
        if all(haystack[at + step].text == needle[step] for step in range(size)):
            found.append((haystack[at].start, haystack[at + size - 1].end))
            at += size
        else:
            at += 1
    return found
