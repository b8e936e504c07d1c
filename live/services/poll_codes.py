"""Makes and revokes sheets of invitation codes, and lets a code become somebody's with the first ballot; keeps digests alone."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor
from broadcast.arrays import numbers, texts, uuids
from broadcast.errors import IllegalTransition, NotFound
from broadcast.sealing import digest
from live import hints, protocol
from live.models import CodeSheet, Poll, PollCode
from live.services import rooms
from live.services.poll_rows import allowed, locked

DIGITS = 12
# The rows are locked in the order of their ids, so that two batches do not wait in a ring; of two who send one code at once the
# second finds it taken.
_CLAIM = """
WITH held AS (
    SELECT code.id, asked.person FROM unnest(%s::bigint[], %s::text[], %s::uuid[]) AS asked (poll, digest, person)
    JOIN live_pollcode AS code ON code.poll_id = asked.poll AND code.digest = asked.digest
    JOIN live_codesheet AS sheet ON sheet.id = code.sheet_id AND sheet.revoked_at IS NULL
    ORDER BY code.id FOR UPDATE OF code
)
UPDATE live_pollcode AS code SET participant_id = held.person, used_at = %s FROM held
WHERE code.id = held.id AND code.participant_id IS NULL
RETURNING code.poll_id, code.participant_id
"""


def plain(code: str) -> str:
    """A code as it is digested: its digits, however it was typed."""
    return "".join(str(int(each)) for each in code if each.isdecimal())


def code_digest(poll_id: int, code: str) -> str:
    """By what a code of a poll is found."""
    return digest("poll-code", f"{poll_id}:{plain(code)}")


def issue(actor: Actor, airing_id: UUID, command: protocol.IssueCodes) -> dict[str, Any]:
    """A sheet of fresh codes for a poll that asks for them: {"sheet", "codes"}. A retry brings the sheet without codes.

    Audited with how many. Raises IllegalTransition where the poll is over or asks for no codes.
    """
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        poll = locked(airing_id, command.poll)
        if poll.electorate != Poll.Electorate.CODES:
            raise IllegalTransition(_("这个投票不用投票码。"), state=poll.state)
        if poll.state not in {Poll.State.DRAFT, Poll.State.OPEN}:
            raise IllegalTransition(_("投票已经结束。"), state=poll.state)
        known = CodeSheet.objects.filter(poll=poll, command_id=command.id).first()
        if known is not None:
            return {"sheet": known.pk, "codes": []}
        sheet = CodeSheet.objects.create(
            poll=poll,
            label=command.label.strip(),
            command_id=command.id,
            created_by_id=actor.user_id,
            created_at=clock.now(),
        )
        made: dict[str, str] = {}
        while len(made) < command.count:
            code = f"{secrets.randbelow(10**DIGITS):0{DIGITS}d}"
            made[code_digest(poll.pk, code)] = code
        PollCode.objects.bulk_create(PollCode(sheet=sheet, poll=poll, digest=each) for each in made)
        after = {"sheet": sheet.pk, "codes": command.count, "label": sheet.label}
        audit.record(actor, "poll.issue_codes", f"poll:{poll.pk}", airing=airing, after=after)
        _tell(airing_id, poll)
        return {"sheet": sheet.pk, "codes": [spaced(each) for each in made.values()]}


def revoke(actor: Actor, airing_id: UUID, command: protocol.RevokeCodes) -> dict[str, Any]:
    """The sheet's unused codes open nothing any more; ballots that were cast with others stand. A retry changes nothing."""
    with transaction.atomic():
        airing = allowed(actor, airing_id, Ability.PRODUCE)
        sheet = CodeSheet.objects.filter(pk=command.sheet, poll__room=airing_id).first()
        if sheet is None:
            raise NotFound(_("没有这张投票码。"))
        poll = locked(airing_id, sheet.poll_id)
        if CodeSheet.objects.filter(pk=sheet.pk, revoked_at=None).update(revoked_at=clock.now()):
            after = {"sheet": sheet.pk, "label": sheet.label}
            audit.record(actor, "poll.revoke_codes", f"poll:{poll.pk}", airing=airing, after=after)
            _tell(airing_id, poll)
        return {"sheet": sheet.pk}


def claim(wanted: Mapping[tuple[int, UUID], str]) -> set[tuple[int, UUID]]:
    """Let these codes, by (poll, participant), become theirs; returns whose did. Inside the ballots' transaction, polls locked."""
    if not wanted:
        return set()
    keys = sorted(wanted)
    with connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            [
                numbers(poll for poll, _person in keys),
                texts(code_digest(poll, wanted[poll, person]) for poll, person in keys),
                uuids(person for _poll, person in keys),
                clock.now(),
            ],
        )
        return {(poll, person) for poll, person in cursor.fetchall()}


def spaced(code: str) -> str:
    """As it is printed: in groups of four."""
    return "-".join(code[at : at + 4] for at in range(0, len(code), 4))


def _tell(airing_id: UUID, poll: Poll) -> None:
    seq = rooms.next_staff_seq([airing_id])[airing_id]
    Poll.objects.filter(pk=poll.pk).update(staff_seq=seq)
    hints.hint(airing_id, "staff")
