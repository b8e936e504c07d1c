"""Rows for tests of the ground floor: a programme, an episode with its airing, and people with roles."""

from __future__ import annotations

import datetime as dt
import itertools
from typing import Any
from uuid import UUID, uuid4

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Feed, Programme, RoleGrant, User

_numbers = itertools.count(1)
HOUR = dt.timedelta(hours=1)


def programme(**fields: Any) -> Programme:
    """A public video programme."""
    number = next(_numbers)
    values = {"slug": f"p-{number}", "name_zh": f"节目{number}", "name_en": f"Programme {number}", "kind": "video"}
    return Programme.objects.create(**(values | fields))


def airing(brand: Programme | None = None, **fields: Any) -> Airing:
    """A planned premiere of a new draft episode, an hour from now."""
    brand, now = brand or programme(), clock.now()
    episode = Episode.objects.create(programme=brand, number=next(_numbers), title="海边的路", created_at=now)
    values = {"episode": episode, "planned_start": now + HOUR, "planned_end": now + 2 * HOUR, "created_at": now}
    return Airing.objects.create(**(values | fields))


def feed() -> Feed:
    """A way in with a port of its own."""
    number = next(_numbers)
    return Feed.objects.create(name=f"feed-{number}", srt_port=40_000 + number)


def actor(role: str | None, brand: Programme | None = None) -> Actor:
    """Somebody with this role in this programme, or in all of them; nobody's role when None."""
    user = User.objects.create(username=f"u-{next(_numbers)}")
    if role is not None:
        RoleGrant.objects.create(user=user, programme=brand, role=role, granted_at=clock.now())
    return Actor(user_id=user.pk, name=user.username)


def uuid() -> UUID:
    """An id that nothing has."""
    return uuid4()
