"""Keeps the lease of one attempt while somebody works on it, with a scratch folder that goes with it; it knows no kind of work."""

from __future__ import annotations

import logging
import shutil
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Self

from django.db import Error, connection

from archive.steps import engine
from archive.steps.engine import FencedOut
from broadcast import clock

logger = logging.getLogger(__name__)


class Leased:
    """One attempt: its scratch folder, and its lease while this is entered. `beat` prolongs it (progress from 0 to 1) and says
    whether it is still ours."""

    def __init__(self, name: str, folder: Path, beat: Callable[[float], bool]) -> None:
        self.folder = folder
        self._name, self._beat = name, beat
        self._progress = 0.0
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {name}", daemon=True)

    def __enter__(self) -> Self:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        """Raise FencedOut when the work is not ours any more."""
        if self._lost.is_set():
            raise FencedOut

    def tell(self, progress: float) -> None:
        """How far it is, 0 to 1; written with the next heartbeat."""
        self._progress = progress

    def _keep(self) -> None:
        """Prolong the lease until it is over. A database that is away is asked again, until the lease has lapsed."""
        good = clock.now()
        try:
            while not self._over.wait(engine.BEAT_SECONDS):
                try:
                    mine = self._beat(self._progress)
                except Error:
                    connection.close()
                    if (clock.now() - good).total_seconds() < engine.LEASE_SECONDS:
                        continue
                    mine = False
                if not mine:
                    logger.warning("lease lost of %s", self._name)
                    self._lost.set()
                    return
                good = clock.now()
        finally:
            connection.close()
