"""The rows of clips as work: which wait, claimed with a lease, ended under the fence of their attempt; it renders nothing."""

from __future__ import annotations

import datetime as dt
import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q, QuerySet

from archive.clipping import queries
from archive.models import Clip, Recording
from archive.steps.engine import LEASE_SECONDS, MOST_TRIES, FencedOut
from archive.storage import media
from archive.storage.places import leaving
from broadcast import clock
from broadcast.errors import BroadcastError

logger = logging.getLogger(__name__)
_BACK_OFF_SECONDS = (10, 60, 300, 1200)
_W = Clip.Work


@dataclass(frozen=True)
class Claim:
    """A clip that is ours under `attempt`, for the replay as it was written at `made_for`."""

    clip: Clip
    attempt: int
    made_for: dt.datetime

    @property
    def airing_id(self) -> UUID:
        """Of which airing."""
        return self.clip.airing_id

    @property
    def folder(self) -> Path:
        """The scratch folder of this attempt alone."""
        return media().path("work") / f"clip-{self.clip.pk}-{self.attempt}"

    def key(self, name: str) -> str:
        """Where a file of this attempt is kept: another for each, so that nothing older is ever taken for it."""
        return f"airings/{self.airing_id}/clips/{self.clip.pk}-{self.attempt}/{name}"


def _renderable() -> QuerySet[Clip]:
    """Clips whose replay is there and as it shall be."""
    found = Clip.objects.filter(
        airing__recording__state=Recording.State.FINISHED, airing__recording__replay_ready_at__isnull=False
    ).exclude(state=Clip.State.WITHDRAWN)
    edited = Q(airing__edited_replay__wanted=F("airing__edited_replay__written"), airing__edited_replay__missing=0)
    return found.filter(Q(airing__edited_replay__isnull=True) | edited)


def ready(now: dt.datetime) -> QuerySet[Clip]:
    """Clips that somebody may take up: waiting, or running with a lapsed lease."""
    waiting = Q(work=_W.WAITING) & (Q(not_before__isnull=True) | Q(not_before__lte=now))
    return _renderable().filter(waiting | Q(work=_W.RUNNING, lease_until__lt=now))


def claim() -> Claim | None:
    """Take up the next clip, skipping what others are just taking; None when there is nothing to do."""
    while True:
        with transaction.atomic():
            now = clock.now()
            rows = ready(now).select_related("airing__episode__programme")
            clip = rows.select_for_update(skip_locked=True, of=("self",)).order_by("id").first()
            if clip is None:
                return None
            made_for = Recording.objects.values_list("replay_ready_at", flat=True).get(pk=clip.airing_id)
            if clip.work == _W.RUNNING and clip.tries >= MOST_TRIES:
                _end(clip, _W.FAILED, made_for, "worker_lost", "")
                continue
            clip.work, clip.attempt, clip.tries = _W.RUNNING, clip.attempt + 1, clip.tries + 1
            clip.lease_until, clip.progress = now + dt.timedelta(seconds=LEASE_SECONDS), 0
            clip.save()
        return Claim(clip, clip.attempt, made_for or now)


def beat(held: Claim, progress: float) -> bool:
    """Prolong the lease and tell the progress. Returns whether the clip is still ours."""
    until = clock.now() + dt.timedelta(seconds=LEASE_SECONDS)
    mine = Clip.objects.filter(pk=held.clip.pk, attempt=held.attempt, work=_W.RUNNING)
    return bool(mine.update(lease_until=until, progress=min(max(progress, 0.0), 1.0)))


@dataclass(frozen=True)
class Made:
    """What came of an attempt: files by name in the scratch folder, where it stands in the replay, and what was measured."""

    files: dict[str, dict[str, Any]]
    second: float
    seconds: float
    words: tuple[int, int]
    facts: dict[str, Any]


def finish(held: Claim, made: Made) -> None:
    """The clip's files are there. Raises FencedOut where it was changed, or the replay written anew; then nothing of it is kept."""
    for each in made.files.values():
        for store in leaving().values():
            store.put(held.key(each["name"]), held.folder / each["name"], replace=True)
    try:
        if not _taken(held, made):
            raise FencedOut
    except FencedOut:
        _delete([held.key(each["name"]) for each in made.files.values()])
        raise
    logger.info("clip made clip=%s attempt=%s", held.clip.pk, held.attempt)


def _taken(held: Claim, made: Made) -> bool:
    """Whether the files are of the replay and the words of now; if not the clip waits again. Raises FencedOut."""
    with transaction.atomic():
        clip = _hold(held)
        recording = Recording.objects.select_for_update().get(pk=clip.airing_id)
        if recording.replay_ready_at != held.made_for or (
            clip.captions and queries.words_now(clip.airing_id) != made.words
        ):
            _set_back(clip)
            return False
        _forget(clip)
        clip.files = {name: _moved(held, each) for name, each in made.files.items()}
        clip.second, clip.seconds, clip.facts = made.second, made.seconds, made.facts
        clip.words_of, clip.words_version = made.words
        _end(clip, _W.DONE, held.made_for, "", "")
    return True


def _moved(held: Claim, file: dict[str, Any]) -> dict[str, Any]:
    key = held.key(file["name"])
    target = media().path(key)
    target.parent.mkdir(parents=True, exist_ok=True)
    (held.folder / file["name"]).replace(target)
    return {**file, "key": key}


def fail(held: Claim, problem: str, reason: str, *, refused: bool = False) -> None:
    """The attempt failed: tried again later, or given up after the limit; `refused`: nothing can be made of it. Raises FencedOut."""
    with transaction.atomic():
        clip = _hold(held)
        if refused or clip.tries >= MOST_TRIES:
            _end(clip, _W.REFUSED if refused else _W.FAILED, held.made_for, problem, reason)
            return
        clip.work, clip.lease_until, clip.problem, clip.reason = _W.WAITING, None, problem[:32], reason[:500]
        clip.not_before = clock.now() + dt.timedelta(seconds=_BACK_OFF_SECONDS[min(clip.tries, 4) - 1])
        clip.save()


def _end(clip: Clip, work: Clip.Work, made_for: dt.datetime | None, problem: str, reason: str) -> None:
    clip.work, clip.lease_until, clip.made_for = work, None, made_for
    clip.problem, clip.reason, clip.progress = problem[:32], reason[:500], 1.0 if work == _W.DONE else 0.0
    clip.save()


def _hold(held: Claim) -> Clip:
    rows = Clip.objects.select_for_update(of=("self",))
    clip = rows.filter(pk=held.clip.pk, attempt=held.attempt, work=_W.RUNNING).first()
    if clip is None:
        raise FencedOut
    return clip


# -- what follows the replay -----------------------------------------------------------------------------------------


def follow() -> int:
    """Have made anew what is of a replay or of words that are no more, and take those files away. Returns how many clips."""
    ended = queries.with_words().exclude(work__in=[_W.WAITING, _W.RUNNING])
    stale = ~Q(airing__recording__replay_ready_at=F("made_for")) | Q(airing__recording__replay_ready_at__isnull=True)
    other = Q(captions=True, work=_W.DONE) & (~Q(words_of=F("now_of")) | ~Q(words_version=F("now_version")))
    # Of a draft that waits the files of before lie there until the next ones: nobody gets them.
    left = Q(pk__in=Clip.objects.filter(work=_W.WAITING).exclude(files={}).values("pk"))
    changed = list(ended.filter(stale | other).values_list("pk", flat=True)[:100])
    changed += list(Clip.objects.filter(left).values_list("pk", flat=True)[:100])
    for pk in changed:
        with transaction.atomic():
            clip = Clip.objects.select_for_update(of=("self",), skip_locked=True).filter(pk=pk).first()
            if clip is not None and clip.work != _W.RUNNING:
                _set_back(clip)
    return len(changed)


def _set_back(clip: Clip) -> None:
    _forget(clip)
    clip.work, clip.attempt, clip.tries, clip.progress = _W.WAITING, clip.attempt + 1, 0, 0
    clip.not_before = clip.lease_until = clip.made_for = None
    clip.problem = clip.reason = ""
    clip.save()


def _forget(clip: Clip) -> None:
    """Its files go after the commit."""
    keys = [each["key"] for each in clip.files.values()]
    clip.files = {}
    if keys:
        transaction.on_commit(lambda: _delete(keys))


def _delete(keys: list[str]) -> None:
    for key in keys:
        media().delete(key)
        for store in leaving().values():
            try:
                store.delete(key)
            except BroadcastError:
                # No row names it any more, so nobody gets it; it only takes room.
                logger.exception("left in a store key=%s", key)
