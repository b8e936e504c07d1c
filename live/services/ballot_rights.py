"""Who of a batch may vote where a poll asks for more than assurance: by roll, by code, once; for other polls it reads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from broadcast.errors import IllegalTransition, NotAllowed
from live import protocol
from live.models import Poll
from live.queries.casts import current_ballots
from live.queries.electorate import admitted
from live.services import poll_codes
from live.services.batch import Write

Pair = tuple[int, UUID]
# One at a time of those who vote twice at once, where only the first ballot counts. In one order, so that batches do not wait in a ring.
_ONE_BY_ONE = """
SELECT pg_advisory_xact_lock(key) FROM (
    SELECT DISTINCT hashtextextended('ballot ' || each, 0) AS key FROM unnest(%s::text[]) AS each ORDER BY key
) AS keys
"""


class NamedPoll(NotAllowed):
    """A named poll takes no ballot whose voter was not told that name and choice are published."""

    code = "named_poll"


class NotOnRoll(NotAllowed):
    """The poll is for those who stand in its roll."""

    code = "not_on_roll"


class CodeNeeded(NotAllowed):
    """The poll asks for an invitation code."""

    code = "code_needed"


class CodeWrong(NotAllowed):
    """There is no such code, or it is somebody else's, or its sheet was revoked."""

    code = "code_wrong"


class VoteFinal(IllegalTransition):
    """The first ballot stands in this poll."""

    code = "vote_final"


@dataclass
class Rights:
    """What was read for the polls of one batch that ask for it."""

    electorates: Mapping[int, str]
    final: frozenset[int]
    on_roll: set[Pair] = field(default_factory=set)
    by_code: set[Pair] = field(default_factory=set)
    standing: set[Pair] = field(default_factory=set)
    # Codes that this batch brings, and, once they were asked for, whose they became.
    wanted: dict[Pair, str] = field(default_factory=dict)
    taken: set[Pair] | None = None

    def require(self, write: Write) -> None:
        """Raise NotOnRoll, CodeNeeded or VoteFinal. Changes nothing."""
        pair, command = pair_of(write), vote_of(write)
        if pair in self.standing:
            raise VoteFinal(_("这个投票投出后不能改，您已经投过了。"), state="voted")
        electorate = self.electorates.get(pair[0])
        if electorate == Poll.Electorate.ROLL and pair not in self.on_roll:
            raise NotOnRoll(_("这个投票只限名单上的人。如有疑问，请联系您的工作站。"))
        has_code = pair in self.by_code or pair in self.wanted or poll_codes.plain(command.code)
        if electorate == Poll.Electorate.CODES and not has_code:
            raise CodeNeeded(_("请填写邀请您投票的投票码。"))

    def take(self, write: Write) -> None:
        """This write goes on: a second ballot of the batch is told so, and its code is asked for."""
        pair, command = pair_of(write), vote_of(write)
        if pair[0] in self.final:
            self.standing.add(pair)
        if self.electorates.get(pair[0]) == Poll.Electorate.CODES and pair not in self.by_code:
            self.wanted.setdefault(pair, command.code)

    def claimed(self, write: Write) -> bool:
        """Whether the write may be kept: its code, where it brought one, became the voter's. Refuses it otherwise."""
        pair = pair_of(write)
        if pair not in self.wanted:
            return True
        if self.taken is None:
            self.taken = poll_codes.claim(self.wanted)
        if pair in self.taken:
            return True
        write.refuse(lambda: CodeWrong(_("这个投票码不对，或者已经用过。请核对纸上的数字。")))
        return False


def read(writes: Sequence[Write], terms: Mapping[int, tuple[str, bool]]) -> Rights:
    """By poll (electorate, whether the first ballot stands): what its voters of this batch need. Call with the polls locked, and before
    casts are looked for: a retry may be under way elsewhere."""
    final = frozenset(poll for poll, (_electorate, is_final) in terms.items() if is_final)
    rights = Rights({poll: electorate for poll, (electorate, _is_final) in terms.items()}, final)
    pairs = {pair_of(write) for write in writes}
    once = {pair for pair in pairs if pair[0] in final}
    if once:
        with connection.cursor() as cursor:
            cursor.execute(_ONE_BY_ONE, [sorted(f"{poll} {person}" for poll, person in once)])
        rights.standing = set(current_ballots(once))
    on_roll = {pair for pair in pairs if rights.electorates.get(pair[0]) == Poll.Electorate.ROLL}
    rights.on_roll = admitted(on_roll, by_code=False)
    by_code = {pair for pair in pairs if rights.electorates.get(pair[0]) == Poll.Electorate.CODES}
    rights.by_code = admitted(by_code, by_code=True)
    return rights


def vote_of(write: Write) -> protocol.CastVote:
    """Its command."""
    if not isinstance(write.command, protocol.CastVote):
        raise TypeError(write.command)
    return write.command


def pair_of(write: Write) -> Pair:
    """Poll and participant."""
    return vote_of(write).poll, write.participant.pk
