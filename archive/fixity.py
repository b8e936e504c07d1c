"""Reads every kept object again now and then, in each place; what is missing or damaged is mended from another place."""

from __future__ import annotations

import datetime as dt
import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet
from kombu.exceptions import OperationalError as BrokerError

from archive import manifest, mending
from archive.models import Derivative, FixityCheck, Recording, Step
from archive.parts import AiringFolder
from archive.steps import engine
from archive.storage import ALGORITHM, Cold, Storage, StorageDown, StorageRefused, Stored, places
from broadcast import audit, clock, env
from broadcast.access import HOUSE
from broadcast.celery import app
from broadcast.models import Airing

logger = logging.getLogger(__name__)
# Readings of what was good are summed up; of what was not, each is a row.
RATE_BYTES = 20 << 20
_LOCK = 0x59495348_46495849  # "YISHFIXI"
TASK = "archive.keep"
# In place of a store's name: the row that ends a reading of everything.
WHOLE = "all"
# In a tally: there by name, length and digest, in a class that is not read.
COLD = "cold"
_LOOK_SECONDS = 60.0
_looked = -_LOOK_SECONDS
_Outcome = FixityCheck.Outcome


@dataclass
class Tally:
    """What came of one audit, by outcome, and why it ended early ("" when it did not)."""

    counts: dict[str, int] = field(default_factory=dict)
    problem: str = ""

    def add(self, outcome: str) -> None:
        """One object more."""
        self.counts[outcome] = self.counts.get(outcome, 0) + 1


class Pace:
    """Keeps the reading under a rate, so that an audit takes no disk from a show; a rate of 0 is none."""

    def __init__(self, bytes_a_second: int, sleep: Callable[[float], None] = time.sleep) -> None:
        self._rate, self._sleep = bytes_a_second, sleep
        self._began, self._read = time.monotonic(), 0

    def spend(self, size: int) -> None:
        """Wait until so much may have been read."""
        self._read += size
        if not self._rate:
            return
        ahead = self._read / self._rate - (time.monotonic() - self._began)
        if ahead > 0:
            self._sleep(ahead)


def audit_airing(
    airing_id: UUID, *, rate: int = RATE_BYTES, told: Callable[[float], object] = lambda share: None
) -> Tally:
    """Read all objects of an airing's manifest in each place, and mend. One at a time for an airing; another returns at once.

    A store that does not answer is no damage: the audit ends with its code and is made again later. So it does (`steps_pending`)
    while steps have yet to make or send something. `told` hears after each object how far it is, and may raise to end it.
    """
    tally = Tally()
    with _alone(airing_id) as mine:
        if not mine:
            tally.problem = "busy"
            return tally
        if _pending(airing_id).exists():
            tally.problem = "steps_pending"
            return tally
        stores = places()
        try:
            _refresh(airing_id)
            known = manifest.newest(airing_id)
            if known is None:
                tally.problem = "no_manifest"
                return tally
            pace, wanted = Pace(rate), list(manifest.objects(known))
            for number, each in enumerate(wanted, start=1):
                _audit_object(airing_id, each, stores, tally, pace)
                told(number / len(wanted))
        except (StorageDown, StorageRefused) as error:
            logger.warning("fixity ends early airing=%s: %s", airing_id, error)
            tally.problem = error.code
            return tally
        _note_all(airing_id, tally)
    return tally


def _refresh(airing_id: UUID) -> None:
    """Where the recorder's disk is at hand, the manifest is brought up to date first: somebody may have taken something away."""
    if AiringFolder(airing_id).path.is_dir():
        manifest.write(Airing.objects.get(pk=airing_id))


def _pending(airing_id: UUID) -> QuerySet[Step]:
    """Steps that may still make or send what the manifest lists."""
    return engine.unfinished().filter(recording_id=airing_id).exclude(kind=Step.Kind.MANIFEST)


def _is_gone(airing_id: UUID, wanted: Stored) -> bool:
    """Whether it is of a rung, or a file of a step, that was taken away on purpose since the manifest was read."""
    if manifest.is_taken_away(airing_id, wanted.key):
        return True
    return "/derived/" in wanted.key and not Derivative.objects.filter(key=wanted.key, digest=wanted.digest).exists()


def _audit_object(airing_id: UUID, wanted: Stored, stores: dict[str, Storage], tally: Tally, pace: Pace) -> None:
    problems: dict[str, manifest.Problem] = {}
    good: list[str] = []
    for name, place in stores.items():
        try:
            problem = manifest.check(place, wanted)
            pace.spend(wanted.size)
        except Cold:
            problem = manifest.glance(place, wanted)
            if problem is None:
                tally.add(COLD)
                continue
        if problem is None:
            good.append(name)
        else:
            problems[name] = problem
    if problems and _is_gone(airing_id, wanted):
        return
    for _name in good:
        tally.add(_Outcome.GOOD)
    for name, problem in problems.items():
        mended = bool(good) and mending.mend(wanted, stores[good[0]], stores[name], wanted.key)
        outcome = _Outcome.REPAIRED if mended else _Outcome(problem.kind)
        tally.add(outcome)
        _note(airing_id, wanted, name, problem, outcome, good[0] if mended else "")
    if good or not problems:
        _audit_name(airing_id, wanted, stores, good[0] if good else "", tally, pace)


def _audit_name(
    airing_id: UUID, wanted: Stored, stores: dict[str, Storage], good: str, tally: Tally, pace: Pace
) -> None:
    """The same for the object's public name, in each place where it has one with bytes of its own; a name is never given here.

    `good` is the place to mend from; "" where all is in cold storage: what is damaged then waits until it was asked back.
    """
    key = mending.public_key(airing_id, wanted.key)
    if key is None:
        return
    for name, place in stores.items():
        if place.head(key) is None or mending.is_same(place, key, wanted.key):
            continue
        problem = manifest.check(place, replace(wanted, key=key))
        pace.spend(wanted.size)
        # One that is missing by now was withdrawn meanwhile.
        if problem is None or problem.kind == "missing":
            continue
        mended = bool(good) and mending.mend(wanted, stores[good], place, key)
        if mending.is_withdrawn(airing_id, key):
            place.delete(key)
            continue
        outcome = _Outcome.REPAIRED if mended else _Outcome.DAMAGED
        tally.add(outcome)
        _note(airing_id, replace(wanted, key=key), name, problem, outcome, good if mended else "")


def _note(
    airing_id: UUID, wanted: Stored, place: str, problem: manifest.Problem, outcome: str, mended_from: str
) -> None:
    """A row, and an audit entry: what was kept changed without anybody's act."""
    logger.error("fixity place=%s key=%s %s -> %s", place, wanted.key, problem.kind, outcome)
    with transaction.atomic():
        FixityCheck.objects.create(
            recording_id=airing_id,
            key=wanted.key,
            place=place,
            outcome=outcome,
            algorithm=wanted.algorithm,
            expected=wanted.digest,
            found=problem.found,
            checked_at=clock.now(),
        )
        audit.record(
            HOUSE,
            "fixity.repair" if mended_from else "fixity.damage",
            f"object:{wanted.key}",
            airing=Airing.objects.filter(pk=airing_id).first(),
            before={"place": place, "problem": problem.kind, "digest": problem.found},
            after={"digest": wanted.digest, "from": mended_from} if mended_from else None,
        )


def _note_all(airing_id: UUID, tally: Tally) -> None:
    """One row that says that the whole was read; its `found` is how many were good."""
    is_bad = any(count for outcome, count in tally.counts.items() if outcome in {_Outcome.MISSING, _Outcome.DAMAGED})
    FixityCheck.objects.create(
        recording_id=airing_id,
        key=_whole(airing_id),
        place=WHOLE,
        outcome=_Outcome.DAMAGED if is_bad else _Outcome.GOOD,
        algorithm=ALGORITHM,
        expected="",
        found=str(tally.counts.get(_Outcome.GOOD, 0)),
        checked_at=clock.now(),
    )


def _whole(airing_id: UUID) -> str:
    return f"airings/{airing_id}"


@contextmanager
def _alone(airing_id: UUID) -> Iterator[bool]:
    """Hold the airing's audit; the lock goes with the connection, however that ends."""
    key = (_LOCK ^ airing_id.int) & 0x7FFF_FFFF_FFFF_FFFF
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [key])
        mine = bool(cursor.fetchone()[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [key])


# -- when --------------------------------------------------------------------------------------------------------------


def due(limit: int = 1) -> list[UUID]:
    """Finished airings whose last whole audit is older than YISHI_FIXITY_DAYS, the longest unread first.

    The first reading is the end of the steps; one that has steps to do waits.
    """
    days = int(env.read("FIXITY_DAYS"))
    if not days:
        return []
    before = clock.now() - dt.timedelta(days=days)
    whole = Max("fixity_checks__checked_at", filter=Q(fixity_checks__place=WHOLE))
    unfinished = engine.unfinished().filter(recording=OuterRef("pk"))
    finished = Recording.objects.filter(
        ~Exists(unfinished), state=Recording.State.FINISHED, reported_at__lt=clock.now() - dt.timedelta(hours=1)
    )
    rows = finished.annotate(read_at=whole).filter(Q(read_at=None) | Q(read_at__lt=before)).order_by("read_at", "pk")
    return list(rows.values_list("pk", flat=True)[:limit])


def reconcile() -> int:
    """Hint, once a minute, at one recording that is due to be read again."""
    global _looked
    if time.monotonic() - _looked < _LOOK_SECONDS:
        return 0
    _looked = time.monotonic()
    for airing_id in due():
        try:
            app.send_task(TASK, args=[str(airing_id)], expires=_LOOK_SECONDS, retry=False)
        except (BrokerError, OSError) as error:
            logger.warning("no hint sent: %s", type(error).__name__)
    return 0


def keep(airing_id: UUID, told: Callable[[float], object] = lambda share: None) -> Tally:
    """What the hint asks for: the audit, where it is still due."""
    return audit_airing(airing_id, told=told) if airing_id in due(1_000) else Tally()


def bad(airing_id: UUID | None = None) -> list[FixityCheck]:
    """What is missing or damaged by the newest reading, of one recording or of all, in order of key.

    A whole reading that did not find it bad again says that it is good: somebody brought it back.
    """
    rows = FixityCheck.objects.filter(recording_id=airing_id) if airing_id else FixityCheck.objects.all()
    newest: dict[tuple[str, str], FixityCheck] = {}
    for row in rows.exclude(place=WHOLE).order_by("id"):
        newest[row.key, row.place] = row
    left = {key: row for key, row in newest.items() if row.outcome in {_Outcome.MISSING, _Outcome.DAMAGED}}
    since = {recording: _before_newest(recording) for recording in {row.recording_id for row in left.values()}}
    return [row for _key, row in sorted(left.items()) if row.pk > since[row.recording_id]]


def _before_newest(recording_id: UUID) -> int:
    """Number of the row that ended the whole reading before the newest one; what came later was seen by the newest."""
    ends = FixityCheck.objects.filter(recording_id=recording_id, place=WHOLE).order_by("-id")
    return int(ends.values_list("id", flat=True)[1:2].first() or 0)


def standing() -> dict[str, int]:
    """For doctor: how many objects are known to be missing or damaged, by outcome."""
    counts: dict[str, int] = {}
    for row in bad():
        counts[row.outcome] = counts.get(row.outcome, 0) + 1
    return counts
