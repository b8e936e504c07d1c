"""The audience's writes under way in one transaction: what they need is read once for all of them; it must not write."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast.access import Actor, may_watch
from broadcast.errors import AssuranceTooLow, BroadcastError, NotAllowed, NotFound
from broadcast.models import Airing
from broadcast.services import identity
from broadcast.services.identity import Standing
from live import protocol
from live.models import Comment, Question, Room
from live.queries import restraint
from live.queries.restraint import Standing as Sanctioned
from live.services import rooms
from live.speaker import CITIZEN, Speaker

ANYBODY = Actor()


@dataclass
class Answer:
    """What an accepted command gives back: `result` for the acknowledgement, the same on every retry; `mine` as things stand."""

    result: dict[str, Any]
    mine: protocol.Mine | None = None


@dataclass
class Write:
    """One command of one actor. It ends with an answer or with a refusal, never with both."""

    actor: Actor
    airing_id: UUID
    command: protocol.AudienceCommand
    airing: Airing = field(init=False)
    room: Room = field(init=False)
    participant: Standing = field(init=False)
    # As what the sender speaks, where it does (`services.speaking`).
    speaker: Speaker = CITIZEN
    # What stands against the sender here, the strongest first.
    sanctions: list[Sanctioned] = field(default_factory=list)
    answer: Answer | None = None
    refusal: BroadcastError | None = None

    @property
    def is_done(self) -> bool:
        """Nothing more is to be done for it."""
        return self.answer is not None or self.refusal is not None

    def outcome(self) -> Answer | BroadcastError:
        """What the transport tells."""
        if self.refusal is not None:
            return self.refusal
        if self.answer is None:
            raise RuntimeError(f"{type(self.command).__name__} was left without an answer")
        return self.answer

    def check(self, rule: Callable[[Write], None]) -> bool:
        """Run a rule that may raise a refusal, worded in the sender's language; whether the write may go on.

        A rule changes nothing before it raises: what is refused is asked once more, for its words.
        """
        try:
            rule(self)
        except BroadcastError:
            self._word(rule)
        return self.refusal is None

    def _word(self, rule: Callable[[Write], None]) -> None:
        try:
            with self.actor.spoken_to():
                rule(self)
        except BroadcastError as error:
            self.refusal = error

    def refuse(self, worded: Callable[[], BroadcastError]) -> None:
        """Refuse it, in the sender's language: a batch has senders of several."""
        with self.actor.spoken_to():
            self.refusal = worded()


@dataclass
class Batch:
    """All writes of one transaction, and what is to be told and kept when it commits."""

    writes: list[Write]
    hints: dict[UUID, set[str]] = field(default_factory=dict)
    evidence: list[tuple[Actor, str, str, UUID]] = field(default_factory=list)
    unnumbered: list[Comment | Question] = field(default_factory=list)
    refused_by_rules: list[tuple[Airing, Comment | Question]] = field(default_factory=list)
    # Items that commands name, locked by `services.items.hold`.
    held: dict[tuple[str, int], Comment | Question] = field(default_factory=dict)

    def of(self, kind: type[Any]) -> list[Write]:
        """The writes with this kind of command that are still to be done, in the order of arrival."""
        return [write for write in self.writes if isinstance(write.command, kind) and not write.is_done]

    def hint(self, airing_id: UUID, *what: str) -> None:
        """Tell, once for the batch, that these kinds changed."""
        self.hints.setdefault(airing_id, set()).update(what)

    def number(self, row: Comment | Question) -> None:
        """Let it have the room's next number of the staff lane at the very end: until then nobody waits for the room."""
        self.unnumbered.append(row)

    def keep(self, write: Write, ref: str) -> None:
        """Keep evidence of an accepted write."""
        self.evidence.append((write.actor, str(type(write.command).__struct_config__.tag), ref, write.airing_id))


def prepare(batch: Batch) -> None:
    """Attach airing, room and participant to every write; refuse those for whom the airing is not, or who are nobody."""
    _attach_airings(batch)
    _attach_sanctions(batch)
    personal = [
        write for write in batch.writes if not write.is_done and not isinstance(write.command, protocol.AddLikes)
    ]
    _attach_participants(personal)


def require_assurance(write: Write, needed: int) -> None:
    """Raise AssuranceTooLow by what the database knows of the participant; the browser's token may be old."""
    if write.participant.assurance < needed:
        raise AssuranceTooLow(
            _("请先验证手机号，再试一次。"), needed=int(needed), have=int(write.participant.assurance)
        )


def require_free(write: Write, *, to_speak: bool = False) -> None:
    """Raise Banned where the sender may only watch here, and Muted where it may not speak and this is speaking."""
    restraint.require_free(write.sanctions, to_speak=to_speak)


def _attach_sanctions(batch: Batch) -> None:
    open_ = [write for write in batch.writes if not write.is_done]
    standing = restraint.standing(write.actor for write in open_)
    if standing:
        for write in open_:
            programme = write.airing.episode.programme_id
            write.sanctions = restraint.reaching(write.actor, write.airing_id, programme, standing)


def _attach_airings(batch: Batch) -> None:
    ids = {write.airing_id for write in batch.writes}
    airings = Airing.objects.select_related("episode__programme").in_bulk(list(ids))
    found_rooms = rooms.ensure(airings)
    public = {pk for pk, airing in airings.items() if may_watch(ANYBODY, airing)}
    for write in batch.writes:
        airing = airings.get(write.airing_id)
        if airing is None or not (airing.pk in public or may_watch(write.actor, airing)):
            write.refuse(lambda: NotFound(_("没有这一场。")))
            continue
        write.airing, write.room = airing, found_rooms[airing.pk]


def _attach_participants(writes: Iterable[Write]) -> None:
    named = []
    for write in writes:
        if write.actor.participant_id is None:
            write.refuse(lambda: NoIdentity(_("浏览器没有带上身份，请刷新页面后再试。")))
        else:
            named.append(write)
    # Nobody without a row can have agreed to anything; looking keeps refused strangers out of the table.
    rows = identity.standing(write.actor.participant_id for write in named if write.actor.participant_id is not None)
    for write in named:
        row = rows.get(write.actor.participant_id) if write.actor.participant_id else None
        write.check(lambda each, row=row: _admit(each, row))  # type: ignore[misc]


def _admit(write: Write, row: Standing | None) -> None:
    identity.require_current(write.actor, row)
    write.participant = identity.require_agreed(row)


class NoIdentity(NotAllowed):
    """The browser brought no identity of ours; it may watch."""

    code = "no_identity"
