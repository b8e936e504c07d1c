"""Sends closed segments and playlists from the recorder's disk to the stores as they close; recording never waits for it."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections.abc import Callable, Collection, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.conf import settings

from archive import clips
from archive.storage import MAIN, Storage, ledger
from archive.storage.places import leaving
from archive.storage.shelf import OF_THE_STORE, Round, Shelf, is_settled
from broadcast import env

logger = logging.getLogger(__name__)
_FILLER = "filler"
_WORKERS = 4
# What is over has fewer, and sends less at once: it must take nothing from what is on air.
_RESTING_WORKERS = 2
_RESTING_AT_ONCE = 16
_RESTING_PASS_SECONDS = 5.0
# With a show so far behind, what is over waits altogether.
_BEHIND_SECONDS = 10.0
_PASS_SECONDS = 1.0
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
# Folders of shows that are over are looked at so seldom; what is made of them later is sent by its own step.
_RESTING_SECONDS = 300.0
_SEARCH_SECONDS = 600.0
_STOP_SECONDS = 5.0


@dataclass
class Patience:
    """How long a store is left alone after a failure: longer each time."""

    failures: int = 0
    quiet_until: float = 0.0
    next_pass: float = 0.0

    def note(self, result: Round, now: float) -> None:
        """What a round came to."""
        if result.problem not in OF_THE_STORE:
            self.failures = 0
        elif not result.sent:
            self.failures += 1
            self.quiet_until = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (self.failures - 1))


@dataclass
class Lane:
    """One store: its folders, and two loops over them: one for what is on air, one for what is over."""

    name: str
    shelves: dict[str, Shelf] = field(default_factory=dict)
    results: dict[str, Round] = field(default_factory=dict)
    due: dict[str, float] = field(default_factory=dict)
    # Of folders in which nothing waits, in place of their shelves.
    settled: dict[str, dict[str, int]] = field(default_factory=dict)
    live: Patience = field(default_factory=Patience)
    resting: Patience = field(default_factory=Patience)
    # Folders that one of the loops is just at; a show that begins or ends changes from one to the other.
    _taken: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextmanager
    def alone(self, name: str) -> Iterator[bool]:
        """Whether the folder is ours now; at once."""
        with self._lock:
            mine = name not in self._taken
            self._taken.add(name)
        try:
            yield mine
        finally:
            if mine:
                with self._lock:
                    self._taken.discard(name)

    def is_behind(self, names: Collection[str]) -> bool:
        """Whether one of these waits for long."""
        found = [self.results[name] for name in list(names) if name in self.results]
        return any(each.oldest_ns and time.time() - each.oldest_ns / 1e9 > _BEHIND_SECONDS for each in found)

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
        # Those for what is over are others again: what is on air waits for nothing of that.
        self._rounds = ThreadPoolExecutor(2, thread_name_prefix="store")
        self._senders = ThreadPoolExecutor(_WORKERS, thread_name_prefix="send")
        self._resting_rounds = ThreadPoolExecutor(2, thread_name_prefix="store rest")
        self._resting_senders = ThreadPoolExecutor(_RESTING_WORKERS, thread_name_prefix="send rest")
        self._stores = _stores()
        self.lanes = {name: Lane(name) for name in self._stores}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._live: frozenset[str] = frozenset()
        self._been_live: set[str] = set()
        self._searched = -_SEARCH_SECONDS
        self._found: list[str] = []
        self._stopping = False

    async def advance(self, live: Collection[UUID]) -> None:
        """See to it that each store has somebody at work; `live` are the airings being recorded. Returns at once."""
        self._live = frozenset(str(each) for each in live)
        self._been_live |= self._live
        for name, lane in self.lanes.items():
            self._begin(f"store {name}", lane.live, self._rounds, partial(self._work_live, lane))
            self._begin(f"archive {name}", lane.resting, self._resting_rounds, partial(self._work_resting, lane))

    def _begin(self, name: str, patience: Patience, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
        task, now = self._tasks.get(name), time.monotonic()
        if (task is None or task.done()) and now >= patience.next_pass:
            patience.next_pass = now + _PASS_SECONDS
            self._tasks[name] = asyncio.create_task(_pass(name, pool, work), name=name)

    def _work_live(self, lane: Lane) -> None:
        """One look at what is on air, and at the filler first: a playlist may name it at any time."""
        for name in (_FILLER, *self._live):
            now = time.monotonic()
            if self._stopping or now < lane.live.quiet_until:
                return
            if now < lane.due.get(name, 0.0):
                continue
            with lane.alone(name) as mine:
                if not mine:
                    continue
                lane.settled.pop(name, None)
                shelf = lane.shelves.get(name) or self._shelf(lane, name)
                if not shelf.folder.is_dir():
                    continue
                result = lane.results[name] = shelf.round(self._senders, resting=name == _FILLER)
            lane.live.note(result, time.monotonic())
            # What is wrong with one folder keeps no other waiting.
            wait = result.problem and result.problem not in OF_THE_STORE
            lane.due[name] = time.monotonic() + (_FIRST_PAUSE if wait or name == _FILLER else 0.0)

    def _work_resting(self, lane: Lane) -> None:
        """A look at what is over, the newest first; cut short so that what ends meanwhile comes first again."""
        self._search()
        until = time.monotonic() + _RESTING_PASS_SECONDS
        for name in dict.fromkeys([*sorted(self._been_live), *self._found]):
            now = time.monotonic()
            if self._stopping or now > until or now < lane.resting.quiet_until or lane.is_behind(self._live):
                return
            if now < lane.due.get(name, 0.0):
                continue
            with lane.alone(name) as mine:
                # Asked anew: it may have come on air meanwhile.
                if mine and name not in self._live:
                    self._look_at(lane, name)

    def _look_at(self, lane: Lane, name: str) -> None:
        """One round of a folder that is over; one that is settled needs no memory of its files."""
        folder = self.root / "airings" / name
        settled = lane.settled.get(name) or ledger.settled(folder, label(lane.name))
        if not is_settled(folder, settled):
            shelf = lane.shelves.get(name) or self._shelf(lane, name)
            if not shelf.folder.is_dir():
                return
            result = lane.results[name] = shelf.round(self._resting_senders, resting=True, most=_RESTING_AT_ONCE)
            lane.resting.note(result, time.monotonic())
            settled = shelf.settled
            if result.waiting or result.problem or not is_settled(folder, settled):
                wait = not result.waiting or (result.problem and result.problem not in OF_THE_STORE)
                lane.due[name] = time.monotonic() + (_FIRST_PAUSE if wait else 0.0)
                return
        lane.settled[name] = settled
        lane.due[name] = time.monotonic() + _RESTING_SECONDS
        lane.shelves.pop(name, None)

    def take_back(self, airing_id: UUID) -> bool:
        """What lost its public name leaves all stores now, and the next round sends what changed. Blocks on the network.

        False when a store does not answer, or somebody is just at that folder: ask again.
        """
        name, done = str(airing_id), True
        for lane in self.lanes.values():
            with lane.alone(name) as mine:
                if not mine:
                    done = False
                    continue
                shelf = lane.shelves.get(name) or self._shelf(lane, name)
                done = not shelf.take_back() and done
                lane.settled.pop(name, None)
                lane.due.pop(name, None)
        self._been_live.add(name)
        return done

    def _search(self) -> None:
        """Airings that lie on this disk, newest first; now and then."""
        now = time.monotonic()
        folder = self.root / "airings"
        if now - self._searched < _SEARCH_SECONDS or not folder.is_dir():
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
        for pool in (self._rounds, self._senders, self._resting_rounds, self._resting_senders):
            pool.shutdown(wait=False, cancel_futures=True)


async def _pass(name: str, pool: ThreadPoolExecutor, work: Callable[[], None]) -> None:
    """One look of a loop at everything that is its own."""
    try:
        await asyncio.get_running_loop().run_in_executor(pool, work)
    except Exception:
        logger.exception("a pass to the store failed: %s", name)


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
