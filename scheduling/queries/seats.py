"""Reads the table of an episode: each place with who has it and what became of the invitations; it decides nothing."""

from __future__ import annotations

from dataclasses import dataclass

from broadcast.models import Appearance
from scheduling.letters import role_words
from scheduling.models import Invitation, Seat

_S = Invitation.State


@dataclass(frozen=True)
class Place:
    """One place: `asked` is the living invitation, `before` who was asked before and did not come."""

    seat: Seat
    role: str
    asked: Invitation | None
    before: Invitation | None

    @property
    def is_sure(self) -> bool:
        """Somebody has it and agreed."""
        return self.seat.person is not None and (self.asked is None or self.asked.state == _S.ACCEPTED)

    @property
    def state(self) -> str:
        """empty, direct (agreed by another way), or the state of the living invitation."""
        if self.seat.person is None:
            return "empty"
        return self.asked.state if self.asked is not None else "direct"


def of_episode(episode_id: int) -> list[Place]:
    """Every place in its order, also of people who appear and have none yet (with a Seat that is not stored). Three queries."""
    rows = list(Seat.objects.filter(episode=episode_id).select_related("person__card"))
    asked: dict[int, Invitation] = {}
    before: dict[int, Invitation] = {}
    for each in Invitation.objects.filter(seat__episode=episode_id).select_related("person").order_by("made_at"):
        (asked if each.state in Invitation.LIVING else before)[each.seat_id] = each
    seated = {(each.person_id, each.role) for each in rows}
    here = Appearance.objects.filter(episode=episode_id).select_related("person__card")
    rows += [
        Seat(episode_id=episode_id, role=who.role, person=who.person, position=who.position)
        for who in here
        if (who.person_id, who.role) not in seated
    ]
    return [
        Place(
            seat=each,
            role=role_words(each.role),
            asked=asked.get(each.pk) if each.pk else None,
            before=before.get(each.pk) if each.pk else None,
        )
        for each in rows
    ]
