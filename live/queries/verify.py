"""Holds the rows of a poll against its chain, and tells its published list; it mends nothing."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import msgspec
from django.db import connection

from broadcast.access import Actor, is_public, may_watch
from live import ballot_chain
from live.models import Ballot, Poll
from live.models.poll import BallotLink
from live.poll_rules import verdict
from live.protocol import PollRule, Verdict
from live.queries.casts import listed_ballots, microseconds
from live.queries.outcome import UNCHAINED
from live.queries.polls import has_public_list, recount, tally, turnout

_CASTS = """
SELECT id, participant_id, cast_by, options, at, salt, number, leaf, link_id FROM live_ballotcast WHERE poll_id = %s ORDER BY id
"""
_SHOWN_MOST = 20


@dataclass
class Verified:
    """What was found. `wrong` is empty when all fits; `without_place` links are too young to be chained, `erased` casts have no salt."""

    poll: Poll
    casts: int = 0
    ballots: int = 0
    links: int = 0
    without_place: int = 0
    erased: int = 0
    before_the_chain: int = 0
    head: str = ""
    votes: dict[int, int] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    more_wrong: int = 0

    def note(self, words: str) -> None:
        """Something does not fit; of very many only the first are kept."""
        if len(self.wrong) < _SHOWN_MOST:
            self.wrong.append(words)
        else:
            self.more_wrong += 1


def verify(poll_id: int) -> Verified:
    """Recompute every leaf, root and link from the rows, follow the merges, and count again. Call when nothing is being written.

    Raises Poll.DoesNotExist.
    """
    found = Verified(Poll.objects.get(pk=poll_id))
    links = list(BallotLink.objects.filter(poll=poll_id).order_by("number", "id"))
    moved = _check_links(found, links)
    leaves, last = _check_casts(found, moved)
    for link in links:
        own = leaves.pop(link.pk, [])
        if link.kind == BallotLink.Kind.CASTS and (
            len(own) != link.count or ballot_chain.root_of_leaves(own) != bytes(link.root)
        ):
            found.note(f"link {link.pk}: its {len(own)} casts are not the {link.count} that were chained")
        elif link.kind != BallotLink.Kind.CASTS and own:
            found.note(f"link {link.pk}: a {link.kind} holds casts")
    for unknown, own in leaves.items():
        found.note(f"{len(own)} casts of a link {unknown} that is not of this poll's chain")
    _check_ballots(found, last)
    _check_close(found, links)
    return found


def _check_links(found: Verified, links: list[BallotLink]) -> dict[UUID, UUID]:
    """The chain itself; returns who was merged into whom."""
    head, place, moved = ballot_chain.GENESIS, 0, {}
    for link in links:
        root = bytes(link.root)
        if link.kind != BallotLink.Kind.CASTS and ballot_chain.root_of_data(bytes(link.salt), link.data) != root:
            found.note(f"link {link.pk}: what it says was changed")
        if link.kind == BallotLink.Kind.MOVE and link.data:
            moved[UUID(link.data["source"])] = UUID(link.data["target"])
        if link.number is None:
            found.without_place += 1
            continue
        place += 1
        expected = ballot_chain.link(found.poll.pk, place, str(link.kind), link.count, root, head)
        if (link.number, bytes(link.previous or b""), bytes(link.digest or b"")) != (place, head, expected):
            found.note(f"link {link.pk}: not what stood at place {place} of the chain")
        head, place = bytes(link.digest or b""), link.number
    found.links, found.head = len(links), head.hex()
    if found.without_place and found.poll.state in {Poll.State.CLOSED, Poll.State.VOID}:
        found.note(f"{found.without_place} links without a place, though the poll is over")
    return moved


def _check_casts(
    found: Verified, moved: dict[UUID, UUID]
) -> tuple[dict[int, list[bytes]], dict[UUID, tuple[int, list[int]]]]:
    """Every cast against its leaf; returns the leaves by link and the cast that counts of each participant."""
    leaves: dict[int, list[bytes]] = defaultdict(list)
    last: dict[UUID, tuple[int, list[int]]] = {}
    keeps_first = found.poll.revote == Poll.Revote.NEVER
    for id_, person, cast_by, options, at, salt, number, leaf, link in _casts(found.poll.pk):
        found.casts += 1
        if not (keeps_first and person in last):
            last[person] = (id_, options)
        if leaf is None:
            found.before_the_chain += 1
            continue
        leaves[link].append(bytes(leaf))
        if salt is None:
            found.erased += 1
        elif bytes(leaf) != ballot_chain.leaf(
            bytes(salt), found.poll.pk, id_, str(cast_by), options, microseconds(at), bytes(number)
        ):
            found.note(f"cast {id_}: changed since it was accepted")
        if _holder(cast_by, moved) != person:
            found.note(f"cast {id_}: given to another participant without a merge")
    return leaves, last


def _casts(poll_id: int) -> Iterator[Any]:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_CASTS, [poll_id])
        while rows := cursor.fetchmany(2_000):
            yield from rows


def _holder(person: UUID, moved: dict[UUID, UUID]) -> UUID:
    for _step in range(len(moved) + 1):
        if person not in moved:
            return person
        person = moved[person]
    return person


def _check_ballots(found: Verified, last: dict[UUID, tuple[int, list[int]]]) -> None:
    rows = Ballot.objects.filter(poll=found.poll.pk).values_list("participant", "cast", "options")
    kept = {person: (cast, options) for person, cast, options in rows.iterator()}
    for person in kept.keys() | last.keys():
        if kept.get(person) != last.get(person):
            found.note(f"participant {person}: the ballot that counts is not the one that should")
    found.ballots, found.votes = len(kept), tally(found.poll.pk)
    if found.votes != recount(found.poll.pk):
        found.note("the tally is not the recount")


def _check_close(found: Verified, links: list[BallotLink]) -> None:
    closes = [link for link in links if link.kind == BallotLink.Kind.CLOSE]
    result = found.poll.result
    if result is None:
        if closes:
            found.note("the chain has a close, the poll no result")
        return
    options = list(found.poll.options.values_list("pk", flat=True))
    counted, total = ballot_chain.without_entered(result, options)
    if {option: many for option, many in counted.items() if many} != found.votes or total != turnout(found.poll.pk):
        found.note("the result is not what the ballots give")
    _check_verdict(found, result, options)
    if not links and "head" not in result and found.before_the_chain == found.casts:
        return
    _check_chained_result(found, result, closes)


def _check_verdict(found: Verified, result: dict[str, Any], options: list[int]) -> None:
    """The levels add up, and the rule gives the verdict that is stored."""
    levels = result.get("levels", ())
    if levels and sum(each["total"] for each in levels) != turnout(found.poll.pk):
        found.note("the levels of assurance do not add up to the ballots")
    if "verdict" not in result:
        return
    rule = msgspec.convert(result["rule"], PollRule)
    votes = [int(result["votes"][str(pk)]) for pk in options]
    again = verdict(rule, str(found.poll.kind), options, votes, int(result["total"]), result.get("eligible"))
    if msgspec.convert(result["verdict"], Verdict) != again:
        found.note("the verdict is not what the rule gives")


def _check_chained_result(found: Verified, result: dict[str, Any], closes: list[BallotLink]) -> None:
    if len(closes) != 1:
        found.note("the poll has a result, the chain not one close")
        return
    if {name: value for name, value in result.items() if name not in UNCHAINED} != closes[0].data:
        found.note("the result is not the one that was chained at the close")
    if result.get("head") != bytes(closes[0].digest or b"").hex():
        found.note("the head in the result is not that of the close")
    if result.get("casts") != found.casts:
        found.note("there are not as many casts as when it was closed")
    if result.get("list") and ballot_chain.list_digest(listed_ballots(found.poll.pk)).hex() != result["list"]:
        found.note("the list of ballots is not the one that was chained at the close")


def listed_poll(actor: Actor, poll_id: int) -> tuple[Poll, bool] | None:
    """The poll, when its list of ballots is there for this reader, and whether it is there for everybody."""
    poll = Poll.objects.filter(pk=poll_id).select_related("room__airing__episode__programme").first()
    if poll is None or not has_public_list(poll):
        return None
    airing = poll.room.airing
    return (poll, is_public(airing)) if may_watch(actor, airing) else None


def published_list(poll: Poll) -> Iterator[str]:
    """The list that anybody may recount, as JSON in pieces: the ballots sorted by their random numbers, and the chain's digests.

    Only for a poll that `has_public_list`: nothing is asked here.
    """
    result = poll.result or {}
    options = [{"id": option.pk, "text": option.text} for option in poll.options.all()]
    told = {
        "format": ballot_chain.FORMAT,
        "algorithm": ballot_chain.ALGORITHM,
        "poll": poll.pk,
        "question": poll.question,
        "options": options,
        "result": {name: value for name, value in result.items() if name not in UNCHAINED | {"list"}},
        "head": result["head"],
    }
    yield json.dumps(told, ensure_ascii=False)[:-1] + ', "ballots": ['
    yield from _joined(json.dumps([number.hex(), chosen]) for number, chosen in listed_ballots(poll.pk))
    yield '], "chain": ['
    yield from _joined(json.dumps(each) for each in _told_links(poll))
    yield "]}\n"


def _joined(parts: Iterator[str]) -> Iterator[str]:
    """With commas, some hundred at a time."""
    held: list[str] = []
    comma = ""
    for part in parts:
        held.append(comma + part)
        comma = ",\n"
        if len(held) >= 500:
            yield "".join(held)
            held.clear()
    yield "".join(held)


def _told_links(poll: Poll) -> Iterator[dict[str, Any]]:
    """The links up to the close. Of a merge only the digest: it names people."""
    leaves: dict[int, list[str]] = defaultdict(list)
    for row in _casts(poll.pk):
        leaves[row[8]].append(bytes(row[7] or b"").hex())
    for link in BallotLink.objects.filter(poll=poll.pk).exclude(number=None).order_by("number"):
        told: dict[str, Any] = {"kind": link.kind, "count": link.count, "digest": bytes(link.digest or b"").hex()}
        if link.kind == BallotLink.Kind.CASTS:
            told["leaves"] = leaves[link.pk]
        elif link.kind == BallotLink.Kind.CLOSE:
            told["data"] = link.data
        else:
            told["root"] = bytes(link.root).hex()
        yield told
