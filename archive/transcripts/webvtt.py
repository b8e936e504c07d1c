"""WebVTT: read with errors that name the line, and written; pure."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

from django.utils.translation import gettext as _

from archive.transcripts.lines import Line, Unreadable, blocks, checked, clock, in_order, joined, rows, seconds

_ARROW = "-->"
_VOICE = re.compile(r"<v(?:\.[^\s<>]*)?\s+([^<>]{1,200})>")
_TAG = re.compile(r"<[^<>]{0,200}>")
# What stands at the head or between cues and is no cue.
_OTHER = ("NOTE", "STYLE", "REGION")


def parse(content: bytes) -> list[Line]:
    """The lines of a WebVTT file in order of time; styles, regions and notes are passed over. Raises Unreadable."""
    lines = rows(content)
    if not re.fullmatch(r"WEBVTT(?:[ \t].*)?", lines[0]):
        raise Unreadable(1, _("第一行应该是 WEBVTT。"))
    # The header reaches to the first empty line; an X-TIMESTAMP-MAP or a comment may stand in it.
    head = next((at for at, line in enumerate(lines) if not line.strip()), len(lines))
    found = blocks(["", *[""] * (head - 1), *lines[head:]])
    return in_order(_cue(number, block) for number, block in found if not _is_other(block))


def _is_other(block: list[str]) -> bool:
    return _ARROW not in block[0] and bool(block[0].split()) and block[0].split()[0] in _OTHER


def _cue(number: int, block: list[str]) -> Line:
    if _ARROW not in block[0]:
        number, block = number + 1, block[1:]
    start, arrow, rest = (block[0] if block else "").partition(_ARROW)
    if not arrow:
        raise Unreadable(number, _("这里应该是时间：00:00:01.000 --> 00:00:03.000。"))
    end = (rest.split() or [""])[0]
    body = "\n".join(block[1:])
    voice = _VOICE.search(body)
    text = joined(html.unescape(_TAG.sub("", each)) for each in body.split("\n"))
    speaker = html.unescape(voice[1]) if voice else ""
    return checked(Line(seconds(start, number), seconds(end, number), speaker, text), number)


def write(lines: Iterable[Line]) -> str:
    """The lines as WebVTT; a speaker is a voice."""
    cues = ["WEBVTT\n"]
    for number, line in enumerate(lines, 1):
        voice = f"<v {_escaped(line.speaker)}>" if line.speaker else ""
        close = "</v>" if voice else ""
        cues.append(f"{number}\n{clock(line.start)} {_ARROW} {clock(line.end)}\n{voice}{_escaped(line.text)}{close}\n")
    return "\n".join(cues)


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
