"""Open log-ins of an account: begins, lists and ends them; who may log in is decided elsewhere."""

from __future__ import annotations

import datetime as dt

from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import F
from django.utils.translation import gettext as _
from redis.exceptions import RedisError

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require_house
from broadcast.errors import NotFound, Unavailable
from broadcast.models import LoginSession, Participant
from broadcast.sessions import SessionStore

# How often a page says that its session is in use.
SEEN_SECONDS = 300


def begin(actor: Actor, user_id: int, session_key: str) -> None:
    """Enter a session that was just opened into the account's list."""
    now = clock.now()
    values = {
        "user_id": user_id,
        "began_at": now,
        "seen_at": now,
        "address": actor.address,
        "device": actor.device[:300],
    }
    LoginSession.objects.update_or_create(session_key=session_key, defaults=values)


def moved(old_key: str, new_key: str) -> None:
    """The same session under another key."""
    LoginSession.objects.filter(session_key=old_key).update(session_key=new_key)


def seen(session_key: str) -> None:
    """The session is in use; written every few minutes at most."""
    now = clock.now()
    LoginSession.objects.filter(session_key=session_key, seen_at__lt=now - dt.timedelta(seconds=SEEN_SECONDS)).update(
        seen_at=now
    )


def open_of(user_id: int) -> list[LoginSession]:
    """The account's sessions that are still open, the one used last first."""
    alive = Session.objects.filter(expire_date__gt=clock.now()).values("session_key")
    return list(LoginSession.objects.filter(user=user_id, session_key__in=alive).order_by("-seen_at", "-pk"))


def end(actor: Actor, login_id: int) -> None:
    """End one session: of one's own, or of anybody with ADMINISTER. Its pages, sockets and tokens follow. Raises NotFound."""
    with transaction.atomic():
        login = LoginSession.objects.select_for_update().filter(pk=login_id).first()
        if login is None:
            raise NotFound(_("这个登录已经结束了。"))
        if login.user_id != actor.user_id:
            require_house(actor, Ability.ADMINISTER)
        audit.record(actor, "session.end", f"user:{login.user_id}", after={"ended": 1})
        _close([login])


def end_others(actor: Actor, session_key: str) -> int:
    """End all of one's own sessions but this one; returns how many."""
    if actor.user_id is None:
        return 0
    with transaction.atomic():
        ended = end_all(actor.user_id, but=session_key)
        if ended:
            audit.record(actor, "session.end", f"user:{actor.user_id}", after={"ended": ended})
    return ended


def end_all(user_id: int, but: str = "") -> int:
    """End every session of the account but one, for services that change who it is; they audit it themselves. Returns how many."""
    with transaction.atomic():
        logins = list(LoginSession.objects.select_for_update().filter(user=user_id).exclude(session_key=but))
        _close(logins)
        # Tokens are not bound to a session: all of them end, and browsers whose session lives get a new one by themselves.
        Participant.objects.filter(user=user_id).update(generation=F("generation") + 1)
    return len(logins)


def forget() -> int:
    """Drop what names sessions that are over; returns how many."""
    return LoginSession.objects.exclude(session_key__in=Session.objects.values("session_key")).delete()[0]


def _close(logins: list[LoginSession]) -> None:
    for login in logins:
        try:
            SessionStore(login.session_key).delete()
        except RedisError as error:
            # It would live on from the cache: nothing is said to be ended that is not.
            raise Unavailable(_("现在不能结束登录，请过几秒再试。"), retry_after_seconds=3) from error
        Participant.objects.filter(user=login.user_id).update(generation=F("generation") + 1)
        login.delete()
