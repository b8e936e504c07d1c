"""Reads accepted casts and the ballots that count, many at once, as plain tuples: on the way of every vote."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Iterator
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection

from broadcast.arrays import numbers, texts, uuids

_FIND = """
SELECT kept.id, kept.poll_id, kept.participant_id, kept.command_id, kept.options, kept.at, kept.salt, kept.number, kept.leaf
FROM unnest(%s::bigint[], %s::uuid[], %s::text[]) AS asked (poll, person, command)
JOIN live_ballotcast AS kept
ON kept.poll_id = asked.poll AND kept.participant_id = asked.person AND kept.command_id = asked.command
"""
_CURRENT = """
SELECT ballot.poll_id, ballot.participant_id, ballot.options, ballot.at, kept.number
FROM unnest(%s::bigint[], %s::uuid[]) AS asked (poll, person)
JOIN live_ballot AS ballot ON ballot.poll_id = asked.poll AND ballot.participant_id = asked.person
JOIN live_ballotcast AS kept ON kept.id = ballot.cast_id
"""
_LISTED = """
SELECT kept.number, kept.options FROM live_ballot AS ballot JOIN live_ballotcast AS kept ON kept.id = ballot.cast_id
WHERE ballot.poll_id = %s ORDER BY kept.number
"""
_AT_ONCE = 2_000
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICROSECOND = dt.timedelta(microseconds=1)


class Cast(NamedTuple):
    """One accepted cast. What belongs to the chain is None for one made before there was one, the salt alone for one erased."""

    id: int
    poll: int
    person: UUID
    command: str
    options: list[int]
    at: dt.datetime
    salt: bytes | None
    number: bytes | None
    leaf: bytes | None

    @property
    def receipt(self) -> dict[str, Any] | None:
        """What its voter gets to find it again: docs/decisions/0020."""
        if self.salt is None or self.number is None or self.leaf is None:
            return None
        return {"cast": self.id, "number": self.number.hex(), "salt": self.salt.hex(), "leaf": self.leaf.hex()}


class Current(NamedTuple):
    """The ballot that counts, with its number in the published list (hex)."""

    options: list[int]
    at: dt.datetime
    number: str


def microseconds(at: dt.datetime) -> int:
    """UTC microseconds since 1970, exactly: how a cast's time stands in its leaf."""
    return (at - _EPOCH) // _MICROSECOND


def find_casts(keys: Iterable[tuple[int, UUID, str]]) -> dict[tuple[int, UUID, str], Cast]:
    """By (poll, participant, command id), those that were accepted."""
    asked = list(keys)
    if not asked:
        return {}
    polls, people, commands = zip(*asked, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_FIND, [numbers(polls), uuids(people), texts(commands)])
        return {(row[1], row[2], row[3]): Cast(*row) for row in cursor.fetchall()}


def current_ballots(pairs: Collection[tuple[int, UUID]]) -> dict[tuple[int, UUID], Current]:
    """By (poll, participant), the ballots that count."""
    if not pairs:
        return {}
    polls, people = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_CURRENT, [numbers(polls), uuids(people)])
        return {
            (poll, person): Current(options, at, bytes(number or b"").hex())
            for poll, person, options, at, number in cursor.fetchall()
        }


def listed_ballots(poll_id: int) -> Iterator[tuple[bytes, list[int]]]:
    """The ballots that count as the published list names them: number and options, sorted by number. Read in pieces."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_LISTED, [poll_id])
        while rows := cursor.fetchmany(_AT_ONCE):
            for number, options in rows:
                yield bytes(number or b""), options
