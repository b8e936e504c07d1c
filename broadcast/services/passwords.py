"""Checks a staff password within limits; it must not say which of name and password was wrong."""

from __future__ import annotations

import unicodedata

from django.conf import settings
from django.contrib.auth import authenticate
from django.http import HttpRequest
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import InvalidInput, TooMany
from broadcast.models import User
from broadcast.sealing import digest
from broadcast.services import tries

# Wrong tries within the window: of one account from one address, of one account from anywhere, of one address at all.
MOST_PAIR, MOST_ACCOUNT, MOST_ADDRESS = 5, 30, 60


def check(request: HttpRequest, actor: Actor, username: str, password: str) -> User:
    """The account of this name and password. Raises InvalidInput (field: username, password), TooMany (retry_after_seconds)."""
    if any(unicodedata.category(each) in {"Cc", "Cs"} for each in username):
        raise InvalidInput(_("账号里有看不见的控制字符，请删去后重新填写。"), field="username")
    limits = _limits(username, actor.address)
    if any(tries.count(key) >= most for key, most in limits):
        raise TooMany(_("输错太多次了，请 15 分钟后再试。"), retry_after_seconds=tries.WINDOW_SECONDS)
    user = authenticate(request, username=username, password=password) if username and password else None
    if not isinstance(user, User) or (user.is_demo and not settings.DEMO):
        for key, _most in limits:
            tries.add(key)
        raise InvalidInput(_("账号或密码不对。请检查后再试。"), field="password")
    tries.forget(limits[0][0])
    return user


def _limits(username: str, address: str) -> tuple[tuple[str, int], ...]:
    name = digest("login", username.casefold())[:32]
    where = digest("login", address)[:32]
    return (
        (f"login:{name}:{where}", MOST_PAIR),
        (f"login:{name}", MOST_ACCOUNT),
        (f"login:from:{where}", MOST_ADDRESS),
    )
