"""What a person's data is made of, for all apps: whose, sections of the file, what was forgotten, what stays; it touches no table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_noop

Words = str | Promise
HELD_BY_LAW = gettext_noop("依法须暂时保留，解除后自动删除")


@dataclass(frozen=True)
class Whose:
    """A person, by all ids under which rows may stand: the participant, what was merged into it, and the account."""

    participant: UUID
    participants: tuple[UUID, ...]
    user: int | None = None


@dataclass(frozen=True)
class Section:
    """One table of the file: `columns` are (key, heading); each row is plain data by key."""

    code: str
    title: Words
    columns: Sequence[tuple[str, Words]]
    rows: Sequence[dict[str, Any]]


@dataclass(frozen=True)
class Kept:
    """What is not erased: how many of what, why, and until when (ISO) where that is known.

    `what` and `why` are Chinese sentences that gettext knows, so that each reader has them in the own language.
    """

    what: str
    many: int
    why: str
    until: str = ""

    def told(self) -> dict[str, Any]:
        """As it is stored."""
        return {"what": self.what, "many": self.many, "why": self.why, "until": self.until}


@dataclass
class Forgotten:
    """How many rows of each kind are forgotten now, whenever that was done, and what stays. `is_held`: a legal hold stops the rest;
    the part is asked again later."""

    done: dict[str, int] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    is_held: bool = False

    def add(self, kind: str, many: int) -> None:
        """So many more of this kind."""
        if many:
            self.done[kind] = self.done.get(kind, 0) + many

    def hold(self, what: str, many: int) -> None:
        """So many stay for a legal hold. Which one is not told: it may be secret."""
        if many:
            self.is_held = True
            self.kept.append(Kept(what, many, HELD_BY_LAW))


@dataclass(frozen=True)
class Held:
    """What a legal hold keeps now. `items` are named as in evidence and audit: "comment:12"."""

    participants: frozenset[UUID] = frozenset()
    airings: frozenset[UUID] = frozenset()
    items: frozenset[str] = frozenset()

    def holds(self, whose: Whose) -> bool:
        """Whether this person is held as such."""
        return not self.participants.isdisjoint(whose.participants)
