"""Whether this web process can do its work, for a proxy or supervisor; fast, and without a secret or a version."""

from __future__ import annotations

from collections.abc import Callable

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from broadcast import registry

_bus: redis.Redis | None = None


@never_cache
@require_safe
def healthz(request: HttpRequest) -> JsonResponse:
    """200 while the database answers, else 503. The bus is told but does not decide: without it pages poll and writes stand.

    What apps say of their own part (registry.health) is told and does not decide either.
    """
    parts = {"database": _database(), "bus": _answers()}
    if parts["database"]:
        parts |= {name: _is_well(ask) for name, ask in registry.health}
    return JsonResponse(
        {"status": "ok" if all(parts.values()) else "degraded", **parts}, status=200 if parts["database"] else 503
    )


def _database() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
            return bool(cursor.fetchone() == (1,))
    except DatabaseError:
        connection.close()
        return False


def _is_well(ask: Callable[[], bool]) -> bool:
    try:
        return ask()
    except DatabaseError:
        return False


def _answers() -> bool:
    global _bus
    if not settings.BUS_URL:
        return False
    if _bus is None:
        _bus = redis.Redis.from_url(settings.BUS_URL, socket_timeout=1, socket_connect_timeout=1)
    try:
        return bool(_bus.ping())
    except redis.RedisError:
        return False
