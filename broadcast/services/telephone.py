"""Participants who are known by a telephone number alone, for whom others act; it casts nothing for them and merges nobody."""

from __future__ import annotations

from uuid import UUID

from broadcast import clock
from broadcast.models import Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import codes


def caller(digest: str, unknown: str) -> Participant:
    """Whoever has this number (by its keyed digest): the account that verified it, else one made of the number.

    Without a number it is one made for this call (`unknown` names it), known as nobody. Locks the number until the transaction ends.
    """
    if digest:
        hold(digest)
        user = User.objects.filter(phone_digest=digest).first()
        own = Participant.objects.filter(user=user, merged_into=None).first() if user else None
        if own is not None:
            return own
    made, _is_new = Participant.objects.get_or_create(
        partner=Participant.TELEPHONE,
        partner_subject=digest or unknown,
        defaults={
            "kind": Participant.Kind.PARTNER,
            "assurance": Assurance.PHONE if digest else Assurance.GUEST,
            "created_at": clock.now(),
        },
    )
    return made


def known(digest: str | None) -> UUID | None:
    """Who was made of this number, for the account that verifies it. Locks the number: nobody is made of it meanwhile."""
    if not digest:
        return None
    hold(digest)
    rows = Participant.objects.filter(partner=Participant.TELEPHONE, partner_subject=digest, merged_into=None)
    return rows.values_list("pk", flat=True).first()


def hold(digest: str) -> None:
    """The number's advisory lock, the one that verifying it takes."""
    codes.lock(f"phone:{digest}")
