"""Who may vote where that is a roll or invitation codes, how many they are, and what staff see of rolls and sheets; writes nothing."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from django.db import connection
from django.db.models import Count, Q

from broadcast.arrays import numbers, uuids
from broadcast.models import RoleGrant
from live.models import CodeSheet, Poll, PollCode, Roll, RollEntry

EligibleBy = Literal["", "given", "codes", "roll", "members"]
# A telephone caller stands in a roll by the number, as an account does.
_ON_ROLL = """
SELECT poll.id, person.id FROM unnest(%s::bigint[], %s::uuid[]) AS asked (poll, person)
JOIN live_poll AS poll ON poll.id = asked.poll
JOIN broadcast_participant AS person ON person.id = asked.person
LEFT JOIN broadcast_user AS account ON account.id = person.user_id
JOIN live_rollentry AS entry ON entry.roll_id = poll.roll_id AND entry.phone_digest = coalesce(
    nullif(account.phone_digest, ''), CASE WHEN person.partner = 'telephone' THEN person.partner_subject END
)
"""
_BY_CODE = """
SELECT code.poll_id, code.participant_id FROM unnest(%s::bigint[], %s::uuid[]) AS asked (poll, person)
JOIN live_pollcode AS code ON code.participant_id = asked.person AND code.poll_id = asked.poll
"""


@dataclass(frozen=True)
class Sheet:
    """A sheet of codes as staff see it; the codes themselves nobody does."""

    id: int
    label: str
    at: str
    codes: int
    used: int
    is_revoked: bool


@dataclass(frozen=True)
class RollView:
    """A roll and how many stand in it."""

    id: int
    name: str
    entries: int
    is_of_all: bool


def admitted(pairs: Collection[tuple[int, UUID]], *, by_code: bool) -> set[tuple[int, UUID]]:
    """Of these (poll, participant), who stands in the poll's roll, or has used a code of it."""
    if not pairs:
        return set()
    polls, people = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(_BY_CODE if by_code else _ON_ROLL, [numbers(polls), uuids(people)])
        return {(poll, person) for poll, person in cursor.fetchall()}


def eligible(poll: Poll) -> tuple[int | None, EligibleBy]:
    """How many may vote, and how that is known; None where nobody knows."""
    if poll.eligible is not None:
        return poll.eligible, "given"
    if poll.electorate == Poll.Electorate.ROLL:
        return RollEntry.objects.filter(roll=poll.roll_id).count(), "roll"
    if poll.electorate == Poll.Electorate.CODES:
        return sum(codes(poll.pk)[:1]), "codes"
    if poll.electorate == Poll.Electorate.MEMBERS:
        standing = RoleGrant.objects.standing().filter(role=RoleGrant.Role.MEMBER, user__is_active=True)
        return standing.values("user").distinct().count(), "members"
    return None, ""


def codes(poll_id: int) -> tuple[int, int]:
    """How many codes there are that open something or did, and how many of them are used."""
    alive = PollCode.objects.filter(Q(sheet__revoked_at=None) | Q(participant__isnull=False), poll=poll_id)
    found = alive.aggregate(all=Count("pk"), used=Count("pk", filter=Q(participant__isnull=False)))
    return int(found["all"]), int(found["used"])


def sheets(poll_id: int) -> list[Sheet]:
    """The sheets of a poll, in the order in which they were made."""
    rows = CodeSheet.objects.filter(poll=poll_id).annotate(
        all=Count("codes"), used=Count("codes", filter=Q(codes__participant__isnull=False))
    )
    return [
        Sheet(row.pk, row.label, row.created_at.isoformat(), row.all, row.used, row.revoked_at is not None)
        for row in rows
    ]


def rolls(programme_id: int) -> list[RollView]:
    """The rolls that polls of a programme may use."""
    rows = Roll.objects.filter(Q(programme=programme_id) | Q(programme=None), removed_at=None)
    return [
        RollView(row.pk, row.name, row.many, row.programme_id is None) for row in rows.annotate(many=Count("entries"))
    ]
