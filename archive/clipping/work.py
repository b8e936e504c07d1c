"""Makes one clip: takes it up, keeps its lease while ffmpeg works, hands in what came of it; rows and rendering are elsewhere."""

from __future__ import annotations

import contextlib
import logging
import shutil
import time

from archive.clipping import hints, queries, rendering, rows
from archive.clipping.rows import Claim, Made
from archive.models import Clip
from archive.steps.engine import FencedOut
from archive.steps.lease import Leased
from archive.steps.run import StepFailed
from archive.storage import Damaged, StorageDown, StorageRefused, media
from broadcast import clock

logger = logging.getLogger(__name__)
LOOK_SECONDS = 5.0
HINT_SECONDS = 10.0
_looked = -LOOK_SECONDS
_hinted = -HINT_SECONDS


class Job(Leased):
    """One attempt at a clip."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"clip {claim.clip.pk}", claim.folder, lambda progress: rows.beat(claim, progress))
        self.claim = claim


def once() -> Claim | None:
    """Take up one clip and make it. Returns what was taken up, None when there was nothing to do."""
    sweep()
    claim = rows.claim()
    if claim is not None:
        do(claim)
    return claim


def do(claim: Claim) -> bool:
    """Make a claimed clip to its end, good or bad. Returns whether its files are there now."""
    logger.info("clip begins clip=%s attempt=%s", claim.clip.pk, claim.attempt)
    with Job(claim) as job:
        try:
            words = queries.words_now(claim.airing_id)
            made = rendering.render(job, claim.clip)
            job.check()
            rows.finish(claim, Made(made.files, made.place.start, made.place.seconds, words, made.facts))
        except FencedOut:
            logger.warning("clip was taken from us clip=%s attempt=%s", claim.clip.pk, claim.attempt)
            return False
        except Exception as error:
            _failed(claim, error)
            return False
    return True


def _failed(claim: Claim, error: Exception) -> None:
    known = isinstance(error, StepFailed)
    logger.error("clip failed clip=%s: %s", claim.clip.pk, error, exc_info=not known)
    problem, words, refused = "error", type(error).__name__, False
    if isinstance(error, StepFailed):
        problem, words, refused = error.problem, error.words, error.for_good
    elif isinstance(error, Damaged | StorageDown | StorageRefused):
        problem, words = error.code, str(error)
    elif isinstance(error, OSError):
        problem = "disk"
    with contextlib.suppress(FencedOut):
        rows.fail(claim, problem, words, refused=refused)


def sweep() -> int:
    """Remove what attempts left that nobody holds any more. Returns how many folders."""
    folder, gone = media().path("work"), 0
    for left in folder.glob("clip-*-*") if folder.is_dir() else ():
        pk, _, attempt = left.name.removeprefix("clip-").partition("-")
        if not (pk.isdigit() and attempt.isdigit()):
            continue
        if not Clip.objects.filter(pk=int(pk), attempt=int(attempt), work=Clip.Work.RUNNING).exists():
            shutil.rmtree(left, ignore_errors=True)
            gone += 1
    return gone


def reconcile() -> int:
    """Have made anew what is of a replay that is no more, and hint at what waits or lapsed. Returns how many clips were set back."""
    global _looked, _hinted
    now = time.monotonic()
    if now - _looked < LOOK_SECONDS:
        return 0
    _looked = now
    found = rows.follow()
    if (found or now - _hinted >= HINT_SECONDS) and rows.ready(clock.now()).exists():
        _hinted = now
        hints.hint()
    return found
