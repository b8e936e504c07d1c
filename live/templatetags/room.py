"""Filters for the room's own markup; they decide nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from django import template

register = template.Library()


@register.filter
def of(mapping: Mapping[str, str] | str | None, key: str) -> str:
    """What a mapping holds under a key; nothing where there is no mapping."""
    return mapping.get(key, "") if isinstance(mapping, Mapping) else ""


@register.filter
def covered(spans: Iterable[tuple[int, int]]) -> int:
    """How many characters the spans of a mask cover."""
    return sum(end - first for first, end in spans)
