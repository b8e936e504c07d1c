"""Posters that people chose: kept when a replay is written anew, unless what they show was edited out since; it chooses none."""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db.models import Case, IntegerField, Value, When

from archive.editing import public
from archive.models import Derivative, Edit

# In `details` where a derivative made by a step names that.
CHOSEN = "poster"
# Of several posters the last counts: by this order the chosen one, whatever the steps made since.
LAST = Case(When(details__step=CHOSEN, then=Value(1)), default=Value(0), output_field=IntegerField())


def keep(airing_id: UUID, ready: dt.datetime, now: dt.datetime) -> None:
    """A public file older than its replay counts no more: the chosen poster is declared good for the new one, where it is."""
    for each in Derivative.objects.filter(recording_id=airing_id, details__step=CHOSEN, made_at__lt=ready):
        if _still_good(each):
            each.made_at = max(now, ready)
            each.save(update_fields=["made_at"])


def _still_good(poster: Derivative) -> bool:
    """An uploaded picture always; a frame unless it was cut, trimmed away or blurred after it was taken."""
    if "at" not in poster.details:
        return True
    at = dt.datetime.fromtimestamp(int(poster.details["at"]) / 1000, dt.UTC)
    taken = dt.datetime.fromisoformat(str(poster.details["taken_at"]))
    if any(since <= at < until for since, until in public.cut_out(poster.recording_id)):
        return False
    blurred = Edit.objects.filter(airing=poster.recording_id, state=Edit.State.APPLIED, kind=Edit.Kind.BLUR)
    return not blurred.filter(starts_at__lte=at, ends_at__gt=at, applied_at__gte=taken).exists()
