"""CUT and RESUME of the public output: who may, with whom, since when; what then is withheld, output.py says."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from archive.models import OutputCut
from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, NotAllowed, NotFound
from broadcast.lifecycle import locked
from broadcast.models import Airing

CONFIRM_SECONDS = 120
_CUT_LOCK = 0x59495348_43555421  # "YISHCUT!": a cut takes it, the recorder's reading shares it, so none slips between


def cut_output(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Withhold from the public what is not out yet. Needs CUT. Where the programme asks for a second person this only
    requests, and the first other person who cuts or confirms within two minutes makes it so.

    Takes the cut lock and the airing's row; announces recording_changed. Returns {"state", "cut"}.
    """
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        if airing.state == Airing.State.ENDED and clock.now() >= _out_until(airing):
            raise IllegalTransition(_("这一场已经播完，没有可以切断的输出。"), state=airing.state, wanted="cut")
        if airing.state not in {Airing.State.ON_AIR, Airing.State.ENDED}:
            raise IllegalTransition(_("这一场不在播出，没有可以切断的输出。"), state=airing.state, wanted="cut")
        open_cut = OutputCut.objects.filter(airing=airing, state__in=["requested", "active"]).first()
        if open_cut and open_cut.state == OutputCut.State.ACTIVE:
            raise Conflict(_("输出已经切断。"), state="active")
        if open_cut is None:
            open_cut = OutputCut.objects.create(
                airing=airing,
                state=OutputCut.State.REQUESTED,
                reason=reason[:200],
                requested_by=actor.user_id,
                requested_at=clock.now(),
            )
            if airing.episode.programme.cut_needs_second_person and not actor.house:
                audit.record(actor, "output.request_cut", f"cut:{open_cut.pk}", airing=airing, reason=reason)
                signals.tell(signals.recording_changed, airing_id=airing.pk)
                return {"state": "requested", "cut": open_cut.pk}
        elif open_cut.requested_by == actor.user_id:
            raise NotAllowed(_("这个节目要第二个人确认切断，请让另一位同事来确认。"), cut=open_cut.pk)
        return _activate(actor, airing, open_cut, reason)


def confirm_cut(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Confirm a requested cut; must be another person with CUT. Raises NotFound when none is waiting."""
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        waiting = OutputCut.objects.filter(airing=airing, state=OutputCut.State.REQUESTED).first()
        if waiting is None:
            raise NotFound(_("没有等待确认的切断请求。"))
        if waiting.requested_by == actor.user_id:
            raise NotAllowed(_("这个节目要第二个人确认切断，请让另一位同事来确认。"), cut=waiting.pk)
        return _activate(actor, airing, waiting, reason)


def resume_output(actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    """Let the public output go on with what is made from now. Needs CUT. A waiting request is dropped."""
    with transaction.atomic():
        airing = _for_cut(actor, airing_id)
        cut = OutputCut.objects.filter(airing=airing, state__in=["requested", "active"]).first()
        if cut is None:
            raise IllegalTransition(_("输出没有被切断。"), state="live", wanted="resumed")
        if cut.state == OutputCut.State.REQUESTED:
            cut.state = OutputCut.State.EXPIRED
        else:
            if airing.state != Airing.State.ON_AIR:
                raise IllegalTransition(_("这一场已经结束，切断的部分不再恢复。"), state=airing.state, wanted="resumed")
            cut.state, cut.until_media_time, cut.resumed_by = OutputCut.State.RESUMED, clock.now(), actor.user_id
        cut.save(update_fields=["state", "until_media_time", "resumed_by"])
        audit.record(actor, "output.resume", f"cut:{cut.pk}", airing=airing, reason=reason, after=cut.state)
        signals.tell(signals.recording_changed, airing_id=airing.pk)
        return {"state": str(cut.state), "cut": cut.pk}


def _for_cut(actor: Actor, airing_id: UUID) -> Airing:
    """Lock airing and cuts, check the right, let old requests lapse."""
    take_cut_lock(shared=False)
    airing = locked(airing_id)
    require(actor, Ability.CUT, airing.episode.programme_id)
    expire_requests(airing_id)
    return airing


def take_cut_lock(*, shared: bool) -> None:
    """Serialise cuts with the recorder's reading until the transaction ends; waits three seconds at most."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '3s'")
        cursor.execute(f"SELECT pg_advisory_xact_lock{'_shared' if shared else ''}(%s)", [_CUT_LOCK])


def _activate(actor: Actor, airing: Airing, cut: OutputCut, reason: str) -> dict[str, Any]:
    now = clock.now()
    cut.state, cut.cut_by, cut.cut_at = OutputCut.State.ACTIVE, actor.user_id, now
    cut.from_media_time = now - dt.timedelta(seconds=airing.delay_seconds)
    cut.save(update_fields=["state", "cut_by", "cut_at", "from_media_time"])
    after = {"from_media_time": cut.from_media_time.isoformat(), "requested_by": cut.requested_by}
    audit.record(actor, "output.cut", f"cut:{cut.pk}", airing=airing, reason=reason or cut.reason, after=after)
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    return {"state": "active", "cut": cut.pk}


def _out_until(airing: Airing) -> dt.datetime:
    return (airing.actual_end or clock.now()) + dt.timedelta(seconds=airing.delay_seconds)


def expire_requests(airing_id: UUID | None = None) -> int:
    """Drop cut requests that nobody confirmed in time; returns how many."""
    lapsed = OutputCut.objects.filter(
        state=OutputCut.State.REQUESTED, requested_at__lt=clock.now() - dt.timedelta(seconds=CONFIRM_SECONDS)
    )
    if airing_id:
        lapsed = lapsed.filter(airing_id=airing_id)
    airings = set(lapsed.values_list("airing_id", flat=True))
    count = lapsed.update(state=OutputCut.State.EXPIRED) if airings else 0
    for each in airings:
        signals.tell(signals.recording_changed, airing_id=each)
    return count
