"""The ways in of an airing as plain values, main and back-up; pure, it opens nothing and holds no row."""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from dataclasses import dataclass, field

MAIN, BACKUP = "main", "backup"


@dataclass(frozen=True)
class Entrance:
    """One way in. Its SRT port and stream key take encoders; where `pull_url` is not None, the feed is fetched from there.

    `pull_url` is "" when there is one that cannot be opened. It may hold a key, so it is in no repr: never log it.
    """

    lane: str
    srt_port: int
    key_digest: str
    pull_url: str | None = field(default=None, repr=False)


def lane_of_key(entrances: Iterable[Entrance], key_digest: str) -> str | None:
    """The lane whose stream key has that digest. Compares with every one, in the same time whichever fits."""
    found = None
    for each in entrances:
        if hmac.compare_digest(each.key_digest, key_digest) and each.key_digest:
            found = each.lane
    return found
