"""The days of the mainland as this house knows them; it must not write."""

from __future__ import annotations

from scheduling.holidays import Days
from scheduling.models import Holiday


def known() -> Days:
    """Published lists and what was entered by hand. One query; ask it for as many days as you like."""
    return Days({day: (kind, name) for day, kind, name in Holiday.objects.values_list("date", "kind", "name")})
