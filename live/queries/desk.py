"""What the shells of the live staff pages start with, beyond the lane; it must not write."""

from __future__ import annotations

from live.models import Reason


def offered_reasons() -> list[dict[str, str]]:
    """The reasons that a moderator may give today, in their order: code and name in the reader's language."""
    return [{"code": reason.code, "name": reason.name} for reason in Reason.objects.filter(is_active=True)]
