"""How a few questions are chosen for many people, so that anybody can do it again; pure: it reads nothing and knows no time.

`spread` is greedy approval voting: who supported a question counts as represented by it, and the next is the one that most of
those not yet represented supported. What it chooses has justified representation: no group of n / k people who agree on a question
is left without any of theirs (H. Aziz, M. Brill, V. Conitzer, E. Elkind, R. Freeman, T. Walsh: Justified Representation in
Approval-Based Committee Voting, Social Choice and Welfare 48, 2017). `left_out` is the audit of any slate by the same measure, as in
"Question the Questions" (arXiv:2511.04588).
"""

from __future__ import annotations

import hashlib
import sys
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Candidate:
    """A question that may be chosen. `backers` name those who support it, its author among them; `group` is the author's sector or
    district, empty where neither is known; a higher `age` is older."""

    id: int
    backers: frozenset[str] = field(default_factory=frozenset)
    group: str = ""
    age: int = 0


@dataclass(frozen=True)
class LeftOut:
    """The most people who agree on one question and have none of theirs in the slate, out of `all` who support anything.

    `alpha` is how many times n / k they are: at 1.0 or more the slate is not justified.
    """

    question: int | None
    people: int
    all: int
    alpha: float


def most_supported(candidates: Iterable[Candidate], size: int) -> list[int]:
    """Those with most backers, of equals the older."""
    return [each.id for each in sorted(candidates, key=lambda each: (-len(each.backers), -each.age, each.id))[:size]]


def most_recent(candidates: Iterable[Candidate], size: int) -> list[int]:
    """The newest."""
    return [each.id for each in sorted(candidates, key=lambda each: (each.age, -each.id))[:size]]


def spread(candidates: Iterable[Candidate], size: int) -> list[int]:
    """A justified slate; of equals first who comes from a group that has fewer in it, then by backers, then the older."""
    left = list(candidates)
    chosen: list[int] = []
    heard: set[str] = set()
    groups: Counter[str] = Counter()
    while left and len(chosen) < size:
        best = min(
            left,
            key=lambda each: (
                -len(each.backers - heard),
                groups[each.group] if each.group else 0,
                -len(each.backers),
                -each.age,
                each.id,
            ),
        )
        left.remove(best)
        chosen.append(best.id)
        heard |= best.backers
        groups[best.group] += 1
    return chosen


def draw(seed: str, ids: Iterable[int], size: int) -> list[int]:
    """By lot: in the order of the SHA-256 of "seed:id", the smallest first. All have the same chance, and nobody a say."""
    return sorted(set(ids), key=lambda each: hashlib.sha256(f"{seed}:{each}".encode()).digest())[:size]


def left_out(candidates: Iterable[Candidate], chosen: Sequence[int], size: int) -> LeftOut:
    """How far a slate is from being justified."""
    known = list(candidates)
    everybody = frozenset[str]().union(*(each.backers for each in known))
    heard = frozenset[str]().union(*(each.backers for each in known if each.id in set(chosen)))
    worst = max(known, key=lambda each: (len(each.backers - heard), -each.id), default=None)
    people = len(worst.backers - heard) if worst else 0
    alpha = people * size / len(everybody) if everybody else 0.0
    return LeftOut(worst.id if worst and people else None, people, len(everybody), round(alpha, 3))


def main(words: Sequence[str]) -> int:
    """`python live/slate_rules.py SEED SIZE ID…` draws again what was drawn."""
    if len(words) < 3 or not all(each.isdigit() for each in words[1:]):
        sys.stderr.write("python live/slate_rules.py SEED SIZE ID…\n")
        return 2
    sys.stdout.write(" ".join(map(str, draw(words[0], map(int, words[2:]), int(words[1])))) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
