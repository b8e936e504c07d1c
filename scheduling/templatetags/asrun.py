"""How the as-run log writes differences, lengths and reasons; formatting only."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

register = template.Library()

# Why something went out, as the recorder's stable words say it; control-out.js says the same.
_REASONS: dict[str, Promise] = {
    "rule": gettext_lazy("按规则"),
    "hand": gettext_lazy("人工切换"),
    "feed_missing": gettext_lazy("没有信号"),
    "feed_silent": gettext_lazy("信号静音"),
    "cut": gettext_lazy("切断"),
    "planned": gettext_lazy("按计划"),
    "change": gettext_lazy("切换"),
}


@register.filter
def signed(seconds: float | None) -> str:
    """+3 秒, −1.5 秒, 0 秒; empty for None."""
    if seconds is None:
        return ""
    rounded = round(seconds, 1)
    sign = "+" if rounded > 0 else "−" if rounded < 0 else ""
    number = f"{abs(rounded):.1f}".removesuffix(".0")
    return _("%(number)s 秒") % {"number": f"{sign}{number}"}


@register.filter
def seconds_of(stretch: dict[str, Any]) -> str:
    """The length of a stretch, to the second: 0:29:58."""
    seconds = round((stretch["end"] - stretch["start"]).total_seconds())
    return f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


@register.filter
def why(reason: str) -> str:
    """A reason's words; one that has none stays as it is."""
    return str(_REASONS.get(reason, reason))
