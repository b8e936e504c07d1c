"""Takes files made of a recording away for good: their rows, their bytes here and in every store; which, it does not decide."""

from __future__ import annotations

import logging

from django.db import transaction
from django.db.models import QuerySet

from archive.models import Derivative
from archive.storage import media
from archive.storage.places import leaving
from broadcast.errors import BroadcastError

logger = logging.getLogger(__name__)


def forget(derivatives: QuerySet[Derivative]) -> None:
    """Delete rows now, in the caller's transaction, and their files after the commit."""
    keys = list(derivatives.values_list("key", flat=True))
    derivatives.delete()

    def unlink() -> None:
        for key in keys:
            media().delete(key)
            for store in leaving().values():
                try:
                    store.delete(key)
                except BroadcastError:
                    # No row names it any more, so nobody gets it; it only takes room.
                    logger.exception("left in a store key=%s", key)

    if keys:
        transaction.on_commit(unlink)
