"""Does one step: takes it up, keeps its lease while the handler works, and hands in what came of it; it knows no kind of step."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from archive.keeping import cold
from archive.models import ColdKeeping
from archive.steps import engine
from archive.steps.engine import Claim, FencedOut, Output
from archive.steps.lease import Leased
from archive.steps.run import StepFailed
from archive.storage import ALGORITHM, Cold

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a handler found and made."""

    result: dict[str, Any] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)


class Work(Leased):
    """One attempt at a step, as its handler sees it."""

    def __init__(self, claim: Claim) -> None:
        super().__init__(f"step {claim.step_id}", claim.scratch, lambda progress: engine.beat(claim, progress))
        self.claim = claim
        self.airing_id = claim.airing_id

    def hold(self) -> None:
        """Take the step's row until the transaction ends, so that nobody older writes after us. Raises FencedOut."""
        engine.hold(self.claim)

    def output(self, kind: str, name: str, media_type: str, *, public: bool, **details: Any) -> Output:
        """A finished file of the scratch folder as an output, with the digest of its bytes."""
        file = self.folder / name
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, ALGORITHM).hexdigest()
        return Output(kind, file, media_type, digest, ALGORITHM, public, details)


Handler = Callable[[Work], Outcome]


def handlers() -> dict[str, Handler]:
    """The handler of each kind; loaded when somebody works."""
    from archive.steps import edit, images, loudness, manifest, master, peaks, rungs, sound, upload, verify, words

    return {
        "edit": edit.work,
        "verify": verify.work,
        "master": master.work,
        "rungs": rungs.work,
        "loudness": loudness.work,
        "sound": sound.work,
        "images": images.work,
        "peaks": peaks.work,
        "words": words.work,
        "upload": upload.work,
        "manifest": manifest.work,
    }


def do(claim: Claim) -> bool:
    """Do a claimed step to its end, good or bad. Returns whether it is done now."""
    logger.info("step begins step=%s kind=%s attempt=%s", claim.step_id, claim.kind, claim.attempt)
    with Work(claim) as work:
        try:
            outcome = handlers()[claim.kind](work)
            work.check()
            engine.finish(claim, outcome.result, outcome.outputs)
        except FencedOut:
            logger.warning("step was taken from us step=%s attempt=%s", claim.step_id, claim.attempt)
            return False
        except Exception as error:
            _failed(claim, error)
            return False
    return True


def _failed(claim: Claim, error: Exception) -> None:
    known = isinstance(error, StepFailed)
    logger.error("step failed step=%s kind=%s: %s", claim.step_id, claim.kind, error, exc_info=not known)
    problem, words, for_good = "error", type(error).__name__, False
    if isinstance(error, StepFailed):
        problem, words, for_good = error.problem, error.words, error.for_good
    elif isinstance(error, OSError):
        problem = "disk"
    if problem == Cold.code:
        cold.need(claim.airing_id, ColdKeeping.Why.STEP)
    with contextlib.suppress(FencedOut):
        engine.fail(claim, problem, words, for_good=for_good)


def once(worker: str = "") -> Claim | None:
    """Take up one step and do it. Returns what was taken up, None when there was nothing to do."""
    engine.sweep()
    claim = engine.claim(worker or engine.worker_name())
    if claim is not None:
        do(claim)
    return claim


def local(work: Work, key: str) -> Path:
    """A file of this machine with the object's bytes: its own, or fetched from the store into the scratch folder."""
    from archive.storage import kept, media

    file = media().path(key)
    if file.exists():
        return file
    store = kept()
    if store is None:
        raise StepFailed("media_missing", file.name)
    fetched = work.folder / f"fetched-{file.name}"
    try:
        with store.open(key) as source, fetched.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except Cold as error:
        raise StepFailed(error.code, file.name) from error
    except FileNotFoundError as error:
        raise StepFailed("media_missing", file.name) from error
    return fetched
