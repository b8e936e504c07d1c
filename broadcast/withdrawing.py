"""What an app says and does when a person is taken from the public: the form of its part; pure, no table and no rule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from broadcast.access import Actor
    from broadcast.models import Person, PersonWithdrawalItem

KEEP = "keep"


@dataclass(frozen=True)
class Found:
    """Something public in which the person is: what it is called, where staff see it, and what may be done with it.

    `choices` are of PersonWithdrawalItem.Choice, or `keep`; `chosen` is what the page proposes. `version` changes with whatever the
    reader of the preview should see again before it goes. `coming`: it is not over yet, so nothing is proposed. `maybe`: whether it is
    theirs somebody must decide; then nothing is proposed either. `called`: the label that stands there instead of the name.
    """

    source: str
    kind: str
    key: str
    title: str
    choices: tuple[str, ...]
    chosen: str
    version: str = ""
    episode: int | None = None
    detail: str = ""
    url: str = ""
    coming: bool = False
    maybe: bool = False
    called: str = ""

    @property
    def id(self) -> str:
        """Its name in a form."""
        return f"{self.source}.{self.kind}.{self.key}"


@dataclass(frozen=True)
class Address:
    """A public address at which the person was, or could be, seen; `gone`: by a standing order nothing may be there; `marks`: what else
    than the name may not stand there, as it would be written."""

    path: str
    gone: bool = False
    marks: tuple[str, ...] = ()


class Part(Protocol):
    """What an app has of people in public, and how it takes and gives it back."""

    def found(self, person: Person) -> list[Found]:
        """Everything of theirs that is public now and that no standing order has taken."""

    def take(self, actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
        """Take it from the public, in the transaction that marks the item done; returns what `give_back` needs. May be asked again."""

    def give_back(self, actor: Actor, item: PersonWithdrawalItem) -> None:
        """Bring it back as it was. May be asked again."""

    def settle(self, person: Person, episodes: Iterable[int]) -> None:
        """After something was taken or came back: forget what is remembered of them in these episodes."""

    def addresses(self, person: Person) -> list[Address]:
        """Where the public sees what they have or had here."""
