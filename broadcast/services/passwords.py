"""Checks a staff password within limits; it must not say which of name and password was wrong."""

from __future__ import annotations

import logging

from django.conf import settings
from django.contrib.auth import authenticate
from django.core.cache import cache
from django.http import HttpRequest
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import InvalidInput, TooMany
from broadcast.models import User
from broadcast.sealing import digest

logger = logging.getLogger(__name__)

WINDOW_SECONDS = 900
# Wrong tries within the window: of one account from one address, of one account from anywhere, of one address at all.
MOST_PAIR, MOST_ACCOUNT, MOST_ADDRESS = 5, 30, 60


def check(request: HttpRequest, actor: Actor, username: str, password: str) -> User:
    """The account of this name and password. Raises InvalidInput (field: password) and TooMany (retry_after_seconds)."""
    limits = _limits(username, actor.address)
    if any(_count(key) >= most for key, most in limits):
        raise TooMany(_("输错太多次了，请 15 分钟后再试。"), retry_after_seconds=WINDOW_SECONDS)
    user = authenticate(request, username=username, password=password) if username and password else None
    if not isinstance(user, User) or (user.is_demo and not settings.DEMO):
        for key, _most in limits:
            _add(key)
        raise InvalidInput(_("账号或密码不对。请检查后再试。"), field="password")
    _forget(limits[0][0])
    return user


def _limits(username: str, address: str) -> tuple[tuple[str, int], ...]:
    name = digest("login", username.casefold())[:32]
    where = digest("login", address)[:32]
    return (
        (f"login:{name}:{where}", MOST_PAIR),
        (f"login:{name}", MOST_ACCOUNT),
        (f"login:from:{where}", MOST_ADDRESS),
    )


def _count(key: str) -> int:
    try:
        return int(cache.get(key, 0))
    except Exception:  # the limits live in the cache, and a lost cache must lock nobody out
        logger.warning("log-in limits unknown: the cache does not answer")
        return 0


def _add(key: str) -> None:
    try:
        if not cache.add(key, 1, WINDOW_SECONDS):
            cache.incr(key)
    except ValueError:  # it expired between the two
        cache.set(key, 1, WINDOW_SECONDS)
    except Exception:
        logger.warning("wrong log-in not counted: the cache does not answer")


def _forget(key: str) -> None:
    try:
        cache.delete(key)
    except Exception:
        logger.warning("log-in limits not cleared: the cache does not answer")
