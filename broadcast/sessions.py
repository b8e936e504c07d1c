"""Sessions in the database, for which the cache only shortens the way: without it nobody is logged out and nobody refused."""

from __future__ import annotations

from typing import Any

from django.contrib.sessions.backends import cached_db
from django.contrib.sessions.backends.db import SessionStore as InDatabase
from redis.exceptions import RedisError


class SessionStore(cached_db.SessionStore):
    """Django's own puts what it read from the database into the cache, and fails when that is gone."""

    def load(self) -> dict[str, Any]:
        """What the session holds."""
        try:
            return super().load()
        except RedisError:
            return InDatabase.load(self)

    def exists(self, session_key: str) -> bool:
        """Whether there is one of that key."""
        try:
            return super().exists(session_key)
        except RedisError:
            return InDatabase.exists(self, session_key)
