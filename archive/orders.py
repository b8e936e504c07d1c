"""What the recorder must do, read from the airings' states: wanted against actual is compared in recorder.py, not here."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from archive import cuts, queries, services
from archive.models import IngestSecret, OutputCut
from archive.output import Cut, Show
from broadcast import clock, sealing
from broadcast.models import Airing, Programme

_S = Airing.State


@dataclass(frozen=True)
class Wanted:
    """What the recorder must do for one airing. The secrets are open here: never log one."""

    airing_id: UUID
    receives: bool
    srt_port: int
    passphrase: str
    key_digest: str
    sound_only: bool
    show: Show | None


def wanted() -> tuple[int, list[Wanted]]:
    """All that the recorder must do, and the time in ms as of which no cut is missing: a cut shares the lock we take."""
    with transaction.atomic():
        cuts.take_cut_lock(shared=True)
        as_of = queries.milliseconds(clock.now())
        unfinished = Q(state=_S.ENDED, actual_start__isnull=False) & ~Q(recording__state="finished")
        airings = list(
            Airing.objects.select_related("episode__programme", "feed")
            .filter(Q(state__in=[_S.WAITING, _S.ON_AIR]) | unfinished)
            .filter(feed__isnull=False)
        )
        spans: dict[UUID, list[Cut]] = {}
        for cut in OutputCut.objects.filter(airing__in=airings, state__in=["active", "resumed"]):
            spans.setdefault(cut.airing_id, []).append(queries.cut_span(cut))
    secrets = IngestSecret.objects.in_bulk([airing.pk for airing in airings])
    found = []
    for airing in airings:
        if airing.pk not in secrets:
            services.ensure_recording(airing.pk)
            secrets[airing.pk] = IngestSecret.objects.get(airing_id=airing.pk)
        found.append(_wanted_of(airing, secrets[airing.pk], tuple(spans.get(airing.pk, ()))))
    return as_of, found


def _wanted_of(airing: Airing, secret: IngestSecret, cuts: tuple[Cut, ...]) -> Wanted:
    assert airing.feed is not None
    return Wanted(
        airing_id=airing.pk,
        receives=airing.state in {_S.WAITING, _S.ON_AIR} and airing.feed.is_active,
        srt_port=airing.feed.srt_port,
        passphrase=sealing.unseal(secret.sealed)["passphrase"],
        key_digest=secret.key_digest,
        sound_only=airing.episode.programme.kind == Programme.Kind.RADIO,
        show=show_of(airing, cuts),
    )


def show_of(airing: Airing, cuts: tuple[Cut, ...]) -> Show | None:
    """The airing as output.py knows it; None before it started."""
    if airing.actual_start is None:
        return None
    end = queries.milliseconds(airing.actual_end) if airing.actual_end else None
    return Show(queries.milliseconds(airing.actual_start), end, airing.delay_seconds * 1000, cuts)
