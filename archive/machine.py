"""Which machine a recorder works on, and whether one on another works for the same house; it starts and stops nothing."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
from functools import lru_cache
from pathlib import Path

from archive.models import RecorderStatus
from broadcast import clock

# A recorder reports every second; one that was not seen for so long is dead or cut off.
FRESH_SECONDS = 10.0
_BOOT = Path("/proc/sys/kernel/random/boot_id")


@lru_cache(maxsize=4)
def here(root: Path) -> str:
    """The same for all who work in this media folder on this machine since it started; another for everybody else."""
    try:
        machine = _BOOT.read_text().strip()
    except OSError:
        machine = os.uname().nodename
    facts = root.stat()
    return hashlib.sha256(f"{machine}/{facts.st_dev}/{facts.st_ino}".encode()).hexdigest()[:32]


def elsewhere(name: str, root: Path) -> tuple[str, float] | None:
    """Host and age in seconds of the last report of a recorder that works elsewhere; None when there is none, or it is old.

    Two of them would each take half of what comes, and both would write what the public is shown.
    """
    status = RecorderStatus.objects.filter(name=name).exclude(machine__in=["", here(root)]).first()
    if status is None or clock.now() - status.seen_at >= dt.timedelta(seconds=FRESH_SECONDS):
        return None
    return status.host, max(0.0, (clock.now() - status.seen_at).total_seconds())
