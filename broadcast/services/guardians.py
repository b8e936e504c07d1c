"""A guardian's consent, by a phone of their own, to a child's taking part: given and withdrawn; what it opens is asked in `consents`."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import clock, evidence
from broadcast.access import Actor
from broadcast.errors import BroadcastError, IllegalTransition, InvalidInput, TooMany
from broadcast.models import GuardianConsent, Participant, User
from broadcast.sealing import seal, unseal
from broadcast.services import codes
from broadcast.services.codes import Sent
from broadcast.services.participants import ensure_participant

Age = Participant.Age
RELATIONS = ("mother", "father", "other")
# Children whom one number may speak for at the same time.
MOST_CHILDREN = 5
_PURPOSE = "guardian"


@dataclass(frozen=True)
class Guardian:
    """Who says so: a name, what they are to the child (one of RELATIONS), and a phone."""

    name: str
    relation: str
    phone: str


def send_code(actor: Actor, phone: str) -> Sent:
    """Send a code to the guardian's phone. Raises InvalidInput (field: phone) for the child's own; see `codes.send`."""
    _require_another(actor, codes.normalised(phone))
    return codes.send(actor, phone, _PURPOSE)


def standing(actor: Actor) -> GuardianConsent | None:
    """The consent that stands for this browser's participant."""
    return GuardianConsent.objects.filter(participant=actor.participant_id, withdrawn_at=None).first()


def masked(consent: GuardianConsent) -> str:
    """The guardian's number as it may be shown to the child's browser."""
    number = str(unseal(consent.phone_sealed)).removeprefix("+86")
    return f"{number[:3]}****{number[-4:]}"


def allow(actor: Actor, guardian: Guardian, code: str) -> GuardianConsent:
    """Let the participant of this browser, who said to be under 14, take part. A wrong code is committed as a try.

    Raises InvalidInput (field: name, relation, phone, code), IllegalTransition for who is no child or has a consent, TooMany.
    Evidence is kept.
    """
    name = " ".join(guardian.name.split())
    if not 2 <= len(name) <= 40 or not name.isprintable():
        raise InvalidInput(_("请填写监护人的姓名。"), field="name")
    if guardian.relation not in RELATIONS:
        raise InvalidInput(_("请选择监护人与孩子的关系。"), field="relation")
    number = codes.normalised(guardian.phone)
    _require_another(actor, number)
    with transaction.atomic():
        refusal = codes.use(actor, number, code, _PURPOSE)
        if refusal is None:
            refusal = _refusal(codes.phone_digest(number))
        if refusal is None:
            made = _allow(actor, name, guardian.relation, number)
    if refusal is not None:
        raise refusal
    return made


def withdraw(actor: Actor, phone: str, code: str) -> None:
    """The guardian takes it back, by the same phone: from now on the child may only watch. What was said stays.

    Raises InvalidInput (field: phone, code), IllegalTransition without a consent.
    """
    number = codes.normalised(phone)
    with transaction.atomic():
        consent = GuardianConsent.objects.select_for_update().filter(
            participant=actor.participant_id, withdrawn_at=None
        )
        found = consent.first()
        if found is None:
            raise IllegalTransition(_("这里没有监护人的同意可以撤回。"))
        if found.phone_digest != codes.phone_digest(number):
            raise InvalidInput(_("请用当时同意的那个手机号撤回。"), field="phone")
        refusal = codes.use(actor, number, code, _PURPOSE)
        if refusal is None:
            person = _locked(actor)
            found.withdrawn_at = clock.now()
            found.save(update_fields=["withdrawn_at"])
            person.age = Age.UNDER
            person.save(update_fields=["age"])
            evidence.keep([(actor, "guardian.withdraw", f"participant:{person.pk}")])
    if refusal is not None:
        raise refusal


def _allow(actor: Actor, name: str, relation: str, number: str) -> GuardianConsent:
    person = _locked(actor)
    if person.age != Age.UNDER:
        raise IllegalTransition(_("这个身份不需要监护人同意。"), state=person.age)
    made = GuardianConsent.objects.create(
        participant=person,
        name_sealed=seal(name),
        phone_digest=codes.phone_digest(number),
        phone_sealed=seal(number),
        relation=relation,
        version=settings.CONSENT_VERSIONS["privacy"],
        given_at=clock.now(),
    )
    person.age = Age.ALLOWED
    person.save(update_fields=["age"])
    evidence.keep([(actor, "guardian.allow", f"participant:{person.pk}")])
    return made


def _locked(actor: Actor) -> Participant:
    return Participant.objects.select_for_update().get(pk=ensure_participant(actor).pk)


def _refusal(digest: str) -> BroadcastError | None:
    """Under the number's lock, which using the code took."""
    if GuardianConsent.objects.filter(phone_digest=digest, withdrawn_at=None).count() < MOST_CHILDREN:
        return None
    return TooMany(_("这个手机号已经为 %(most)s 个孩子同意过。") % {"most": MOST_CHILDREN}, retry_after_seconds=86_400)


def _require_another(actor: Actor, number: str) -> None:
    rows = Participant.objects.filter(pk__in=[actor.participant_id] if actor.participant_id else [])
    own = rows.values_list("user", flat=True).first()
    ids = [each for each in (own, actor.user_id) if each is not None]
    if User.objects.filter(pk__in=ids, phone_digest=codes.phone_digest(number)).exists():
        raise InvalidInput(_("请填写监护人自己的手机号，不是孩子的。"), field="phone")
