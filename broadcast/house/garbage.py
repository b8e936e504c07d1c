"""How often a serving process looks for garbage; it serves nothing itself."""

from __future__ import annotations

import gc


def look_seldom() -> None:
    """Called once when all is loaded. What lives as long as the process is never looked through again, the rest seldom.

    Sockets are many objects and make no garbage while they last: looking through them again and again costs joins and ticks. A look
    through all that Django loads took 110 ms of whichever answer it fell into (`./yishi bench search`).
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)
