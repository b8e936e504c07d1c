"""Counts how often a program asks, a minute at a time, in the cache; a lost cache refuses nobody, and nothing else is decided here."""

from __future__ import annotations

import logging

from django.core.cache import cache
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import TooMany

logger = logging.getLogger(__name__)

PER_TOKEN = 120
# Of one address without a token that counts: several may be finding out what is wrong; tokens are too long to be tried.
PER_STRANGER = 100
_MINUTE = 60


def take(who: str, most: int) -> int:
    """One more request of `who` in this minute; returns how many are left. Raises TooMany (retry_after_seconds)."""
    now = int(clock.now().timestamp())
    key = f"schedule:allowance:{who}:{now // _MINUTE}"
    try:
        cache.add(key, 0, 2 * _MINUTE)
        used = int(cache.incr(key))
    except Exception:
        logger.warning("requests not counted: the cache does not answer")
        return most
    if used > most:
        raise TooMany(_("请求太频繁。"), retry_after_seconds=_MINUTE - now % _MINUTE)
    return most - used
