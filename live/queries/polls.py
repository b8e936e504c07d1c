"""Counts ballots: from the current ballots while a poll runs, from its frozen result after; and again from the casts, to check."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection

from live import protocol
from live.models import Option, Poll

FRESH_SECONDS = 1.0
# Below this many ballots counting is so cheap that everybody sees the own vote in the result at once.
SMALL_POLL = 1_000
_TALLY = "SELECT option, count(*) FROM live_ballot, unnest(options) AS option WHERE poll_id = %s GROUP BY option"
_TURNOUT = "SELECT count(*) FROM live_ballot WHERE poll_id = %s"
_RECOUNT = """
SELECT option, count(*) FROM (
    SELECT DISTINCT ON (participant_id) options FROM live_ballotcast WHERE poll_id = %s ORDER BY participant_id, id DESC
) AS last, unnest(last.options) AS option GROUP BY option
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
    """Votes by option counted again from every accepted cast, the last of each participant. Must equal the tally, always."""
    return _count(_RECOUNT, poll_id)


def results(poll: Poll, options: Iterable[Option]) -> Counted:
    """The poll's counts now; the frozen ones when it is closed."""
    if poll.result is not None:
        votes = Counter({int(option): int(many) for option, many in poll.result["votes"].items()})
        total = int(poll.result["total"])
    else:
        votes, total = Counter(tally(poll.pk)), turnout(poll.pk)
    shown = tuple(protocol.OptionResult(id=each.pk, text=each.text, votes=votes[each.pk]) for each in options)
    return Counted(shown, total)


def has_public_list(poll: Poll) -> bool:
    """Whether anybody may fetch its ballots, anonymous: it is closed, not void, its results are public, and the list was chained."""
    return (
        poll.state == Poll.State.CLOSED
        and poll.results != Poll.Results.NEVER
        and poll.result is not None
        and bool(poll.result.get("list"))
    )


_cache: dict[int, tuple[float, Counted]] = {}
_lock = threading.Lock()


def counted(poll_id: int) -> Counted:
    """`results`, of a large poll at most a second old: for the many who just voted. Call in a thread."""
    with _lock:
        at, known = _cache.get(poll_id, (0.0, None))
    if known is not None and known.total >= SMALL_POLL and time.monotonic() - at < FRESH_SECONDS:
        return known
    poll = Poll.objects.get(pk=poll_id)
    fresh = results(poll, list(poll.options.all()))
    with _lock:
        if len(_cache) > 500:
            _cache.clear()
        _cache[poll_id] = (time.monotonic(), fresh)
    return fresh


def _count(sql: str, poll_id: int) -> dict[int, int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, [poll_id])
        return {int(option): int(many) for option, many in cursor.fetchall()}
