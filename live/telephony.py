"""How the house speaks to a telephone system, chosen by YISHI_TELEPHONY; it must not decide where a call stands.

Up: an adapter that hears a line ring calls `live.services.calls.log` as the house. Down: `follow` tells it what the desk decided.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.module_loading import import_string

from broadcast.sealing import unseal

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Event:
    """A call went from one state to another. ringing: dial (a call back); waiting: hold; on_air: open to the desk; over: hang up."""

    airing: str
    call: int
    line: str
    before: str
    after: str
    by: str = ""


# Told each event after it is committed, once, in the thread of the act, so it returns at once; the number only to dial. Raises
# whatever it likes: the desk's word stands, and the line is then worked by hand.
Adapter = Callable[[Event, str | None], None]


def manual(event: Event, number: str | None) -> None:
    """Nobody is told: people work the telephone and the faders by hand, and the desk says what they did."""


def current() -> Adapter:
    """The adapter that the settings name. Raises ImportError for a dotted path that leads nowhere."""
    if settings.TELEPHONY == "manual":
        return manual
    found: Adapter = import_string(settings.TELEPHONY)
    return found


def check() -> list[tuple[str, str, str]]:
    """doctor's: whether the adapter that the settings name is there."""
    expected, name = "manual, or a dotted path to a function (event, number)", settings.TELEPHONY
    try:
        is_there = callable(current())
    except ImportError as error:
        return [(f"YISHI_TELEPHONY={name}: {error}", expected, "correct YISHI_TELEPHONY")]
    return [(f"call desk by {name}", expected, "" if is_there else "correct YISHI_TELEPHONY")]


def follow(event: Event, sealed_number: bytes | None) -> bool:
    """Tell the telephone system. Returns whether it took it; what it did not take is logged, without the number."""
    try:
        current()(event, unseal(sealed_number) if sealed_number else None)
    except Exception as error:
        # Its own words may hold the number.
        kind = type(error).__name__
        logger.error("telephone system did not follow call=%s after=%s error=%s", event.call, event.after, kind)
        return False
    return True
