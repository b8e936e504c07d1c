"""How hard it is for this process to keep up, measured on its loop, and what it had to drop; what follows is `live.ladder`'s."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from uuid import UUID

import msgspec
from msgspec import Struct

SAMPLE_SECONDS = 0.1

_drops: Counter[str] = Counter()
_lock = threading.Lock()


def dropped(what: str, many: int = 1) -> None:
    """Count what was not done for pressure; for any thread."""
    with _lock:
        _drops[what] += many


def drops() -> dict[str, int]:
    """All that was dropped since this process began."""
    with _lock:
        return dict(_drops)


class Report(Struct, frozen=True):
    """What one process says every second of an airing that it serves. Durations in seconds, the worst since its last report."""

    process: str
    seats: int
    loop: float = 0.0
    tick: float = 0.0
    fan: float = 0.0
    batch: float = 0.0
    answer: float = 0.0
    waiting: float = 0.0
    behind: float = 0.0
    drops: dict[str, int] = {}


MEASURES = ("loop", "tick", "fan", "batch", "answer", "waiting", "behind")
_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Report)


def packed(report: Report) -> bytes:
    """For the bus."""
    return _encoder.encode(report)


def unpacked(raw: Iterable[bytes]) -> list[Report]:
    """Those that can be read."""
    found = []
    for each in raw:
        try:
            found.append(_decoder.decode(each))
        except msgspec.MsgspecError:
            dropped("strange_reports")
    return found


def together(reports: Iterable[Report]) -> dict[str, float]:
    """The worst of each measure: one process that cannot keep up is enough. `behind` is the share of all sockets."""
    found = dict.fromkeys(MEASURES, 0.0)
    seats = late = 0.0
    for report in reports:
        for name in ("loop", "tick", "fan", "batch", "answer", "waiting"):
            found[name] = max(found[name], getattr(report, name))
        seats += report.seats
        late += report.behind * report.seats
    found["behind"] = late / seats if seats else 0.0
    return {name: round(value, 3) for name, value in found.items()}


class Meter:
    """Keeps the worst of each duration until it is read."""

    def __init__(self) -> None:
        self._worst: dict[str, float] = {}

    def note(self, name: str, seconds: float) -> None:
        """One measurement."""
        if seconds > self._worst.get(name, 0.0):
            self._worst[name] = seconds

    def read(self) -> dict[str, float]:
        """The worst of each since the last reading."""
        worst, self._worst = self._worst, {}
        return worst

    async def watch(self) -> None:
        """Until cancelled: how much later than asked the loop comes back."""
        while True:
            before = time.monotonic()
            await asyncio.sleep(SAMPLE_SECONDS)
            self.note("loop", time.monotonic() - before - SAMPLE_SECONDS)


# What was heard last of the airings that staff of this process work on; for their panels.
_heard: dict[UUID, tuple[float, list[Report]]] = {}
HEARD_SECONDS = 10.0


def hear(reports: Mapping[UUID, list[Report]]) -> None:
    """Keep these for `newest`; what is not among them is forgotten."""
    now = time.monotonic()
    fresh = {airing_id: (now, each) for airing_id, each in reports.items()}
    with _lock:
        _heard.clear()
        _heard.update(fresh)


def newest(airing_id: UUID) -> list[Report]:
    """What the processes of an airing said last; empty when nobody was heard lately. For any thread."""
    with _lock:
        at, reports = _heard.get(airing_id, (0.0, []))
    return reports if time.monotonic() - at < HEARD_SECONDS else []
