"""Celery's way to the tick: only a hint, since `python -m broadcast tick` does the same every second."""

from celery import shared_task

from scheduling.services import ledger


@shared_task(name="scheduling.tick")
def tick() -> int:
    """Do everything that is due now."""
    return ledger.tick()
