"""Chains what happens to a poll's ballots: writes links within the act's transaction and gives them their places afterwards."""

from __future__ import annotations

import datetime as dt
import os
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from django.db import connection, transaction

from live import ballot_chain
from live.models.poll import BallotLink
from live.queries.casts import Cast

# "YISHLINK": with a poll's id, one advisory lock keeps two from giving places at once.
_PLACES_LOCK = 0x59495348_4C494E4B
_IDS = """
SELECT (SELECT array_agg(nextval('live_ballotcast_id_seq')) FROM generate_series(1, %s)),
       (SELECT array_agg(nextval('live_ballotlink_id_seq')) FROM generate_series(1, %s))
"""
_PLACE = """
UPDATE live_ballotlink AS link SET number = placed.number, previous = placed.previous, digest = placed.digest
FROM unnest(%s::bigint[], %s::int[], %s::bytea[], %s::bytea[]) AS placed (id, number, previous, digest)
WHERE link.id = placed.id
"""


def take_ids(casts: int, polls: Collection[int]) -> tuple[list[int], dict[int, int]]:
    """Ids for so many casts, ascending, and of a link for each of these polls."""
    with connection.cursor() as cursor:
        cursor.execute(_IDS, [casts, len(polls)])
        cast_ids, link_ids = cursor.fetchone()
    return sorted(cast_ids), dict(zip(sorted(polls), link_ids, strict=True))


def salts(many: int) -> Iterator[bytes]:
    """Fresh random salts."""
    random = os.urandom(ballot_chain.SALT_BYTES * many)
    return (random[at : at + ballot_chain.SALT_BYTES] for at in range(0, len(random), ballot_chain.SALT_BYTES))


def add_casts(links: dict[int, int], casts: Sequence[Cast], at: dt.datetime) -> None:
    """A link for the casts that this transaction inserted, one a poll. Call inside it."""
    leaves: dict[int, list[bytes]] = defaultdict(list)
    for cast in sorted(casts, key=lambda each: each.id):
        leaves[cast.poll].append(cast.leaf or b"")
    BallotLink.objects.bulk_create(
        BallotLink(
            id=links[poll],
            poll_id=poll,
            kind=BallotLink.Kind.CASTS,
            count=len(own),
            root=ballot_chain.root_of_leaves(own),
            at=at,
            algorithm=ballot_chain.ALGORITHM,
        )
        for poll, own in leaves.items()
    )


def add(poll_id: int, kind: BallotLink.Kind, data: dict[str, Any], at: dt.datetime, *, count: int = 0) -> None:
    """A link for a merge, the close or the voiding. Call inside the act's transaction.

    What is said of people is salted; a close is public and is not.
    """
    salt = os.urandom(ballot_chain.SALT_BYTES) if kind == BallotLink.Kind.MOVE else b""
    BallotLink.objects.create(
        poll_id=poll_id,
        kind=kind,
        count=count,
        salt=salt,
        data=data,
        root=ballot_chain.root_of_data(salt, data),
        at=at,
        algorithm=ballot_chain.ALGORITHM,
    )


def place(poll_id: int) -> bytes:
    """Give every link of the poll that has none its place in the chain; returns the head. Waits for another who does it.

    The order is that of the links' ids among those that are committed. One that commits later comes later: its casts carry
    the order in which they were accepted in their own ids.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_PLACES_LOCK + poll_id])
        own = BallotLink.objects.filter(poll=poll_id)
        last = own.exclude(number=None).order_by("-number").values_list("number", "digest").first()
        number, head = (last[0] or 0, bytes(last[1] or b"")) if last else (0, ballot_chain.GENESIS)
        placed: list[tuple[int, int, bytes, bytes]] = []
        for link in own.filter(number=None).order_by("id"):
            number += 1
            previous, head = (
                head,
                ballot_chain.link(poll_id, number, str(link.kind), link.count, bytes(link.root), head),
            )
            placed.append((link.pk, number, previous, head))
        if placed:
            cursor.execute(_PLACE, [list(column) for column in zip(*placed, strict=True)])
    return head


def place_all() -> int:
    """`place` for every poll that waits for it; returns for how many. The tick does it, so what is not chained is young."""
    waiting = list(BallotLink.objects.filter(number=None).order_by().values_list("poll", flat=True).distinct())
    for poll_id in waiting:
        place(poll_id)
    return len(waiting)
