"""Says who a browser is: verified phones, log-ins, tokens that still hold, and the merge of guest and account."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence
from broadcast import identity as tokens
from broadcast.access import Actor
from broadcast.errors import NotAllowed, SecondFactorNeeded
from broadcast.identity import Identity
from broadcast.models import Participant, User
from broadcast.sealing import seal
from broadcast.services import absorbing, codes, consents, participants, ranks, second_factor, telephone
from broadcast.services.second_factor import Passed

Sent = codes.Sent
Standing = participants.Standing
is_staff = ranks.is_staff
is_stale, require_current = participants.is_stale, participants.require_current
ensure_participant, ensure_participants = participants.ensure_participant, participants.ensure_participants
standing, seat_of, generation_of = participants.standing, participants.seat_of, participants.generation_of
give_consent, consented, require_agreed = consents.give_consent, consents.consented, consents.require_agreed


def send_code(actor: Actor, phone: str) -> Sent:
    """Send a one-time code; see `codes.send` for what it raises."""
    return codes.send(actor, phone)


def verify_code(actor: Actor, phone: str, code: str, *, binds: bool = False) -> Identity:
    """The identity of whoever holds this phone; the browser's guest is merged into it. Raises InvalidInput (field: code).

    With `binds` an account that is logged in here and was known by another house's word alone gets the number; where the number has
    an account already, that one takes it in (`absorbing`). The caller says so only where its person was just seen, or said so: who
    left a browser logged in must not come to own the number of whoever uses it next.
    A wrong try is committed, all else stands or falls together. Rights behind the scenes need a password, and an account with
    a second factor its second step, so the token of such an account carries no user here.
    """
    number = codes.normalised(phone)
    with transaction.atomic():
        refusal = codes.use(actor, number, code)
        if refusal is None:
            user, absorbed = _user_of_phone(number, actor.user_id if binds else None)
            found = _identity(_join(actor, user, absorbed), user, with_rights=not ranks.needs_password(user))
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


def may_be_bound(actor: Actor) -> bool:
    """Whether a number that is verified now would go to the account that is logged in; pages say so beforehand."""
    with transaction.atomic():
        return absorbing.candidate(actor.user_id) is not None


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


def _identity(participant: Participant, user: User, *, with_rights: bool) -> Identity:
    found = Identity(
        participant.pk, participant.assurance, None, participant.display_name, generation=participant.generation
    )
    if not with_rights:
        return found
    return replace(found, user_id=user.pk, mark=tokens.mark_of(user), since=int(clock.now().timestamp()))


def _user_of_phone(number: str, logged_in: int | None) -> tuple[User, User | None]:
    """The account of a verified phone, made at its first verification, and the one it takes in, if any.

    The caller holds the phone's advisory lock.
    """
    found = codes.phone_digest(number)
    current = absorbing.candidate(logged_in)
    user = User.objects.select_for_update().filter(phone_digest=found).first()
    if user is None:
        user = current or User(username=f"phone-{found[:32]}")
        user.phone_digest, user.phone_sealed = found, seal(number)
        if user.pk is None:
            user.display_name = _("市民%(mark)s") % {"mark": f"{secrets.randbelow(10_000):04d}"}
            user.set_unusable_password()
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    user.phone_verified_at = clock.now()
    user.save()
    takes = current is not None and current.pk != user.pk and not ranks.needs_password(user)
    return user, current if takes else None


def _join(actor: Actor, user: User, absorbed: User | None = None) -> Participant:
    """The account's participant, with the browser's guest upgraded to it or merged into it, whoever called from its number merged,
    and the account that it takes in.

    Locks the number, the accounts, then the rows in id order. Raises NotAllowed for an account that is closed by then.
    """
    caller = telephone.known(user.phone_digest)
    codes.lock(*(f"user:{each.pk}" for each in (user, absorbed) if each is not None))
    # It may have been closed, or taken in by another, while we waited.
    user.refresh_from_db(fields=["is_active", "phone_verified_at"])
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    own, taken = absorbing.participant_of(user), absorbing.participant_of(absorbed)
    ids = sorted({each for each in (own, actor.participant_id, caller, taken) if each is not None})
    rows = {row.pk: row for row in Participant.objects.select_for_update().filter(pk__in=ids).order_by("pk")}
    guest = rows.get(actor.participant_id) if actor.participant_id else None
    if guest is not None and (guest.kind != Participant.Kind.GUEST or is_stale(actor, guest)):
        guest = None
    if absorbed is not None:
        absorbing.close(absorbed, user)
    target = rows[own] if own is not None else guest or Participant(created_at=clock.now())
    if target.kind != Participant.Kind.ACCOUNT:
        # From here on the tokens of the guest that it was are nobody's.
        target.generation += 1
    target.kind, target.user = Participant.Kind.ACCOUNT, user
    target.assurance = ranks.assurance_of(user)
    target.display_name = str(user)[:40]
    target.save()
    for source in (guest, rows.get(caller) if caller else None, rows.get(taken) if taken else None):
        if source is not None and source.pk != target.pk and source.merged_into_id is None:
            absorbing.merge(source, target)
    return target
