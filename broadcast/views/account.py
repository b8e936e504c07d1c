"""Logging in and out, verifying a phone, consent and the reader's choices, as pages and as JSON; the rules are in the services."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode, urlsplit

from django.conf import settings
from django.contrib import auth
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import identity
from broadcast.errors import BroadcastError, GuardianNeeded, SecondFactorNeeded
from broadcast.identity import actor_of_request
from broadcast.models import User
from broadcast.refusals import wants_json
from broadcast.sealing import seal, unseal
from broadcast.services import identity as services
from broadcast.services import passwords
from broadcast.views import second_step
from broadcast.views.account_page import (
    PHONE_SESSION_SECONDS,
    address,
    data_of,
    done,
    is_sure,
    next_of,
    opened,
    page,
    refused,
    renew_token,
)

_PENDING = "phone_to_verify"


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def login(request: HttpRequest) -> HttpResponse:
    """The password form of staff and members."""
    data = data_of(request)
    where = next_of(request, data)
    typed = {"username": data.get("username", "").strip()}
    if request.method == "GET":
        return page(request, "login", where, typed)
    try:
        user = passwords.check(request, actor_of_request(request), typed["username"], data.get("password", ""))
        who = services.log_in(actor_of_request(request), user)
    except SecondFactorNeeded as needed:
        second_step.begin(request, user)
        if wants_json(request):
            raise needed
        return HttpResponseRedirect(address("account:second", where))
    except BroadcastError as error:
        return refused(request, "login", where, typed, error)
    opened(request, user, who)
    where = second_step.first_page(user, where)
    return done(request, where, {"assurance": int(who.assurance), "name": who.name})


@never_cache
@require_POST
def logout(request: HttpRequest) -> HttpResponse:
    """Ends the session and the tokens given so far; the browser goes on as a fresh guest, so that the next person is nobody's heir."""
    where = next_of(request, data_of(request))
    services.log_out(actor_of_request(request))
    auth.logout(request)
    identity.become(request, identity.fresh())
    return done(request, where, {})


@never_cache
@require_http_methods(["GET", "POST"])
def phone(request: HttpRequest) -> HttpResponse:
    """Asks for a mobile number and sends a code to it. JSON: {"phone"} → {"valid_seconds", "again_seconds", "binds",
    "code" in the demo}; `binds`: whether the code may come with `bind`."""
    data = data_of(request)
    where = next_of(request, data)
    typed = {"phone": data.get("phone", "")}
    if request.method == "GET":
        return page(request, "phone", where, typed)
    try:
        sent = services.send_code(actor_of_request(request), typed["phone"])
    except BroadcastError as error:
        return refused(request, "phone", where, typed, error)
    if wants_json(request):
        told: dict[str, object] = {"valid_seconds": sent.valid_seconds, "again_seconds": sent.again_seconds}
        shown = {"code": sent.code} if sent.code else {}
        return JsonResponse({**told, "binds": _may_bind(request), **shown})
    # Sessions are kept in a table: the number goes there sealed.
    request.session[_PENDING] = {"phone": seal(sent.phone).decode(), "code": sent.code}
    return HttpResponseRedirect(address("account:phone-code", where))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def phone_code(request: HttpRequest) -> HttpResponse:
    """Takes the code. JSON: {"phone", "code"} → {"assurance", "name"}.

    The number goes to the account that is logged in by another house only where that happened just now and `bind` says so.
    """
    data = data_of(request)
    where = next_of(request, data)
    pending = request.session.get(_PENDING) or {}
    number = data.get("phone") or (unseal(pending["phone"].encode()) if pending else "")
    if not number:
        return HttpResponseRedirect(address("account:phone", where))
    typed = {
        "phone": number,
        "shown_code": pending.get("code") if settings.DEMO else None,
        "binds": _may_bind(request),
        "bind": data.get("bind") == "1",
    }
    if request.method == "GET":
        return page(request, "phone_code", where, typed)
    try:
        binds = is_sure(request) and data.get("bind") == "1"
        who = services.verify_code(actor_of_request(request), number, data.get("code", ""), binds=binds)
    except BroadcastError as error:
        return refused(request, "phone_code", where, typed, error)
    request.session.pop(_PENDING, None)
    user = User.objects.filter(pk=who.user_id).first() if who.user_id is not None else None
    if user is not None:
        opened(request, user, who, PHONE_SESSION_SECONDS)
    else:
        identity.become(request, who)
    return done(request, where, {"assurance": int(who.assurance), "name": who.name}, _("手机号已验证。"))


def _may_bind(request: HttpRequest) -> bool:
    return is_sure(request) and services.may_be_bound(actor_of_request(request))


@never_cache
@require_http_methods(["GET", "POST"])
def consent(request: HttpRequest) -> HttpResponse:
    """Agreement to the documents in force. POST: one field per document with its version, and `age` (over, under)."""
    data = data_of(request)
    where = next_of(request, data)
    if request.method == "GET":
        return page(request, "consent", where, {})
    given = {name: data.get(name, "") for name in settings.CONSENT_VERSIONS}
    try:
        services.give_consent(actor_of_request(request), given, data.get("age", ""))
    except GuardianNeeded as needed:
        identity.become(request, request.identity)  # type: ignore[attr-defined]
        if wants_json(request):
            raise needed
        return HttpResponseRedirect(address("account:guardian", where))
    except BroadcastError as error:
        return refused(request, "consent", where, {}, error)
    # A guest without a token so far keeps the one that just agreed.
    identity.become(request, request.identity)  # type: ignore[attr-defined]
    return done(request, where, {"documents": given}, _("已记下您的同意。"))


@never_cache
@require_POST
def renew(request: HttpRequest) -> HttpResponse:
    """A page whose token was refused as stale asks for a good one. JSON: → {"assurance", "name"}."""
    renew_token(request)
    who: identity.Identity = request.identity  # type: ignore[attr-defined]
    return done(request, next_of(request, data_of(request)), {"assurance": int(who.assurance), "name": who.name})


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
    data = data_of(request)
    parts = urlsplit(next_of(request, data) or resolve_url("home"))
    query = [(key, value) for key, value in parse_qsl(parts.query) if key != name]
    chosen = data.get(name) or request.GET.get(name, "")
    return HttpResponseRedirect(parts._replace(query=urlencode([*query, (name, chosen)])).geturl())
