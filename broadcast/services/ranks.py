"""What its roles and factors make of an account: staff or not, how sure we are of it; it gives nothing."""

from __future__ import annotations

from broadcast.access import Actor
from broadcast.models import LinkedIdentity, Participant, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.services import second_factor


def is_staff(user: User) -> bool:
    """Whether the account has rights behind the scenes in any programme, or would have with a second factor."""
    actor = Actor(user_id=user.pk)
    return actor.is_staff or actor.withheld


def needs_password(user: User) -> bool:
    """Whether a code sent to its phone is not enough to act as this account."""
    return is_staff(user) or second_factor.factors_of(user.pk).any


def assurance_of(user: User) -> int:
    """How sure we are of an account: a member's role, a verified phone or a role given by us, another house's word, else as a guest."""
    roles = set(RoleGrant.objects.standing().filter(user=user).values_list("role", flat=True))
    if RoleGrant.Role.MEMBER in roles:
        return Assurance.MEMBER
    if user.phone_verified_at is not None or roles:
        return Assurance.PHONE
    return Assurance.PARTNER if LinkedIdentity.objects.filter(user=user).exists() else Assurance.GUEST


def settle(user: User) -> None:
    """Write into the account's participant how sure we are of it now, after a role came or went. What it may do follows at the next act."""
    Participant.objects.filter(user=user, merged_into=None).update(assurance=assurance_of(user))
