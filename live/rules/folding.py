"""Folds one character to what it stands for: width, case, traditional forms, look-alikes; pure, and it knows no word."""

from __future__ import annotations

import unicodedata
from enum import IntEnum

from broadcast.han import is_han, simplified

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


def fold(character: str) -> tuple[str, Sort]:
    """What one code point is compared as: mostly one character, several for signs such as ㎏, none for gaps and marks."""
    known = _folded.get(character)
    if known is None:
        known = _folded[character] = _fold(character)
    return known


_folded: dict[str, tuple[str, Sort]] = {}


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


__all__ = ["Sort", "fold", "is_han", "simplified"]
