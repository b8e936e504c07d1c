"""Han characters as they are compared: which they are, and the simplified form of each; pure, and it knows no word."""

from __future__ import annotations

from functools import cache

import opencc

# Blocks of Han characters that a keyboard or a phone can write.
_HAN = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2A6DF), (0x2F800, 0x2FA1D))


@cache
def simplified() -> dict[str, str]:
    """Traditional characters and their simplified forms, one for one, as OpenCC has them."""
    all_of_them = [chr(point) for first, last in _HAN for point in range(first, last + 1)]
    # One to a line: no phrase reaches over a line, so each is converted for itself.
    converted = opencc.OpenCC("t2s").convert("\n".join(all_of_them)).split("\n")
    pairs = zip(all_of_them, converted, strict=True)
    return {before: after for before, after in pairs if before != after and len(after) == 1}


def is_han(character: str) -> bool:
    """Whether it is a Han character."""
    point = ord(character)
    return 0x3400 <= point <= 0x9FFF or 0x20000 <= point <= 0x2FA1F or 0xF900 <= point <= 0xFAFF or point == 0x3007
