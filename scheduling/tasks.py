"""Celery's way to the tick: only a hint, since `python -m broadcast tick` does the same every second."""

from celery import shared_task

from scheduling.services import firing, notices


@shared_task(name="scheduling.tick")
def tick() -> int:
    """Do everything that is due now."""
    return firing.tick()


@shared_task(name=notices.TASK, ignore_result=True)
def send_notices() -> int:
    """Hand over the notices that wait: here, since the tick must not wait for a mail server."""
    return notices.hand_over()
