"""The one place that reads the time, so that tests and simulations can move it; it must not keep any state but that shift."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from zoneinfo import ZoneInfo

# What the house's clocks show and what people type.
ZONE = ZoneInfo("Asia/Shanghai")
_shift = dt.timedelta(0)
_frozen: dt.datetime | None = None


def now() -> dt.datetime:
    """Current time, timezone-aware, UTC. Services call this and never SQL's now() or django.utils.timezone."""
    if _frozen is not None:
        return _frozen
    return dt.datetime.now(dt.UTC) + _shift


@contextmanager
def frozen(at: dt.datetime) -> Iterator[None]:
    """Hold the clock of this process at `at` (aware). For tests; not thread-safe on purpose: one clock, one process."""
    global _frozen
    before, _frozen = _frozen, at
    try:
        yield
    finally:
        _frozen = before


@contextmanager
def shifted(by: dt.timedelta) -> Iterator[None]:
    """Let the clock of this process run `by` ahead of the machine's (behind when negative)."""
    global _shift
    before, _shift = _shift, _shift + by
    try:
        yield
    finally:
        _shift = before
