"""TXT: one line a sentence, "[00:00:01.000 - 00:00:03.000] 王委员：……"; without times they follow one another; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from archive.transcripts.lines import (
    MOST_LINES,
    Line,
    Unreadable,
    checked,
    clock,
    in_order,
    named,
    rows,
    seconds,
    with_name,
)

# Mandarin is spoken at about four to five characters a second.
PER_CHARACTER, SHORTEST, LONGEST = 0.22, 1.0, 12.0
_HEAD = re.compile(r"\s*\[([^\[\]]{1,40})\]\s?(.*)")


def parse(content: bytes) -> list[Line]:
    """The lines of a text file. Where no end is said a line stands until the next, or as long as it takes to say. Raises Unreadable."""
    found: list[tuple[int, float | None, float | None, str]] = []
    for number, row in enumerate(rows(content), 1):
        if not row.strip():
            continue
        if len(found) >= MOST_LINES:
            raise Unreadable(number, _("最多 %(most)s 句。") % {"most": MOST_LINES})
        found.append((number, *_row(number, row)))
    lines: list[Line] = []
    for at, (number, start, end, text) in enumerate(found):
        speaker, words = named(text)
        begins = start if start is not None else (lines[-1].end if lines else 0.0)
        ends = end if end is not None else begins + spoken_seconds(words)
        follows = found[at + 1][1] if at + 1 < len(found) else None
        if end is None and follows is not None and begins < follows < ends:
            ends = follows
        lines.append(checked(Line(begins, ends, speaker, words), number))
    return in_order(lines)


def _row(number: int, row: str) -> tuple[float | None, float | None, str]:
    head = _HEAD.fullmatch(row)
    if head is None or not re.search(r"\d:\d", head[1]):
        return None, None, row.strip()
    start, dash, end = head[1].partition(" - ") if " - " in head[1] else head[1].partition("-")
    return seconds(start, number), seconds(end, number) if dash else None, head[2].strip()


def spoken_seconds(text: str) -> float:
    """How long it takes to say this."""
    return min(LONGEST, max(SHORTEST, PER_CHARACTER * len(text)))


def write(lines: Iterable[Line]) -> str:
    """The lines as text with their times."""
    return "".join(f"[{clock(line.start)} - {clock(line.end)}] {with_name(line)}\n" for line in lines)
