"""What the control room shows of the public line: what goes out, who chose it, how it fares at simulcast targets; it writes nothing."""

from __future__ import annotations

import datetime as dt
from typing import Any

from archive.models import AsRunEntry, PlayoutRule, Push, Recording, SimulcastTarget, SourceChoice
from broadcast import access, clock
from broadcast.models import Airing

# So many of the last stretches of the as-run record are shown.
_LAST = 6
# States that the recorder reports every second; after so long without a word they are not believed.
_MOVING = {Push.State.CONNECTING, Push.State.SENDING, Push.State.RETRYING}
_SILENT = dt.timedelta(seconds=10)


def line_view(airing: Airing, recording: Recording | None) -> dict[str, Any]:
    """`now` as Recording.going_out; `choice` in force, auto when nobody chose; which lanes there are; the rule's fallback.

    `behind_seconds`: how old the newest of the public line is; players are some seconds later still. None when nothing runs.
    """
    choice = SourceChoice.objects.filter(airing=airing).order_by("-id").first()
    programme_id = airing.episode.programme_id
    rule = PlayoutRule.objects.select_related("filler").filter(programme_id=programme_id).first() or PlayoutRule()
    return {
        "now": recording.going_out if recording else "",
        "behind_seconds": _behind(airing, recording),
        "choice": choice.source if choice else str(SourceChoice.Source.AUTO),
        "chosen_at": choice.chosen_at.isoformat() if choice else None,
        "lanes": [name for name, feed in (("main", airing.feed_id), ("backup", airing.backup_feed_id)) if feed],
        "fallback": rule.fallback,
        "fallback_title": rule.filler.title if rule.filler else "",
        "missing_seconds": rule.missing_seconds,
        "return_by": rule.return_by,
        "as_run": [
            _stretch(each) for each in AsRunEntry.objects.filter(airing=airing).order_by("-first_sequence")[:_LAST]
        ],
    }


def _behind(airing: Airing, recording: Recording | None) -> float | None:
    if recording is None or recording.public_until is None or airing.state != Airing.State.ON_AIR:
        return None
    return round((clock.now() - recording.public_until).total_seconds(), 1)


def _stretch(entry: AsRunEntry) -> dict[str, Any]:
    """Media times: the public saw it the airing's delay later."""
    return {
        "kind": entry.kind,
        "reason": entry.reason,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat(),
    }


def pushes_view(airing: Airing) -> list[dict[str, Any]]:
    """The targets of the airing's programme and how each fares, without addresses."""
    pushes = {each.target_id: each for each in Push.objects.filter(airing=airing)}
    public = access.is_public(airing)
    return [
        _view(target, pushes.get(target.pk), public)
        for target in SimulcastTarget.objects.filter(programme_id=airing.episode.programme_id)
        if target.is_active or target.pk in pushes
    ]


def _view(target: SimulcastTarget, push: Push | None, public: bool) -> dict[str, Any]:
    push = push or Push(target=target)
    off = push.is_off or not target.is_active or not public
    state, problem = push.state, push.problem
    if state in _MOVING and push.reported_at and clock.now() - push.reported_at > _SILENT:
        state, problem = str(Push.State.CONNECTING), "unreported"
    if not public:
        problem = "not_public"
    return {
        "id": target.pk,
        "name": target.name,
        "kind": target.kind,
        "place": target.shown_url,
        "state": str(Push.State.OFF) if off and state != Push.State.DONE else state,
        "problem": problem,
        "attempts": push.attempts,
        "sending_since": push.sending_since.isoformat() if push.sending_since else None,
        "next_try_at": push.next_try_at.isoformat() if push.next_try_at else None,
        "sent_seconds": round(push.sent_seconds),
        "missed_seconds": round(push.missed_seconds),
        "off_here": push.is_off,
        "active": target.is_active,
    }
