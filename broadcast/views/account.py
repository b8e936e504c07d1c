"""Logging in and out, verifying a phone, consent and the reader's choices, as pages and as JSON; the rules are in the services."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import identity
from broadcast.context import footer
from broadcast.errors import BroadcastError, IdentityStale, InvalidInput
from broadcast.identity import actor_of_request
from broadcast.models import User
from broadcast.refusals import wants_json
from broadcast.sealing import seal, unseal
from broadcast.services import identity as services
from broadcast.services import passwords

PHONE_SESSION_SECONDS = 30 * 24 * 3600
_PENDING = "phone_to_verify"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The password form of staff and members."""
    data = _data(request)
    where = _next(request, data)
    typed = {"username": data.get("username", "").strip()}
    if request.method == "GET":
        return _page(request, "login", where, typed)
    try:
        user = passwords.check(request, actor_of_request(request), typed["username"], data.get("password", ""))
        who = services.log_in(actor_of_request(request), user)
    except BroadcastError as error:
        return _refused(request, "login", where, typed, error)
    auth.login(request, user)
    identity.become(request, who)
    if not where and services.is_staff(user):
        where = resolve_url("staff:home")
    return _done(request, where, {"assurance": int(who.assurance), "name": who.name})


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Ends the session and the tokens given so far; the browser goes on as a fresh guest, so that the next person is nobody's heir."""
    where = _next(request, _data(request))
    services.log_out(actor_of_request(request))
    auth.logout(request)
    identity.become(request, identity.fresh())
    return _done(request, where, {})


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """Asks for a mobile number and sends a code to it. JSON: {"phone"} → {"valid_seconds", "again_seconds", "code" in the demo}."""
    data = _data(request)
    where = _next(request, data)
    typed = {"phone": data.get("phone", "")}
    if request.method == "GET":
        return _page(request, "phone", where, typed)
    try:
        sent = services.send_code(actor_of_request(request), typed["phone"])
    except BroadcastError as error:
        return _refused(request, "phone", where, typed, error)
    if wants_json(request):
        shown = {"code": sent.code} if sent.code else {}
        return JsonResponse({"valid_seconds": sent.valid_seconds, "again_seconds": sent.again_seconds, **shown})
    # Sessions are kept in a table: the number goes there sealed.
    request.session[_PENDING] = {"phone": seal(sent.phone).decode(), "code": sent.code}
    return HttpResponseRedirect(_address("account:phone-code", where))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Takes the code. JSON: {"phone", "code"} → {"assurance", "name"}."""
    data = _data(request)
    where = _next(request, data)
    pending = request.session.get(_PENDING) or {}
    number = data.get("phone") or (unseal(pending["phone"].encode()) if pending else "")
    if not number:
        return HttpResponseRedirect(_address("account:phone", where))
    typed = {"phone": number, "shown_code": pending.get("code") if settings.DEMO else None}
    if request.method == "GET":
        return _page(request, "phone_code", where, typed)
    try:
        who = services.verify_code(actor_of_request(request), number, data.get("code", ""))
    except BroadcastError as error:
        return _refused(request, "phone_code", where, typed, error)
    request.session.pop(_PENDING, None)
    user = User.objects.filter(pk=who.user_id).first() if who.user_id is not None else None
    if user is not None:
        auth.login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        request.session.set_expiry(PHONE_SESSION_SECONDS)
    identity.become(request, who)
    return _done(request, where, {"assurance": int(who.assurance), "name": who.name}, _("手机号已验证。"))


@never_cache
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Agreement to the documents in force. POST: one field per document with its version."""
    data = _data(request)
    where = _next(request, data)
    if request.method == "GET":
        return _page(request, "consent", where, {})
    given = {name: data.get(name, "") for name in settings.CONSENT_VERSIONS}
    try:
        services.give_consent(actor_of_request(request), given)
    except BroadcastError as error:
        return _refused(request, "consent", where, {}, error)
    # A guest without a token so far keeps the one that just agreed.
    identity.become(request, request.identity)  # type: ignore[attr-defined]
    return _done(request, where, {"documents": given}, _("已记下您的同意。"))


@never_cache
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """A page whose token was refused as stale asks for a good one. JSON: → {"assurance", "name"}."""
    _renew(request)
    who: identity.Identity = request.identity  # type: ignore[attr-defined]
    return _done(request, _next(request, _data(request)), {"assurance": int(who.assurance), "name": who.name})


@require_http_methods(["GET", "POST"])
def language(request: HttpRequest) -> HttpResponse:
    """Chooses the language of pages (`language`), then goes back."""
    return _choose(request, "language")


@require_http_methods(["GET", "POST"])
def elder(request: HttpRequest) -> HttpResponse:
    """Chooses 长辈版 (`elder`, 1 or 0), then goes back."""
    return _choose(request, "elder")


def _choose(request: HttpRequest, name: str) -> HttpResponse:
    """Back to where the reader was, with the choice in the address: the middleware keeps it from there."""
    data = _data(request)
    parts = urlsplit(_next(request, data) or resolve_url("home"))
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != name]
    chosen = data.get(name) or request.GET.get(name, "")
    return HttpResponseRedirect(parts._replace(query=urlencode([*query, (name, chosen)])).geturl())


def _renew(request: HttpRequest) -> None:
    user = request.user if isinstance(request.user, User) else None
    who = services.renewed(actor_of_request(request), user)
    if who is not None:
        identity.become(request, who)


def _data(request: HttpRequest) -> dict[str, str]:
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


def _next(request: HttpRequest, data: dict[str, str]) -> str:
    """Where to go afterwards: an address of ours, or nothing."""
    where = data.get("next") or request.GET.get("next", "")
    safe = url_has_allowed_host_and_scheme(where, allowed_hosts={request.get_host()}, require_https=request.is_secure())
    return where if safe else ""


def _address(name: str, where: str) -> str:
    return resolve_url(name) + (f"?{urlencode({'next': where})}" if where else "")


def _page(
    request: HttpRequest, name: str, where: str, typed: dict[str, Any], status: int = 200, **more: Any
) -> HttpResponse:
    context = {"next": where, "typed": typed, "documents": settings.CONSENT_VERSIONS, "footer": footer(), **more}
    return render(request, f"broadcast/account/{name}.html", context, status=status)


def _refused(request: HttpRequest, name: str, where: str, typed: dict[str, Any], error: BroadcastError) -> HttpResponse:
    """The form again with the reason beside its field, or the refusal itself for a program."""
    if wants_json(request):
        raise error
    if isinstance(error, IdentityStale):
        _renew(request)
    response = _page(request, name, where, typed, error.status, error=error, wrong=error.data.get("field"))
    if "retry_after_seconds" in error.data:
        response["Retry-After"] = str(error.data["retry_after_seconds"])
    return response


def _done(request: HttpRequest, where: str, result: dict[str, Any], notice: str = "") -> HttpResponse:
    if wants_json(request):
        return JsonResponse({"ok": True, **result})
    if notice:
        messages.success(request, notice)
    return HttpResponseRedirect(where or resolve_url("home"))
