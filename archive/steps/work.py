"""Does one step: takes it up, keeps its lease while the handler works, and hands in what came of it; it knows no kind of step."""

from __future__ import annotations

import contextlib
import hashlib
import logging
import shutil
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import Error, connection

from archive.steps import engine
from archive.steps.engine import Claim, FencedOut, Output
from archive.steps.run import StepFailed
from archive.storage import ALGORITHM
from broadcast import clock

logger = logging.getLogger(__name__)


@dataclass
class Outcome:
    """What a handler found and made."""

    result: dict[str, Any] = field(default_factory=dict)
    outputs: list[Output] = field(default_factory=list)


class Work:
    """One attempt at a step, as its handler sees it."""

    def __init__(self, claim: Claim) -> None:
        self.claim = claim
        self.airing_id = claim.airing_id
        self.folder = claim.scratch
        self._progress = 0.0
        self._lost = threading.Event()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._keep, name=f"lease {claim.step_id}", daemon=True)

    def __enter__(self) -> Work:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        shutil.rmtree(self.folder, ignore_errors=True)

    def check(self) -> None:
        """Raise FencedOut when the step is not ours any more."""
        if self._lost.is_set():
            raise FencedOut

    def hold(self) -> None:
        """Take the step's row until the transaction ends, so that nobody older writes after us. Raises FencedOut."""
        engine.hold(self.claim)

    def tell(self, progress: float) -> None:
        """How far the step is, 0 to 1; written with the next heartbeat."""
        self._progress = progress

    def output(self, kind: str, name: str, media_type: str, *, public: bool, **details: Any) -> Output:
        """A finished file of the scratch folder as an output, with the digest of its bytes."""
        file = self.folder / name
        with file.open("rb") as stream:
            digest = hashlib.file_digest(stream, ALGORITHM).hexdigest()
        return Output(kind, file, media_type, digest, ALGORITHM, public, details)

    def _keep(self) -> None:
        """Prolong the lease until it is over. A database that is away is asked again, until the lease has lapsed."""
        good = clock.now()
        try:
            while not self._over.wait(engine.BEAT_SECONDS):
                try:
                    mine = engine.beat(self.claim, self._progress)
                except Error:
                    connection.close()
                    if (clock.now() - good).total_seconds() < engine.LEASE_SECONDS:
                        continue
                    mine = False
                if not mine:
                    logger.warning("step lost step=%s attempt=%s", self.claim.step_id, self.claim.attempt)
                    self._lost.set()
                    return
                good = clock.now()
        finally:
            connection.close()


Handler = Callable[[Work], Outcome]


def handlers() -> dict[str, Handler]:
    """The handler of each kind; loaded when somebody works."""
    from archive.steps import images, loudness, manifest, master, peaks, rungs, sound, upload, verify, words

    return {
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
    except FileNotFoundError as error:
        raise StepFailed("media_missing", file.name) from error
    return fetched
