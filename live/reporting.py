"""Says every second how this process keeps up with the airings it serves, and hears the others for the panels of staff here."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING
from uuid import UUID

from live import allowance, hints, pressure
from live.pressure import Report

if TYPE_CHECKING:
    from live.process import Live


async def report(live: Live, airing_ids: Collection[UUID]) -> None:
    """One report an airing, to its composer by the bus; kept here too, for when the bus is away."""
    worst, dropped, waiting = live.meter.read(), drops(live), float(live.batcher.waiting)
    answer = live.batcher.slowest()
    kept: dict[UUID, Report] = {}
    for airing_id in airing_ids:
        audience, composer = live.hub.audience(airing_id), live.composers.get(airing_id)
        kept[airing_id] = Report(
            process=live.name,
            seats=len(audience.seats),
            loop=worst.get("loop", 0.0),
            tick=composer.slowest() if composer is not None else 0.0,
            fan=audience.slowest(),
            batch=worst.get("batch", 0.0),
            answer=answer,
            waiting=waiting,
            behind=audience.behind,
            drops=dropped,
        )
        await live.bus.report_pressure(airing_id, live.name, pressure.packed(kept[airing_id]))
    live.reports = kept
    pressure.hear({pk: pressure.unpacked(await live.bus.pressures(pk)) for pk in live.staff.airings})


def drops(live: Live) -> dict[str, int]:
    """All that this process did not deliver, take or say, by kind."""
    return {
        **live.hub.counters(),
        "refused_writes": live.batcher.refused,
        "refused_fast": sum(allowance.sent.refused.values()),
        "refused_sockets": sum(live.admission.refused.values()),
        "lost_on_bus": live.bus.lost,
        "lost_hints": hints.publisher.failures,
        **pressure.drops(),
    }
