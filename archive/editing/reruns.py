"""Takes what is withheld of a replay out of every airing that played it again, on this disk; the stores follow the disk."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from uuid import UUID

from archive.models import AsRunEntry
from archive.parts import AiringFolder
from archive.playout import HEIGHTS
from archive.rung_names import tape_name
from archive.storage import media
from archive.variants import SOUND

logger = logging.getLogger(__name__)


def airings(airing_id: UUID) -> list[UUID]:
    """Airings whose line played something of that one."""
    rows = AsRunEntry.objects.filter(kind=AsRunEntry.Kind.RERUN, subject=str(airing_id))
    return sorted(set(rows.order_by().values_list("airing_id", flat=True)))


def forget(airing_id: UUID, names: Iterable[str]) -> int:
    """Delete the public names that these files of the replay have in airings that played it. Returns how many files went."""
    files = [f"airings/{airing_id}/public/{name}" for name in names]
    source, count = f"rerun:{airing_id}", 0
    for other in airings(airing_id) if files else ():
        folder = AiringFolder(other)
        public = folder["public"]
        there = {each.name for each in public.iterdir()} if public.is_dir() else set()
        rungs = ("", SOUND, *(f"{height}p" for height in HEIGHTS), *_listed(folder))
        for name in {tape_name(other, source, file, rung) for file in files for rung in rungs} & there:
            media().delete(f"{folder.key}/public/{name}")
            count += 1
    if count:
        logger.info("edited media taken out of reruns airing=%s objects=%s", airing_id, count)
    return count


def _listed(folder: AiringFolder) -> set[str]:
    return {file.stem.removeprefix("live-") for file in folder.path.glob("live-*p.m3u8")}
