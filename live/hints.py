"""Tells the other processes at once what is already committed; it may fail silently, for everything is found again from the database."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterable, Iterator
from typing import Any
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
    """One client a process, for threads. After a failure it keeps silent for a moment, so that a dead bus slows no write; in a
    cluster only to what one server holds."""

    def __init__(self) -> None:
        self._client: redis.Redis | redis.RedisCluster | None = None
        # By channel in a cluster, else under "".
        self._silent_until: dict[str, float] = {}
        self._lock = threading.Lock()
        self.failures = 0

    def publish(self, messages: Iterable[tuple[str, bytes]]) -> None:
        with self._trying("") as client:
            if isinstance(client, redis.RedisCluster):
                for name, message in messages:
                    with self._trying(name) as there:
                        if there is not None:
                            there.spublish(name, message)
            elif client is not None:
                pipe = client.pipeline(transaction=False)
                for name, message in messages:
                    pipe.publish(name, message)
                pipe.execute()

    @contextlib.contextmanager
    def _trying(self, name: str) -> Iterator[Any]:
        """The client, None while there is silence; a failure begins it."""
        now = time.monotonic()
        if now < self._silent_until.get(name, 0.0):
            yield None
            return
        try:
            yield self._connected()
        except (redis.RedisError, OSError) as error:
            self.failures += 1
            quiet = {other: until for other, until in self._silent_until.items() if until > now}
            self._silent_until = {**quiet, name: time.monotonic() + PAUSE_SECONDS}
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
