"""Cleans what citizens write, once, before it is stored, and reads the numbers they name; pure: no framework, and it judges no meaning.

HTML stays text: pages escape it. Nothing here may make two different sentences equal beyond spaces and invisible characters.
"""

from __future__ import annotations

import re
import unicodedata

ZWJ = "\u200d"
_VARIATION = {"\ufe0e", "\ufe0f"}
_BREAKS = re.compile("[\\t\\n\\v\\f\\r\\x1c-\\x1f\\x85\u2028\u2029 ]+")
# More than this many marks on one letter is vandalism of the lines above and below it.
_MARKS_MAX = 4


class BadText(ValueError):
    """`code` is empty or too_long; `length` is what was left after cleaning."""

    def __init__(self, code: str, length: int) -> None:
        super().__init__(code)
        self.code = code
        self.length = length


def whole(raw: str) -> int | None:
    """The number that an address or a form names; None for anything but plain digits, or more of them than any id has."""
    return int(raw) if raw.isascii() and raw.isdigit() and len(raw) < 17 else None


def clean(raw: str, limit: int) -> str:
    """`raw` in NFC, on one line, without control, bidi and zero-width characters; ZWJ stays inside emoji only.

    Raises BadText when nothing visible is left, or when more than `limit` characters are.
    """
    text = unicodedata.normalize("NFC", raw)
    text = _BREAKS.sub(" ", text)
    kept = _without_invisible(text)
    spaced = " ".join(kept.split())
    if not any(_is_visible(character) for character in spaced):
        raise BadText("empty", 0)
    if len(spaced) > limit:
        raise BadText("too_long", len(spaced))
    return spaced


def _without_invisible(text: str) -> str:
    out: list[str] = []
    marks = 0
    for index, character in enumerate(text):
        category = unicodedata.category(character)
        if character == ZWJ:
            if _joins_emoji(text, index):
                out.append(character)
            continue
        if category in {"Cc", "Cf", "Cs", "Co", "Cn"} or character in {
            "\u115f",
            "\u1160",
            "\u3164",
            "\uffa0",
            "\u034f",
        }:
            if _is_tag_of_flag(character, out):
                out.append(character)
            continue
        if category in {"Mn", "Me"} and character not in _VARIATION:
            marks += 1
            if marks > _MARKS_MAX:
                continue
        elif character not in _VARIATION:
            marks = 0
        out.append(character)
    return "".join(out)


def _joins_emoji(text: str, index: int) -> bool:
    before = index - 1
    while before >= 0 and (text[before] in _VARIATION or "\U0001f3fb" <= text[before] <= "\U0001f3ff"):
        before -= 1
    after = text[index + 1 : index + 2]
    return before >= 0 and bool(after) and _is_pictograph(text[before]) and _is_pictograph(after)


def _is_tag_of_flag(character: str, out: list[str]) -> bool:
    # England's flag and the like: a black flag followed by tag characters.
    if not "\U000e0020" <= character <= "\U000e007f" or not out:
        return False
    return out[-1] == "\U0001f3f4" or "\U000e0020" <= out[-1] <= "\U000e007e"


def _is_pictograph(character: str) -> bool:
    point = ord(character)
    return 0x1F000 <= point <= 0x1FAFF or 0x2190 <= point <= 0x2BFF or point in {0x00A9, 0x00AE, 0x3030, 0x303D}


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in {"Z", "C", "M"} and character != "\u2800"
