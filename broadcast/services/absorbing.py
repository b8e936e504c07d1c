"""Makes one participant of two that are one person, and one account of two; that they are one was proved by whoever calls."""

from __future__ import annotations

from uuid import UUID

from broadcast import audit, registry, signals
from broadcast.access import HOUSE
from broadcast.models import Consent, GuardianConsent, LinkedIdentity, Participant, Person, RoleGrant, User
from broadcast.services import logins


def candidate(user_id: int | None) -> User | None:
    """The account that another may take in, or that may get a number: known by another house's word alone, with no role, no password
    and no phone. Locked. None otherwise."""
    user = User.objects.select_for_update().filter(pk=user_id, is_active=True).first() if user_id else None
    if user is None or user.phone_digest or user.has_usable_password():
        return None
    known = LinkedIdentity.objects.filter(user=user).exists()
    in_use = RoleGrant.objects.filter(user=user).exists() or Person.objects.filter(user=user).exists()
    return user if known and not in_use else None


def participant_of(user: User | None) -> UUID | None:
    """The account's participant, if it has one."""
    if user is None:
        return None
    return Participant.objects.filter(user=user, merged_into=None).values_list("pk", flat=True).first()


def close(absorbed: User, into: User) -> None:
    """What led to the one account leads to the other; the one is closed and its log-ins end. Audited. Call under both locks."""
    logins.end_all(absorbed.pk)
    LinkedIdentity.objects.filter(user=absorbed).update(user=into)
    Participant.objects.filter(user=absorbed).update(user=None)
    absorbed.username, absorbed.display_name, absorbed.is_active = f"merged-{absorbed.pk}", "", False
    absorbed.save(update_fields=["username", "display_name", "is_active"])
    audit.record(HOUSE, "account.merge", f"user:{absorbed.pk}", after={"into": into.pk})


def merge(source: Participant, target: Participant) -> None:
    """Move all that hangs on `source` to `target`; both rows are locked. Tells participants_merged after commit.

    What was said of being 14 comes along where the target said nothing.
    """
    agreed = set(Consent.objects.filter(participant=target).values_list("document", "version"))
    for consent in Consent.objects.filter(participant=source):
        if (consent.document, consent.version) not in agreed:
            Consent.objects.filter(pk=consent.pk).update(participant=target)
    _merge_age(source, target)
    for _name, move in registry.participant_merge:
        move(source.pk, target.pk)
    Participant.objects.filter(merged_into=source).update(merged_into=target)
    source.merged_into, source.user = target, None
    source.save(update_fields=["merged_into", "user"])
    signals.tell(signals.participants_merged, source_id=source.pk, target_id=target.pk)


def _merge_age(source: Participant, target: Participant) -> None:
    if target.age == Participant.Age.UNSAID and source.age != Participant.Age.UNSAID:
        target.age = source.age
        target.save(update_fields=["age"])
        GuardianConsent.objects.filter(participant=source).update(participant=target)
