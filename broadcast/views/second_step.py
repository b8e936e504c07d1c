"""The second step of a log-in, after the password: a code of the app, a recovery code or a passkey; the services decide."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import clock, identity
from broadcast.access import Ability, Actor
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.identity import actor_of_request
from broadcast.models import User
from broadcast.refusals import wants_json
from broadcast.services import identity as services
from broadcast.services import passkeys, second_factor
from broadcast.services.passkeys import Site
from broadcast.services.second_factor import Passed
from broadcast.views.account_page import address, data_of, done, next_of, opened, page, refused

# How long the password that was given counts for the step after it.
PENDING_SECONDS = 600
_PENDING = "second_step"
_CHALLENGE = "passkey_challenge"


def begin(request: HttpRequest, user: User) -> None:
    """Remember in the session, which is nobody's yet, whose password was right."""
    request.session.cycle_key()
    now = int(clock.now().timestamp())
    request.session[_PENDING] = {"user": user.pk, "mark": identity.mark_of(user), "at": now}


def first_page(user: User, where: str) -> str:
    """Where to after the log-in: to the setting up of a second factor where a role waits for it, else as asked, else staff home."""
    factors = second_factor.factors_of(user.pk)
    if factors.needed and not factors.any:
        return address("account:security", where)
    if where or not services.is_staff(user):
        return where
    # Who has no programme to look at begins with the accounts.
    has_programmes = any(Ability.WATCH_INTERNAL in each for each in Actor(user_id=user.pk).grants.values())
    return resolve_url("staff:home" if has_programmes else "staff:accounts")


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def step(request: HttpRequest) -> HttpResponse:
    """Takes a code. JSON: {"code"} → {"assurance", "name"}."""
    data = data_of(request)
    where = next_of(request, data)
    user = _pending(request)
    if user is None:
        return _again(request, where)
    has = second_factor.factors_of(user.pk)
    shown = {"has_app": has.app, "has_passkey": bool(has.passkeys)}
    if request.method == "GET":
        return page(request, "second", where, shown)
    try:
        passed = second_factor.check(actor_of_request(request), user, data.get("code", ""))
        return _enter(request, user, passed, where)
    except BroadcastError as error:
        return refused(request, "second", where, shown, error)


@never_cache
@require_POST
def passkey_question(request: HttpRequest) -> HttpResponse:
    """JSON: → {"options"}, what the browser asks the device."""
    user = _pending(request)
    if user is None:
        raise InvalidInput(_("登录超时了，请从密码开始再登录一次。"))
    options, challenge = passkeys.question(user, site_of(request))
    keep_challenge(request, challenge)
    return JsonResponse({"ok": True, "options": options})


@never_cache
@require_POST
def passkey_answer(request: HttpRequest) -> HttpResponse:
    """JSON: {"answer", "next"} → {"assurance", "name", "where"}."""
    user, sent = _pending(request), json_of(request)
    challenge = take_challenge(request)
    if user is None or challenge is None:
        raise InvalidInput(_("登录超时了，请从密码开始再登录一次。"))
    passed = passkeys.check(user, site_of(request), challenge, sent.get("answer") or {})
    return _enter(request, user, passed, next_of(request, {"next": str(sent.get("next", ""))}))


def site_of(request: HttpRequest) -> Site:
    """Where the browser believes it is; the host was checked against YISHI_HOSTS."""
    origin = f"{request.scheme}://{request.get_host()}"
    return Site(host=urlsplit(origin).hostname or "", origin=origin, name=_("议事"))


def keep_challenge(request: HttpRequest, challenge: bytes) -> None:
    """Until the answer comes, in the session."""
    request.session[_CHALLENGE] = {"text": base64.b64encode(challenge).decode(), "at": clock.now().timestamp()}


def take_challenge(request: HttpRequest) -> bytes | None:
    """The one kept, which is gone with this; None without one or when it took too long."""
    kept = request.session.pop(_CHALLENGE, None)
    if kept is None or clock.now().timestamp() - kept["at"] > PENDING_SECONDS:
        return None
    return base64.b64decode(kept["text"])


def json_of(request: HttpRequest) -> dict[str, Any]:
    """The object that a script sent."""
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict) or not isinstance(body.get("answer", {}), dict):
        raise InvalidInput(_("浏览器发来的内容读不懂，刚才的操作没有记下。请刷新后再试。"))
    return body


def _enter(request: HttpRequest, user: User, passed: Passed, where: str) -> HttpResponse:
    who = services.log_in(actor_of_request(request), user, passed)
    request.session.pop(_PENDING, None)
    opened(request, user, who)
    where = first_page(user, where)
    result = {"assurance": int(who.assurance), "name": who.name, "where": where or resolve_url("home")}
    return done(request, where, result)


def _pending(request: HttpRequest) -> User | None:
    kept = request.session.get(_PENDING)
    if kept is None or clock.now().timestamp() - kept["at"] > PENDING_SECONDS:
        return None
    user = User.objects.filter(pk=kept["user"], is_active=True).first()
    return user if user is not None and identity.mark_of(user) == kept["mark"] else None


def _again(request: HttpRequest, where: str) -> HttpResponse:
    if wants_json(request):
        raise InvalidInput(_("登录超时了，请从密码开始再登录一次。"))
    return HttpResponseRedirect(address("account:login", where))
