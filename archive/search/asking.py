"""Understands what somebody typed: its words, each in the terms of the tables, within bounds; pure."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from archive.search import sounds, tokens, vectors
from archive.search.tokens import Token

LONGEST = 60
MOST_WORDS = 6


class TooLong(ValueError):
    """More characters or words than are looked for."""


@dataclass(frozen=True)
class Word:
    """One word as typed, between spaces."""

    typed: str
    tokens: tuple[Token, ...]

    @cached_property
    def texts(self) -> tuple[str, ...]:
        """Its tokens' folded texts."""
        return tuple(each.text for each in self.tokens)

    @cached_property
    def query(self) -> str:
        """As the literal of a tsquery."""
        return vectors.query(self.tokens)

    @cached_property
    def sound(self) -> str:
        """The same as pinyin without spaces; "" when it cannot be that."""
        return sounds.typed(self.typed)

    def places(self, text: str, *, by_sound: bool) -> list[tuple[int, int]]:
        """Where it stands in the text, by code points; by its sound only where it does not stand as typed."""
        found = tokens.places(tokens.tokens(text), self.texts)
        return found or (sounds.places(text, self.sound) if by_sound and self.sound else [])


def words(typed: str) -> list[Word]:
    """All must be found. Several syllables of pinyin with spaces between are words of their own. Raises TooLong."""
    if len(typed) > LONGEST:
        raise TooLong
    found: dict[tuple[str, ...], Word] = {}
    for each in typed.split():
        word = Word(each, tuple(tokens.tokens(each)))
        if word.tokens:
            found.setdefault(word.texts, word)
    if len(found) > MOST_WORDS:
        raise TooLong
    return list(found.values())
