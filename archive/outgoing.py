"""What the control room shows of the public line: what goes out, who chose it, what would come instead; it writes and decides nothing."""

from __future__ import annotations

from typing import Any

from archive.models import AsRunEntry, PlayoutRule, Recording, SourceChoice
from broadcast.models import Airing

# So many of the last stretches of the as-run record are shown.
_LAST = 6


def line_view(airing: Airing, recording: Recording | None) -> dict[str, Any]:
    """`now` as Recording.going_out; `choice` in force, auto when nobody chose; which lanes there are; the rule's fallback."""
    choice = SourceChoice.objects.filter(airing=airing).order_by("-id").first()
    programme_id = airing.episode.programme_id
    rule = PlayoutRule.objects.select_related("filler").filter(programme_id=programme_id).first() or PlayoutRule()
    return {
        "now": recording.going_out if recording else "",
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


def _stretch(entry: AsRunEntry) -> dict[str, Any]:
    """Media times: the public saw it the airing's delay later."""
    return {
        "kind": entry.kind,
        "reason": entry.reason,
        "started_at": entry.started_at.isoformat(),
        "ended_at": entry.ended_at.isoformat(),
    }
