"""The one place that says which people are named to the public: who appears, and no standing order has taken from there; it writes nothing.

Whoever shows the public who appears asks `named`; whoever shows what somebody said asks `silenced`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from broadcast.models import Appearance, Episode, Person, PersonWithdrawalItem

SOURCE = "broadcast"
EPISODE, WORDS, PHOTO = "episode", "words", "photo"
# What is said under a label that does not hold the name, where somebody decided that it means them.
LABEL = "label"
_STANDING = PersonWithdrawalItem.STANDING


@dataclass(frozen=True)
class Names:
    """Names that go wherever a label holds one, and labels that go as they stand: 林委员 is not 小林委员."""

    held: set[str] = field(default_factory=set)
    exact: set[str] = field(default_factory=set)

    def means(self, label: str) -> bool:
        """Whether the label names one of them."""
        return label in self.exact or any(name in label for name in self.held)


NOBODY = Names()


def standing() -> QuerySet[PersonWithdrawalItem]:
    """What orders have taken and nobody has given back."""
    return PersonWithdrawalItem.objects.filter(state__in=_STANDING)


def episodes_of(person: Person) -> QuerySet[Episode]:
    """In which the person appears, or from which an order takes something of theirs: transcripts know more than lists."""
    taken = standing().filter(person=person).exclude(episode=None).values("episode")
    return Episode.objects.filter(
        Q(pk__in=Appearance.objects.filter(person=person).values("episode")) | Q(pk__in=taken)
    )


def is_hidden(person: str = "person", episode: str = "episode") -> Exists:
    """That a row's person is not named in the row's episode, for a filter or an annotation; the paths lead to both ids."""
    return Exists(standing().filter(source=SOURCE, kind=EPISODE, person=OuterRef(person), episode=OuterRef(episode)))


def named(appearances: QuerySet[Appearance]) -> QuerySet[Appearance]:
    """Those of them that the public may be told of."""
    return appearances.filter(~is_hidden())


def hidden_names(episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Names]:
    """By episode who may not be named in it; episodes without one are left out. One query."""
    return _names(Q(kind=EPISODE) | Q(kind=LABEL, choice=PersonWithdrawalItem.Choice.NAME), episodes)


def silenced(episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Names]:
    """By episode those whose words may not be shown. One query."""
    return _names(Q(kind=WORDS) | Q(kind=LABEL) & ~Q(choice=PersonWithdrawalItem.Choice.NAME), episodes)


def _names(rule: Q, episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, Names]:
    found: dict[int, Names] = defaultdict(Names)
    rows = standing().filter(rule, episode__in=episodes if isinstance(episodes, QuerySet) else list(episodes))
    for episode, kind, called, *names in rows.values_list(
        "episode", "kind", "called", "person__name", "person__name_en"
    ):
        if episode is None:
            continue
        if kind == LABEL:
            found[episode].exact.add(called)
        else:
            found[episode].held.update(each for each in names if each)
    return dict(found)
