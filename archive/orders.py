"""What the recorder must do, read from the airings' states: wanted against actual is compared in recorder.py, not here."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from archive import cuts, fallback, playout, pull, queries, services, withdrawn
from archive.entrances import BACKUP, MAIN, Entrance
from archive.fallback import TapeRef
from archive.models import IngestSecret, OutputCut, PlayoutRule, SourceChoice
from archive.output import Choice, Rule, Show
from broadcast import clock, sealing
from broadcast.models import Airing, Programme

logger = logging.getLogger(__name__)
_S = Airing.State


@dataclass(frozen=True)
class Wanted:
    """What the recorder must do for one airing. The secrets are open here: never log one.

    `passphrase` is None when it cannot be opened: then whoever listens goes on, and nobody begins.
    """

    airing_id: UUID
    receives: bool
    srt_port: int
    passphrase: str | None
    key_digest: str
    sound_only: bool
    show: Show | None
    # The address that the main feed is fetched from (see Entrance), and the second way in.
    pull_url: str | None = field(default=None, repr=False)
    backup: Entrance | None = None
    # What may stand in for the feed, the wanted first, and what the airing consists of when it has none.
    tapes: tuple[TapeRef, ...] = ()
    rerun: TapeRef | None = None
    # Sources of the log whose episode has been withdrawn since: what went out of them may not be had any more.
    withdrawn: frozenset[str] = frozenset()
    # It receives outside its airing: before it was opened, or after its end. What comes then is for staff alone.
    aside: bool = False
    # Heights of the encoded rungs; radio has none.
    rungs: tuple[int, ...] = ()

    @property
    def entrances(self) -> tuple[Entrance, ...]:
        """All ways in, the main one first."""
        main = Entrance(MAIN, self.srt_port, self.key_digest, self.pull_url)
        return (main, self.backup) if self.backup else (main,)


@dataclass(frozen=True)
class Orders:
    """All that the recorder must do. No cut made before `as_of_ms` is missing in `wanted`; of the `unread` nothing is known."""

    as_of_ms: int
    wanted: tuple[Wanted, ...]
    unread: frozenset[UUID] = frozenset()


def wanted() -> Orders:
    """What the recorder must do as of now: a cut shares the lock we take. Raises what the database raises.

    Each airing is read by itself, so that one that cannot be read hides neither the others nor their cuts.
    """
    with transaction.atomic():
        cuts.take_cut_lock(shared=True)
        now = clock.now()
        airings = _airings(now)
        acts = _acts(airings)
    secrets = IngestSecret.objects.in_bulk([airing.pk for airing in airings])
    found, unread = [], set()
    for airing in airings:
        try:
            found.append(_wanted_of(airing, secrets.get(airing.pk), acts.get(airing.pk, _Acts()), now))
        except Exception:
            logger.exception("airing cannot be read airing=%s", airing.pk)
            unread.add(airing.pk)
    return Orders(queries.milliseconds(now), tuple(_one_at_a_door(found)), frozenset(unread))


@dataclass
class _Acts:
    """What people did that touches the output of one airing."""

    cuts: list[OutputCut] = field(default_factory=list)
    choices: list[SourceChoice] = field(default_factory=list)
    withdrawn: set[str] = field(default_factory=set)


def _airings(now: dt.datetime) -> list[Airing]:
    """Those that run, those that are not finished, and those whose window before the start has begun."""
    unfinished = Q(state=_S.ENDED, actual_start__isnull=False) & ~Q(recording__state="finished")
    soon = Q(
        state=_S.PLANNED,
        planned_end__gt=now,
        planned_start__lte=now + dt.timedelta(seconds=playout.LIMITS["early_seconds"][1]),
        episode__programme__playout_rule__early_seconds__gt=0,
    )
    found = (
        Airing.objects.select_related(
            "episode__programme__playout_rule__filler",
            "episode__programme__playout_rule__rerun_of__episode",
            "feed__pull_source",
            "backup_feed__pull_source",
            "rerun_of__episode",
        )
        .filter(Q(state__in=[_S.WAITING, _S.ON_AIR]) | unfinished | soon)
        .filter(
            Q(feed__isnull=False)
            | Q(rerun_of__isnull=False, kind=Airing.Kind.RERUN)
            # Its part lies on the disk already.
            | Q(import_item__isnull=False)
        )
    )
    return [each for each in found if each.state != _S.PLANNED or _begun(each, now)]


def _begun(airing: Airing, now: dt.datetime) -> bool:
    early = dt.timedelta(seconds=rule_of(airing).early_seconds)
    return airing.feed_id is not None and airing.planned_start - early <= now


def _acts(airings: Iterable[Airing]) -> dict[UUID, _Acts]:
    found: dict[UUID, _Acts] = {}
    for cut in OutputCut.objects.filter(airing__in=airings, state__in=["active", "resumed"]):
        found.setdefault(cut.airing_id, _Acts()).cuts.append(cut)
    for choice in SourceChoice.objects.filter(airing__in=airings).order_by("from_media_time", "id"):
        found.setdefault(choice.airing_id, _Acts()).choices.append(choice)
    for airing_id, source in withdrawn.owed([each.pk for each in airings]):
        found.setdefault(airing_id, _Acts()).withdrawn.add(source)
    return found


def acts_of(airing: Airing) -> _Acts:
    """What people did that touches the output of one airing, for `show_of`."""
    return _acts([airing]).get(airing.pk, _Acts())


def rule_of(airing: Airing) -> PlayoutRule:
    """The programme's rule, or the one that holds without any."""
    found: PlayoutRule | None = getattr(airing.episode.programme, "playout_rule", None)
    return found or PlayoutRule(programme=airing.episode.programme)


def _one_at_a_door(found: list[Wanted]) -> list[Wanted]:
    """Nobody receives aside at a door that another airing needs; of two aside, the one that ended goes first."""
    taken: set[int] = set()
    kept: dict[UUID, Wanted] = {}
    for each in sorted(found, key=lambda one: (one.aside, one.show is None)):
        doors = {entrance.srt_port for entrance in each.entrances}
        receives = each.receives and not (each.aside and doors & taken)
        kept[each.airing_id] = each if receives == each.receives else replace(each, receives=receives)
        if receives:
            taken |= doors
    return [kept[each.airing_id] for each in found]


def _wanted_of(airing: Airing, secret: IngestSecret | None, acts: _Acts, now: dt.datetime) -> Wanted:
    if secret is None or (airing.backup_feed_id and not secret.backup_key_digest):
        services.ensure_recording(airing.pk)
        secret = IngestSecret.objects.get(airing_id=airing.pk)
    rule = rule_of(airing)
    aside = airing.state in {_S.PLANNED, _S.ENDED}
    late = airing.actual_end is not None and now < airing.actual_end + dt.timedelta(seconds=rule.late_seconds)
    feed = airing.feed
    tapes = fallback.references(airing, getattr(airing.episode.programme, "playout_rule", None))
    # What was read before a withdrawal is judged again by what was read after it.
    rerun = fallback.rerun(airing, airing.rerun_of) if feed is None else None
    return Wanted(
        airing_id=airing.pk,
        receives=feed is not None and feed.is_active and (airing.state != _S.ENDED or late),
        srt_port=feed.srt_port if feed else 0,
        passphrase=_passphrase(secret),
        key_digest=secret.key_digest,
        sound_only=airing.episode.programme.kind == Programme.Kind.RADIO,
        show=show_of(airing, acts),
        pull_url=pull.opened(feed) if feed else None,
        backup=_backup_of(airing, secret),
        tapes=tuple(each for each in tapes if each.source not in acts.withdrawn),
        rerun=rerun if rerun and rerun.source not in acts.withdrawn else None,
        withdrawn=frozenset(acts.withdrawn),
        aside=aside,
        rungs=rungs_of(airing, rule),
    )


def rungs_of(airing: Airing, rule: PlayoutRule) -> tuple[int, ...]:
    """What the rule says, whatever an older version or a hand wrote there."""
    if airing.episode.programme.kind == Programme.Kind.RADIO:
        return ()
    asked = rule.rungs if isinstance(rule.rungs, list) else []
    heights = {int(each) for each in asked if isinstance(each, int | float) and 90 <= each <= 1080}
    return tuple(sorted((each - each % 2 for each in heights), reverse=True)[:4])


def _backup_of(airing: Airing, secret: IngestSecret) -> Entrance | None:
    feed = airing.backup_feed
    if feed is None or not feed.is_active:
        return None
    return Entrance(BACKUP, feed.srt_port, secret.backup_key_digest or "", pull.opened(feed))


def _passphrase(secret: IngestSecret) -> str | None:
    try:
        return str(sealing.unseal(secret.sealed)["passphrase"])
    except Exception:
        # The error may quote what it could not open.
        logger.error("secret cannot be opened airing=%s", secret.airing_id)
        return None


def show_of(airing: Airing, acts: _Acts) -> Show | None:
    """The airing as output.py knows it, without its tapes; None before it started."""
    if airing.actual_start is None:
        return None
    rule = rule_of(airing)
    return Show(
        queries.milliseconds(airing.actual_start),
        queries.milliseconds(airing.actual_end) if airing.actual_end else None,
        airing.delay_seconds * 1000,
        tuple(queries.cut_span(cut) for cut in acts.cuts),
        rule=Rule(
            missing_ms=rule.missing_seconds * 1000,
            silence_ms=rule.silence_seconds * 1000,
            steady_ms=rule.steady_seconds * 1000,
            fallback=rule.fallback != PlayoutRule.Fallback.NONE,
            by_hand=rule.return_by == PlayoutRule.Return.HAND,
        ),
        choices=tuple(Choice(queries.milliseconds(each.from_media_time), each.source) for each in acts.choices),
    )
