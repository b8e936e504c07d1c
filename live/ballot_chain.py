"""The arithmetic of the ballots' chain and the recount of a published list; pure, standard library alone, so that anybody can run it.

`python live/ballot_chain.py FILE` recounts a list without anything else of Yishi. What it proves and what not: docs/decisions/0020.
"""

from __future__ import annotations

import hashlib
import json
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

ALGORITHM = "sha256"
FORMAT = "yishi-ballots-1"
GENESIS = bytes(32)
SALT_BYTES = 16
NUMBER_BYTES = 16


def number(salt: bytes, command_id: str) -> bytes:
    """The name of a cast in the published list. The voter's browser chose `command_id`, so a server cannot give two voters one number."""
    return hashlib.sha256(b"yishi-number\n" + salt + command_id.encode()).digest()[:NUMBER_BYTES]


def leaf(salt: bytes, poll: int, cast: int, voter: str, options: Sequence[int], at_us: int, number_: bytes) -> bytes:
    """What the chain holds of one accepted cast. `voter` is the participant's id when it was cast, `at_us` UTC microseconds.

    Without the salt it says nothing about any of them, so erasing the salt erases the link to the person.
    """
    chosen = ",".join(map(str, options))
    told = f"yishi-cast\n{poll}\n{cast}\n{voter}\n{chosen}\n{at_us}\n".encode()
    return hashlib.sha256(told + number_ + salt).digest()


def root_of_leaves(leaves: Iterable[bytes]) -> bytes:
    """One digest for the casts of a transaction, in the order of their ids."""
    return hashlib.sha256(b"yishi-casts\n" + b"".join(leaves)).digest()


def root_of_data(salt: bytes, data: Any) -> bytes:
    """One digest for a move, a close or a voiding."""
    return hashlib.sha256(b"yishi-data\n" + salt + canonical(data)).digest()


def canonical(data: Any) -> bytes:
    """JSON with sorted keys and no spaces, UTF-8."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def link(poll: int, place: int, kind: str, count: int, root: bytes, previous: bytes) -> bytes:
    """The digest of a link at its place (from 1) in the chain of a poll."""
    told = f"yishi-link\n{poll}\n{place}\n{kind}\n{count}\n".encode()
    return hashlib.sha256(told + root + previous).digest()


def list_digest(ballots: Iterable[tuple[bytes, Sequence[int]]]) -> bytes:
    """The digest of the published ballots, which must come sorted by their numbers: by no order that says who voted when."""
    running = hashlib.sha256(b"yishi-list\n")
    for number_, options in ballots:
        running.update(f"{number_.hex()} {','.join(map(str, options))}\n".encode())
    return running.digest()


def tally(ballots: Iterable[Sequence[int]]) -> Counter[int]:
    """Votes by option."""
    return Counter(option for options in ballots for option in options)


def without_entered(result: dict[str, Any], options: Sequence[int]) -> tuple[dict[int, int], int]:
    """Votes by option and ballots of a result, without what clerks entered as counts: what the ballots themselves must give."""
    votes, total = {option: int(result["votes"].get(str(option), 0)) for option in options}, int(result["total"])
    for each in result.get("entered", ()):
        if each["counted"]:
            total -= each["total"]
            for option, many in zip(options, each["votes"], strict=True):
                votes[option] -= many
    return votes, total


def check_list(told: dict[str, Any]) -> list[str]:
    """What is wrong with a published list; nothing when its ballots give its result and its chain is whole and ends with both."""
    try:
        return _check_list(told)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        return [f"unreadable: {type(error).__name__}: {error}"]


def _check_list(told: dict[str, Any]) -> list[str]:
    if told["format"] != FORMAT or told["algorithm"] != ALGORITHM:
        return [f"unknown format {told['format']!r} or algorithm {told['algorithm']!r}"]
    wrong, result = [], told["result"]
    options = [int(option["id"]) for option in told["options"]]
    fewest, most = result.get("choose", (1, 1))
    ballots = [(bytes.fromhex(each[0]), [int(option) for option in each[1]]) for each in told["ballots"]]
    numbers = [each[0] for each in ballots]
    if numbers != sorted(set(numbers)):
        wrong.append("the ballots are not sorted by number, or a number stands twice")
    if any(not fewest <= len(set(chosen)) == len(chosen) <= most for _number, chosen in ballots) or any(
        not set(options).issuperset(chosen) for _number, chosen in ballots
    ):
        wrong.append("a ballot chooses what the poll does not offer, or fewer or more options than it may")
    counted, (votes, total) = tally(chosen for _number, chosen in ballots), without_entered(result, options)
    if {option: counted[option] for option in options} != votes or len(result["votes"]) != len(options):
        wrong.append(f"the ballots give {dict(counted)}, the result says {result['votes']}")
    if len(ballots) != total:
        wrong.append(f"{len(ballots)} ballots, the result says {total}")
    return wrong + _check_chain(told, list_digest(ballots).hex())


def _check_chain(told: dict[str, Any], digest_of_list: str) -> list[str]:
    wrong: list[str] = []
    previous, poll, casts = GENESIS, int(told["poll"]), 0
    closing: dict[str, Any] = {}
    for place, each in enumerate(told["chain"], start=1):
        kind, count = each["kind"], int(each["count"])
        previous = link(poll, place, kind, count, _root(each), previous)
        if previous.hex() != each["digest"]:
            return [*wrong, f"the chain is broken at link {place}"]
        if kind == "casts":
            casts += len(each["leaves"])
            if len(each["leaves"]) != count:
                wrong.append(f"link {place} holds {len(each['leaves'])} casts and says {count}")
        elif kind == "close":
            closing = each["data"]
    if previous.hex() != told["head"]:
        wrong.append("the chain does not end with the head that is told")
    return wrong + _check_close(closing, told["result"], casts, digest_of_list)


def _root(told: dict[str, Any]) -> bytes:
    if told["kind"] == "casts":
        return root_of_leaves(bytes.fromhex(one) for one in told["leaves"])
    if told["kind"] == "close":
        return root_of_data(b"", told["data"])
    return bytes.fromhex(told["root"])


def _check_close(closing: dict[str, Any], result: dict[str, Any], casts: int, digest_of_list: str) -> list[str]:
    if not closing:
        return ["the chain has no close"]
    wrong = [
        f"the close was chained with {name} {closing.get(name)}, the result says {result.get(name)}"
        for name in ("total", "votes", "casts", "choose", "entered", "verdict")
        if closing.get(name) != result.get(name)
    ]
    if casts != closing["casts"]:
        wrong.append(f"{casts} casts in the chain, {closing['casts']} when it was closed")
    if closing.get("list") != digest_of_list:
        wrong.append("these are not the ballots that were chained at the close")
    return wrong


def summary(told: dict[str, Any]) -> list[str]:
    """The recount in words: question, votes by option, turnout, head of the chain."""
    counted = tally(each[1] for each in told["ballots"])
    total = len(told["ballots"])
    lines = [str(told["question"])]
    for option in told["options"]:
        votes = counted[int(option["id"])]
        lines.append(f"  {votes:>9}  {100 * votes / total if total else 0:5.1f} %  {option['text']}")
    lines.append(f"  {total:>9}  选票 · ballots (每张按一票计 · the base of each percentage)")
    lines.append(f"  {told['result']['casts']:>9}  次投票，含修改 · casts, changes included")
    lines.append(f"  链尾 · head of the chain {told['head']}")
    return lines


def main(arguments: list[str]) -> int:
    """Recount one file; 0 when it holds."""
    if len(arguments) != 1:
        sys.stderr.write("python live/ballot_chain.py FILE\n")
        return 2
    told = json.loads(Path(arguments[0]).read_text(encoding="utf-8"))
    wrong = check_list(told)
    if wrong:
        sys.stdout.write("\n".join(["不符 · does not hold:", *(f"  {each}" for each in wrong), ""]))
        return 1
    sys.stdout.write("\n".join([*summary(told), "相符 · it holds", ""]))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
