"""Accounts of staff: made, invited, closed by the system administrator; roles in services.roles; passwords by their owners alone."""

from __future__ import annotations

import unicodedata

from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, require_house
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import User
from broadcast.services import logins

INVITATION_HOURS = 72
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789.-_")
# Names that the house gives by itself.
_OURS = ("phone-", "linked-", "merged-", "erased-")


def create(actor: Actor, username: str, shown: str) -> User:
    """An account without a password and without a role; `invitation` lets its owner in. Needs ADMINISTER.

    Raises InvalidInput (field: username, display_name).
    """
    require_house(actor, Ability.ADMINISTER)
    name = unicodedata.normalize("NFKC", username).strip().casefold()
    if not (2 <= len(name) <= 60 and set(name) <= _NAME) or name.startswith(_OURS):
        raise InvalidInput(_("账号用 2 到 60 个小写字母、数字、点、横线。"), field="username")
    words = " ".join(shown.split())
    if not words or len(words) > 40 or not words.isprintable():
        raise InvalidInput(_("请填写姓名，40 个字以内。"), field="display_name")
    user = User(username=name, display_name=words)
    user.set_unusable_password()
    try:
        with transaction.atomic():
            user.save()
            personal = {"username": name, "display_name": words}
            audit.record(actor, "account.create", f"user:{user.pk}", personal=personal)
    except IntegrityError as error:
        raise InvalidInput(_("已经有这个账号了，请换一个。"), field="username") from error
    return user


def invitation(actor: Actor, user_id: int) -> str:
    """The token with which the account's owner sets a password, once, within INVITATION_HOURS. Needs ADMINISTER.

    Also for a forgotten password: the old one and all sessions live until a new one is set. A second factor stays.
    """
    user = _managed(actor, user_id)
    if not user.is_active:
        raise NotAllowed(_("这个账号已停用，请先启用。"))
    with transaction.atomic():
        audit.record(actor, "account.invite", f"user:{user.pk}")
    return default_token_generator.make_token(user)


def invited(user_id: int, token: str) -> User:
    """The account of an invitation. Raises NotFound when it is used, too old or wrong."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None or not default_token_generator.check_token(user, token):
        raise NotFound(_("这个链接已经用过或过期了，请向系统管理员再要一个。"))
    return user


def accept(actor: Actor, user_id: int, token: str, password: str) -> User:
    """Set the password of an invited account; all its sessions end. Raises NotFound, InvalidInput (field: password)."""
    with transaction.atomic():
        User.objects.select_for_update().filter(pk=user_id).first()
        user = invited(user_id, token)
        _set_password(actor, user, password)
        logins.end_all(user.pk)
    return user


def change_password(actor: Actor, password: str, session_key: str) -> User:
    """A new password of one's own, after the old one was asked for; every other session ends. Raises InvalidInput."""
    user = User.objects.filter(pk=actor.user_id, is_active=True).first() if actor.user_id else None
    if user is None or not user.has_usable_password():
        raise NotAllowed(_("这个账号没有密码，用手机号验证登录。"))
    with transaction.atomic():
        _set_password(actor, user, password)
        logins.end_all(user.pk, but=session_key)
    return user


def close(actor: Actor, user_id: int, reason: str) -> None:
    """停用: the account may not log in and has no rights from now on; its sessions and tokens end. Its roles stay written.

    Needs ADMINISTER, a reason, and another account than one's own.
    """
    user = _managed(actor, user_id)
    if actor.user_id == user_id:
        raise NotAllowed(_("不能停用自己的账号，请另一位系统管理员来做。"))
    _set_active(actor, user, reason, active=False)


def reopen(actor: Actor, user_id: int, reason: str) -> None:
    """启用 again; whatever roles it has count again. Needs ADMINISTER and a reason."""
    _set_active(actor, _managed(actor, user_id), reason, active=True)


def _set_active(actor: Actor, user: User, reason: str, *, active: bool) -> None:
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    with transaction.atomic():
        changed = User.objects.filter(pk=user.pk, is_active=not active).update(is_active=active)
        if changed:
            act = "account.reopen" if active else "account.close"
            audit.record(actor, act, f"user:{user.pk}", reason=reason.strip())
            if not active:
                logins.end_all(user.pk)


def end_sessions(actor: Actor, user_id: int) -> int:
    """End all sessions of an account. Needs ADMINISTER. Returns how many."""
    user = _managed(actor, user_id)
    with transaction.atomic():
        ended = logins.end_all(user.pk)
        audit.record(actor, "session.end", f"user:{user.pk}", after={"ended": ended})
    return ended


def _managed(actor: Actor, user_id: int) -> User:
    require_house(actor, Ability.ADMINISTER)
    user = User.objects.filter(pk=user_id).first()
    if user is None:
        raise NotFound(_("没有这个账号。"))
    return user


def _set_password(actor: Actor, user: User, password: str) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InvalidInput(" ".join(error.messages), field="password") from error
    user.set_password(password)
    user.save()
    who = Actor(user_id=user.pk, name=str(user), address=actor.address, port=actor.port)
    audit.record(who, "account.password", f"user:{user.pk}")
