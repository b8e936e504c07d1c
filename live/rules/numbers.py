"""Finds telephone numbers, numbers of identity and bank cards in a text, also with signs between the digits; pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from live.rules.folding import Sort, fold
from live.rules.views import Span, View

_SPOKEN = {"〇": "0", "零": "0", "o": "0", "l": "1", "i": "1", "幺": "1"} | {
    each: str(number) for signs in ("一二三四五六七八九", "壹贰叁肆伍陆柒捌玖") for number, each in enumerate(signs, 1)
}
_DIGIT = re.compile(r"[0-9" + "".join(_SPOKEN) + "]")
_BETWEEN_MOST = 3
_SHORTEST = 10
# Fewer real digits than this, and the rest were words.
_REAL_LEAST = 4
_PHONE = re.compile(r"(?:0?0?86)?1[3-9]\d{9}|0(?:10|2\d|[3-9]\d{2})\d{7,8}|[48]00\d{7}")
_CARD = re.compile(r"(?:62\d{14}(?:\d{3})?|[45]\d{15})")
_IDENTITY = re.compile(r"[1-8]\d{5}(?:19|20)\d{9}[\dx]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
# First two digits: the regions of the country.
_PROVINCES = frozenset(
    str(each)
    for each in (*range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71)
) | {"81", "82", "83"}


def phones(view: View) -> list[Span]:
    """Mobile and fixed telephone numbers."""
    return [span for digits, span in _numbers(view, _PHONE) if digits]


def identities(view: View) -> list[Span]:
    """Numbers of identity cards, the check digit right and the birthday a day; and of bank cards, the check digit right."""
    found = [span for digits, span in _numbers(view, _IDENTITY) if is_identity(digits)]
    return sorted(found + [span for digits, span in _numbers(view, _CARD) if is_card(digits)])


def is_identity(digits: str) -> bool:
    """Whether 18 characters are the number of an identity card (GB 11643): a province, a birthday, the right check digit."""
    if digits[:2] not in _PROVINCES:
        return False
    try:
        dt.date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))
    except ValueError:
        return False
    rest = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, digits, strict=False)) % 11
    return digits[17] == "10x98765432"[rest]


def is_card(digits: str) -> bool:
    """Whether the check digit of a bank card is right (Luhn)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (1 + place % 2)
        total += doubled - 9 if doubled > 9 else doubled
    return total % 10 == 0


def _numbers(view: View, pattern: re.Pattern[str]) -> Iterator[tuple[str, Span]]:
    """What fits the pattern, as a number of its own: its digits and where it stands."""
    if len(_DIGIT.findall(view.text)) < _SHORTEST:
        return
    for start, digits in _runs(view):
        at = 0
        while at + _SHORTEST <= len(digits):
            match = _at(view, pattern, start, digits, at)
            if match is None:
                at += 1
                continue
            yield match.group(), view.span(start + at, start + match.end())
            at = match.end()


def _at(view: View, pattern: re.Pattern[str], start: int, digits: str, at: int) -> re.Match[str] | None:
    """A number begins and ends where the run does, or where something stands between the digits."""
    if at and not view.between(start + at):
        return None
    found = pattern.match(digits, at)
    while found is not None:
        end = found.end()
        real = sum(view.source[each].isdigit() for each in view.first[start + at : start + end])
        if (end == len(digits) or view.between(start + end)) and (real >= _REAL_LEAST or real == 0):
            return found
        found = pattern.match(digits, at, end - 1)
    return None


def _runs(view: View) -> Iterator[tuple[int, str]]:
    """Digits that follow each other, as written or spoken, with at most a few signs between; where each run begins."""
    run: list[str] = []
    begun = 0
    for i, each in enumerate(view.text):
        digit = each if each.isascii() and each.isdigit() else _SPOKEN.get(each)
        if digit is None and each == "x" and len(run) >= 17:
            digit = "x"
        if digit is None or (run and not _is_near(view.between(i))):
            if len(run) >= _SHORTEST:
                yield begun, "".join(run)
            run = []
        if digit is not None:
            begun = i if not run else begun
            run.append(digit)
    if len(run) >= _SHORTEST:
        yield begun, "".join(run)


def _is_near(gap: str) -> bool:
    return len(gap) <= _BETWEEN_MOST and not any(fold(each)[1] is Sort.STOP and each not in "()（）,，" for each in gap)
