"""How a poll comes out, beside its votes: from the counts while it runs, from the frozen result after; it decides who sees it nowhere."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import msgspec
from django.db import connection
from django.urls import reverse

from broadcast.access import is_told
from live import poll_rules, protocol, wording
from live.models import Poll
from live.protocol.outcome import Base
from live.queries import electorate
from live.queries.entered import entered

Levels = dict[int, tuple[list[int], int]]
# In the stored result, beside what was chained.
STAFF_LEVELS = "staff_levels"
UNCHAINED = frozenset({"head", STAFF_LEVELS})
# Below this many ballots levels are counted at every look.
LARGE = 1_000
FRESH_SECONDS = 2.0
REST_FACTOR = 10
# The level that the voter has now: whoever verifies while the poll runs is counted as verified.
_BY_LEVEL = """
SELECT person.assurance, option, count(*), count(DISTINCT ballot.id)
FROM live_ballot AS ballot JOIN broadcast_participant AS person ON person.id = ballot.participant_id,
    unnest(ballot.options) AS option
WHERE ballot.poll_id = %s GROUP BY GROUPING SETS ((person.assurance, option), (person.assurance))
"""


def by_level(poll_id: int, options: Sequence[int]) -> Levels:
    """Votes in the options' order and ballots, by the voters' level of assurance."""
    votes: dict[int, dict[int, int]] = {}
    totals: dict[int, int] = {}
    with connection.cursor() as cursor:
        cursor.execute(_BY_LEVEL, [poll_id])
        for level, option, many, ballots in cursor.fetchall():
            if option is None:
                totals[level] = ballots
            else:
                votes.setdefault(level, {})[option] = many
    return {level: ([votes[level].get(pk, 0) for pk in options], total) for level, total in totals.items()}


_levels: dict[int, tuple[float, Levels]] = {}


def running_levels(poll_id: int, options: Sequence[int], total: int) -> Levels:
    """`by_level` of a poll that runs; of a large one as it was a moment ago, so that counting never takes more than a tenth of a
    processor however many staff look."""
    until, known = _levels.get(poll_id, (0.0, None))
    if known is not None and total >= LARGE and time.monotonic() < until:
        return known
    began = time.monotonic()
    found = by_level(poll_id, options)
    if total >= LARGE:
        if len(_levels) > 500:
            _levels.clear()
        took = time.monotonic() - began
        _levels[poll_id] = (began + max(FRESH_SECONDS, REST_FACTOR * took), found)
    return found


def rule_of(poll: Poll) -> protocol.PollRule | None:
    """The row's rule as the wire's."""
    return None if poll.rule is None else msgspec.convert(poll.rule, protocol.PollRule)


def frozen(poll: Poll, options: Sequence[int], votes: Sequence[int], total: int, by: Levels) -> dict[str, Any]:
    """What the frozen result says beside votes and total (`services.poll_results`): base, eligible, levels, verdict, what was entered."""
    rule = rule_of(poll)
    eligible, eligible_by = electorate.eligible(poll)
    base = rule.base if rule else "ballots"
    levels = poll_rules.side_by_side(by, least=poll_rules.SMALL_CELL)
    found: dict[str, Any] = {
        "base": base,
        "base_count": poll_rules.base_count(base, poll.kind, votes, total, eligible),
        "choose": [poll.fewest, poll.most],
        # As the public reads them, since what is frozen is published with the list; staff's are kept beside it (`frozen_levels`).
        "levels": msgspec.to_builtins(levels),
    }
    if eligible is not None:
        found |= {"eligible": eligible, "eligible_by": eligible_by}
    scale = poll_rules.scale_result(poll.kind, votes)
    if scale is not None:
        found["scale"] = msgspec.to_builtins(scale)
    if rule is not None:
        verdict = poll_rules.verdict(rule, poll.kind, options, votes, total, eligible)
        found |= {"rule": poll.rule, "verdict": msgspec.to_builtins(verdict)}
    return found


def frozen_levels(by: Levels) -> dict[str, Any]:
    """Every level by itself, for staff: not chained, not published, for a small one says how its few voted."""
    return {STAFF_LEVELS: msgspec.to_builtins(poll_rules.side_by_side(by))}


def entered_rows(poll: Poll, options: Sequence[int]) -> list[dict[str, Any]]:
    """What clerks entered, as the frozen result keeps it."""
    return [
        {
            "source": each.source,
            "votes": [int(each.votes.get(pk, 0)) for pk in options],
            "total": each.total,
            "counted": poll.adds_entered,
        }
        for each in entered([poll.pk]).get(poll.pk, ())
    ]


# What `outcome` reads beside the poll, for whoever asks of many.
BESIDE, BESIDE_MANY = "compares__room__airing__episode", "compares__options"


def outcome(
    poll: Poll, shown: Sequence[protocol.OptionResult], total: int, *, staff: bool = False
) -> protocol.PollOutcome:
    """All that is told beside these counts. Ask `poll_rules.are_shown` first: nothing is asked here.

    Staff see every level, at any time; the public those of a frozen result, small ones joined.
    """
    votes, options = [each.votes or 0 for each in shown], [each.id for each in shown]
    if poll.result is None:
        return _running(poll, options, votes, total, staff=staff)
    result = poll.result
    levels = result.get(STAFF_LEVELS if staff else "levels", ())
    return protocol.PollOutcome(
        base=result.get("base", "ballots"),
        base_count=int(result.get("base_count", total)),
        eligible=result.get("eligible"),
        eligible_by=result.get("eligible_by", ""),
        active=result.get("turnout", {}).get("active"),
        changes=max(0, int(result.get("casts", total)) - _ballots(result)),
        levels=tuple(msgspec.convert(each, protocol.LevelResult) for each in levels),
        scale=_converted(result.get("scale"), protocol.ScaleResult),
        verdict=_converted(result.get("verdict"), protocol.Verdict),
        earlier=_earlier(poll, staff=staff),
        entered=tuple(msgspec.convert(each, protocol.EnteredResult) for each in result.get("entered", ())),
        names=_names(poll),
    )


def quick(
    kind: str, rule: dict[str, Any] | None, eligible: int | None, votes: Sequence[int], total: int
) -> protocol.PollOutcome:
    """What follows from the counts alone, without a query: for the answer to a vote. Without `eligible` it cannot be the base."""
    base: Base = rule["base"] if rule and (rule["base"] != "eligible" or eligible) else "ballots"
    return protocol.PollOutcome(
        base=base,
        base_count=poll_rules.base_count(base, kind, votes, total, eligible),
        eligible=eligible,
        eligible_by="given" if eligible else "",
        scale=poll_rules.scale_result(kind, votes),
    )


def _running(
    poll: Poll, options: Sequence[int], votes: Sequence[int], total: int, *, staff: bool
) -> protocol.PollOutcome:
    rule = rule_of(poll)
    eligible, eligible_by = electorate.eligible(poll)
    base = rule.base if rule else "ballots"
    return protocol.PollOutcome(
        base=base,
        base_count=poll_rules.base_count(base, poll.kind, votes, total, eligible),
        eligible=eligible,
        eligible_by=eligible_by,
        levels=poll_rules.side_by_side(running_levels(poll.pk, options, total)) if staff else (),
        scale=poll_rules.scale_result(poll.kind, votes),
        # As it would be now; what counts is what is frozen.
        verdict=poll_rules.verdict(rule, poll.kind, options, votes, total, eligible) if rule and staff else None,
        entered=tuple(msgspec.convert(each, protocol.EnteredResult) for each in entered_rows(poll, options)),
    )


def _ballots(result: dict[str, Any]) -> int:
    """Ballots that were cast, without what a clerk entered as counts."""
    added = sum(int(each["total"]) for each in result.get("entered", ()) if each["counted"])
    return int(result["total"]) - added


def _earlier(poll: Poll, *, staff: bool) -> protocol.EarlierResult | None:
    earlier = poll.compares
    if earlier is None or earlier.result is None or earlier.closed_at is None:
        return None
    if not staff and not (are_public(earlier) and _is_told_beside(earlier, poll)):
        return None
    votes = [int(earlier.result["votes"].get(str(option.pk), 0)) for option in earlier.options.all()]
    return protocol.EarlierResult(
        poll=earlier.pk,
        question=earlier.question,
        at=wording.iso(earlier.closed_at),
        votes=tuple(votes),
        total=int(earlier.result["total"]),
        scale=_converted(earlier.result.get("scale"), protocol.ScaleResult),
    )


def are_public(poll: Poll, *, has_voted: bool = False) -> bool:
    """Whether its counts are for everybody, or (`has_voted`) for one who voted; every surface asks this."""
    return poll_rules.are_shown(
        poll.results,
        is_frozen=poll.result is not None,
        is_published=poll.published_at is not None,
        is_void=poll.state == Poll.State.VOID,
        has_voted=has_voted,
    )


def _is_told_beside(earlier: Poll, poll: Poll) -> bool:
    """Of another airing: as long as the public knows of that one."""
    return earlier.room_id == poll.room_id or is_told(earlier.room.airing)


def _names(poll: Poll) -> str:
    if poll.secrecy != Poll.Secrecy.NAMED or poll.state != Poll.State.CLOSED:
        return ""
    return reverse("live-poll-names", args=[poll.pk])


def _converted(told: Any, kind: type[Any]) -> Any:
    return None if told is None else msgspec.convert(told, kind)
