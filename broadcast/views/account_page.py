"""What the account pages share: fields of a form or of JSON, where to go afterwards, pages and refusals; no rules."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib import auth, messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from broadcast import clock, identity, social
from broadcast.context import footer
from broadcast.errors import BroadcastError, IdentityStale, InvalidInput, NotAllowed
from broadcast.identity import Identity, actor_of_request
from broadcast.models import User
from broadcast.refusals import wants_json
from broadcast.services import identity as services
from broadcast.services import logins

View = Callable[..., HttpResponse]
# How long a log-in, or a password typed again, is enough for what changes how one logs in.
SURE_SECONDS = 900
# How long a citizen stays logged in.
PHONE_SESSION_SECONDS = 30 * 24 * 3600
_SURE = "sure_at"


def opened(request: HttpRequest, user: User, who: Identity, seconds: int | None = None) -> None:
    """From here on this browser is logged in as `user`; the session goes into the account's list. `seconds`: how long it lasts."""
    auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
    if seconds is not None:
        request.session.set_expiry(seconds)
    sure(request)
    logins.begin(actor_of_request(request), user.pk, request.session.session_key or "")
    identity.become(request, who)


def renew_token(request: HttpRequest) -> None:
    """A good token for a browser whose own was refused as stale."""
    user = request.user if isinstance(request.user, User) else None
    who = services.renewed(actor_of_request(request), user)
    if who is not None:
        identity.become(request, who)


def sure(request: HttpRequest) -> None:
    """Remember that who sits here just proved who it is."""
    request.session[_SURE] = int(clock.now().timestamp())


def is_sure(request: HttpRequest) -> bool:
    """Whether who sits here proved lately who it is."""
    return bool(clock.now().timestamp() - request.session.get(_SURE, 0) <= SURE_SECONDS)


def for_account(view: View) -> View:
    """A page of one's own account: asks to log in first; never kept by the browser."""

    @wraps(view)
    @never_cache
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            if wants_json(request):
                raise NotAllowed(_("请先登录。"))
            return redirect_to_login(request.get_full_path())
        logins.seen(request.session.session_key or "")
        return view(request, *args, **kwargs)

    return guarded


def for_sure(view: View) -> View:
    """The same for what a session left open must not do: asks for the password again after a while."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not is_sure(request):
            if wants_json(request):
                raise NotAllowed(_("请刷新页面，再输一次密码后继续。"), cause="confirm")
            return HttpResponseRedirect(
                address("account:confirm", request.path if request.method == "GET" else resolve_url("account:security"))
            )
        return view(request, *args, **kwargs)

    return for_account(guarded)


def data_of(request: HttpRequest) -> dict[str, str]:
    """The fields of a form or of a flat JSON object, as text."""
    if request.method != "POST":
        return {}
    if request.content_type != "application/json":
        return {key: str(value) for key, value in request.POST.items()}
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(_("浏览器发来的内容读不懂，刚才的操作没有记下。请刷新后再试。")) from error
    if not isinstance(body, dict) or not _is_text(body):
        raise InvalidInput(_("浏览器发来的内容读不懂，刚才的操作没有记下。请刷新后再试。"))
    return {str(key): value if isinstance(value, str) else str(value) for key, value in body.items()}


def _is_text(body: dict[str, Any]) -> bool:
    """Whether it can be written down: JSON may hold halves of characters, which no database takes."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def next_of(request: HttpRequest, data: dict[str, str]) -> str:
    """Where to go afterwards: an address of ours, or nothing."""
    where = data.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(where, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return where if safe else ""


def address(name: str, where: str) -> str:
    """The page of that name, which goes on to `where`."""
    return resolve_url(name) + (f"?{urlencode({'next': where})}" if where else "")


def page(
    request: HttpRequest, name: str, where: str, typed: dict[str, Any], status: int = 200, **more: Any
) -> HttpResponse:
    """An account page by the name of its template."""
    shared = {"documents": settings.CONSENT_VERSIONS, "footer": footer(), "ways": social.ways(request)}
    context = {"next": where, "typed": typed, **shared, **more}
    return render(request, f"broadcast/account/{name}.html", context, status=status)


def refused(request: HttpRequest, name: str, where: str, typed: dict[str, Any], error: BroadcastError) -> HttpResponse:
    """The form again with the reason beside its field, or the refusal itself for a program."""
    if wants_json(request):
        raise error
    if isinstance(error, IdentityStale):
        renew_token(request)
    response = page(request, name, where, typed, error.status, error=error, wrong=error.data.get("field"))
    if "retry_after_seconds" in error.data:
        response["Retry-After"] = str(error.data["retry_after_seconds"])
    return response


def done(request: HttpRequest, where: str, result: dict[str, Any], notice: str = "") -> HttpResponse:
    """On to `where`, else home, with a notice; a program is told `result`."""
    if wants_json(request):
        return JsonResponse({"ok": True, **result})
    if notice:
        messages.success(request, notice)
    return HttpResponseRedirect(where or resolve_url("home"))
