"""How much a sender may send, by commands and bytes: as a person, as an address, as a partner; pure counting, no meaning."""

from __future__ import annotations

import ipaddress
import threading
import time
from collections import Counter, OrderedDict
from dataclasses import dataclass
from functools import lru_cache
from uuid import UUID

from live import limits
from live.limits import Limits, burst_of

REMEMBERED = 20_000
KINDS = ("person", "address", "partner")


@dataclass(frozen=True, slots=True)
class Sender:
    """Whoever sends or comes in, by the names that limits know. An empty name is not limited."""

    person: str = ""
    address: str = ""
    partner: str = ""

    def names(self) -> tuple[tuple[str, str], ...]:
        """(kind, name) for each that is known."""
        return tuple((kind, name) for kind in KINDS if (name := getattr(self, kind)))


class Bucket:
    """Fills with time, empties with use: `per_second` in the long run, `most` at once."""

    __slots__ = ("_filled_at", "_left", "_most", "_per_second")

    def __init__(self, per_second: float, most: float) -> None:
        self._per_second, self._most = per_second, most
        self._left, self._filled_at = most, time.monotonic()

    def take(self, amount: float = 1.0) -> float:
        """0 when so much is allowed, else after how many seconds it will be. More than ever fits is taken from a full one."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._filled_at) * self._per_second)
        self._filled_at = now
        wanted = min(amount, self._most)
        if self._left < wanted:
            return (wanted - self._left) / self._per_second
        self._left -= amount
        return 0.0


class Buckets:
    """One for each name, the longest unused forgotten first. Any thread may take."""

    def __init__(self, per_second: float, most: float) -> None:
        self._per_second, self._most = per_second, most
        self._by_name: OrderedDict[str, Bucket] = OrderedDict()
        self._lock = threading.Lock()

    def take(self, name: str, amount: float = 1.0) -> float:
        """As Bucket.take, for this name."""
        with self._lock:
            bucket = self._by_name.get(name)
            if bucket is None:
                bucket = self._by_name[name] = Bucket(self._per_second, self._most)
                if len(self._by_name) > REMEMBERED:
                    self._by_name.popitem(last=False)
            else:
                self._by_name.move_to_end(name)
            return bucket.take(amount)


class Allowance:
    """Buckets for everything that a sender is limited in under one word (`commands`, `bytes`, `joins`), and what they refused."""

    def __init__(self, known: Limits, *words: str) -> None:
        self.refused: Counter[str] = Counter()
        self._words = words
        self._buckets = {
            name: Buckets(rate, rate * burst_of(name))
            for word in words
            for kind in KINDS
            for name in (f"{word}_{kind}",)
            for rate in (getattr(known, name),)
        }

    def take(self, sender: Sender, *amounts: float) -> int:
        """0 when it may be sent, else the whole seconds to wait. One amount for each of the words."""
        wait = 0.0
        for word, amount in zip(self._words, amounts, strict=True):
            for kind, name in sender.names():
                longer = self._buckets[f"{word}_{kind}"].take(name, amount)
                if longer:
                    self.refused[f"{word}_{kind}"] += 1
                    wait = max(wait, longer)
        return max(1, round(wait)) if wait else 0


def sender(participant_id: UUID | None, address: str, partner: str = "") -> Sender:
    """Who sends. Whoever brings no identity is known by the address alone, as one person: it costs nothing to bring one."""
    where = network(address)
    return Sender(str(participant_id) if participant_id else f"at {address}", where, partner)


@lru_cache(maxsize=4_096)
def network(address: str) -> str:
    """The part of an address that one household or carrier has: IPv4 whole, of IPv6 the /64. Empty for this very machine, which
    is a proxy and no visitor, and for what is no address."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return ""
    if found.is_loopback:
        return ""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return network(str(found.ipv4_mapped))
        return str(ipaddress.ip_network((found, 64), strict=False).network_address)
    return str(found)


# What comes to this process, by socket, as JSON or from a plain form: one allowance for all three.
sent = Allowance(limits.current(), "commands", "bytes")
