"""Captions to be drawn into a clip's picture, as an .ass file: words are citizens' and staff's, so nothing of them is ever markup; pure."""

from __future__ import annotations

import unicodedata
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from itertools import accumulate

from archive.transcripts.lines import Line, cleaned

# Rows at a time; what is longer follows in turn.
ROWS = 2
# A font's own row is higher than its letters: of those we have at most so much is a letter's width.
_EM = 0.72
# What libass would read as markup, as its wide twin that it draws.
_TWINS = str.maketrans({"{": "｛", "}": "｝", "\\": "＼"})
_ENDS = "。！？；，、,.!?;： "
_HEAD = """[Script Info]
ScriptType: v4.00+
PlayResX: {width}
PlayResY: {height}
WrapStyle: 2
ScaledBorderAndShadow: yes

[V4+ Styles]
Format: Name, Fontname, Fontsize, PrimaryColour, SecondaryColour, OutlineColour, BackColour, Bold, Italic, Underline, StrikeOut, \
ScaleX, ScaleY, Spacing, Angle, BorderStyle, Outline, Shadow, Alignment, MarginL, MarginR, MarginV, Encoding
Style: Words,{font},{size},&H00FFFFFF,&H00FFFFFF,&H00101010,&H80101010,0,0,0,0,100,100,0,0,1,{outline},0,2,{side},{side},{foot},1

[Events]
Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text
"""


def within(lines: Iterable[Line], start: float, end: float) -> list[Line]:
    """What is said from `start` to `end` of the replay, by seconds of the clip; of a line that goes beyond, nothing but its time is cut.

    A line that lies mostly outside is left out: its words are not heard.
    """
    found = []
    for line in lines:
        since, until = max(line.start, start), min(line.end, end)
        if until - since >= max(0.2, (line.end - line.start) / 2):
            found.append(Line(round(since - start, 3), round(until - start, 3), line.speaker, line.text))
    return found


def script(lines: Iterable[Line], width: int, height: int, font: str) -> str:
    """The whole file, for a picture of this size."""
    size = size_of(width, height)
    side = width // 20
    foot = height // 14 if width > height else height // 7
    head = _HEAD.format(
        width=width,
        height=height,
        font=cleaned(font).replace(",", " "),
        size=size,
        outline=max(2, size // 14),
        side=side,
        foot=foot,
    )
    room = (width - 2 * side) / (size * _EM)
    events = (
        f"Dialogue: 0,{_time(each.start)},{_time(each.end)},Words,,0,0,0,,{each.text}"
        for line in lines
        for each in _turns(line, room)
    )
    return head + "\n".join(events) + "\n"


def size_of(width: int, height: int) -> int:
    """Height of a row in pixels; of it the letters take _EM."""
    return max(16, round(min(width, height) / 11))


def _turns(line: Line, room: float) -> Iterator[Line]:
    """The line as stretches of so many rows as fit, each with its share of the time."""
    rows = list(folded(cleaned(line.text).translate(_TWINS), room))
    whole, said = sum(map(len, rows)) or 1, 0
    for at in range(0, len(rows), ROWS):
        here = rows[at : at + ROWS]
        start = line.start + (line.end - line.start) * said / whole
        said += sum(map(len, here))
        end = line.start + (line.end - line.start) * said / whole
        yield Line(round(start, 2), round(end, 2), "", r"\N".join(here))


def folded(text: str, room: float) -> Iterator[str]:
    """Rows that fit into `room` wide letters; broken behind a sign where one stands in the second half, else anywhere but in a word."""
    while text:
        ends = list(accumulate(map(wide, text)))
        if ends[-1] <= room:
            yield text.strip()
            return
        fits = max(1, bisect_right(ends, room))
        signs = (place + 1 for place in range(fits - 1, fits // 2, -1) if text[place] in _ENDS)
        cut = next(signs, fits)
        yield text[:cut].strip()
        text = text[cut:].lstrip()


def wide(letter: str) -> float:
    """How wide a letter is: 1 of a Chinese one, little more than half of others."""
    if unicodedata.combining(letter):
        return 0.0
    return 1.0 if unicodedata.east_asian_width(letter) in "WFA" else 0.6


def _time(seconds: float) -> str:
    hundredths = max(0, round(seconds * 100))
    return f"{hundredths // 360_000}:{hundredths // 6_000 % 60:02}:{hundredths // 100 % 60:02}.{hundredths % 100:02}"
