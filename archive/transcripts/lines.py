"""A line of a transcript in replay seconds, and what its text and speaker may hold; pure, no row."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from broadcast.errors import InvalidInput

MOST_LINES = 20_000
MOST_BYTES = 8 << 20
MOST_TEXT = 500
MOST_SPEAKER = 60
# A day: nothing that we keep is longer.
MOST_SECONDS = 86_400.0
_SPACE = re.compile(r"\s+")
_COLONS = "：:"


class Unreadable(InvalidInput):
    """A file that cannot be understood; data: line (counted from 1), field."""

    code = "unreadable_captions"

    def __init__(self, line: int, what: str) -> None:
        super().__init__(_("第 %(line)s 行：%(what)s") % {"line": line, "what": what}, line=line, field="file")


@dataclass(frozen=True)
class Line:
    """What was said from `start` to `end` (seconds of the replay), and by whom, where that is known."""

    start: float
    end: float
    speaker: str
    text: str


def cleaned(text: str) -> str:
    """One line without control, formatting or unassigned characters; white space of any kind is one space."""
    text = "".join(each if unicodedata.category(each)[0] != "C" or each.isspace() else "" for each in text)
    return _SPACE.sub(" ", text).strip()


def joined(texts: Iterable[str]) -> str:
    """Rows of one caption as one line: nothing between Chinese, a space where Latin letters would run together."""
    result = ""
    for text in filter(None, map(cleaned, texts)):
        apart = result and result[-1].isascii() and text[0].isascii()
        result += f" {text}" if apart else text
    return result


def named(text: str) -> tuple[str, str]:
    """(speaker, words) of "王委员：……", as text files write it. A colon in front says that there is no name before the next."""
    at = min((place for place in map(text.find, _COLONS) if place >= 0), default=-1)
    if text[:1] == _COLONS[0]:
        return "", text[1:].strip()
    name, words = text[:at].strip(), text[at + 1 :].strip()
    # A name is short and has no sentence in it; "10:30" is a time.
    if at <= 0 or len(name) > 12 or not words or re.search(r"[，。！？；,!?;\d]", name):
        return "", text
    return name, words


def with_name(line: Line) -> str:
    """The same the other way; what `named` would misread is marked by a colon in front."""
    whole = f"{line.speaker}：{line.text}" if line.speaker else line.text
    return whole if named(whole) == (line.speaker, line.text) else f"：{whole}"


def checked(line: Line, number: int) -> Line:
    """The line, its words cleaned. Raises Unreadable naming `number` for an impossible time, no words or too many."""
    text, speaker = cleaned(line.text), cleaned(line.speaker)
    if not 0 <= line.start < line.end:
        raise Unreadable(number, _("结束时间要晚于开始时间。"))
    if line.end > MOST_SECONDS:
        raise Unreadable(number, _("时间超过 24 小时。"))
    if not text:
        raise Unreadable(number, _("没有文字。"))
    if len(text) > MOST_TEXT:
        raise Unreadable(number, _("一句超过 %(most)s 字，请分成几句。") % {"most": MOST_TEXT})
    if len(speaker) > MOST_SPEAKER:
        raise Unreadable(number, _("说话人的名字超过 %(most)s 字。") % {"most": MOST_SPEAKER})
    return Line(round(line.start, 3), round(line.end, 3), speaker, text)


def rows(content: bytes) -> list[str]:
    """A file's text, line by line: UTF-8, UTF-16 with its mark, or GB18030. Raises Unreadable."""
    if len(content) > MOST_BYTES:
        raise Unreadable(1, _("文件太大，最多 8 MB。"))
    coding = "utf-16" if content[:2] in {b"\xff\xfe", b"\xfe\xff"} else "utf-8-sig"
    for each in (coding, "gb18030"):
        try:
            text = content.decode(each)
        except UnicodeDecodeError:
            continue
        if "\0" in text:
            raise Unreadable(text[: text.index("\0")].count("\n") + 1, _("这不是文本文件。"))
        return text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
    raise Unreadable(1, _("文字编码读不出来，请用 UTF-8 保存。"))


def blocks(lines: list[str]) -> Iterable[tuple[int, list[str]]]:
    """Stretches between empty lines, each with the number of its first line. Raises Unreadable when there are too many."""
    block: list[str] = []
    count = 0
    for number, line in enumerate([*lines, ""], 1):
        if line.strip():
            block.append(line)
        elif block:
            count += 1
            if count > MOST_LINES:
                raise Unreadable(number, _("最多 %(most)s 句。") % {"most": MOST_LINES})
            yield number - len(block), block
            block = []


def in_order(lines: Iterable[Line]) -> list[Line]:
    """By time."""
    return sorted(lines, key=lambda line: (line.start, line.end))


def clock(seconds: float, mark: str = ".") -> str:
    """Seconds as 00:00:00.000."""
    ms = round(seconds * 1000)
    return f"{ms // 3_600_000:02}:{ms // 60_000 % 60:02}:{ms // 1000 % 60:02}{mark}{ms % 1000:03}"


_TIME = re.compile(r"(?:(\d{1,3}):)?([0-5]?\d):([0-5]?\d)(?:[.,](\d{1,3}))?", re.ASCII)


def seconds(text: str, number: int) -> float:
    """The other way: hours may be absent, the part of a second too. Raises Unreadable."""
    found = _TIME.fullmatch(text.strip())
    if found is None:
        shown = cleaned(text)[:40]
        raise Unreadable(number, _("时间读不懂：%(text)s。要写成 00:01:02.345。") % {"text": shown})
    hours, minutes, whole, part = found.groups()
    return int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + int((part or "0").ljust(3, "0")) / 1000
