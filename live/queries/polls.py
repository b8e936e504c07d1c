"""Counts ballots: from those that count while a poll runs, from its frozen result after; and again from the casts, to check."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from live import protocol
from live.models import Option, Poll
from live.queries import outcome
from live.queries.entered import entered

# Less than a tick, so that a vote is seen with the next one or the one after.
FRESH_SECONDS = 0.25
# Of a very large poll a count is believed for so many times what it took: counting never takes more than a tenth of a processor.
REST_FACTOR = 10
# Below this many ballots counting is so cheap that everybody sees the own vote in the result at once.
SMALL_POLL = 1_000
_TALLY = "SELECT option, count(*) FROM live_ballot, unnest(options) AS option WHERE poll_id = %s GROUP BY option"
_TURNOUT = "SELECT count(*) FROM live_ballot WHERE poll_id = %s"
# The cast that counts of each participant: the last, or the first where a ballot cannot be changed.
_RECOUNT = """
SELECT option, count(*) FROM (
    SELECT DISTINCT ON (kept.participant_id) kept.options
    FROM live_ballotcast AS kept JOIN live_poll AS poll ON poll.id = kept.poll_id WHERE kept.poll_id = %s
    ORDER BY kept.participant_id, CASE poll.revote WHEN 'never' THEN kept.id ELSE -kept.id END
) AS counts, unnest(counts.options) AS option GROUP BY option
"""
_ACTIVE = """
SELECT count(*) FROM (
    SELECT ballot.participant_id FROM live_ballot AS ballot
        JOIN live_poll AS poll ON poll.id = ballot.poll_id WHERE poll.room_id = %(room)s
    UNION SELECT author_id FROM live_comment WHERE room_id = %(room)s
    UNION SELECT author_id FROM live_question WHERE room_id = %(room)s
    UNION SELECT support.participant_id FROM live_support AS support
        JOIN live_question AS question ON question.id = support.question_id WHERE question.room_id = %(room)s
) AS people
"""


@dataclass(frozen=True)
class Counted:
    """Votes by option in their order, and how many ballots there are."""

    options: tuple[protocol.OptionResult, ...]
    total: int


def tally(poll_id: int) -> dict[int, int]:
    """Votes by option of the current ballots."""
    return _count(_TALLY, poll_id)


def turnout(poll_id: int) -> int:
    """How many ballots there are."""
    with connection.cursor() as cursor:
        cursor.execute(_TURNOUT, [poll_id])
        return int(cursor.fetchone()[0])


def active(airing_id: UUID) -> int:
    """How many participants have voted, spoken, asked or supported in the room so far."""
    with connection.cursor() as cursor:
        cursor.execute(_ACTIVE, {"room": airing_id})
        return int(cursor.fetchone()[0])


def recount(poll_id: int) -> dict[int, int]:
    """Votes by option counted again from every accepted cast, the one that counts of each participant. Must equal the tally, always."""
    return _count(_RECOUNT, poll_id)


def results(poll: Poll, options: Iterable[Option]) -> Counted:
    """The poll's counts now, of a large one as of a moment ago (`running`); the frozen ones when it is closed."""
    if poll.result is not None:
        votes = Counter({int(option): int(many) for option, many in poll.result["votes"].items()})
        total = int(poll.result["total"])
    else:
        votes, total = running(poll.pk)
    shown = tuple(protocol.OptionResult(id=each.pk, text=each.text, votes=votes[each.pk]) for each in options)
    return Counted(shown, total)


def has_public_list(poll: Poll) -> bool:
    """Whether anybody may fetch its ballots, anonymous: it is closed, not void, its results are public, and the list was chained."""
    return (
        poll.state == Poll.State.CLOSED
        and poll.result is not None
        and outcome.are_public(poll)
        and bool(poll.result.get("list"))
    )


@dataclass
class _Known:
    """A count with its age; `is_counting`: somebody counts anew."""

    votes: Counter[int]
    total: int
    until: float
    is_counting: bool = False


_known: dict[int, _Known] = {}
_lock = threading.Lock()


def running(poll_id: int) -> tuple[Counter[int], int]:
    """Votes and ballots of a poll that runs: exact below SMALL_POLL, else as of FRESH_SECONDS ago, of a huge one as of some seconds.

    Call in a thread. While one counts a large poll anew, the others are told what was known.
    """
    with _lock:
        known = _known.get(poll_id)
        if known is not None and (known.is_counting or time.monotonic() < known.until):
            return known.votes, known.total
        if known is not None:
            known.is_counting = True
    try:
        began = time.monotonic()
        votes, total = _with_entered(poll_id, Counter(tally(poll_id)), turnout(poll_id))
        took = time.monotonic() - began
    except Exception:
        with _lock:
            _known.pop(poll_id, None)
        raise
    with _lock:
        if total < SMALL_POLL:
            _known.pop(poll_id, None)
        else:
            if len(_known) > 500:
                _known.clear()
            _known[poll_id] = _Known(votes, total, began + max(FRESH_SECONDS, REST_FACTOR * took))
    return votes, total


def _with_entered(poll_id: int, votes: Counter[int], total: int) -> tuple[Counter[int], int]:
    added = entered([poll_id]).get(poll_id, [])
    if added and Poll.objects.filter(pk=poll_id, adds_entered=True).exists():
        for each in added:
            votes.update(each.votes)
            total += each.total
    return votes, total


def counted(poll_id: int, texts: Mapping[int, str]) -> Counted:
    """`running`, with these texts of the options by id, in their order; of a closed poll it is the frozen result by construction."""
    votes, total = running(poll_id)
    return Counted(tuple(protocol.OptionResult(id=pk, text=text, votes=votes[pk]) for pk, text in texts.items()), total)


def _count(sql: str, poll_id: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [poll_id])
        return {int(option): int(many) for option, many in cursor.fetchall()}
