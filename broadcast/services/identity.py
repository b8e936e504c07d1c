"""Makes participants of browsers: first rows, consents, verified phones, log-ins, and the merge of guest and account."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models import F
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence, registry, signals
from broadcast import identity as tokens
from broadcast.access import Actor
from broadcast.arrays import uuids
from broadcast.errors import ConsentNeeded, IdentityStale, InvalidInput, NotAllowed, SecondFactorNeeded
from broadcast.identity import Identity
from broadcast.models import Consent, Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.sealing import seal
from broadcast.services import codes, ranks, second_factor, telephone
from broadcast.services.second_factor import Passed

Sent = codes.Sent
is_staff = ranks.is_staff
# FOR KEY SHARE waits for a running merge (FOR UPDATE) and is shared with every other writer.
_HOLD = "SELECT 1 FROM broadcast_participant WHERE id = ANY(%s) ORDER BY id FOR KEY SHARE"
# A merge that runs is waited for, as by _HOLD; what was agreed to comes with the row.
_STANDING = """
SELECT person.id, person.assurance, person.display_name, person.generation, person.merged_into_id, (
    SELECT count(*) FROM broadcast_consent AS given
    WHERE given.participant_id = person.id AND given.document || ' ' || given.version = ANY(%s)
) FROM broadcast_participant AS person WHERE person.id = ANY(%s::uuid[]) ORDER BY person.id FOR KEY SHARE OF person
"""


class Standing(NamedTuple):
    """What a write asks of the participant who sends it, as the row stands; `agreed`: to every document in force."""

    pk: UUID
    assurance: int
    display_name: str
    generation: int
    merged_into_id: UUID | None
    agreed: bool


def send_code(actor: Actor, phone: str) -> Sent:
    """Send a one-time code; see `codes.send` for what it raises."""
    return codes.send(actor, phone)


def verify_code(actor: Actor, phone: str, code: str) -> Identity:
    """The identity of whoever holds this phone; the browser's guest is merged into it. Raises InvalidInput (field: code).

    A wrong try is committed, all else stands or falls together. Rights behind the scenes need a password, and an account with
    a second factor its second step, so the token of such an account carries no user here.
    """
    number = codes.normalised(phone)
    with transaction.atomic():
        refusal = codes.use(actor, number, code)
        if refusal is None:
            user = _user_of_phone(number)
            found = _identity(_join(actor, user), user, with_rights=not ranks.needs_password(user))
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


def log_in(actor: Actor, user: User, second: Passed | None = None) -> Identity:
    """The identity of an account whose password was right; the browser's guest is merged into it. Staff log-ins are audited.

    Raises SecondFactorNeeded where the account has a second factor and `second` is not of it.
    """
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    if second_factor.factors_of(user.pk).any and (second is None or second.user_id != user.pk):
        raise SecondFactorNeeded(_("密码对了。请再做一步验证。"))
    with transaction.atomic():
        participant = _join(actor, user)
        if is_staff(user):
            who = Actor(user_id=user.pk, name=str(user), address=actor.address, port=actor.port)
            audit.record(who, "account.login", f"user:{user.pk}")
    return _identity(participant, user, with_rights=True)


def log_out(actor: Actor) -> None:
    """End every token of the account: of the session's, and of the browser's token where it is that account's newest.

    Another browser with a living session gets a new token by itself (`renewed`).
    """
    if actor.user_id is not None:
        Participant.objects.filter(user=actor.user_id).update(generation=F("generation") + 1)
    elif actor.participant_id is not None and actor.generation:
        Participant.objects.filter(pk=actor.participant_id, generation=actor.generation).update(
            generation=F("generation") + 1
        )


def renewed(actor: Actor, user: User | None) -> Identity | None:
    """Who a browser with a stale token is from now on: the account of its session, else a new guest. None: the token is good."""
    row = Participant.objects.filter(pk=actor.participant_id).first() if actor.participant_id else None
    if not is_stale(actor, row):
        return None
    own = Participant.objects.filter(user=user, merged_into=None).first() if user is not None else None
    return _identity(own, user, with_rights=True) if own is not None and user is not None else tokens.fresh()


def entitled(identities: Iterable[Identity]) -> set[Identity]:
    """Those whose `user_id` may be believed now: lately signed, the account open, its password and generation the same.

    Two queries however many they are.
    """
    now = clock.now().timestamp()
    recent = [each for each in identities if each.user_id is not None and now - each.since < tokens.RIGHTS_SECONDS]
    if not recent:
        return set()
    users = User.objects.filter(is_active=True).in_bulk({each.user_id for each in recent})
    marks = {pk: tokens.mark_of(user) for pk, user in users.items()}
    rows = Participant.objects.filter(user__in=users, merged_into=None)
    accounts = set(rows.values_list("user", "pk", "generation"))
    return {
        each
        for each in recent
        if marks.get(each.user_id) == each.mark and (each.user_id, each.participant_id, each.generation) in accounts
    }


def is_stale(actor: Actor, row: Participant | Standing | None) -> bool:
    """Whether the token was given for somebody else than the row under its id is now. Without a row it may only be a guest's."""
    if row is None:
        return actor.generation > 0
    return row.merged_into_id is not None or row.generation != actor.generation


def require_current(actor: Actor, row: Participant | Standing | None) -> None:
    """Raise IdentityStale where `is_stale`: a guest's token must never act for the account that its row became."""
    if is_stale(actor, row):
        raise IdentityStale(_("您在这个浏览器里的身份已经更新，请刷新页面后再试。"))


def ensure_participant(actor: Actor) -> Participant:
    """The row of whoever acts, made at the first write. Raises NotAllowed without a token, IdentityStale with an old one."""
    if actor.participant_id is None:
        raise NotAllowed(_("请刷新页面后再试。"), cause="no_participant")
    row = ensure_participants([actor]).get(actor.participant_id)
    require_current(actor, row)
    if row is None:
        raise RuntimeError("a guest without a row")
    return row


def ensure_participants(actors: Iterable[Actor]) -> dict[UUID, Participant]:
    """By the id in the token: the row as it stands, in two queries however many they are. Call inside a transaction.

    Whoever writes for an actor asks `is_stale` first: a row may have become somebody's since the token was signed. The rows
    cannot be merged away until the transaction ends, so what it writes for them is never left behind by a merge.
    """
    known = list(actors)
    wanted = list({actor.participant_id for actor in known if actor.participant_id is not None})
    _hold(wanted)
    found = Participant.objects.in_bulk(wanted)
    missing = {
        actor.participant_id: _guest_row(actor.participant_id, actor)
        for actor in known
        if actor.participant_id is not None and actor.participant_id not in found and not actor.generation
    }
    if missing:
        Participant.objects.bulk_create(missing.values(), ignore_conflicts=True)
        _hold(list(missing))
        found.update(Participant.objects.in_bulk(list(missing)))
    return found


def standing(participant_ids: Iterable[UUID]) -> dict[UUID, Standing]:
    """The rows there are, held until the transaction ends as by `ensure_participants`, in one query; it makes none."""
    documents = [f"{name} {version}" for name, version in settings.CONSENT_VERSIONS.items()]
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [documents, uuids(set(participant_ids))])
        return {row[0]: Standing._make((*row[:5], row[5] == len(documents))) for row in cursor.fetchall()}


def seat_of(participant_id: UUID, generation: int) -> str:
    """The name under which a participant's own frames travel: whoever sits with an older token does not get them."""
    return f"{participant_id}.{generation}"


def generation_of(participant_id: UUID) -> int:
    """The participant's generation now; 0 for one without a row."""
    return Participant.objects.filter(pk=participant_id).values_list("generation", flat=True).first() or 0


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


def _identity(participant: Participant, user: User, *, with_rights: bool) -> Identity:
    found = Identity(
        participant.pk, participant.assurance, None, participant.display_name, generation=participant.generation
    )
    if not with_rights:
        return found
    return replace(found, user_id=user.pk, mark=tokens.mark_of(user), since=int(clock.now().timestamp()))


def _hold(ids: list[UUID]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_HOLD, [ids])


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
    """The account's participant, with the browser's guest upgraded to it or merged into it, and whoever called from its number merged.

    Locks the number, the account, then the rows in id order.
    """
    caller = telephone.known(user.phone_digest)
    codes.lock(f"user:{user.pk}")
    own = Participant.objects.filter(user=user, merged_into=None).values_list("pk", flat=True).first()
    ids = sorted(each for each in (own, actor.participant_id, caller) if each is not None)
    rows = {row.pk: row for row in Participant.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    guest = rows.get(actor.participant_id) if actor.participant_id else None
    if guest is not None and (guest.kind != Participant.Kind.GUEST or is_stale(actor, guest)):
        guest = None
    target = rows[own] if own is not None else guest or Participant(created_at=clock.now())
    if target.kind != Participant.Kind.ACCOUNT:
        # From here on the tokens of the guest that it was are nobody's.
        target.generation += 1
    target.kind, target.user = Participant.Kind.ACCOUNT, user
    target.assurance = ranks.assurance_of(user)
    target.display_name = str(user)[:40]
    target.save()
    for source in (guest, rows.get(caller) if caller else None):
        if source is not None and source.pk != target.pk and source.merged_into_id is None:
            _merge(source, target)
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
