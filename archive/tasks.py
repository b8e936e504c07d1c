"""Celery's way to the steps: a message is only a hint that something waits; rows say what, and the reconciler hints again."""

from __future__ import annotations

import logging
import time

from celery import shared_task
from kombu.exceptions import OperationalError

from archive.steps import engine, gate, work
from broadcast import clock

logger = logging.getLogger(__name__)
# A hint that nobody took for so long is dropped; the next one comes anyway.
HINT_SECONDS = 10.0
_hinted = -HINT_SECONDS


@shared_task(name="archive.step", ignore_result=True)
def step() -> str:
    """Do one step, if there is one and this machine has room for it; then hint at the next. Returns what kind it was."""
    with gate.place() as free:
        if not free or not gate.open_now():
            return ""
        claim = work.once()
    if claim is None:
        return ""
    if engine.ready(clock.now()).exists():
        hint()
    return claim.kind


def hint() -> None:
    """Tell some worker that there is a step to do. A broker that is away costs time, nothing else."""
    try:
        step.apply_async(expires=HINT_SECONDS * 3, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no hint sent: %s", type(error).__name__)


def reconcile() -> int:
    """Make the steps of what has finished, and hint at what waits or lapsed, not oftener than every ten seconds."""
    global _hinted
    made = engine.ensure_all()
    now = time.monotonic()
    if (made or now - _hinted >= HINT_SECONDS) and engine.ready(clock.now()).exists():
        _hinted = now
        hint()
    return made
