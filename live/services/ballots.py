"""Takes in ballots, many in one transaction: appends and chains the casts, keeps each participant's last; opening and closing is polls'."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable
from typing import Any, NamedTuple
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.arrays import blobs, numbers, texts, uuids
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from live import ballot_chain, poll_rules, protocol, wording
from live.models import Poll
from live.queries import outcome
from live.queries.casts import Cast, Current, current_ballots, find_casts, microseconds
from live.queries.polls import Counted, counted
from live.services import ballot_rights, chain
from live.services.batch import Answer, Batch, Write, require_assurance, require_free

Key = tuple[int, UUID, str]

# Ballots are taken while this lock is held; closing asks for the exclusive one, so a ballot counts or is refused, nothing between.
_LOCK = """
SELECT id, room_id, state, opened_at + grace_seconds * interval '1 second', closes_at, least_assurance, results,
    kind, fewest, most, secrecy = 'named', revote = 'never', electorate, rule, eligible, (
        SELECT jsonb_agg(jsonb_build_array(id, text) ORDER BY position) FROM live_option WHERE poll_id = live_poll.id
    )
FROM live_poll WHERE id = ANY(%s::bigint[]) ORDER BY id FOR SHARE
"""
# The ids come first, for the leaves hold them; rows are inserted in the order of their keys, so that two processes with the
# same commands do not wait in a ring.
_APPEND = """
INSERT INTO live_ballotcast (id, poll_id, participant_id, cast_by, command_id, options, salt, number, leaf, link_id, at)
SELECT id, poll, person, person, command, options::bigint[], salt, number, leaf, link, %s
FROM unnest(
    %s::bigint[], %s::bigint[], %s::uuid[], %s::text[], %s::text[], %s::bytea[], %s::bytea[], %s::bytea[], %s::bigint[]
) AS cast_ (id, poll, person, command, options, salt, number, leaf, link)
ON CONFLICT (poll_id, participant_id, command_id) DO NOTHING
RETURNING id
"""
_KEEP_LAST = """
INSERT INTO live_ballot (poll_id, participant_id, cast_id, options, at)
SELECT poll, person, id, options::bigint[], %s
FROM unnest(%s::bigint[], %s::uuid[], %s::bigint[], %s::text[]) AS last (poll, person, id, options)
ON CONFLICT (poll_id, participant_id) DO UPDATE
SET cast_id = excluded.cast_id, options = excluded.options, at = excluded.at
WHERE live_ballot.cast_id < excluded.cast_id
RETURNING cast_id
"""


class _Terms(NamedTuple):
    """What a poll asks of a ballot, read under its lock."""

    room: UUID
    state: str
    shown_from: dt.datetime | None
    closes_at: dt.datetime | None
    least_assurance: int
    results: str
    kind: str
    fewest: int
    most: int
    is_named: bool
    is_final: bool
    electorate: str
    rule: dict[str, Any] | None
    eligible: int | None
    options: dict[int, str]


def cast(batch: Batch) -> None:
    """Accept ballots. A retry gets its first answer and changes nothing; the last one accepted counts until the poll closes, or the
    first where a ballot cannot be changed."""
    writes = batch.of(protocol.CastVote)
    if not writes:
        return
    terms = _lock({_command(write).poll for write in writes})
    keys = [_key(write) for write in writes]
    rights = ballot_rights.read(writes, {poll: (each.electorate, each.is_final) for poll, each in terms.items()})
    casts = find_casts(keys)
    now = clock.now()
    fresh: dict[Key, Write] = {}
    for key, write in zip(keys, writes, strict=True):
        if key not in casts and key not in fresh and write.check(lambda each: _may_vote(each, terms, rights, now)):
            fresh[key] = write
            rights.take(write)
    made = _append({key: write for key, write in fresh.items() if rights.claimed(write)}, now)
    casts |= made
    mine = _mine(_current(casts.values(), made), terms)
    for key, write in zip(keys, writes, strict=True):
        _answer(batch, write, casts.get(key), fresh.get(key), mine)


def _answer(
    batch: Batch,
    write: Write,
    row: Cast | None,
    first: Write | None,
    mine: dict[tuple[int, UUID], protocol.MyBallot],
) -> None:
    if row is None or write.refusal is not None:
        write.refusal = write.refusal or (first.refusal if first else None)
        if write.refusal is None:
            write.refuse(lambda: NotFound(_("没有这个投票。")))
        return
    if first is write:
        batch.keep(write, f"cast:{row.id}")
        batch.hint(write.airing_id, "polls")
    result = {"poll": row.poll, "options": row.options, "at": wording.iso(row.at)}
    if row.receipt is not None:
        result["receipt"] = row.receipt
    ballot = mine.get((row.poll, row.person))
    write.answer = Answer(result, protocol.Mine(ballots=(ballot,)) if ballot else None)


def _lock(ids: set[int]) -> dict[int, _Terms]:
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [numbers(sorted(ids))])
        return {
            row[0]: _Terms._make((*row[1:13], row[13] and json.loads(row[13]), row[14], dict(json.loads(row[15]))))
            for row in cursor.fetchall()
        }


def _may_vote(write: Write, terms: dict[int, _Terms], rights: ballot_rights.Rights, now: dt.datetime) -> None:
    require_free(write)
    command = _command(write)
    poll = terms.get(command.poll)
    # With a delay an opened poll is nobody's yet until the picture has come to it.
    is_hidden = poll is None or poll.state == Poll.State.DRAFT or poll.shown_from is None or now < poll.shown_from
    if poll is None or is_hidden or poll.room != write.airing_id:
        raise NotFound(_("没有这个投票。"))
    if poll.state == Poll.State.VOID:
        raise IllegalTransition(_("这个投票已作废。"), state="void")
    if poll.state != Poll.State.OPEN or (poll.closes_at is not None and now >= poll.closes_at):
        raise IllegalTransition(_("投票已经结束。"), state="closed")
    require_assurance(write, poll.least_assurance)
    _require_fit(poll, set(command.options))
    if poll.is_named and not command.named:
        raise ballot_rights.NamedPoll(_("这是记名投票：您的姓名和选择会随结果公布。请确认以后再投。"))
    rights.require(write)


def _require_fit(poll: _Terms, chosen: set[int]) -> None:
    if not poll.options.keys() >= chosen:
        raise InvalidInput(_("这个投票没有这个选项。"), field="options")
    if poll.fewest <= len(chosen) <= poll.most:
        return
    known = {"field": "options", "fewest": poll.fewest, "most": poll.most}
    if poll.most == 1:
        raise InvalidInput(_("这个投票只能选一项。"), **known)
    words = _("请选 %(fewest)s 到 %(most)s 项。") if poll.fewest < poll.most else _("请选 %(most)s 项。")
    raise InvalidInput(words % {"fewest": poll.fewest, "most": poll.most}, **known)


def _append(fresh: dict[Key, Write], now: dt.datetime) -> dict[Key, Cast]:
    """Insert the casts with their links, and the ballots. What another process accepted meanwhile comes back as that one wrote it."""
    if not fresh:
        return {}
    ids, links = chain.take_ids(len(fresh), {poll for poll, _person, _command_id in fresh})
    made: dict[Key, Cast] = {}
    for id_, salt, (key, write) in zip(ids, chain.salts(len(fresh)), fresh.items(), strict=True):
        made[key] = _made(id_, salt, key, _command(write).options, now)
    rows = [made[key] for key in sorted(made)]
    with connection.cursor() as cursor:
        cursor.execute(
            _APPEND,
            [
                now,
                numbers(row.id for row in rows),
                numbers(row.poll for row in rows),
                uuids(row.person for row in rows),
                texts(row.command for row in rows),
                texts(numbers(row.options) for row in rows),
                blobs(row.salt or b"" for row in rows),
                blobs(row.number or b"" for row in rows),
                blobs(row.leaf or b"" for row in rows),
                numbers(links[row.poll] for row in rows),
            ],
        )
        inserted = {id_ for (id_,) in cursor.fetchall()}
    if len(inserted) < len(made):
        taken = [key for key, row in made.items() if row.id not in inserted]
        made |= find_casts(taken)
        rows = [row for row in rows if row.id in inserted]
    chain.add_casts(links, rows, now)
    return made


def _made(id_: int, salt: bytes, key: Key, options: Iterable[int], now: dt.datetime) -> Cast:
    poll, person, command = key
    chosen = sorted(set(options))
    number = ballot_chain.number(salt, command)
    leaf = ballot_chain.leaf(salt, poll, id_, str(person), chosen, microseconds(now), number)
    return Cast(id_, poll, person, command, chosen, now, salt, number, leaf)


def _current(casts: Iterable[Cast], made: dict[Key, Cast]) -> dict[tuple[int, UUID], Current]:
    """The ballots as they stand after the batch: the casts just made are kept where nothing newer was."""
    last: dict[tuple[int, UUID], Cast] = {}
    for row in made.values():
        pair = (row.poll, row.person)
        if pair not in last or last[pair].id < row.id:
            last[pair] = row
    kept = _keep_last(last)
    found = {
        pair: Current(row.options, row.at, (row.number or b"").hex()) for pair, row in last.items() if row.id in kept
    }
    return found | current_ballots({(row.poll, row.person) for row in casts} - set(found))


def _keep_last(last: dict[tuple[int, UUID], Cast]) -> set[int]:
    if not last:
        return set()
    rows = [last[pair] for pair in sorted(last)]
    with connection.cursor() as cursor:
        cursor.execute(
            _KEEP_LAST,
            [
                rows[0].at,
                numbers(row.poll for row in rows),
                uuids(row.person for row in rows),
                numbers(row.id for row in rows),
                texts(numbers(row.options) for row in rows),
            ],
        )
        return {id_ for (id_,) in cursor.fetchall()}


def _mine(
    current: dict[tuple[int, UUID], Current], terms: dict[int, _Terms]
) -> dict[tuple[int, UUID], protocol.MyBallot]:
    """The ballots as their owners see them; each poll is counted once for all of them."""
    polls = {poll for poll, _person in current}
    shown: dict[int, tuple[Counted | None, protocol.PollOutcome | None]] = {}
    for poll in polls:
        asked = terms[poll]
        is_shown = poll_rules.are_shown(
            asked.results,
            is_frozen=asked.state == Poll.State.CLOSED,
            is_published=False,
            is_void=asked.state == Poll.State.VOID,
            has_voted=True,
        )
        if is_shown:
            now = counted(poll, asked.options)
            votes = [each.votes or 0 for each in now.options]
            shown[poll] = now, outcome.quick(asked.kind, asked.rule, asked.eligible, votes, now.total)
    found = {}
    for key, ballot in current.items():
        known, beside = shown.get(key[0], (None, None))
        found[key] = protocol.MyBallot(
            poll=key[0],
            options=tuple(ballot.options),
            at=wording.iso(ballot.at),
            result=known.options if known else None,
            total=known.total if known else None,
            number=ballot.number,
            outcome=beside,
        )
    return found


def _command(write: Write) -> protocol.CastVote:
    if not isinstance(write.command, protocol.CastVote):
        raise TypeError(write.command)
    return write.command


def _key(write: Write) -> Key:
    return (_command(write).poll, write.participant.pk, write.command.id)
