"""Makes, knows and revokes the tokens of private calendars and of partners' apps; of a token only its keyed digest is kept."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Sequence
from enum import StrEnum

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require, require_house
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed, NotFound
from broadcast.models import Person, Programme, RoleGrant
from broadcast.sealing import digest
from scheduling.models import ApiToken, CalendarToken

_R = RoleGrant.Role
# For whom a shared calendar can be made.
ROLES = (_R.PRODUCER, _R.MODERATOR, _R.DUTY_LEADER, _R.HOST, _R.CALL_SCREENER, _R.DEPARTMENT_RESPONDENT, _R.MEMBER)
MOST_STANDING = 200
_HINT = 9
_TOUCH = dt.timedelta(hours=1)


class Scope(StrEnum):
    """What a partner's token may read."""

    PROGRAMMES = "programmes"
    UPCOMING = "upcoming"
    ON_AIR = "on-air"
    PAST = "past"


class Unknown(BroadcastError):
    """No token, or one that does not count any more."""

    code = "token_unknown"
    status = 401


class ScopeMissing(NotAllowed):
    """The token is good, but not for this; data: scope."""

    code = "scope_missing"


# -- private calendars -----------------------------------------------------------------------------------------------


def make_own_calendar(actor: Actor) -> tuple[CalendarToken, str]:
    """A calendar of everything behind whose scenes the actor is; returns the row and the secret, which is told this once.

    What it shows follows the actor's rights of the moment it is read. Audited.
    """
    if actor.user_id is None or not actor.is_staff:
        raise NotAllowed(_("工作人员才有自己的工作日历。"))
    return _make_calendar(actor, user_id=actor.user_id)


def make_person_calendar(actor: Actor, person_id: int, programme_id: int | None = None) -> tuple[CalendarToken, str]:
    """A calendar of where a person appears: in one programme, by its producers; in all, by the person or producers of all. Audited."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人。"))
    if programme_id is not None:
        require(actor, Ability.PRODUCE, _programme(programme_id).pk)
    elif person.user_id is None or person.user_id != actor.user_id:
        require_house(actor, Ability.PRODUCE)
    return _make_calendar(actor, person=person, programme_id=programme_id)


def make_role_calendar(actor: Actor, role: str, programme_id: int) -> tuple[CalendarToken, str]:
    """A calendar that all who hold the role in the programme may share. Needs PRODUCE in it; audited."""
    programme = _programme(programme_id)
    require(actor, Ability.PRODUCE, programme.pk)
    if role not in ROLES:
        raise InvalidInput(_("请选一个角色。"), field="role")
    return _make_calendar(actor, role=role, programme_id=programme.pk)


def calendars_of(actor: Actor) -> QuerySet[CalendarToken]:
    """The standing calendars that the actor may revoke, the newest first."""
    found = CalendarToken.objects.filter(revoked_at=None).select_related("user", "person", "programme", "made_by")
    if actor.house or Ability.ADMINISTER in actor.grants.get(None, ()):
        mine = Q()
    elif actor.user_id is None:
        return found.none()
    else:
        producing = [key for key, held in actor.grants.items() if key is not None and Ability.PRODUCE in held]
        mine = Q(user=actor.user_id) | Q(person__user=actor.user_id) | Q(made_by=actor.user_id)
        mine |= Q(user=None, programme__in=producing)
        if Ability.PRODUCE in actor.grants.get(None, ()):
            mine |= Q(user=None)
    return found.filter(mine).order_by("-made_at", "-pk")


def revoke_calendar(actor: Actor, token_id: int) -> None:
    """From now on its address leads nowhere. For its owner, its maker, producers of its programme and administrators; audited."""
    with transaction.atomic():
        token = calendars_of(actor).select_for_update(of=("self",)).filter(pk=token_id).first()
        if token is None:
            raise NotFound(_("没有这个日历地址，或者已经收回。"))
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        audit.record(actor, "calendar.revoke", f"calendar:{token.pk}", before=_of_whom(token))


def calendar_of(secret: str) -> CalendarToken | None:
    """The standing calendar of this secret; notes that it was read, at most once an hour."""
    found = (
        CalendarToken.objects.filter(digest=digest("calendar", secret), revoked_at=None)
        .select_related("user", "person", "programme")
        .first()
    )
    if found is None or (found.user is not None and not found.user.is_active):
        return None
    _touch(found)
    return found


def _make_calendar(
    actor: Actor,
    *,
    user_id: int | None = None,
    person: Person | None = None,
    programme_id: int | None = None,
    role: str = "",
) -> tuple[CalendarToken, str]:
    secret = secrets.token_urlsafe(24)
    with transaction.atomic():
        made = CalendarToken.objects.filter(made_by=actor.user_id, revoked_at=None)
        if made.count() >= MOST_STANDING:
            raise InvalidInput(_("您的日历地址太多了，请先收回一些。"))
        token = CalendarToken.objects.create(
            user_id=user_id,
            person=person,
            programme_id=programme_id,
            role=role,
            digest=digest("calendar", secret),
            made_by_id=actor.user_id,
            made_at=clock.now(),
        )
        audit.record(actor, "calendar.create", f"calendar:{token.pk}", after=_of_whom(token))
    return token, secret


def _of_whom(token: CalendarToken) -> dict[str, object]:
    return {
        "user": token.user_id,
        "person": token.person_id,
        "programme": token.programme_id,
        "role": token.role,
    }


def _programme(programme_id: int) -> Programme:
    found = Programme.objects.filter(pk=programme_id, is_active=True).first()
    if found is None:
        raise NotFound(_("没有这个节目。"))
    return found


# -- partners' apps --------------------------------------------------------------------------------------------------


def make_api_token(
    actor: Actor, name: str, scopes: Sequence[str], expires_at: dt.datetime | None = None
) -> tuple[ApiToken, str]:
    """A partner's token; returns the row and the secret, which is told this once. Needs ADMINISTER in the house; audited.

    Raises InvalidInput (field: name, scopes, expires).
    """
    require_house(actor, Ability.ADMINISTER)
    if not name.strip():
        raise InvalidInput(_("请写明给谁用。"), field="name")
    wanted = [each for each in Scope if each in set(scopes)]
    if not wanted or set(scopes) - set(Scope):
        raise InvalidInput(_("请至少选一项可以读的内容。"), field="scopes")
    now = clock.now()
    if expires_at is not None and expires_at <= now:
        raise InvalidInput(_("到期日要晚于今天。"), field="expires")
    secret = f"ys_{secrets.token_urlsafe(32)}"
    with transaction.atomic():
        token = ApiToken.objects.create(
            name=name.strip()[:60],
            scopes=[str(each) for each in wanted],
            digest=digest("api-token", secret),
            hint=secret[:_HINT],
            made_by_id=actor.user_id,
            made_at=now,
            expires_at=expires_at,
        )
        after = {"name": token.name, "scopes": token.scopes, "expires_at": str(expires_at or "")}
        audit.record(actor, "api_token.create", f"api_token:{token.pk}", after=after)
    return token, secret


def revoke_api_token(actor: Actor, token_id: int) -> ApiToken:
    """From the next request on it is refused. Needs ADMINISTER in the house; audited."""
    require_house(actor, Ability.ADMINISTER)
    with transaction.atomic():
        token = ApiToken.objects.select_for_update().filter(pk=token_id, revoked_at=None).first()
        if token is None:
            raise NotFound(_("没有这个令牌，或者已经收回。"))
        token.revoked_at = clock.now()
        token.save(update_fields=["revoked_at"])
        audit.record(actor, "api_token.revoke", f"api_token:{token.pk}", before={"name": token.name})
        return token


def api_token_of(secret: str, scope: Scope) -> ApiToken:
    """The token of this secret, good for `scope`; notes that it was used, at most once an hour. Raises Unknown, ScopeMissing."""
    token = ApiToken.objects.filter(digest=digest("api-token", secret), revoked_at=None).first() if secret else None
    if token is None or (token.expires_at is not None and token.expires_at <= clock.now()):
        raise Unknown(_("需要有效的令牌：Authorization: Bearer …。可能已经到期或被收回，请向管理员要新的。"))
    if scope not in token.scopes:
        raise ScopeMissing(_("这个令牌不能读这一项。"), scope=str(scope))
    _touch(token)
    return token


def _touch(token: CalendarToken | ApiToken) -> None:
    now = clock.now()
    if token.used_at is None or now - token.used_at > _TOUCH:
        type(token)._default_manager.filter(pk=token.pk).update(used_at=now)
