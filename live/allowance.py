"""How much one sender may send: a bucket each, for a socket or for a participant who posts; pure counting, no meaning."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from uuid import UUID

# At once, and per second on the long run.
BURST = 20.0
PER_SECOND = 4.0
REMEMBERED = 20_000


class Bucket:
    """Fills with time, empties with use."""

    __slots__ = ("_filled_at", "_left")

    def __init__(self) -> None:
        self._left, self._filled_at = BURST, time.monotonic()

    def take(self) -> int:
        """0 when one more is allowed, else after how many seconds it will be."""
        now = time.monotonic()
        self._left = min(BURST, self._left + (now - self._filled_at) * PER_SECOND)
        self._filled_at = now
        if self._left < 1:
            return max(1, round((1 - self._left) / PER_SECOND))
        self._left -= 1
        return 0


class Buckets:
    """One for each name, the longest unused forgotten first. Any thread may take."""

    def __init__(self) -> None:
        self._by_name: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str) -> int:
        """As Bucket.take, for this name."""
        with self._lock:
            bucket = self._by_name.get(name)
            if bucket is None:
                bucket = self._by_name[name] = Bucket()
            self._by_name.move_to_end(name)
            while len(self._by_name) > REMEMBERED:
                self._by_name.popitem(last=False)
            return bucket.take()


# What comes by POST to this process, as JSON or from a plain form: one allowance for both.
posted = Buckets()


def sender(participant_id: UUID | None, address: str) -> str:
    """The name of a bucket: the participant's; for whoever has no identity the address's."""
    return str(participant_id) if participant_id else f"address:{address}"
