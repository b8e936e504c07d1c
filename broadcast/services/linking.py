"""Accounts that another house vouches for: found or made, linked, unlinked; what it said is checked in `broadcast.social`."""

from __future__ import annotations

import secrets
from dataclasses import replace

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, evidence
from broadcast.access import Actor
from broadcast.errors import Conflict, NotAllowed, NotFound
from broadcast.identity import Identity
from broadcast.models import LinkedIdentity, User
from broadcast.sealing import digest, seal
from broadcast.services import codes, identity, ranks, second_factor

WECHAT = "wechat"


def account(actor: Actor, provider: str, subjects: tuple[str, ...]) -> User:
    """The account that this provider's user is, made at the first time. `subjects`, the surest first, are all names of one person there.

    Raises NotAllowed for a closed account, and for one with rights behind the scenes and no second factor: another house's word
    alone must not open these.
    """
    with transaction.atomic():
        rows = _held(provider, subjects)
        user = next((rows[name].user for name in subjects if name in rows), None) or _made(provider, subjects[0])
        _note(user, provider, subjects, rows)
        _require_enough(user)
    return user


def log_in(actor: Actor, user: User) -> Identity:
    """The identity of an account that `account` found; the browser's guest is merged into it. Evidence is kept.

    Raises SecondFactorNeeded where the account has one, NotAllowed as `account`.
    """
    _require_enough(user)
    with transaction.atomic():
        found = identity.log_in(actor, user)
        who = replace(actor, participant_id=found.participant_id, user_id=user.pk)
        evidence.keep([(who, "linked.login", f"user:{user.pk}")])
    return found


def link(actor: Actor, provider: str, subjects: tuple[str, ...]) -> None:
    """From now on the actor's account can also be opened by this provider. Raises Conflict where another account has it. Audited."""
    with transaction.atomic():
        user = _own(actor)
        rows = _held(provider, subjects)
        if any(row.user_id != user.pk for row in rows.values()):
            raise Conflict(_("它已经绑定了另一个账号。请先用它登录，在那个账号里解除。"))
        _note(user, provider, subjects, rows)
        ranks.settle(user)
        _tell(actor, user, "account.link", provider)


def unlink(actor: Actor, provider: str) -> None:
    """Take this provider from the actor's account. Raises NotFound, NotAllowed where nothing else would lead into it. Audited."""
    with transaction.atomic():
        user = _own(actor)
        mine = LinkedIdentity.objects.filter(user=user)
        if not mine.filter(provider=provider).exists():
            raise NotFound(_("没有绑定过。"))
        others = mine.exclude(provider=provider).exists()
        if not (others or user.phone_digest or user.has_usable_password()):
            raise NotAllowed(_("解除以后就没有办法登录了。请先验证手机号。"))
        mine.filter(provider=provider).delete()
        ranks.settle(user)
        _tell(actor, user, "account.unlink", provider)


def providers_of(user_id: int) -> dict[str, LinkedIdentity]:
    """By provider, the link that was used last."""
    return {row.provider: row for row in LinkedIdentity.objects.filter(user=user_id).order_by("used_at")}


def _held(provider: str, subjects: tuple[str, ...]) -> dict[str, LinkedIdentity]:
    """The links of these names, each locked even where there is none yet: two browsers of one person make one account."""
    digests = {name: _digest(provider, name) for name in subjects}
    codes.lock(*(f"linked:{each}" for each in digests.values()))
    rows = LinkedIdentity.objects.select_related("user").filter(provider=provider, subject_digest__in=digests.values())
    found = {row.subject_digest: row for row in rows}
    return {name: found[each] for name, each in digests.items() if each in found}


def _made(provider: str, subject: str) -> User:
    user = User(username=f"linked-{_digest(provider, subject)[:32]}")
    mark = {"mark": f"{secrets.randbelow(10_000):04d}"}
    user.display_name = _("微信用户%(mark)s") % mark if provider == WECHAT else _("用户%(mark)s") % mark
    user.set_unusable_password()
    user.save()
    return user


def _note(user: User, provider: str, subjects: tuple[str, ...], rows: dict[str, LinkedIdentity]) -> None:
    """Every name leads to the account from now on, but one that leads to another keeps doing so."""
    now = clock.now()
    LinkedIdentity.objects.filter(pk__in=[row.pk for row in rows.values()], user=user).update(used_at=now)
    LinkedIdentity.objects.bulk_create(
        LinkedIdentity(
            user=user,
            provider=provider,
            subject_digest=_digest(provider, name),
            subject_sealed=seal(name),
            linked_at=now,
            used_at=now,
        )
        for name in subjects
        if name not in rows
    )


def _require_enough(user: User) -> None:
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请联系管理员。"))
    if ranks.needs_password(user) and not second_factor.factors_of(user.pk).any:
        raise NotAllowed(_("工作账号请用密码登录；设好两步验证以后，也可以从这里登录。"))


def _own(actor: Actor) -> User:
    user = User.objects.select_for_update().filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None:
        raise NotAllowed(_("请先登录。"))
    return user


def _tell(actor: Actor, user: User, act: str, provider: str) -> None:
    """Into the chain for whoever works here, into evidence for citizens, whose names must not outlive their erasure there."""
    if ranks.needs_password(user):
        audit.record(actor, act, f"user:{user.pk}", after={"provider": provider})
    elif actor.participant_id is not None:
        evidence.keep([(actor, act, f"user:{user.pk}")])


def _digest(provider: str, subject: str) -> str:
    return digest("linked", f"{provider} {subject}")
