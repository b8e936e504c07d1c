"""Which public comments are shown when more come than people can read: a lot that cannot be swayed and falls the same everywhere; pure.

The share is what people can read divided by what became public in the few seconds before, so it depends on the moment alone. The
lot is a digest of airing and comment: who wrote it, when within that moment, and what it says play no part.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from live import ladder

WINDOW = dt.timedelta(seconds=5)


@dataclass(frozen=True)
class Published:
    """A comment that became public `at`. `came`: how many did in the WINDOW before it, itself and its equals in time included."""

    id: int
    at: dt.datetime
    is_public: bool
    came: int


@dataclass(frozen=True)
class Sample:
    """Ids of the comments to show, newest first. `percent`: how many in a hundred of those since the oldest shown."""

    ids: tuple[int, ...] = ()
    percent: int = 100


def lot(airing_id: UUID, comment_id: int) -> float:
    """A number from 0 up to 1 that belongs to the comment; shown when it is below the share."""
    digest = hashlib.blake2b(str(comment_id).encode(), digest_size=8, key=airing_id.bytes).digest()
    return int.from_bytes(digest, "big") / 2**64


def share(came: int, level: int) -> float:
    """How much of what came is shown."""
    readable = ladder.LEVELS[level].readable * WINDOW.total_seconds()
    return min(1.0, readable / came) if came else 1.0


def drawn(
    airing_id: UUID, newest_first: Iterable[Published], levels: Sequence[tuple[dt.datetime, int]], most: int
) -> Sample:
    """The newest `most` whose lot is below their share. `levels`: since when the room was at which level, oldest first."""
    since = [at for at, _level in levels]
    ids: list[int] = []
    public = until = 0
    for each in newest_first:
        if not each.is_public:
            continue
        public += 1
        place = bisect_right(since, each.at)
        level = levels[place - 1][1] if place else 0
        if lot(airing_id, each.id) < share(each.came, level):
            ids.append(each.id)
            until = public
            if len(ids) == most:
                break
    else:
        until = public
    return Sample(tuple(ids), _percent(len(ids), until))


def _percent(shown: int, came: int) -> int:
    """In steps of five below a hundred, at least one: an honest word, not a figure that flickers."""
    if shown >= came:
        return 100
    return max(1, min(95, 5 * round(20 * shown / came)))
