"""Tells the other processes at once what is already committed; it may fail silently, for everything is found again from the database."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterable
from uuid import UUID

import redis
from django.conf import settings
from django.db import transaction

from broadcast.services import identity
from live import envelope, protocol

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0


class _Publisher:
    """One client a process, for threads. After a failure it keeps silent for a moment, so that a dead bus slows no write."""

    def __init__(self) -> None:
        self._client: redis.Redis | None = None
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self.failures = 0

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            pipe = self._connected().pipeline(transaction=False)
            for name, message in messages:
                pipe.publish(name, message)
            pipe.execute()
        except (redis.RedisError, OSError) as error:
            self.failures += 1
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("bus does not take hints, going on without error=%s", error)

    def _connected(self) -> redis.Redis:
        with self._lock:
            if self._client is None:
                self._client = redis.Redis.from_url(settings.BUS_URL, socket_timeout=0.5, socket_connect_timeout=0.3)
            return self._client


publisher = _Publisher()


def hint(airing_id: UUID, *what: str) -> None:
    """Tell after commit that these kinds changed: airing, media, rundown, people, comments, questions, polls, counts, staff, panels."""
    message = envelope.pack(envelope.Header(lane="hint", what=what))
    transaction.on_commit(lambda: publisher.publish([(envelope.channel(airing_id), message)]))


def personal(airing_id: UUID, participant_id: UUID, mine: protocol.Mine) -> None:
    """Send one participant what changed of their own, after commit. Who misses it finds it by GET …/mine."""
    seat = identity.seat_of(participant_id, identity.generation_of(participant_id))
    header = envelope.Header(lane="personal", participant=seat)
    message = envelope.pack(header, protocol.encode(mine))
    transaction.on_commit(lambda: publisher.publish([(envelope.channel(airing_id), message)]))
