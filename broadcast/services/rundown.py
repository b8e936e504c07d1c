"""Runs the run-down of an airing: which segment is on; it must not touch the airing's own state."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import IllegalTransition, NotFound
from broadcast.models import Airing, Segment, SegmentRun
from broadcast.services import moments


def start_segment(actor: Actor, airing_id: UUID, segment_id: int) -> SegmentRun:
    """Begin a segment; the open one ends at the same instant. Only on air; the segment must be of this episode.

    Starting the segment that is already open changes nothing. Locks the airing; audited; marks a moment; tells rundown_changed.
    """
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.RUN, airing.episode.programme_id)
        if airing.state != Airing.State.ON_AIR:
            raise IllegalTransition(_("还没有开播，不能开始环节。"), state=airing.state)
        segment = Segment.objects.select_related("role").filter(pk=segment_id, episode_id=airing.episode_id).first()
        if segment is None:
            raise NotFound(_("这一期没有这个环节。"))
        current = SegmentRun.objects.filter(airing=airing, ended_at=None).first()
        if current is not None and current.segment_id == segment.pk:
            return current
        now = clock.now()
        SegmentRun.objects.filter(airing=airing, ended_at=None).update(ended_at=now)
        run = SegmentRun.objects.create(airing=airing, segment=segment, started_at=now)
        moments.mark(airing, "segment.start", segment.title, at=now, data={"segment": segment.pk})
        before = current.segment_id if current else None
        audit.record(actor, "segment.start", f"segment:{segment.pk}", airing=airing, before=before, after=segment.pk)
        signals.tell(signals.rundown_changed, airing_id=airing.pk)
        return run
