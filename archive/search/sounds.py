"""How names and titles sound: pinyin in full and by initials, from every character on; pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from archive.search.tokens import Token, tokens

# So many characters from each on; nobody types more.
SPAN = 12
_TYPED = re.compile(r"^[a-z]{2,60}$")


def vector(text: str) -> str:
    """The literal of a tsvector: from every character on, all syllables in one, and all initials."""
    terms: dict[str, None] = {}
    for run in _runs(tokens(text)):
        syllables = _syllables(run)
        for first in range(len(run)):
            part = syllables[first : first + SPAN]
            terms["".join(part)] = None
            terms["".join(each[0] for each in part)] = None
    return " ".join(f"'{term}':1" for term in terms)


def typed(word: str) -> str:
    """What somebody who types pinyin meant by the word; "" when it is none. Tones, apostrophes and hyphens are let go."""
    plain = "".join(each.text for each in tokens(re.sub(r"['’\-]", "", word.replace("ü", "v").replace("Ü", "v"))))
    return plain if _TYPED.match(plain) else ""


def query(sound: str) -> str:
    """The literal of a tsquery: whatever begins so."""
    return f"'{sound}':*"


def places(text: str, sound: str) -> list[tuple[int, int]]:
    """Where the text sounds so: first and last+1 code point, the shortest stretches that hold all that was typed."""
    found: list[tuple[int, int]] = []
    for run in _runs(tokens(text)):
        syllables = _syllables(run)
        first = 0
        while first < len(run):
            size = _reach(syllables[first : first + SPAN], sound)
            if size:
                found.append((run[first].start, run[first + size - 1].end))
            first += max(size, 1)
    return found


def _reach(syllables: Sequence[str], sound: str) -> int:
    whole = initials = ""
    for size, each in enumerate(syllables, 1):
        whole, initials = whole + each, initials + each[0]
        if whole.startswith(sound) or initials.startswith(sound):
            return size
    return 0


def _runs(found: Sequence[Token]) -> list[list[Token]]:
    runs: list[list[Token]] = [[]]
    for each in found:
        if not each.is_han:
            runs.append([])
        elif runs[-1] and runs[-1][-1].end != each.start:
            runs.append([each])
        else:
            runs[-1].append(each)
    return [run for run in runs if run]


def _syllables(run: Sequence[Token]) -> list[str]:
    # A fifth of a second for its tables: not in processes that never look for sounds.
    from pypinyin import Style, lazy_pinyin

    # One that has no sound known stands for itself, so that places stay the same.
    found = lazy_pinyin("".join(each.text for each in run), style=Style.NORMAL)
    if len(found) != len(run):
        found = [lazy_pinyin(each.text, style=Style.NORMAL)[0] for each in run]
    return [re.sub(r"[^a-z]", "", each.lower().replace("ü", "v")) or "x" for each in found]
