"""Sends closed segments and playlists from the recorder's disk to the stores as they close; recording never waits for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from archive import clips
from archive.storage import MAIN, Storage
from archive.storage.places import leaving
from archive.storage.shelf import OF_THE_STORE, Round, Shelf
from broadcast import env

logger = logging.getLogger(__name__)
_FILLER = "filler"
_WORKERS = 4
_PASS_SECONDS = 1.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
# Folders of shows that are over are looked at so seldom; what is made of them later is sent by its own step.
_RESTING_SECONDS = 300.0
_SEARCH_SECONDS = 600.0
_STOP_SECONDS = 5.0


@dataclass
class Lane:
    """One store: its folders, and how long it is left alone after a failure."""

    name: str
    shelves: dict[str, Shelf] = field(default_factory=dict)
    results: dict[str, Round] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    failures: int = 0
    quiet_until: float = 0.0
    next_pass: float = 0.0
    sent: int = 0

    def note(self, name: str, result: Round, now: float) -> None:
        """What a round came to: after a failure the store is left alone, longer each time."""
        self.results[name] = result
        self.sent += result.sent
        if result.problem not in OF_THE_STORE:
            self.failures = 0
            # What is wrong with one folder keeps no other waiting.
            self.due[name] = now + (_FIRST_PAUSE if result.problem else 0.0)
        elif not result.sent:
            self.failures += 1
            self.quiet_until = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self.failures - 1))

    def report(self, name: str) -> dict[str, Any] | None:
        """How far behind one folder is, for the control room; None before the first round."""
        found = self.results.get(name)
        if found is None:
            return None
        lag = time.time() - found.oldest_ns / 1e9 if found.oldest_ns else 0.0
        return {
            "place": self.name,
            "waiting": found.waiting,
            "waiting_bytes": found.waiting_bytes,
            "lag_seconds": round(max(0.0, lag), 1),
            "problem": found.problem,
        }


class Uploader:
    """All airings of this machine. Where no store is set it does nothing. It learns everything again from disk after being killed."""

    def __init__(self, root: Path | None = None) -> None:
        self.root = root or Path(settings.MEDIA_ROOT)
        # Its own threads: a store that hangs must not take those that write the public line.
        self._rounds = ThreadPoolExecutor(2, thread_name_prefix="store")
        self._senders = ThreadPoolExecutor(_WORKERS, thread_name_prefix="send")
        self._stores = _stores()
        self.lanes = {name: Lane(name) for name in self._stores}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._live: frozenset[str] = frozenset()
        self._searched = -_SEARCH_SECONDS
        self._found: list[str] = []
        self._stopping = False

    async def advance(self, live: Collection[UUID]) -> None:
        """See to it that each store has somebody at work; `live` are the airings being recorded. Returns at once."""
        self._live = frozenset(str(each) for each in live)
        for name, lane in self.lanes.items():
            task, now = self._tasks.get(name), time.monotonic()
            if (task is None or task.done()) and now >= lane.next_pass:
                lane.next_pass = now + _PASS_SECONDS
                self._tasks[name] = asyncio.create_task(self._pass(lane), name=f"store {name}")

    async def _pass(self, lane: Lane) -> None:
        """One look at everything that one store should have."""
        try:
            await asyncio.get_running_loop().run_in_executor(self._rounds, self._work, lane)
        except Exception:
            logger.exception("a pass to the store failed place=%s", lane.name)

    def _work(self, lane: Lane) -> None:
        self._search()
        # The filler first: a playlist may name it at any time.
        for name in dict.fromkeys([_FILLER, *self._live, *self._found]):
            now = time.monotonic()
            if self._stopping or now < lane.quiet_until:
                return
            resting = name not in self._live
            if now < lane.due.get(name, 0.0):
                continue
            shelf = lane.shelves.get(name) or self._shelf(lane, name)
            if not shelf.folder.is_dir():
                continue
            if resting and shelf.is_settled:
                self._rest(lane, name)
                continue
            result = shelf.round(self._senders, resting=resting)
            lane.note(name, result, time.monotonic())
            if resting and not result.waiting and not result.problem:
                lane.due[name] = time.monotonic() + _FIRST_PAUSE

    @staticmethod
    def _rest(lane: Lane, name: str) -> None:
        """A folder that is settled needs no memory of its files; the filler's is asked for."""
        lane.due[name] = time.monotonic() + _RESTING_SECONDS
        if name != _FILLER:
            lane.shelves.pop(name, None)

    def _search(self) -> None:
        """Airings that lie on this disk, newest first; now and then, and whenever one stops being recorded."""
        now = time.monotonic()
        folder = self.root / "airings"
        if now - self._searched < _SEARCH_SECONDS or not folder.is_dir():
            self._found = [*dict.fromkeys([*self._found, *self._live])]
            return
        self._searched = now
        names = sorted(folder.iterdir(), key=lambda each: each.stat().st_mtime, reverse=True)
        self._found = [each.name for each in names if each.is_dir() and not each.name.startswith(".")]

    def _shelf(self, lane: Lane, name: str) -> Shelf:
        if name == _FILLER:
            shelf = Shelf(clips.filler_folder(), f"filler/{clips.VERSION}", label(lane.name), self._stores[lane.name])
        else:
            shelf = Shelf(
                self.root / "airings" / name,
                f"airings/{name}",
                label(lane.name),
                self._stores[lane.name],
                elsewhere=lambda file: self._has_filler(lane, file),
            )
        lane.shelves[name] = shelf
        return shelf

    @staticmethod
    def _has_filler(lane: Lane, file: str) -> bool:
        """Whether `filler-picture-003.ts` is there."""
        shelf = lane.shelves.get(_FILLER)
        _, kind, number = file.removesuffix(".ts").split("-")
        return shelf is not None and shelf.has(f"{kind}/000{number}.ts")

    def report(self, airing_id: UUID) -> dict[str, Any]:
        """How far behind each store is with this airing: the control room's `store`; empty where there is none."""
        found = [lane.report(str(airing_id)) for lane in self.lanes.values()]
        return {"places": [each for each in found if each is not None]} if found else {}

    async def stop(self) -> None:
        """Finish what is being sent, for some seconds; the rest is sent by the next recorder."""
        self._stopping = True
        for store in self._stores.values():
            store.hurry()
        waiting = [each for each in self._tasks.values() if not each.done()]
        if waiting:
            await asyncio.wait(waiting, timeout=_STOP_SECONDS)
        for pool in (self._rounds, self._senders):
            pool.shutdown(wait=False, cancel_futures=True)


def _stores() -> dict[str, Storage]:
    """The stores; none when they are wrongly named, since recording must not stop for that. Doctor says what is wrong."""
    try:
        return leaving()
    except Exception:
        logger.exception("the stores cannot be opened: nothing leaves this disk")
        return {}


def label(name: str) -> str:
    """How the log names a store: another bucket is another place."""
    return f"{name}:{env.read('STORE' if name == MAIN else 'STORE_COPY')}"
