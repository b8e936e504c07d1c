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

from live import envelope

logger = logging.getLogger(__name__)

PAUSE_SECONDS = 1.0
# Among the kinds of a hint: the lease of an airing is free.
LEASE = "lease"


class _Publisher:
    """One client a process, for threads. After a failure it keeps silent for a moment, so that a dead bus slows no write."""

    def __init__(self) -> None:
        self._client: redis.Redis | redis.RedisCluster | None = None
        self._silent_until = 0.0
        self._lock = threading.Lock()
        self.failures = 0

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        if time.monotonic() < self._silent_until:
            return
        try:
            client = self._connected()
            if isinstance(client, redis.RedisCluster):
                for name, message in messages:
                    client.spublish(name, message)
                return
            pipe = client.pipeline(transaction=False)
            for name, message in messages:
                pipe.publish(name, message)
            pipe.execute()
        except (redis.RedisError, OSError) as error:
            self.failures += 1
            self._silent_until = time.monotonic() + PAUSE_SECONDS
            logger.warning("bus does not take hints, going on without error=%s", error)

    def _connected(self) -> redis.Redis | redis.RedisCluster:
        with self._lock:
            if self._client is None:
                kind = redis.RedisCluster if settings.BUS_CLUSTER else redis.Redis
                self._client = kind.from_url(settings.BUS_URL, socket_timeout=0.5, socket_connect_timeout=0.3)
            return self._client


publisher = _Publisher()


def hint(airing_id: UUID, *what: str) -> None:
    """Tell after commit that these kinds changed: airing, media, rundown, people, comments, questions, polls, counts, staff, own."""
    message = envelope.pack(envelope.Header(lane="hint", what=what))
    transaction.on_commit(lambda: publisher.publish([(envelope.channel(airing_id), message)]))


def own(airing_id: UUID) -> None:
    """Tell after commit that something of somebody's own changed. What, and whose, is found again by its number (`live.own_lane`)."""
    hint(airing_id, "own")


def lease_is_free(airing_ids: Iterable[UUID]) -> None:
    """Tell at once that nobody composes these any more: others begin sooner than they would by themselves. Blocks; for a thread."""
    message = envelope.pack(envelope.Header(lane="hint", what=(LEASE,)))
    publisher.publish([(envelope.channel(each), message) for each in airing_ids])
