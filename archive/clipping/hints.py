"""Tells some worker by Celery that a clip waits to be made; a lost hint costs time, nothing else."""

from __future__ import annotations

import logging

from kombu.exceptions import OperationalError

from broadcast.celery import app

logger = logging.getLogger(__name__)
TASK = "archive.clip"
EXPIRES_SECONDS = 30


def hint() -> None:
    """Send one hint. A broker that is away is logged, never raised."""
    try:
        app.send_task(TASK, expires=EXPIRES_SECONDS, retry=False)
    except (OperationalError, OSError) as error:
        logger.warning("no hint sent: %s", type(error).__name__)
