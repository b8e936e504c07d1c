"""What the control room sees of the pressure on a room: level, why, what was measured, what was dropped; staff only, it writes nothing."""

from __future__ import annotations

from collections import Counter
from typing import Any

from broadcast.access import Ability, Actor, can
from broadcast.models import Airing
from live import ladder, pressure, queries, wording
from live.models import LevelChange

CHANGES_SHOWN = 8


def load_panel(airing: Airing, actor: Actor) -> dict[str, Any]:
    """For everybody at the control room; `may_hold` says whether the actor may set the level by hand.

    `measures` are pressures, 1.0 being too much; `drops` counts what these processes did not deliver or take since they began.
    """
    level = queries.level_of(airing.pk)
    changes = list(LevelChange.objects.filter(room=airing.pk).select_related("by").order_by("-pk")[:CHANGES_SHOWN])
    reports = pressure.newest(airing.pk)
    measured = pressure.together(reports)
    drops: Counter[str] = Counter()
    for report in reports:
        drops.update(report.drops)
    return {
        "level": level.level,
        "held": level.is_held,
        "highest": ladder.HIGHEST,
        "processes": len(reports),
        "measures": [
            {"name": name, "value": measured[name], "pressure": round(measured[name] / ladder.LIMITS[name], 2)}
            for name in pressure.MEASURES
        ]
        if reports
        else [],
        "drops": {name: many for name, many in sorted(drops.items()) if many},
        "percent": queries.sample_of(airing.pk).percent,
        "changes": [_change(each) for each in changes],
        "may_hold": can(actor, Ability.RUN, airing.episode.programme_id),
    }


def _change(change: LevelChange) -> dict[str, Any]:
    return {
        "at": wording.iso(change.at),
        "level": change.level,
        "held": change.is_held,
        "why": change.why,
        "by": str(change.by) if change.by else "",
    }
