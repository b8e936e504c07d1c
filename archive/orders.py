"""What the recorder must do, read from the airings' states: wanted against actual is compared in recorder.py, not here."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from archive import cuts, pull, queries, services
from archive.entrances import BACKUP, MAIN, Entrance
from archive.models import IngestSecret, OutputCut
from archive.output import Cut, Show
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
        as_of = queries.milliseconds(clock.now())
        unfinished = Q(state=_S.ENDED, actual_start__isnull=False) & ~Q(recording__state="finished")
        airings = list(
            Airing.objects.select_related("episode__programme", "feed__pull_source", "backup_feed__pull_source")
            .filter(Q(state__in=[_S.WAITING, _S.ON_AIR]) | unfinished)
            .filter(feed__isnull=False)
        )
        rows: dict[UUID, list[OutputCut]] = {}
        for cut in OutputCut.objects.filter(airing__in=airings, state__in=["active", "resumed"]):
            rows.setdefault(cut.airing_id, []).append(cut)
    secrets = IngestSecret.objects.in_bulk([airing.pk for airing in airings])
    found, unread = [], set()
    for airing in airings:
        try:
            spans = tuple(queries.cut_span(cut) for cut in rows.get(airing.pk, ()))
            found.append(_wanted_of(airing, secrets.get(airing.pk), spans))
        except Exception:
            logger.exception("airing cannot be read airing=%s", airing.pk)
            unread.add(airing.pk)
    return Orders(as_of, tuple(found), frozenset(unread))


def _wanted_of(airing: Airing, secret: IngestSecret | None, cuts: tuple[Cut, ...]) -> Wanted:
    assert airing.feed is not None
    if secret is None or (airing.backup_feed_id and not secret.backup_key_digest):
        services.ensure_recording(airing.pk)
        secret = IngestSecret.objects.get(airing_id=airing.pk)
    return Wanted(
        airing_id=airing.pk,
        receives=airing.state in {_S.WAITING, _S.ON_AIR} and airing.feed.is_active,
        srt_port=airing.feed.srt_port,
        passphrase=_passphrase(secret),
        key_digest=secret.key_digest,
        sound_only=airing.episode.programme.kind == Programme.Kind.RADIO,
        show=show_of(airing, cuts),
        pull_url=pull.opened(airing.feed),
        backup=_backup_of(airing, secret),
    )


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


def show_of(airing: Airing, cuts: tuple[Cut, ...]) -> Show | None:
    """The airing as output.py knows it; None before it started."""
    if airing.actual_start is None:
        return None
    end = queries.milliseconds(airing.actual_end) if airing.actual_end else None
    return Show(queries.milliseconds(airing.actual_start), end, airing.delay_seconds * 1000, cuts)
