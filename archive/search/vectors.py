"""Writes what PostgreSQL compares: tsvectors of texts and the tsquery of a word, in the same terms; pure.

Every Han character stands in the vector alone and with the one after it, so that one character is found and two are one look; more
are looks at pairs that follow each other. Terms hold letters, digits and Han characters alone, so nothing in them needs quoting.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from itertools import pairwise

from archive.search.tokens import Token

# A tsvector knows no later place and no longer term.
LAST_PLACE = 16_000
LONGEST_TERM = 500


def vector(found: Sequence[Token], aired_at: dt.datetime | None = None) -> str:
    """The text as the literal of a tsvector, with the month when it was aired as a term that no text has."""
    terms: dict[str, list[int]] = {month(aired_at): [1]} if aired_at else {}
    for place, each in enumerate(found[:LAST_PLACE], 1):
        terms.setdefault(each.text[:LONGEST_TERM], []).append(place)
    for place, (left, right) in enumerate(pairwise(found[:LAST_PLACE]), 1):
        if left.is_han and right.is_han:
            terms.setdefault(left.text + right.text, []).append(place)
    return " ".join(f"'{term}':{','.join(map(str, at))}" for term, at in terms.items())


def month(at: dt.datetime) -> str:
    """The term of a month, of UTC."""
    return f"@{at.astimezone(dt.UTC):%Y%m}"


def months(since: dt.datetime, until: dt.datetime) -> str:
    """Any month from one to the other, as the literal of a tsquery."""
    first, last = (each.year * 12 + each.month - 1 for each in (since.astimezone(dt.UTC), until.astimezone(dt.UTC)))
    return " | ".join(f"'@{number // 12:04d}{number % 12 + 1:02d}'" for number in range(first, last + 1))


def query(word: Sequence[Token]) -> str:
    """The tokens one after the other, as the literal of a tsquery."""
    terms: list[tuple[int, str]] = []
    covered = -1
    for place, each in enumerate(word):
        following = word[place + 1] if place + 1 < len(word) else None
        if each.is_han and following is not None and following.is_han:
            terms.append((place, each.text + following.text))
            covered = place + 1
        elif covered < place:
            terms.append((place, each.text[:LONGEST_TERM]))
    text = f"'{terms[0][1]}'"
    for (before, _term), (place, term) in pairwise(terms):
        text += f" <{place - before}> '{term}'"
    return text
