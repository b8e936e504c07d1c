"""Whether this machine may work on steps now: shows that run come first, and only so many steps at once; it claims nothing."""

from __future__ import annotations

import contextlib
import datetime as dt
import fcntl
import os
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path

from archive.models import RecorderStatus
from archive.storage import media
from broadcast import clock, env
from broadcast.models import Airing

STEPS, FILLERS, READING, CLIPS, UPLOADS, COLD = "steps", "fillers", "reading", "clips", "uploads", "cold"
_IDLE_SHARE = 0.5
_FRESH = dt.timedelta(seconds=10)


def open_now() -> bool:
    """Whether steps may begin. While a show is on air in this media folder they wait, unless the machine is idle.

    YISHI_STEPS_ON_AIR: `idle` (the rule above), `always`, `never`. A step that has begun goes on, nice and with half the cores.
    """
    rule = str(env.read("STEPS_ON_AIR"))
    if rule == "always" or not recording_here():
        return True
    if not Airing.objects.filter(state=Airing.State.ON_AIR).exists():
        return True
    return rule == "idle" and is_idle()


def is_idle() -> bool:
    """Whether less than half of the cores were busy in the last minute."""
    return os.getloadavg()[0] < (os.cpu_count() or 1) * _IDLE_SHARE


def recording_here() -> bool:
    """Whether the recorder runs on this machine."""
    status = RecorderStatus.objects.order_by("-seen_at").first()
    if status is None or clock.now() - status.seen_at > _FRESH:
        return False
    try:
        return b"record" in Path(f"/proc/{status.pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


@contextlib.contextmanager
def place(kind: str = STEPS) -> Iterator[bool]:
    """One of the places for such work on this machine; False when all are taken. A killed process leaves its place at once.

    There are YISHI_STEPS_AT_ONCE for steps, and one for each other kind.
    """
    places = max(1, int(env.read("STEPS_AT_ONCE"))) if kind == STEPS else 1
    with contextlib.ExitStack() as stack:
        yield any(_taken(stack, f"{number}" if kind == STEPS else kind) for number in range(places))


def _taken(stack: contextlib.ExitStack, number: str) -> bool:
    folder = Path(tempfile.gettempdir()) / f"yishi-steps-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    name = zlib.crc32(str(media().root).encode())
    lock = (folder / f"{name}-{number}.lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return False
    stack.callback(lock.close)
    return True
