"""Gives an episode a further airing, and an airing another way in; it must not move an airing's state or its time."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle, signals
from broadcast.access import Ability, Actor, may_be_rerun, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Feed, Programme
from broadcast.services.closing import require_open


def rerun(actor: Actor, earlier_id: UUID, start: dt.datetime, end: dt.datetime) -> Airing:
    """An airing of kind rerun that plays an earlier one's replay again, with no feed and not announced.

    Raises NotFound, and InvalidInput (field: rerun_of) where that replay may not go out. A rerun of a rerun is one of the first. Audited;
    tells episode_changed.
    """
    if end <= start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="end")
    with transaction.atomic():
        earlier = Airing.objects.select_related("episode__programme", "rerun_of__episode").filter(pk=earlier_id).first()
        if earlier is None:
            raise NotFound(_("没有这一场。"))
        source = earlier.rerun_of or earlier
        programme = Programme.objects.select_for_update().get(pk=source.episode.programme_id)
        require(actor, Ability.PRODUCE, programme.pk)
        require_open(programme)
        if not may_be_rerun(source):
            raise InvalidInput(_("这一场的回看没有公开，不能重播。"), field="rerun_of")
        made = Airing.objects.create(
            episode=source.episode,
            kind=Airing.Kind.RERUN,
            rerun_of=source,
            planned_start=start,
            planned_end=end,
            delay_seconds=source.episode.programme.delay_seconds,
            created_at=clock.now(),
        )
        lifecycle.placed(made)
        audit.record(actor, "airing.rerun", f"airing:{made.pk}", airing=made, after={"of": str(source.pk)})
        signals.tell(signals.episode_changed, episode_id=source.episode_id)
        return made


def rehearse(actor: Actor, airing_id: UUID, start: dt.datetime, end: dt.datetime) -> Airing:
    """A rehearsal of the airing's episode, over before it begins, with its feed; the public never sees it.

    Raises InvalidInput (field: date, end), IllegalTransition where the airing is no premiere to come, and Conflict
    (`lifecycle.placed`) where guests or feed would be in two places. Audited; tells episode_changed.
    """
    if end <= start:
        raise InvalidInput(_("结束时间要晚于开始时间。"), field="end")
    if start < clock.now():
        raise InvalidInput(_("这个时间已经过去了。"), field="date")
    with transaction.atomic(), audit.at_the_end():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.kind != Airing.Kind.PREMIERE or airing.state != Airing.State.PLANNED:
            raise IllegalTransition(_("只有还没播的首播才排彩排。"), state=airing.state)
        if end > airing.planned_start:
            raise InvalidInput(_("彩排要在直播开始以前结束。"), field="end")
        made = Airing.objects.create(
            episode=airing.episode,
            kind=Airing.Kind.REHEARSAL,
            feed_id=airing.feed_id,
            backup_feed_id=airing.backup_feed_id,
            planned_start=start,
            planned_end=end,
            delay_seconds=airing.delay_seconds,
            created_at=clock.now(),
        )
        lifecycle.placed(made)
        audit.record(actor, "airing.rehearse", f"airing:{made.pk}", airing=made, after={"of": str(airing.pk)})
        signals.tell(signals.episode_changed, episode_id=airing.episode_id)
        return made


def use_feed(actor: Actor, airing_id: UUID, feed_id: int | None) -> Airing:
    """Give a planned airing another feed, or none; a backup that is the same way in goes. Raises IllegalTransition once it is open,
    InvalidInput (field: feed), and Conflict (`lifecycle.placed`). Audited; tells episode_changed."""
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.state != Airing.State.PLANNED:
            raise IllegalTransition(
                _("这一场现在是“%(state)s”，不能换信号。") % {"state": airing.get_state_display()}, state=airing.state
            )
        if feed_id is not None and not Feed.objects.filter(pk=feed_id, is_active=True).exists():
            raise InvalidInput(_("没有这路信号。"), field="feed")
        before = airing.feed_id
        if before == feed_id:
            return airing
        airing.feed_id = feed_id
        if feed_id is None or airing.backup_feed_id == feed_id:
            airing.backup_feed_id = None
        airing.save(update_fields=["feed", "backup_feed"])
        lifecycle.placed(airing)
        audit.record(actor, "airing.feed", f"airing:{airing.pk}", airing=airing, before=before, after=feed_id)
        signals.tell(signals.episode_changed, episode_id=airing.episode_id)
        return airing
