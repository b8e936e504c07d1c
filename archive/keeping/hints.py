"""The hint that something of a recording is to go to or come from cold storage; the row says what."""

from __future__ import annotations

import logging
from uuid import UUID

from kombu.exceptions import OperationalError as BrokerError

from broadcast.celery import app

logger = logging.getLogger(__name__)
TASK = "archive.cold"
EXPIRES_SECONDS = 600.0


def hint(airing_id: UUID) -> None:
    """Ask a worker to look. Where nobody can be asked the reconciler does it again."""
    try:
        app.send_task(TASK, args=[str(airing_id)], expires=EXPIRES_SECONDS, retry=False)
    except (BrokerError, OSError) as error:
        logger.warning("no hint sent: %s", type(error).__name__)
