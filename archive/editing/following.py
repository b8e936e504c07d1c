"""In the recorder, which has the disk and the stores: sees to it that files follow the edits, also of airings long over."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import UUID

from django.db import close_old_connections
from django.db.models import F, Q

from archive.asking import Asker
from archive.editing import kept, reruns, writing
from archive.models import EditedReplay
from archive.parts import AiringFolder
from archive.steps.run import StepFailed
from archive.storage.places import leaving
from broadcast.errors import BroadcastError

logger = logging.getLogger(__name__)
LOOK_SECONDS = 1.0
_AGAIN_SECONDS = 10.0
# Takes what lost its public name out of every store, now; False when a store does not answer.
TakeBack = Callable[[UUID], bool]


def behind() -> list[UUID]:
    """Airings whose files, or whose stores, do not follow their edits yet."""
    rows = EditedReplay.objects.filter(Q(written__lt=F("wanted")) | Q(cleared__lt=F("written")))
    return list(rows.order_by("pk").values_list("pk", flat=True))


def follow(airing_id: UUID, take_back: TakeBack) -> bool:
    """Write the replay as the edits want it, then clear the stores; returns whether all is done. Blocks on disk and network.

    Only where this machine has the recording. Each part is done again after a kill.
    """
    if not AiringFolder(airing_id)["parts"].is_dir():
        _note_problem(airing_id, "media_missing")
        return False
    try:
        writing.write(airing_id)
    except (kept.BaseMissing, StepFailed, OSError) as error:
        _note_problem(airing_id, _code(error))
        logger.error("edited replay cannot be written airing=%s: %s", airing_id, error)
        return False
    written = EditedReplay.objects.values_list("written", flat=True).get(pk=airing_id)
    if not _clear(airing_id, take_back):
        _note_problem(airing_id, "storage_down")
        return False
    EditedReplay.objects.filter(pk=airing_id, cleared__lt=written).update(cleared=written, problem="")
    return True


def _clear(airing_id: UUID, take_back: TakeBack) -> bool:
    """Take what is withheld out of every store, here and where it was played again. All are asked, whatever one says."""
    done = [take_back(each) for each in (airing_id, *reruns.airings(airing_id))]
    keys = [f"airings/{airing_id}/public/{name}" for name in writing.withheld_names(airing_id)]
    for name, store in leaving().items():
        try:
            # Also what a store was given without our knowing that it has it.
            for key in keys:
                store.delete(key)
        except (BroadcastError, OSError) as error:
            logger.error("edited media are still there place=%s airing=%s: %s", name, airing_id, error)
            done.append(False)
    return all(done)


def _note_problem(airing_id: UUID, problem: str) -> None:
    EditedReplay.objects.filter(pk=airing_id).exclude(problem=problem).update(problem=problem)


def _code(error: Exception) -> str:
    if isinstance(error, StepFailed):
        return error.problem
    return "disk" if isinstance(error, OSError) else "base_missing"


class Following:
    """Looks at the rows every second; work is done aside, one airing after another, so that no public line waits for it."""

    def __init__(self, take_back: TakeBack) -> None:
        self._take_back = take_back
        self._asker = Asker("edits")
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="edits")
        self._again: dict[UUID, float] = {}

    async def run(self) -> None:
        """Work until cancelled. It never raises."""
        try:
            while True:
                try:
                    await self._look()
                except Exception:
                    logger.exception("a look at edits failed")
                await asyncio.sleep(LOOK_SECONDS)
        finally:
            self._asker.close()
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _look(self) -> None:
        found = await self._asker.ask(behind)
        loop = asyncio.get_running_loop()
        for airing_id in found or ():
            if time.monotonic() < self._again.get(airing_id, 0.0):
                continue
            if await loop.run_in_executor(self._thread, self._follow, airing_id):
                self._again.pop(airing_id, None)
            else:
                self._again[airing_id] = time.monotonic() + _AGAIN_SECONDS

    def _follow(self, airing_id: UUID) -> bool:
        close_old_connections()
        try:
            return follow(airing_id, self._take_back)
        except Exception:
            logger.exception("edits cannot be followed airing=%s", airing_id)
            return False
