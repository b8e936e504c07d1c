"""The regular times that freshly seeded programmes begin with; people change them afterwards."""

from __future__ import annotations

import datetime as dt

from broadcast import clock
from broadcast.models import Feed, Programme
from scheduling.models import Slot

# slug: (local time, rule, minutes, feed). The hotline has kept Saturday 11:00 for a thousand episodes.
TIMES = {"cppcc-hotline": (dt.time(11), "FREQ=WEEKLY;BYDAY=SA", 30, "radio-1")}


def seed(created: list[str]) -> None:
    """A slot for each new programme with a regular time."""
    for slug in created:
        if slug not in TIMES:
            continue
        local_time, rule, minutes, feed = TIMES[slug]
        Slot.objects.create(
            programme=Programme.objects.get(slug=slug),
            first_date=clock.now().date(),
            local_time=local_time,
            rule=rule,
            minutes=minutes,
            feed=Feed.objects.filter(name=feed).first(),
        )
