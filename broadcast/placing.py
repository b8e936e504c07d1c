"""Where and as what an episode goes out, as a form saw it, as it is now and as is wanted, made one; pure: no table, no clock."""

from __future__ import annotations

import datetime as dt
from typing import Any, NamedTuple


class Placed(NamedTuple):
    """Number, times and feeds of an episode's first airing."""

    number: int | None
    start: dt.datetime | None
    end: dt.datetime | None
    feed: int | None = None
    backup_feed: int | None = None


class Clash(Exception):
    """Both sides changed the same thing, and not alike: `field` names it, `now` is what it is by now."""

    def __init__(self, field: str, now: Any) -> None:
        super().__init__(field)
        self.field, self.now = field, now


# What stands or falls together: a start that was moved with the end that was typed would be a third time that nobody wanted.
_TOGETHER: tuple[tuple[str, ...], ...] = (("number",), ("start", "end"), ("feed", "backup_feed"))


def merged(was: Placed, now: Placed, wanted: Placed) -> Placed:
    """`wanted` over `now`, where it differs from `was`: what a form left alone stays as somebody made it since.

    Raises Clash where the form changed what somebody else changed too, otherwise.
    """
    found: dict[str, Any] = {}
    for names in _TOGETHER:
        seen, present, asked = (tuple(getattr(each, name) for name in names) for each in (was, now, wanted))
        if asked not in (seen, present) and present != seen:
            raise Clash(names[0], present)
        found |= dict(zip(names, present if asked == seen else asked, strict=True))
    return Placed(**found)
