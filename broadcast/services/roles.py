"""Roles given and taken, by the security administrator alone: never to himself, never two offices, never office and work."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import HOUSE, Ability, Actor, needs_factor, require_house
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Programme, RoleGrant, RolePolicy, User
from broadcast.models.user import OFFICES, SEATS
from broadcast.services import ranks

Role = RoleGrant.Role
HOUSE_WIDE = frozenset({Role.SYSTEM_ADMINISTRATOR, Role.SECURITY_ADMINISTRATOR})


def grant(
    actor: Actor, user_id: int, role: str, programme_id: int | None, expires_at: dt.datetime | None, reason: str
) -> RoleGrant:
    """Give a role in a programme (None: in all), until `expires_at` (None: until revoked). Needs GRANT. Locks the account's row.

    A grant of the same role there is replaced, so this also moves its end. Raises InvalidInput (field: role, programme,
    expires_at, reason), NotAllowed for oneself, Conflict where the account's other roles forbid it. Audited.
    """
    _require_over_another(actor, user_id)
    _require_sound(role, programme_id, expires_at, reason)
    try:
        with transaction.atomic():
            user = User.objects.select_for_update(no_key=True).filter(pk=user_id).first()
            if user is None or not user.is_active:
                raise NotFound(_("没有这个账号，或者它已停用。"))
            _drop_expired(user)
            _require_apart(user, role)
            where: dict[str, Any] = {"user": user, "programme_id": programme_id, "role": role}
            before = RoleGrant.objects.filter(**where).first()
            values = {"granted_at": clock.now(), "granted_by_id": actor.user_id, "expires_at": expires_at}
            made, _new = RoleGrant.objects.update_or_create(**where, defaults=values)
            was = _plain(before) if before else None
            ranks.settle(user)
            audit.record(actor, "role.grant", f"user:{user.pk}", reason=reason.strip(), before=was, after=_plain(made))
    except IntegrityError as error:
        # The database says the same as we do above, to whoever came by another way or in the same moment.
        raise Conflict(_("刚才有人改了这个账号的角色，请刷新后再看。")) from error
    return made


def revoke(actor: Actor, grant_id: int, reason: str) -> None:
    """Take a role away; open pages and sockets follow within seconds. Needs GRANT, never of oneself. Raises NotFound."""
    require_house(actor, Ability.GRANT)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        found = RoleGrant.objects.select_for_update().filter(pk=grant_id).first()
        if found is None:
            raise NotFound(_("这个角色已经收回了。"))
        _require_over_another(actor, found.user_id)
        audit.record(actor, "role.revoke", f"user:{found.user_id}", reason=reason.strip(), before=_plain(found))
        found.delete()
        ranks.settle(found.user)


def set_policy(actor: Actor, role: str, needs: bool) -> None:
    """Say whether a role counts only with a second factor; works at the next act of whoever holds it. Needs GRANT."""
    require_house(actor, Ability.GRANT)
    if role not in Role.values:
        raise InvalidInput(_("没有这个角色。"), field="role")
    with transaction.atomic():
        before = RolePolicy.objects.select_for_update().filter(role=role).first()
        was = needs_factor(role, before.needs_second_factor if before else None)
        if was == needs:
            return
        values = {"needs_second_factor": needs, "changed_at": clock.now(), "changed_by_id": actor.user_id}
        RolePolicy.objects.update_or_create(role=role, defaults=values)
        audit.record(
            actor, "role.policy", f"role:{role}", before={"second_factor": was}, after={"second_factor": needs}
        )


def policies() -> dict[str, bool]:
    """By role, whether it needs a second factor now."""
    rows = dict(RolePolicy.objects.values_list("role", "needs_second_factor"))
    return {role: needs_factor(role, rows.get(role)) for role in Role.values}


def expire() -> int:
    """Drop grants past their end, each audited as an act of the house; returns how many. They gave no right any more."""
    gone = 0
    for pk in list(RoleGrant.objects.filter(expires_at__lte=clock.now()).values_list("pk", flat=True)):
        with transaction.atomic():
            found = RoleGrant.objects.select_for_update().filter(pk=pk, expires_at__lte=clock.now()).first()
            if found is not None:
                _drop(found)
                gone += 1
    return gone


def _require_over_another(actor: Actor, user_id: int) -> None:
    require_house(actor, Ability.GRANT)
    if actor.user_id == user_id:
        raise NotAllowed(_("不能给自己授予或收回角色，请另一位安全管理员来做。"))


def _require_sound(role: str, programme_id: int | None, expires_at: dt.datetime | None, reason: str) -> None:
    if role not in Role.values:
        raise InvalidInput(_("请选择角色。"), field="role")
    if programme_id is not None and role in HOUSE_WIDE:
        raise InvalidInput(_("%(role)s管全部节目，不能只给一个节目。") % {"role": Role(role).label}, field="programme")
    if programme_id is not None and not Programme.objects.filter(pk=programme_id).exists():
        raise InvalidInput(_("没有这个节目。"), field="programme")
    if expires_at is not None and expires_at <= clock.now():
        raise InvalidInput(_("到期时间已经过去了。"), field="expires_at")
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")


def _require_apart(user: User, role: str) -> None:
    """Raise Conflict where `role` may not stand beside what the account has; the trigger `offices_apart` says the same."""
    if role in SEATS:
        return
    others = set(RoleGrant.objects.filter(user=user).values_list("role", flat=True)) - SEATS - {role}
    against = others if role in OFFICES else others & OFFICES
    if against:
        words = {"role": Role(role).label, "other": "、".join(sorted(str(Role(each).label) for each in against))}
        raise Conflict(
            _("三员分立：%(other)s不能同时是%(role)s。请先收回原来的角色，或者用另一个账号。") % words, field="role"
        )


def _drop_expired(user: User) -> None:
    for each in RoleGrant.objects.select_for_update().filter(user=user, expires_at__lte=clock.now()):
        _drop(each)


def _drop(found: RoleGrant) -> None:
    audit.record(HOUSE, "role.expire", f"user:{found.user_id}", before=_plain(found))
    found.delete()
    ranks.settle(found.user)


def _plain(found: RoleGrant) -> dict[str, Any]:
    return {
        "role": str(found.role),
        "programme": found.programme_id,
        "expires_at": found.expires_at.isoformat() if found.expires_at else None,
    }
