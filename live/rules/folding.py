"""Folds one character to what it stands for: width, case, traditional forms, look-alikes; pure, and it knows no word."""

from __future__ import annotations

import unicodedata
from enum import IntEnum
from functools import cache

import opencc

# Blocks of Han characters that a keyboard or a phone can write.
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2F800, 0x2FA1D))
# Letters of other scripts that are read as Latin ones.
_LOOKS_LIKE = dict(
    zip(
        "авеёкмнорстухіјѕԁԛԝһӏ" + "αβεικνορτυχγω" + "ıɑɡʋɩ",
        "abeekmhopctyxijsdqwhl" + "abeiknoptuxyw" + "iagui",
        strict=True,
    )
)
_SENTENCE = frozenset('，。！？；：、,!?;:…“”"《》（）()')


class Sort(IntEnum):
    """What a character is to whoever compares words."""

    WORD = 0  # a letter, digit or Han character: kept
    GAP = 1  # a space or sign that may have been pushed in
    STOP = 2  # punctuation that ends or parts a sentence
    MARK = 3  # hangs on the character before it, or is not seen at all


@cache
def simplified() -> dict[str, str]:
    """Traditional characters and their simplified forms, one for one, as OpenCC has them."""
    all_of_them = [chr(point) for first, last in _HAN for point in range(first, last + 1)]
    # One to a line: no phrase reaches over a line, so each is converted for itself.
    converted = opencc.OpenCC("t2s").convert("\n".join(all_of_them)).split("\n")
    pairs = zip(all_of_them, converted, strict=True)
    return {before: after for before, after in pairs if before != after and len(after) == 1}


def fold(character: str) -> tuple[str, Sort]:
    """What one code point is compared as: mostly one character, several for signs such as ㎏, none for gaps and marks."""
    known = _folded.get(character)
    if known is None:
        known = _folded[character] = _fold(character)
    return known


_folded: dict[str, tuple[str, Sort]] = {}


def is_han(character: str) -> bool:
    """Whether it is a Han character."""
    point = ord(character)
    return 0x3400 <= point <= 0x9FFF or 0x20000 <= point <= 0x2FA1F or 0xF900 <= point <= 0xFAFF or point == 0x3007


def _fold(character: str) -> tuple[str, Sort]:
    if character in _SENTENCE:
        return "", Sort.STOP
    if unicodedata.category(character) in {"Mn", "Me", "Cf", "Cc", "Cs", "Co", "Cn"}:
        return "", Sort.MARK
    spelled = _letter_in_a_box(character) or unicodedata.normalize("NFKC", character)
    kept = "".join(filter(None, (_one(each) for each in spelled.lower())))
    if kept:
        return kept, Sort.WORD
    return "", Sort.STOP if all(each in _SENTENCE for each in spelled) else Sort.GAP


def _one(character: str) -> str:
    if is_han(character):
        plain = unicodedata.normalize("NFKC", character)
        return simplified().get(plain, plain)
    if character == "ü":
        return "v"  # as it is typed
    base = unicodedata.normalize("NFKD", character)[0]
    base = _LOOKS_LIKE.get(base, base)
    if base.isascii():
        return base if base.isalnum() else ""
    digit = unicodedata.digit(base, None)
    if digit is not None:
        return str(digit)
    return base if unicodedata.category(base)[0] in "LN" else ""


def _letter_in_a_box(character: str) -> str:
    """Letters in circles, squares and flags that Unicode itself does not take for letters."""
    point = ord(character)
    for first, last in ((0x1F1E6, 0x1F1FF), (0x1F150, 0x1F169), (0x1F170, 0x1F189)):
        if first <= point <= last:
            return chr(ord("a") + point - first)
    return ""
