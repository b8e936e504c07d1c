"""How the pages about records write times to the second and addresses without one field; formatting only."""

from __future__ import annotations

import datetime as dt

from django import template
from django.http import QueryDict

from broadcast.clock import ZONE
from broadcast.templatetags.staff import weekday

register = template.Library()


@register.filter
def when_seconds(value: dt.datetime | None) -> str:
    """2026-11-28 周六 11:00:07, in Beijing time; empty for None."""
    if value is None:
        return ""
    local = value.astimezone(ZONE)
    return f"{local:%Y-%m-%d} {weekday(local)} {local:%H:%M:%S}"


@register.filter
def day_of(value: dt.datetime | None) -> str:
    """2026-11-28, in Beijing time; empty for None."""
    return f"{value.astimezone(ZONE):%Y-%m-%d}" if value else ""


@register.filter
def without(query: str, name: str) -> str:
    """A query string without one field."""
    fields = QueryDict(query, mutable=True)
    fields.pop(name, None)
    return fields.urlencode()
