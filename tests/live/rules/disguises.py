"""Ways in which people disguise a word, for tests: each makes another writing of it that a reader still understands."""

from __future__ import annotations

from collections.abc import Callable

import opencc
from pypinyin import Style, lazy_pinyin

_TO_TRADITIONAL = opencc.OpenCC("s2t")
ZERO_WIDTH = "\u200b"
PARTS = {
    "博": "十尃",
    "赌": "贝者",
    "税": "禾兑",
    "假": "亻叚",
    "刷": "尸巾刂",
    "代": "亻弋",
    "证": "讠正",
    "贷": "代贝",
}


def full_width(word: str) -> str:
    return "".join(chr(ord(each) + 0xFEE0) if "!" <= each <= "~" else each for each in word)


def circled(word: str) -> str:
    return "".join(chr(ord("ⓐ") + ord(each) - ord("a")) if "a" <= each <= "z" else each for each in word)


def between(sign: str) -> Callable[[str], str]:
    return lambda word: sign.join(word)


def once(sign: str) -> Callable[[str], str]:
    return lambda word: word[:1] + sign + word[1:]


def traditional(word: str) -> str:
    return _TO_TRADITIONAL.convert(word)


def split(word: str) -> str:
    return "".join(PARTS.get(each, each) for each in word)


def pinyin(word: str) -> str:
    return "".join(lazy_pinyin(word))


def toned(word: str) -> str:
    return " ".join(lazy_pinyin(word, style=Style.TONE))


def half_pinyin(word: str) -> str:
    return lazy_pinyin(word)[0] + word[1:]


# For words in Han characters; each leaves the word's first and last character, or what stands for them, at its ends.
HAN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "traditional": traditional,
    "spaces": between(" "),
    "stars": between("*"),
    "dots": between("."),
    "a mark": once("·"),
    "an emoji": once("😀"),
    "zero width": between(ZERO_WIDTH),
    "a letter": once("x"),
    "underlined": lambda word: "".join(each + "\u0332" for each in word),
    "split": split,
    "brackets": lambda word: "".join(f"【{each}】" for each in word)[1:-1],
}
# For rules that ask for it.
SOUNDS: dict[str, Callable[[str], str]] = {"pinyin": pinyin, "tones": toned, "half pinyin": half_pinyin}
LATIN: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "capitals": str.upper,
    "full width": full_width,
    "circled": circled,
    "spaces": between(" "),
    "zero width": between(ZERO_WIDTH),
}
