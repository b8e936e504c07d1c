"""Makes participants of browsers: first rows, consents, verified phones, log-ins, and the merge of guest and account."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence, registry, signals
from broadcast.access import Actor
from broadcast.errors import ConsentNeeded, InvalidInput, NotAllowed
from broadcast.identity import Identity
from broadcast.models import Consent, Participant, RoleGrant, User
from broadcast.models.catalogue import Assurance
from broadcast.sealing import seal
from broadcast.services import codes

Sent = codes.Sent
# FOR KEY SHARE waits for a running merge (FOR UPDATE) and is shared with every other writer.
_HOLD = "SELECT 1 FROM broadcast_participant WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"


def send_code(actor: Actor, phone: str) -> Sent:
    """Send a one-time code; see `codes.send` for what it raises."""
    return codes.send(actor, phone)


def verify_code(actor: Actor, phone: str, code: str) -> Identity:
    """The identity of whoever holds this phone; the browser's guest is merged into it. Raises InvalidInput (field: code).

    A wrong try is committed, all else stands or falls together. Rights behind the scenes need a password, so the token of a
    staff account carries no user here.
    """
    number = codes.normalised(phone)
    with transaction.atomic():
        refusal = codes.use(number, code)
        if refusal is None:
            user = _user_of_phone(number)
            found = _identity(_join(actor, user), user, with_rights=not is_staff(user))
            evidence.keep(
                [
                    (
                        replace(actor, participant_id=found.participant_id, user_id=user.pk),
                        "phone.verify",
                        f"user:{user.pk}",
                    )
                ]
            )
    if refusal is not None:
        raise refusal
    return found


def log_in(actor: Actor, user: User) -> Identity:
    """The identity of an account whose password was right; the browser's guest is merged into it. Staff log-ins are audited."""
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    with transaction.atomic():
        participant = _join(actor, user)
        if is_staff(user):
            who = Actor(user_id=user.pk, name=str(user), address=actor.address, port=actor.port)
            audit.record(who, "account.login", f"user:{user.pk}")
    return _identity(participant, user, with_rights=True)


def ensure_participant(actor: Actor) -> Participant:
    """The row of whoever acts, made at the first write, the survivor where it was merged. Raises NotAllowed without a token."""
    if actor.participant_id is None:
        raise NotAllowed(_("请刷新页面后再试。"), cause="no_participant")
    return ensure_participants([actor])[actor.participant_id]


def ensure_participants(actors: Iterable[Actor]) -> dict[UUID, Participant]:
    """By the id in the token: the row of each actor, in two queries however many they are. Call inside a transaction.

    The rows cannot be merged away until it ends, so what it writes for them is never left behind by a merge.
    """
    wanted = {actor.participant_id: actor for actor in actors if actor.participant_id is not None}
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [list(wanted)])
    found = Participant.objects.select_related("merged_into").in_bulk(list(wanted))
    missing = [
        _guest_row(participant_id, actor) for participant_id, actor in wanted.items() if participant_id not in found
    ]
    if missing:
        Participant.objects.bulk_create(missing, ignore_conflicts=True)
        with connection.cursor() as cursor:
            cursor.execute(_HOLD, [[row.pk for row in missing]])
        found.update(Participant.objects.select_related("merged_into").in_bulk([row.pk for row in missing]))
    return {participant_id: row.merged_into or row for participant_id, row in found.items()}


def give_consent(actor: Actor, documents: dict[str, str]) -> Participant:
    """Record that the actor agreed to these documents (name: version). Raises InvalidInput for a version that is not in force."""
    for name, version in documents.items():
        if settings.CONSENT_VERSIONS.get(name) != version:
            raise InvalidInput(_("个人信息处理说明或用户协议刚更新过，请再看一遍后同意。"), field=name)
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


def require_consent(participant: Participant) -> None:
    """Raise ConsentNeeded (data: documents) unless the participant agreed to all that is in force."""
    if participant.pk not in consented([participant.pk]):
        raise ConsentNeeded(_("请先阅读并同意个人信息处理说明和用户协议。"), documents=dict(settings.CONSENT_VERSIONS))


def is_staff(user: User) -> bool:
    """Whether the account has rights behind the scenes in any programme."""
    return Actor(user_id=user.pk).is_staff


def assurance_of(user: User) -> int:
    """How sure we are of an account: a member's role, a verified phone or a role given by us, else as a guest."""
    roles = set(RoleGrant.objects.filter(user=user).values_list("role", flat=True))
    if RoleGrant.Role.MEMBER in roles:
        return Assurance.MEMBER
    return Assurance.PHONE if user.phone_verified_at is not None or roles or user.is_superuser else Assurance.GUEST


def _identity(participant: Participant, user: User, *, with_rights: bool) -> Identity:
    return Identity(participant.pk, participant.assurance, user.pk if with_rights else None, participant.display_name)


def _user_of_phone(number: str) -> User:
    """The account of a verified phone, made at its first verification. The caller holds the phone's advisory lock."""
    found = codes.phone_digest(number)
    user = User.objects.select_for_update().filter(phone_digest=found).first()
    if user is None:
        user = User(username=f"phone-{found[:32]}", phone_digest=found, phone_sealed=seal(number))
        user.display_name = _("市民%(mark)s") % {"mark": f"{secrets.randbelow(10_000):04d}"}
        user.set_unusable_password()
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    user.phone_verified_at = clock.now()
    user.save()
    return user


def _join(actor: Actor, user: User) -> Participant:
    """The account's participant, with the browser's guest upgraded to it or merged into it. Locks both rows in id order."""
    codes.lock(f"user:{user.pk}")
    own = Participant.objects.filter(user=user, merged_into=None).values_list("pk", flat=True).first()
    ids = sorted(each for each in (own, actor.participant_id) if each is not None)
    rows = {row.pk: row for row in Participant.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    guest = rows.get(actor.participant_id) if actor.participant_id else None
    if guest is not None and (guest.kind != Participant.Kind.GUEST or guest.merged_into_id is not None):
        guest = None
    target = rows[own] if own is not None else guest or Participant(created_at=clock.now())
    target.kind, target.user = Participant.Kind.ACCOUNT, user
    target.assurance = assurance_of(user)
    target.display_name = str(user)[:40]
    target.save()
    if guest is not None and guest.pk != target.pk:
        _merge(guest, target)
    return target


def _merge(source: Participant, target: Participant) -> None:
    """Move all that hangs on `source` to `target`; both rows are locked. Tells participants_merged after commit."""
    agreed = set(Consent.objects.filter(participant=target).values_list("document", "version"))
    for consent in Consent.objects.filter(participant=source):
        if (consent.document, consent.version) not in agreed:
            Consent.objects.filter(pk=consent.pk).update(participant=target)
    for _name, move in registry.participant_merge:
        move(source.pk, target.pk)
    Participant.objects.filter(merged_into=source).update(merged_into=target)
    source.merged_into = target
    source.save(update_fields=["merged_into"])
    signals.tell(signals.participants_merged, source_id=source.pk, target_id=target.pk)


def _guest_row(participant_id: UUID, actor: Actor) -> Participant:
    return Participant(
        pk=participant_id, assurance=Assurance.GUEST, display_name=actor.name[:40], created_at=clock.now()
    )
