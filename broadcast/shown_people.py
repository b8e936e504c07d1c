"""The one place that says which people are named to the public: who appears, and no standing order has taken from there; it writes nothing.

Whoever shows the public who appears asks `named`; whoever shows what somebody said asks `silenced`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from broadcast.models import Appearance, PersonWithdrawalItem

SOURCE = "broadcast"
EPISODE, WORDS, PHOTO = "episode", "words", "photo"
_STANDING = PersonWithdrawalItem.STANDING


def standing() -> QuerySet[PersonWithdrawalItem]:
    """What orders have taken and nobody has given back."""
    return PersonWithdrawalItem.objects.filter(state__in=_STANDING)


def is_hidden(person: str = "person", episode: str = "episode") -> Exists:
    """That a row's person is not named in the row's episode, for a filter or an annotation; the paths lead to both ids."""
    return Exists(standing().filter(source=SOURCE, kind=EPISODE, person=OuterRef(person), episode=OuterRef(episode)))


def named(appearances: QuerySet[Appearance]) -> QuerySet[Appearance]:
    """Those of them that the public may be told of."""
    return appearances.filter(~is_hidden())


def hidden_names(episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, set[str]]:
    """By episode the names that may not be shown in it; episodes without one are left out. One query."""
    return _names(EPISODE, episodes)


def silenced(episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, set[str]]:
    """By episode the names of those whose words may not be shown. One query."""
    return _names(WORDS, episodes)


def _names(kind: str, episodes: Iterable[int] | QuerySet[Any, Any]) -> dict[int, set[str]]:
    found: dict[int, set[str]] = defaultdict(set)
    rows = standing().filter(kind=kind, episode__in=episodes if isinstance(episodes, QuerySet) else list(episodes))
    for episode, name, english in rows.values_list("episode", "person__name", "person__name_en"):
        if episode is not None:
            found[episode].update(each for each in (name, english) if each)
    return found


def is_one_of(speaker: str, names: Iterable[str]) -> bool:
    """Whether a label such as 王小明委员 names one of them."""
    return any(name in speaker for name in names)
