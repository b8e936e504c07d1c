"""SRT: read with errors that name the line, and written; pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from archive.transcripts.lines import Line, Unreadable, blocks, checked, clock, in_order, joined, named, rows, seconds
from archive.transcripts.lines import with_name as _with_name

_TAG = re.compile(r"</?(?:b|i|u|font)(?:\s[^<>]{0,200})?>|\{\\[^{}]{0,100}\}", re.IGNORECASE)
_ARROW = "-->"


def parse(content: bytes) -> list[Line]:
    """The lines of an SRT file in order of time. Raises Unreadable."""
    return in_order(_cue(number, block) for number, block in blocks(rows(content)))


def _cue(number: int, block: list[str]) -> Line:
    if _ARROW not in block[0]:
        if not block[0].strip().isdigit() or len(block) < 2:
            raise Unreadable(number, _("这里应该是序号或时间。"))
        number, block = number + 1, block[1:]
    start, arrow, end = block[0].partition(_ARROW)
    if not arrow:
        raise Unreadable(number, _("这里应该是时间：00:00:01,000 --> 00:00:03,000。"))
    speaker, text = named(joined(_TAG.sub("", each) for each in block[1:]))
    # Some write positions behind the time.
    end = (end.split() or [""])[0]
    return checked(Line(seconds(start, number), seconds(end, number), speaker, text), number)


def write(lines: Iterable[Line]) -> str:
    """The lines as SRT; a speaker stands before the words."""
    cues = [
        f"{number}\n{clock(line.start, ',')} {_ARROW} {clock(line.end, ',')}\n{_with_name(line)}\n"
        for number, line in enumerate(lines, 1)
    ]
    return "\n".join(cues)
