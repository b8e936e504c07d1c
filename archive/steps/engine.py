"""The rows of steps: made for finished recordings, claimed with a lease, ended under the fence of their attempt; it runs no job."""

from __future__ import annotations

import datetime as dt
import logging
import os
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, Count, Exists, F, OuterRef, Q, QuerySet, When

from archive.models import Derivative, EditedReplay, Recording, Step
from archive.steps import chosen, plan
from archive.steps.gone import forget
from archive.storage import media
from broadcast import clock, env, signals

logger = logging.getLogger(__name__)
LEASE_SECONDS = 30.0
BEAT_SECONDS = 5.0
MOST_TRIES = 5
_BACK_OFF_SECONDS = (10, 60, 300, 1200)
# What passes without anybody's doing is tried for ever.
_PASSING = frozenset({"storage_down", "storage_cold"})
_S = Step.State
# What an edit took away is lacking until its pieces are made, and its result sets all others back.
_FIRST = Case(When(kind="edit", then=0), default=1)


class FencedOut(Exception):
    """Somebody else holds the step by now, or it is to be made anew: what was done for this attempt is dropped."""


@dataclass(frozen=True)
class Claim:
    """A step that is ours under `attempt`, for the replay as it was written at `made_for`."""

    step_id: int
    kind: str
    airing_id: UUID
    attempt: int
    claimed_at: dt.datetime
    made_for: dt.datetime

    @property
    def scratch(self) -> Path:
        """The folder of this attempt alone; what lies there is nobody's once the attempt is over."""
        return work_folder() / f"{self.step_id}-{self.attempt}"

    def key(self, name: str) -> str:
        """Where a file of this step is kept: the same whoever makes it, another for a replay that was written anew."""
        return f"airings/{self.airing_id}/derived/{int(self.made_for.timestamp() * 1000):x}/{name}"


@dataclass(frozen=True)
class Output:
    """A file that a step made, still in the scratch folder."""

    kind: str
    file: Path
    media_type: str
    digest: str
    algorithm: str
    is_public: bool
    details: dict[str, Any] = field(default_factory=dict)


def work_folder() -> Path:
    """Where attempts work: on the disk of the media, so that a finished file only needs another name."""
    return media().path("work")


# -- which steps there are -------------------------------------------------------------------------------------------


def wanted() -> tuple[str, ...]:
    """The kinds that a recording gets in this house."""
    return plan.kinds(frozenset({"words"}) if env.read("RECOGNISER") not in {"", "none"} else frozenset())


def _wanted_of(recording: Recording) -> tuple[str, ...]:
    """The same for one: where its replay is edited, that too."""
    edited = EditedReplay.objects.filter(airing=recording.pk).exists()
    return (*(("edit",) if edited else ()), *wanted())


def ensure_all(most: int = 20, since: dt.datetime | None = None) -> int:
    """Make the missing steps of finished recordings; set those back whose replay was written anew. Returns how many recordings.

    Only of those whose replay was written after `since`: to count the steps of all takes longer the more there are.
    """
    kinds = wanted()
    fitting = Q(steps__kind__in=kinds, steps__made_at__gte=F("replay_ready_at"))
    lacking = (
        Recording.objects.filter(
            state=Recording.State.FINISHED, replay_ready_at__gt=since or dt.datetime.min.replace(tzinfo=dt.UTC)
        )
        .annotate(fitting=Count("steps", filter=fitting))
        .filter(fitting__lt=len(kinds))
        .values_list("pk", flat=True)[:most]
    )
    return sum(ensure(airing_id) for airing_id in list(lacking))


def ensure(airing_id: UUID) -> bool:
    """The same for one recording; takes its row. Public files of a replay that is no more go at once."""
    with transaction.atomic():
        recording = Recording.objects.select_for_update().get(pk=airing_id)
        ready = recording.replay_ready_at
        if recording.state != Recording.State.FINISHED or ready is None:
            return False
        now = max(clock.now(), ready)
        have = {step.kind: step for step in Step.objects.select_for_update().filter(recording=recording)}
        for kind in _wanted_of(recording):
            step = have.get(kind)
            if step is None:
                Step.objects.create(recording=recording, kind=kind, made_at=now)
            elif step.made_at < ready:
                _set_back(step, now)
        chosen.keep(airing_id, ready, now)
        old = Derivative.objects.filter(recording=recording, is_public=True, made_at__lt=ready)
        forget(old)
    return True


def _set_back(step: Step, now: dt.datetime) -> None:
    """Wait again, under a new attempt, so that whoever still works on it is fenced out."""
    step.state, step.attempt, step.made_at = _S.WAITING, step.attempt + 1, now
    step.not_before = step.lease_until = step.heartbeat_at = step.done_at = None
    step.worker = step.problem = step.reason = ""
    step.progress, step.result = 0, {}
    step.save()


# -- claiming --------------------------------------------------------------------------------------------------------


def ready(now: dt.datetime) -> QuerySet[Step]:
    """Steps that somebody may take up: waiting with all that they need done, or running with a lapsed lease."""
    may_begin = Q()
    for kind, needs in plan.NEEDS.items():
        missing = Step.objects.filter(recording=OuterRef("recording"), kind__in=needs).exclude(state=_S.DONE)
        if kind in plan.LAST:
            missing = missing.exclude(state=_S.FAILED).exclude(waits_in_vain())
        condition = Q(kind=kind) & ~Q(Exists(missing)) if needs else Q(kind=kind)
        may_begin = may_begin | condition
    waiting = Q(state=_S.WAITING) & (Q(not_before__isnull=True) | Q(not_before__lte=now)) & may_begin
    return Step.objects.filter(waiting | Q(state=_S.RUNNING, lease_until__lt=now))


def waits_in_vain() -> Q:
    """Steps that wait for one that failed, be it through others: nothing comes of them unless somebody has that one tried again."""
    found = Q()
    for kind in plan.NEEDS:
        if kind not in plan.LAST and (needs := plan.all_needs(kind)):
            failed = Step.objects.filter(recording=OuterRef("recording"), kind__in=needs, state=_S.FAILED)
            found |= Q(kind=kind, state=_S.WAITING) & Q(Exists(failed))
    return found


def unfinished() -> QuerySet[Step]:
    """Steps of which something may still come, unless somebody acts."""
    return Step.objects.filter(state__in=[_S.WAITING, _S.RUNNING]).exclude(waits_in_vain())


def claim(worker: str) -> Claim | None:
    """Take up the next step, skipping what others are just taking; None when there is nothing to do."""
    while True:
        with transaction.atomic():
            now = clock.now()
            step = ready(now).select_for_update(skip_locked=True, of=("self",)).order_by(_FIRST, "id").first()
            if step is None:
                return None
            made_for = Recording.objects.values_list("replay_ready_at", flat=True).get(pk=step.recording_id)
            tries = int(step.result.get("tries", 0)) + 1
            lapsed = step.state == _S.RUNNING
            if lapsed:
                logger.warning("lease lapsed step=%s kind=%s worker=%s", step.pk, step.kind, step.worker)
            if lapsed and tries > MOST_TRIES:
                _give_up(step, "worker_lost", "")
                continue
            step.state, step.attempt, step.worker = _S.RUNNING, step.attempt + 1, worker[:80]
            step.lease_until = now + dt.timedelta(seconds=LEASE_SECONDS)
            step.heartbeat_at, step.progress = now, 0
            step.result = {"tries": tries}
            step.save()
        return Claim(step.pk, step.kind, step.recording_id, step.attempt, now, made_for or now)


def beat(held: Claim, progress: float) -> bool:
    """Prolong the lease and tell the progress. Returns whether the step is still ours."""
    now = clock.now()
    until = now + dt.timedelta(seconds=LEASE_SECONDS)
    mine = Step.objects.filter(pk=held.step_id, attempt=held.attempt, state=_S.RUNNING)
    return bool(mine.update(heartbeat_at=now, lease_until=until, progress=min(max(progress, 0.0), 1.0)))


# -- the end of an attempt -------------------------------------------------------------------------------------------


def finish(held: Claim, result: dict[str, Any], outputs: list[Output]) -> None:
    """The step is done: its files get their keys and rows, all in one transaction. Raises FencedOut, then nothing is published.

    Announces recording_changed.
    """
    with transaction.atomic():
        step = hold(held)
        ready_at = Recording.objects.values_list("replay_ready_at", flat=True).get(pk=held.airing_id)
        if ready_at != held.made_for:
            raise FencedOut
        keys = [held.key(output.file.name) for output in outputs]
        before = Derivative.objects.filter(recording_id=held.airing_id, details__step=held.kind)
        before.filter(key__in=keys).delete()
        forget(before)
        for key, output in zip(keys, outputs, strict=True):
            _publish(held, key, output)
        step.state, step.progress, step.done_at = _S.DONE, 1.0, clock.now()
        step.lease_until, step.problem, step.reason = None, "", ""
        step.result = {**step.result, **result}
        step.save()
        again(held.airing_id, held.kind)
        signals.tell(signals.recording_changed, airing_id=held.airing_id)
    logger.info("step done step=%s kind=%s attempt=%s", held.step_id, held.kind, held.attempt)


def again(airing_id: UUID, kind: str) -> None:
    """A file of that kind of step is another one: copies and the manifest, made last, are made anew. Takes their rows."""
    after = [last for last in plan.LAST if kind in plan.NEEDS[last]]
    for last in Step.objects.select_for_update().filter(recording_id=airing_id, kind__in=after):
        if last.state != _S.WAITING or last.not_before is not None:
            _set_back(last, last.made_at)


def _publish(held: Claim, key: str, output: Output) -> None:
    size = output.file.stat().st_size
    target = media().path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    output.file.replace(target)
    Derivative.objects.create(
        recording_id=held.airing_id,
        kind=output.kind,
        key=key,
        size_bytes=size,
        digest=output.digest,
        algorithm=output.algorithm,
        media_type=output.media_type,
        is_public=output.is_public,
        details={**output.details, "step": held.kind},
        # What was read was read after this: a replay written later is not what this file holds.
        made_at=held.claimed_at,
    )


def fail(held: Claim, problem: str, reason: str, *, for_good: bool = False) -> None:
    """The attempt failed: tried again later, or given up after the limit or when it is `for_good`. Raises FencedOut."""
    with transaction.atomic():
        step = hold(held)
        tries = int(step.result.get("tries", 1))
        if for_good or (tries >= MOST_TRIES and problem not in _PASSING):
            _give_up(step, problem, reason)
            return
        step.state, step.lease_until, step.worker = _S.WAITING, None, ""
        step.problem, step.reason = problem[:32], reason[:500]
        pause = _BACK_OFF_SECONDS[min(tries, len(_BACK_OFF_SECONDS)) - 1]
        step.not_before = clock.now() + dt.timedelta(seconds=pause)
        step.save()


def _give_up(step: Step, problem: str, reason: str) -> None:
    step.state, step.lease_until, step.problem, step.reason = _S.FAILED, None, problem[:32], reason[:500]
    step.save()
    signals.tell(signals.recording_changed, airing_id=step.recording_id)
    logger.error("step failed step=%s kind=%s problem=%s", step.pk, step.kind, problem)


def hold(held: Claim) -> Step:
    """The step's row, locked until the transaction ends. Raises FencedOut when it is not ours any more."""
    step = Step.objects.select_for_update().filter(pk=held.step_id, attempt=held.attempt, state=_S.RUNNING).first()
    if step is None:
        raise FencedOut
    return step


def sweep() -> int:
    """Remove what attempts left that nobody holds any more. Returns how many folders."""
    folder, gone = work_folder(), 0
    for left in folder.iterdir() if folder.is_dir() else ():
        step_id, _, attempt = left.name.partition("-")
        if not (step_id.isdigit() and attempt.isdigit()):
            continue
        if not Step.objects.filter(pk=int(step_id), attempt=int(attempt), state=_S.RUNNING).exists():
            shutil.rmtree(left, ignore_errors=True)
            gone += 1
    return gone


def worker_name() -> str:
    """Host and process, as the staff page shows it."""
    return f"{os.uname().nodename}:{os.getpid()}"
