"""Who gets a socket here while there are not enough for all: counts, refuses cheaply, says when to try again; no query, no thread."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable

from live.allowance import Allowance, Bucket, Sender
from live.limits import Limits, burst_of

# How long those wait who were refused because it was full, or because they hold too many: the crowd thins slowly.
FULL_MS = 60_000
SHORTEST_MS = 1_000
LONGEST_MS = 120_000
# Windows are so many times what the entrance needs: those who come anew find room too. Whoever was refused waits longer than
# whoever was cut off.
ROW_ROOM = 2.0
RETURN_ROOM = 1.25
# Another process takes them at once; only not all in the same instant.
MOVING_MS = 300


class Admission:
    """The entrance of one process. Everything here belongs to its event loop."""

    def __init__(self, known: Limits, sockets: Callable[[], int]) -> None:
        self._limits, self._sockets = known, sockets
        self._held: dict[str, Counter[str]] = {kind: Counter() for kind in ("person", "address", "partner")}
        self._joins = Bucket(known.joins, known.joins * burst_of("joins"))
        self._attempts = Allowance(known, "joins")
        self._refused: Counter[str] = Counter()
        self._waiting, self._counted_at = 0.0, time.monotonic()
        self.moving = False

    @property
    def refused(self) -> dict[str, int]:
        """How many were sent to the overflow lane, by what."""
        return dict(self._refused + self._attempts.refused)

    @property
    def is_full(self) -> bool:
        """Whether this process holds all it may."""
        return self._sockets() >= self._limits.sockets

    def refuse(self, sender: Sender) -> int:
        """0 when there is room: then `enter`. Else the window in milliseconds in which to try again."""
        if self.moving:
            return self._no("moving", MOVING_MS)
        if self.is_full:
            return self._no("sockets", FULL_MS)
        held = self.too_many(sender)
        if held:
            return held
        wait = self._attempts.take(sender, 1)
        if wait:
            return min(LONGEST_MS, max(SHORTEST_MS, 2_000 * wait))
        if self._joins.take():
            return self._no("joins", self._one_more_waits())
        return 0

    def too_many(self, sender: Sender) -> int:
        """0 when the sender may hold one more, else the window, as `refuse`: asked again of who says only inside who it is."""
        for kind, name in sender.names():
            if self._held[kind][name] >= getattr(self._limits, f"sockets_{kind}"):
                return self._no(f"sockets_{kind}", FULL_MS)
        return 0

    def enter(self, sender: Sender) -> None:
        """Somebody has a seat."""
        for kind, name in sender.names():
            self._held[kind][name] += 1

    def leave(self, sender: Sender) -> None:
        """It is free."""
        for kind, name in sender.names():
            left = self._held[kind][name] - 1
            if left > 0:
                self._held[kind][name] = left
            else:
                del self._held[kind][name]

    def again_ms(self) -> int:
        """The window in which those who poll should try for a socket, as far as this process knows."""
        if self.is_full:
            return FULL_MS
        return self._window(self._still_waiting())

    def return_ms(self) -> int:
        """The window in which those who sit here should come back if all are cut off at once: they are let in as they come."""
        return self._window(self._sockets(), RETURN_ROOM)

    def _one_more_waits(self) -> int:
        """Those who were refused come back over their windows: the longer their row, the wider the window of the next."""
        self._waiting = self._still_waiting() + 1
        return self._window(self._waiting)

    def _still_waiting(self) -> float:
        now = time.monotonic()
        self._waiting = max(0.0, self._waiting - (now - self._counted_at) * self._limits.joins)
        self._counted_at = now
        return self._waiting

    def _window(self, people: float, room: float = ROW_ROOM) -> int:
        return int(min(LONGEST_MS, max(SHORTEST_MS, 1_000 * room * people / self._limits.joins)))

    def _no(self, why: str, window_ms: int) -> int:
        self._refused[why] += 1
        return window_ms
