"""Takes processor time away beside a benchmark, and writes down what the web processes report of their pressure; it judges nothing."""

from __future__ import annotations

import contextlib
import subprocess
import sys
import threading
import time
from typing import Any
from uuid import UUID

LOOK_SECONDS = 0.5


class Pressing:
    """As long as it is entered: so many processes that only count, and a look at the bus twice a second."""

    def __init__(self, airing_id: UUID, hogs: int) -> None:
        self._airing_id, self._hogs = airing_id, hogs
        self._running: list[subprocess.Popen[bytes]] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)
        # (seconds since the beginning, worst measures of all processes)
        self.measured: list[tuple[float, dict[str, float]]] = []

    def __enter__(self) -> Pressing:
        spin = [sys.executable, "-c", "while True: pass"]
        # In sessions of their own: the kernel shares the processors out among sessions, and ours is the crowd's too.
        self._running = [
            subprocess.Popen(spin, stdin=subprocess.DEVNULL, start_new_session=True) for _each in range(self._hogs)
        ]
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._ended.set()
        for each in self._running:
            each.kill()
            each.wait()
        self._thread.join(5)

    def worst(self) -> dict[str, float]:
        """The worst of each measure."""
        names = {name for _at, found in self.measured for name in found}
        return {name: max(found.get(name, 0.0) for _at, found in self.measured) for name in sorted(names)}

    def _look(self) -> None:
        import redis
        from django.conf import settings

        from live import envelope, pressure

        began = time.monotonic()
        bus: Any = redis.Redis.from_url(settings.BUS_URL)
        while not self._ended.wait(LOOK_SECONDS):
            with contextlib.suppress(redis.RedisError):
                said = bus.hvals(envelope.key(self._airing_id, "pressure"))
                found = pressure.together(pressure.unpacked(each.partition(b":")[2] for each in said))
                self.measured.append((time.monotonic() - began, found))
