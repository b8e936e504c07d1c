"""Composes the result that a close freezes: counts with their base, who could vote, and the rule's verdict; it writes nothing."""

from __future__ import annotations

from typing import Any

from live.models import BallotCast, Poll
from live.queries.calls import on_behalf
from live.queries.outcome import Levels, entered_rows, frozen
from live.queries.polls import active, tally, turnout


def compose(poll: Poll, by: Levels) -> dict[str, Any]:
    """What is frozen, with the votes `by` level; call it with the poll locked.

    `total`: ballots, one a participant, and of `entered` (by clerks, as counts) those that are `counted`; `votes` by option id;
    `base` names what a percent is of, `base_count` how many that is; `turnout`: ballots cast, and how many took part in the room;
    `casts`: changes too; `on_behalf`: ballots cast for callers; `choose`: fewest and most options of a ballot; `levels`: by assurance,
    small ones joined. `eligible`, `scale`, `rule`, `verdict`: where there are any.
    """
    options = list(poll.options.values_list("pk", flat=True))
    cast, ballots = tally(poll.pk), turnout(poll.pk)
    votes, total = [cast.get(pk, 0) for pk in options], ballots
    added = entered_rows(poll, options)
    for each in added if poll.adds_entered else ():
        votes = [a + b for a, b in zip(votes, each["votes"], strict=True)]
        total += each["total"]
    behalf = on_behalf([poll.pk]).get(poll.pk, 0)
    return {
        "total": total,
        "votes": {str(pk): many for pk, many in zip(options, votes, strict=True)},
        "turnout": {"ballots": ballots, "active": active(poll.room_id)},
        "casts": BallotCast.objects.filter(poll=poll.pk).count(),
        **({"on_behalf": behalf} if behalf else {}),
        **({"entered": added} if added else {}),
        **frozen(poll, options, votes, total, by),
    }
