"""Takes the public names of a withdrawn episode out of every airing that played it again, on disk and in all stores; rows say which."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db.models import QuerySet

from archive.asking import Asker
from archive.models import AsRunEntry
from archive.playout import HEIGHTS
from archive.rung_names import tape_name
from archive.storage import Storage, media
from archive.storage.places import leaving
from archive.variants import SOUND
from broadcast.errors import BroadcastError
from broadcast.models import Airing, Episode

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 20.0
_LOG = "released.jsonl"
_RUNG = re.compile(r"-(\d{2,4}p)\.m3u8$")
_Owed = tuple[UUID, str]


def owed(airing_ids: Iterable[UUID] | None = None) -> set[_Owed]:
    """Airings, of these or of all, and the sources of their logs whose episode has been withdrawn."""
    rows = AsRunEntry.objects.filter(kind=AsRunEntry.Kind.RERUN)
    if airing_ids is None:
        gone = Airing.objects.filter(episode__publication=Episode.Publication.WITHDRAWN)
        rows = rows.filter(subject__in=[str(each) for each in gone.values_list("pk", flat=True)])
        return {(airing_id, f"rerun:{subject}") for airing_id, subject in _pairs(rows)}
    pairs = _pairs(rows.filter(airing__in=airing_ids))
    gone = Airing.objects.filter(
        pk__in={subject for _, subject in pairs}, episode__publication=Episode.Publication.WITHDRAWN
    )
    subjects = {str(each) for each in gone.values_list("pk", flat=True)} if pairs else set()
    return {(airing_id, f"rerun:{subject}") for airing_id, subject in pairs if subject in subjects}


def _pairs(rows: QuerySet[AsRunEntry]) -> list[tuple[UUID, str]]:
    return list(rows.order_by().values_list("airing_id", "subject").distinct())


# -- names -----------------------------------------------------------------------------------------------------------


def names(airing_id: UUID, source: str, log: bytes, rungs: Iterable[str]) -> set[str]:
    """Public names in the airing of all that its log says went out of that source, rungs and sound too."""
    files = {entry["file"] for entry in _entries(log) if entry.get("source") == source and entry.get("file")}
    each_rung = ("", SOUND, *rungs)
    return {tape_name(airing_id, source, file, rung) for file in files for rung in each_rung}


def _entries(log: bytes) -> Iterator[dict[str, str]]:
    for line in log.splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            # Torn by a crash: it was never in a playlist.
            continue
        if isinstance(entry, dict):
            yield entry


def forget(airing_id: UUID, source: str) -> int:
    """Delete them wherever they are; returns how many objects went. Blocks on disk and network.

    Raises what the stores raise, after all others have been asked; asked again it does the rest.
    """
    places: dict[str, Storage] = {"disk": media(), **leaving()}
    log, count = _log(airing_id, places), 0
    problem: Exception | None = None
    for name, place in places.items():
        try:
            count += _forget_in(place, airing_id, source, log)
        except (BroadcastError, OSError) as error:
            logger.error("withdrawn media are still there place=%s airing=%s: %s", name, airing_id, error)
            problem = error
    if problem is not None:
        raise problem
    logger.info("withdrawn media taken back airing=%s source=%s objects=%s", airing_id, source, count)
    return count


def _forget_in(place: Storage, airing_id: UUID, source: str, log: bytes) -> int:
    folder = f"airings/{airing_id}"
    there = list(place.list(folder))
    rungs = {f"{height}p" for height in HEIGHTS} | {found[1] for key in there if (found := _RUNG.search(key))}
    keys = {f"{folder}/public/{name}" for name in names(airing_id, source, log, rungs)}.intersection(there)
    for key in keys:
        place.delete(key)
    return len(keys)


def _log(airing_id: UUID, places: dict[str, Storage]) -> bytes:
    """The airing's log from the first place that has it; nothing where none has."""
    for place in places.values():
        try:
            with place.open(f"airings/{airing_id}/{_LOG}") as stream:
                return stream.read()
        except FileNotFoundError:
            continue
    return b""


# -- the recorder's part ---------------------------------------------------------------------------------------------


class Withdrawals:
    """In the recorder, which has the disk and the stores: looks at the rows every second, also for airings long over."""

    def __init__(self) -> None:
        self._asker = Asker("withdrawals")
        # A store that hangs keeps nobody else waiting.
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="withdrawn")
        self._done: set[_Owed] = set()
        self._again: dict[_Owed, float] = {}

    async def run(self) -> None:
        """Work until cancelled. It never raises."""
        try:
            while True:
                try:
                    await self._look()
                except Exception:
                    logger.exception("a look at withdrawals failed")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._asker.close()
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        found = await self._asker.ask(owed)
        if found is None:
            return
        # What is published again and withdrawn again is taken back again.
        self._done &= found
        loop = asyncio.get_running_loop()
        for each in found - self._done:
            if time.monotonic() < self._again.get(each, 0.0):
                continue
            try:
                await loop.run_in_executor(self._thread, forget, *each)
            except (BroadcastError, OSError):
                self._again[each] = time.monotonic() + _AGAIN_SECONDS
            else:
                self._done.add(each)
                self._again.pop(each, None)
