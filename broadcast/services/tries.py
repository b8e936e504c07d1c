"""Counts wrong tries within a window, in the cache; it decides nothing, and a lost cache locks nobody out."""

from __future__ import annotations

import logging

from django.core.cache import cache

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 900


def count(key: str) -> int:
    """How many within the window."""
    try:
        return int(cache.get(key, 0))
    except Exception:
        logger.warning("limits unknown: the cache does not answer")
        return 0


def add(key: str) -> None:
    """One more."""
    try:
        if not cache.add(key, 1, WINDOW_SECONDS):
            cache.incr(key)
    except ValueError:  # it expired between the two
        cache.set(key, 1, WINDOW_SECONDS)
    except Exception:
        logger.warning("wrong try not counted: the cache does not answer")


def forget(key: str) -> None:
    """None any more."""
    try:
        cache.delete(key)
    except Exception:
        logger.warning("limits not cleared: the cache does not answer")
