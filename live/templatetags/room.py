"""Filters for the room's own markup; they decide nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django import template
from django.utils import timezone

from broadcast.templatetags import wording

register = template.Library()


@register.filter
def of(mapping: Mapping[Any, Any] | str | None, key: Any) -> Any:
    """What a mapping holds under a key; nothing where there is no mapping."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.filter
def on_day(value: dt.date | str | None) -> str:
    """2026-12-10 周四, of a day."""
    if not value:
        return ""
    found = dt.date.fromisoformat(value) if isinstance(value, str) else value
    noon = timezone.make_aware(dt.datetime.combine(found, dt.time(12)))
    return f"{found.isoformat()} {wording.weekday(noon)}"


@register.filter
def covered(spans: Iterable[tuple[int, int]]) -> int:
    """How many characters the spans of a mask cover."""
    return sum(end - first for first, end in spans)
