"""What the doctor asks of scheduling: due acts that failed or were missed and that nobody has seen; it mends nothing."""

from __future__ import annotations

from django.db import DatabaseError

from scheduling.queries import alarms


def check() -> list[tuple[str, str, str]]:
    """(found, expected, how to mend or ""). Asked only of a database that is there."""
    try:
        found = alarms.standing()
    except DatabaseError:
        return []
    if not found:
        return [("no due act failed, was missed or waits", "0 unseen", "")]
    shown = "; ".join(f"{each.airing} {each.what} {each.at:%Y-%m-%d %H:%M} UTC: {each.why}" for each in found[:5])
    mend = "see /staff/schedule/next; that `python -m broadcast tick` runs; say there what has been seen"
    return [(f"{len(found)} due acts failed, were missed or wait: {shown}"[:600], "0 unseen", mend)]
