"""Takes in ballots, many in one transaction: appends the casts and keeps each participant's last; opening and closing is polls'."""

from __future__ import annotations

import datetime as dt
import json
from collections import defaultdict
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from live import protocol, queries, wording
from live.models import Ballot, BallotCast, Option, Poll
from live.services.batch import Answer, Batch, Write, require_assurance

Key = tuple[int, UUID, str]

# Ballots are taken while this lock is held; closing asks for the exclusive one, so a ballot counts or is refused, nothing between.
_LOCK = """
SELECT id, room_id, kind, state, opened_at + grace_seconds * interval '1 second', closes_at, least_assurance, results
FROM live_poll WHERE id = ANY(%s) ORDER BY id FOR SHARE
"""
_APPEND = """
INSERT INTO live_ballotcast (poll_id, participant_id, command_id, options, at)
SELECT poll, participant, command, options, %s
FROM jsonb_to_recordset(%s::jsonb) AS cast_(n int, poll bigint, participant uuid, command text, options bigint[])
ORDER BY n
ON CONFLICT (poll_id, participant_id, command_id) DO NOTHING
RETURNING id, poll_id, participant_id, command_id
"""
_KEEP_LAST = """
INSERT INTO live_ballot (poll_id, participant_id, cast_id, options, at)
SELECT poll_id, participant_id, id, options, at FROM live_ballotcast WHERE id = ANY(%s) ORDER BY poll_id, participant_id
ON CONFLICT (poll_id, participant_id) DO UPDATE
SET cast_id = excluded.cast_id, options = excluded.options, at = excluded.at
WHERE live_ballot.cast_id < excluded.cast_id
"""


@dataclass(frozen=True)
class _Terms:
    """What a poll asks of a ballot, read under its lock."""

    room: UUID
    kind: str
    state: str
    shown_from: dt.datetime | None
    closes_at: dt.datetime | None
    least_assurance: int
    results: str
    options: frozenset[int]


def cast(batch: Batch) -> None:
    """Accept ballots. A retry gets its first answer and changes nothing; the last one accepted counts until the poll closes."""
    writes = batch.of(protocol.CastVote)
    if not writes:
        return
    terms = _lock({_command(write).poll for write in writes})
    known = _casts({_key(write) for write in writes})
    now = clock.now()
    fresh: dict[Key, Write] = {}
    for write in writes:
        if (
            _key(write) not in known
            and _key(write) not in fresh
            and write.check(lambda each: _may_vote(each, terms, now))
        ):
            fresh[_key(write)] = write
    _append(list(fresh.values()), now)
    casts = known | _casts(set(fresh))
    mine = _mine(_current({(poll, person) for poll, person, _command_id in casts}), terms)
    for write in writes:
        row = casts.get(_key(write))
        if row is None or write.refusal is not None:
            first = fresh.get(_key(write))
            write.refusal = write.refusal or (first.refusal if first else None)
            if write.refusal is None:
                write.refuse(lambda: NotFound(_("没有这个投票。")))
            continue
        if fresh.get(_key(write)) is write:
            batch.keep(write, f"cast:{row.pk}")
            batch.hint(write.airing_id, "polls")
        result = {"poll": row.poll_id, "options": list(row.options), "at": wording.iso(row.at)}
        ballot = mine.get((row.poll_id, row.participant_id))
        write.answer = Answer(result, protocol.Mine(ballots=(ballot,)) if ballot else None)


def _lock(ids: set[int]) -> dict[int, _Terms]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [sorted(ids)])
        rows = cursor.fetchall()
    options: dict[int, set[int]] = defaultdict(set)
    for poll, option in Option.objects.filter(poll__in=[row[0] for row in rows]).values_list("poll_id", "pk"):
        options[poll].add(option)
    return {
        pk: _Terms(room, kind, state, shown_from, closes_at, needed, results, frozenset(options[pk]))
        for pk, room, kind, state, shown_from, closes_at, needed, results in rows
    }


def _may_vote(write: Write, terms: dict[int, _Terms], now: dt.datetime) -> None:
    command = _command(write)
    poll = terms.get(command.poll)
    # With a delay an opened poll is nobody's yet until the picture has come to it.
    is_hidden = poll is None or poll.state == Poll.State.DRAFT or poll.shown_from is None or now < poll.shown_from
    if poll is None or is_hidden or poll.room != write.airing_id:
        raise NotFound(_("没有这个投票。"))
    if poll.state != Poll.State.OPEN or (poll.closes_at is not None and now >= poll.closes_at):
        raise IllegalTransition(_("投票已经结束。"), state="closed")
    require_assurance(write, poll.least_assurance)
    if not set(command.options) <= poll.options:
        raise InvalidInput(_("这个投票没有这个选项。"), field="options")
    if poll.kind == Poll.Kind.SINGLE and len(command.options) != 1:
        raise InvalidInput(_("这个投票只能选一项。"), field="options", most=1)


def _append(writes: list[Write], now: dt.datetime) -> None:
    if not writes:
        return
    rows: list[dict[str, Any]] = []
    for n, write in enumerate(writes):
        command = _command(write)
        rows.append(
            {
                "n": n,
                "poll": command.poll,
                "participant": str(write.participant.pk),
                "command": command.id,
                "options": sorted(set(command.options)),
            }
        )
    with connection.cursor() as cursor:
        cursor.execute(_APPEND, [now, json.dumps(rows)])
        last: dict[tuple[int, UUID], int] = {}
        for pk, poll, person, _command_id in cursor.fetchall():
            last[poll, person] = max(pk, last.get((poll, person), 0))
        if last:
            cursor.execute(_KEEP_LAST, [list(last.values())])


def _casts(keys: set[Key]) -> dict[Key, BallotCast]:
    if not keys:
        return {}
    polls, people, commands = zip(*keys, strict=True)
    found = BallotCast.objects.filter(poll__in=set(polls), participant__in=set(people), command_id__in=set(commands))
    return {(row.poll_id, row.participant_id, row.command_id): row for row in found}


def _current(pairs: set[tuple[int, UUID]]) -> dict[tuple[int, UUID], Ballot]:
    polls, people = {poll for poll, _person in pairs}, {person for _poll, person in pairs}
    found = Ballot.objects.filter(poll__in=polls, participant__in=people)
    return {(row.poll_id, row.participant_id): row for row in found}


def _mine(
    current: dict[tuple[int, UUID], Ballot], terms: dict[int, _Terms]
) -> dict[tuple[int, UUID], protocol.MyBallot]:
    """The ballots as their owners see them; each poll is counted once for all of them."""
    told = {Poll.Results.ALWAYS, Poll.Results.AFTER_VOTE}
    shown = {poll: queries.counted(poll) for poll in {each[0] for each in current} if terms[poll].results in told}
    found = {}
    for key, ballot in current.items():
        counted = shown.get(ballot.poll_id)
        found[key] = protocol.MyBallot(
            poll=ballot.poll_id,
            options=tuple(ballot.options),
            at=wording.iso(ballot.at),
            result=counted.options if counted else None,
            total=counted.total if counted else None,
        )
    return found


def _command(write: Write) -> protocol.CastVote:
    if not isinstance(write.command, protocol.CastVote):
        raise TypeError(write.command)
    return write.command


def _key(write: Write) -> Key:
    return (_command(write).poll, write.participant.pk, write.command.id)
