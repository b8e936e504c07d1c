"""What people agreed to before their first write, and whether they are old enough: a child watches until a guardian allows more."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _

from broadcast import clock, evidence
from broadcast.access import Actor
from broadcast.errors import ConsentNeeded, GuardianNeeded, InvalidInput
from broadcast.models import Consent, Participant
from broadcast.services.participants import Standing, ensure_participant

Age = Participant.Age
# What somebody may say of themselves; the rest is a guardian's to say.
SAID = frozenset({Age.OVER, Age.UNDER})


def give_consent(actor: Actor, documents: dict[str, str], age: str = "") -> Participant:
    """Record that the actor agreed to these documents (name: version), and said to be 14 or not (`age`: over, under).

    Raises InvalidInput for a version that is not in force and for an age that was never said, GuardianNeeded for who said, now or
    earlier, to be under 14: that is kept, but a child's own agreement is none.
    """
    for name, version in documents.items():
        if settings.CONSENT_VERSIONS.get(name) != version:
            raise InvalidInput(_("个人信息处理说明或用户协议刚更新过，请再看一遍后同意。"), field=name)
    participant = declare(actor, age)
    require_of_age(participant)
    if participant.age == Age.UNSAID:
        raise InvalidInput(_("请说明是否已满 14 周岁。"), field="age")
    with transaction.atomic():
        participant = ensure_participant(actor)
        now = clock.now()
        Consent.objects.bulk_create(
            [
                Consent(participant=participant, document=name, version=version, at=now)
                for name, version in documents.items()
            ],
            ignore_conflicts=True,
        )
        evidence.keep([(actor, "consent.give", f"participant:{participant.pk}")])
        return participant


def declare(actor: Actor, age: str) -> Participant:
    """Keep what the actor says of being 14; nothing said changes nothing, and who was once under stays so until a guardian allows
    more. Raises InvalidInput (field: age)."""
    if age and age not in SAID:
        raise InvalidInput(_("请说明是否已满 14 周岁。"), field="age")
    with transaction.atomic():
        participant = ensure_participant(actor)
        if age and participant.age not in {Age.UNDER, Age.ALLOWED}:
            Participant.objects.filter(pk=participant.pk).exclude(age__in=[Age.UNDER, Age.ALLOWED]).update(age=age)
            participant.age = age
    return participant


def require_of_age(participant: Participant | Standing) -> None:
    """Raise GuardianNeeded for a child without a guardian's consent: it may watch."""
    if participant.age == Age.UNDER:
        raise GuardianNeeded(
            _("未满 14 周岁可以观看。要发言、提问或投票，请监护人先同意。"), where=resolve_url("account:guardian")
        )


def consented(participant_ids: Iterable[UUID]) -> set[UUID]:
    """Which of these have agreed to every document in force, in one query (by surviving participant's id)."""
    given: dict[UUID, set[tuple[str, str]]] = {}
    rows = Consent.objects.filter(
        participant_id__in=list(participant_ids), document__in=list(settings.CONSENT_VERSIONS)
    )
    for participant_id, document, version in rows.values_list("participant_id", "document", "version"):
        given.setdefault(participant_id, set()).add((document, version))
    needed = set(settings.CONSENT_VERSIONS.items())
    return {participant_id for participant_id, documents in given.items() if needed <= documents}


def require_agreed(row: Standing | None) -> Standing:
    """The row itself; raises ConsentNeeded (data: documents) unless its person agreed to all that is in force, GuardianNeeded for a
    child. Nobody without a row can have agreed to anything."""
    if row is not None:
        require_of_age(row)
    if row is None or not row.agreed:
        raise ConsentNeeded(_("请先阅读并同意个人信息处理说明和用户协议。"), documents=dict(settings.CONSENT_VERSIONS))
    return row
