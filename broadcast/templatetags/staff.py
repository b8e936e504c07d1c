"""How staff pages write times and lengths: Beijing time with its weekday, never a bare clock; formatting only."""

from __future__ import annotations

import datetime as dt

from django import template
from django.utils.translation import gettext as _

from broadcast.clock import ZONE

register = template.Library()


@register.filter
def when(value: dt.datetime | None) -> str:
    """2026-11-28 周六 11:00, in Beijing time; empty for None."""
    if value is None:
        return ""
    local = value.astimezone(ZONE)
    return f"{local:%Y-%m-%d} {weekday(local)} {local:%H:%M}"


@register.filter
def clock_time(value: dt.datetime | None) -> str:
    """11:00, in Beijing time; beside a `when` of the same day."""
    return f"{value.astimezone(ZONE):%H:%M}" if value else ""


@register.filter
def weekday(value: dt.date) -> str:
    """周六."""
    return (_("周一"), _("周二"), _("周三"), _("周四"), _("周五"), _("周六"), _("周日"))[value.weekday()]


@register.filter
def duration(seconds: int | None) -> str:
    """Minutes and seconds, 08:30; hours only where there are some."""
    if seconds is None:
        return ""
    minutes, rest = divmod(int(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes:02d}:{rest:02d}"


@register.filter
def last_day(value: dt.datetime | None) -> str:
    """The last day on which something that ends at `value` counts, in Beijing time: 2026-12-31."""
    return f"{(value - dt.timedelta(seconds=1)).astimezone(ZONE):%Y-%m-%d}" if value else ""


@register.filter
def form_of(pk: int, name: str) -> str:
    """The name of one of several forms of a kind: revoke-7."""
    return f"{name}{pk}"
