"""Says a run-down in words: lengths, how a line begins, what somebody changed; and reads lengths that people typed. No table."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from broadcast.rundown_lines import FOLLOW, HARD, SOFT, LinePlan

_LENGTH = re.compile(r"(?:(\d{1,2})[:：])?(\d{1,3})[:：]([0-5]?\d)")


def length(seconds: float | None) -> str:
    """05:10, or 1:02:03 from an hour on; empty for None."""
    if seconds is None:
        return ""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


def signed(seconds: float) -> str:
    """+00:38 or −01:00; 准点 when it is less than a second."""
    if abs(seconds) < 1:
        return _("准点")
    return ("−" if seconds < 0 else "+") + length(abs(seconds))


def read_length(text: str) -> int:
    """Seconds of 5:10 or 1:02:03. Raises ValueError for anything else: a bare number could be minutes as well as seconds."""
    found = _LENGTH.fullmatch(text.strip())
    if found is None:
        raise ValueError(text)
    hours, minutes, seconds = (int(each or 0) for each in found.groups())
    if found.group(1) is not None and minutes > 59:
        raise ValueError(text)
    return hours * 3600 + minutes * 60 + seconds


def beginning(line: LinePlan) -> str:
    """How a line begins, in a word or two: 接着; 软 15:00; 硬 15:00，可等 45 秒; 浮，02:00–05:00. Times count from the start."""
    if line.is_floating:
        most = line.seconds if line.most is None else line.most
        return _("浮，%(least)s–%(most)s") % {"least": length(line.least or 0), "most": length(most)}
    if line.start == FOLLOW:
        return _("接着")
    if line.start == SOFT:
        return _("软 %(at)s") % {"at": length(line.offset)}
    if line.wait:
        return _("硬 %(at)s，可等 %(wait)s 秒") % {"at": length(line.offset), "wait": line.wait}
    return _("硬 %(at)s") % {"at": length(line.offset)}


def starts() -> dict[str, str]:
    """The three ways to begin, by what the table calls them."""
    return {FOLLOW: _("接着"), SOFT: _("软"), HARD: _("硬")}


def sentences(changes: Iterable[Mapping[str, Any]], roles: Mapping[str, str]) -> list[str]:
    """Each change of `broadcast.rundown_lines.changes` as a sentence; `roles`: names by code."""
    return [_sentence(each, roles) for each in changes]


def _sentence(change: Mapping[str, Any], roles: Mapping[str, str]) -> str:
    title, behind = change["title"], change.get("behind", "")
    if change["what"] == "removed":
        return _("删去“%(title)s”") % {"title": title}
    if change["what"] == "added":
        if not behind:
            return _("新加“%(title)s”，排在最前") % {"title": title}
        return _("新加“%(title)s”，接在“%(behind)s”后面") % {"title": title, "behind": behind}
    if change["what"] == "moved":
        if not behind:
            return _("“%(title)s”移到最前") % {"title": title}
        return _("“%(title)s”移到“%(behind)s”后面") % {"title": title, "behind": behind}
    parts = [
        _("%(field)s由 %(before)s 改为 %(after)s")
        % {"field": _field(name), "before": _value(name, pair[0], roles), "after": _value(name, pair[1], roles)}
        for name, pair in change["fields"].items()
    ]
    return _("“%(title)s”：%(parts)s") % {"title": title, "parts": _("，").join(parts)}


def _field(name: str) -> str:
    names = {
        "title": _("内容"),
        "seconds": _("时长"),
        "role": _("类别"),
        "start": _("开始方式"),
        "offset": _("起点"),
        "wait": _("可等"),
        "is_floating": _("浮动"),
        "least": _("最短"),
        "most": _("最长"),
        "note": _("备注"),
    }
    return names.get(name, name)


def _value(name: str, value: Any, roles: Mapping[str, str]) -> str:
    if name == "is_floating":
        return _("是") if value else _("否")
    if value is None or value == "":
        return _("无")
    known = {
        "wait": _("%(n)s 秒") % {"n": value},
        "start": starts().get(value, str(value)),
        "role": roles.get(value, str(value)),
    }
    if name in {"seconds", "offset", "least", "most"}:
        return length(value)
    return known.get(name, f"“{value}”")
