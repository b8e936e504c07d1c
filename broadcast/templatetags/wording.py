"""Filters that word times, counts and headings the way a reader of either language expects; they decide nothing."""

from __future__ import annotations

import datetime as dt
import re

from django import template
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

register = template.Library()

_CLAUSE = re.compile(r"[^，、。；：？！,;:?!]+[，、。；：？！,;:?!]*\s*|[，、。；：？！,;:?!]+")
_RANK = re.compile(r"([\u4e00-\u9fff]{2}级)")


def _aware(value: dt.datetime | str | None) -> dt.datetime | None:
    """The time in the zone of the house; wire types carry ISO text, rows carry datetimes."""
    if not value:
        return None
    moment = dt.datetime.fromisoformat(value) if isinstance(value, str) else value
    return timezone.localtime(moment)


@register.filter
def clock(value: dt.datetime | str | None) -> str:
    """20:56"""
    moment = _aware(value)
    return moment.strftime("%H:%M") if moment else ""


@register.filter
def clock_seconds(value: dt.datetime | str | None) -> str:
    """20:56:07"""
    moment = _aware(value)
    return moment.strftime("%H:%M:%S") if moment else ""


@register.filter
def day(value: dt.datetime | str | None) -> str:
    """2026-11-28"""
    moment = _aware(value)
    return moment.strftime("%Y-%m-%d") if moment else ""


@register.filter
def weekday(value: dt.datetime | str | None) -> str:
    """周六"""
    moment = _aware(value)
    if moment is None:
        return ""
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[moment.weekday()]


@register.filter
def iso(value: dt.datetime | str | None) -> str:
    """For the datetime attribute of a time element."""
    moment = _aware(value)
    return moment.isoformat(timespec="seconds") if moment else ""


@register.filter
def count(value: int | None) -> str:
    """12,486"""
    return f"{value or 0:,}"


@register.filter
def lasting(seconds: float | None) -> str:
    """1:31:06, or 08:12 below an hour."""
    whole = max(0, int(seconds or 0))
    hours, rest = divmod(whole, 3600)
    minutes, second = divmod(rest, 60)
    return f"{hours}:{minutes:02}:{second:02}" if hours else f"{minutes:02}:{second:02}"


@register.filter
def percent(votes: int | None, total: int | None) -> str:
    """42% of the total; nothing where there is no total."""
    return f"{round(100 * (votes or 0) / total)}%" if total else "0%"


@register.filter
def phrase(text: str) -> SafeString:
    """A heading whose lines break after punctuation: one inline-block span per clause."""
    parts = _CLAUSE.findall(str(text or ""))
    # The space of an English text stands between the spans: at the end of an inline block it would vanish.
    spaced = ((part.rstrip(), " " if part != part.rstrip() else "") for part in parts)
    return format_html_join("", "<span>{}</span>{}", ((_whole_words(part), space) for part, space in spaced))


def _whole_words(clause: str) -> SafeString:
    """The clause with 世界级 and its like kept on one line."""
    found = enumerate(_RANK.split(clause))  # every second part is such a word
    kept = (format_html('<span class="nowrap">{}</span>', part) if at % 2 else part for at, part in found)
    return format_html_join("", "{}", ((part,) for part in kept))
