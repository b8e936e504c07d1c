"""One's own account: second factors, recovery codes, open log-ins, password; the services decide and write."""

from __future__ import annotations

from typing import Any

import segno
from django.conf import settings
from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import social_houses
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.identity import actor_of_request
from broadcast.models import User
from broadcast.sealing import seal, unseal
from broadcast.services import accounts, linking, logins, passkeys, passwords, second_factor
from broadcast.views.account_page import data_of, done, for_account, for_sure, next_of, page, refused, sure
from broadcast.views.second_step import json_of, keep_challenge, site_of, take_challenge

_CODES = "codes_to_show"


@for_account
@require_http_methods(["GET"])
def show(request: HttpRequest) -> HttpResponse:
    """What protects the account, and where it is logged in."""
    user = _user(request)
    linked = _linked(user)
    context = {
        "factors": second_factor.factors_of(user.pk),
        "has_password": user.has_usable_password(),
        "linked": linked,
        "providers": [each["provider"] for each in linked],
        "logins": logins.open_of(user.pk),
        "this_key": _key(request),
    }
    return page(request, "security", next_of(request, {}), context)


@for_sure
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def app(request: HttpRequest) -> HttpResponse:
    """The authenticator app: its QR code, and the first code that it shows."""
    actor = actor_of_request(request)
    if request.method == "GET":
        return page(request, "app", "", _app_shown(second_factor.begun_app(actor) or second_factor.begin_app(actor)))
    try:
        codes = second_factor.confirm_app(actor, data_of(request).get("code", ""), _key(request))
    except BroadcastError as error:
        begun = second_factor.begun_app(actor)
        if begun is None:
            raise
        return refused(request, "app", "", _app_shown(begun), error)
    messages.success(request, _("验证器已启用，其他地方的登录都已退出。"))
    return _with_codes(request, codes)


@for_sure
@require_POST
def app_remove(request: HttpRequest) -> HttpResponse:
    """Stop using the app."""
    return _told(request, lambda: second_factor.remove_app(actor_of_request(request)), _("验证器已停用。"))


@for_sure
@require_http_methods(["GET", "POST"])
def codes(request: HttpRequest) -> HttpResponse:
    """Recovery codes: shown once after they were made; POST makes ten fresh ones."""
    if request.method == "POST":
        return _with_codes(request, second_factor.renew_codes(actor_of_request(request)))
    kept = request.session.pop(_CODES, None)
    if kept is None:
        return HttpResponseRedirect(resolve_url("account:security"))
    return page(request, "codes", "", {"codes": unseal(kept.encode())})


@for_sure
@require_POST
def passkey_options(request: HttpRequest) -> HttpResponse:
    """JSON: → {"options"}, what the browser asks the device to make."""
    options, challenge = passkeys.registration(actor_of_request(request), site_of(request))
    keep_challenge(request, challenge)
    return JsonResponse({"ok": True, "options": options})


@for_sure
@require_POST
def passkey_add(request: HttpRequest) -> HttpResponse:
    """JSON: {"answer", "name"} → {"where"}."""
    sent, challenge = json_of(request), take_challenge(request)
    if challenge is None:
        raise InvalidInput(_("等得太久了，请再试一次。"))
    answer = sent.get("answer") or {}
    actor, site = actor_of_request(request), site_of(request)
    made = passkeys.register(actor, site, challenge, answer, str(sent.get("name", "")), _key(request))
    messages.success(request, _("通行密钥已添加，其他地方的登录都已退出。"))
    return JsonResponse({"ok": True, "where": _with_codes(request, made).url})


@for_sure
@require_POST
def passkey_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Forget a passkey."""
    return _told(request, lambda: passkeys.remove(actor_of_request(request), pk), _("通行密钥已删去。"))


@for_account
@require_POST
def login_end(request: HttpRequest, pk: int) -> HttpResponse:
    """End one of one's own sessions."""
    return _told(request, lambda: logins.end(actor_of_request(request), pk), _("那个登录已退出。"))


@for_account
@require_POST
def logins_end(request: HttpRequest) -> HttpResponse:
    """End all of one's own sessions but this one."""
    return _told(
        request, lambda: logins.end_others(actor_of_request(request), _key(request)), _("其他地方的登录都已退出。")
    )


@for_sure
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def password(request: HttpRequest) -> HttpResponse:
    """A new password of one's own."""
    if request.method == "GET":
        return page(request, "password", "", {})
    try:
        user = accounts.change_password(actor_of_request(request), _twice(data_of(request)), _key(request))
    except BroadcastError as error:
        return refused(request, "password", "", {}, error)
    old = _key(request)
    auth.update_session_auth_hash(request, user)
    logins.moved(old, _key(request))
    return done(request, resolve_url("account:security"), {}, _("密码已更换，其他地方的登录都已退出。"))


@for_account
@sensitive_post_parameters("password")
@require_http_methods(["GET", "POST"])
def confirm(request: HttpRequest) -> HttpResponse:
    """The password once more, before something that a session left open must not do."""
    data = data_of(request)
    where = next_of(request, data)
    if request.method == "GET":
        return page(request, "confirm", where, {})
    user = _user(request)
    try:
        passwords.check(request, actor_of_request(request), user.username, data.get("password", ""))
    except BroadcastError as error:
        return refused(request, "confirm", where, {}, error)
    sure(request)
    return done(request, where or resolve_url("account:security"), {})


@never_cache
@sensitive_post_parameters("password", "again")
@require_http_methods(["GET", "POST"])
def invitation(request: HttpRequest, pk: int, token: str) -> HttpResponse:
    """Where somebody who was given an account sets its password; the link works once."""
    user = accounts.invited(pk, token)
    shown = {"username": user.username, "shown": str(user)}
    if request.method == "GET":
        return page(request, "invitation", "", shown)
    try:
        accounts.accept(actor_of_request(request), pk, token, _twice(data_of(request)))
    except BroadcastError as error:
        return refused(request, "invitation", "", shown, error)
    return done(request, resolve_url("account:login"), {}, _("密码已设好，请登录。"))


def _twice(data: dict[str, str]) -> str:
    typed = data.get("password", "")
    if typed != data.get("again", ""):
        raise InvalidInput(_("两次填的密码不一样。"), field="again")
    return typed


def _app_shown(begun: second_factor.Enrolment) -> dict[str, Any]:
    groups = [begun.secret[at : at + 4] for at in range(0, len(begun.secret), 4)]
    picture = segno.make(begun.address, error="m").svg_data_uri(scale=5, border=3, light="#fff")
    return {"secret": " ".join(groups), "picture": picture, "address": begun.address}


def _with_codes(request: HttpRequest, made: list[str]) -> HttpResponseRedirect:
    """On to the page that shows the codes once; the session keeps them sealed until then."""
    if not made:
        return HttpResponseRedirect(resolve_url("account:security"))
    request.session[_CODES] = seal(made).decode()
    return HttpResponseRedirect(resolve_url("account:codes"))


def _told(request: HttpRequest, act: Any, notice: str) -> HttpResponse:
    """Do it and say so on the page of one's account; a refusal is told there too."""
    try:
        act()
    except BroadcastError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, notice)
    return HttpResponseRedirect(resolve_url("account:security"))


def _linked(user: User) -> list[dict[str, Any]]:
    names = {social_houses.WECHAT: _("微信"), social_houses.OIDC: settings.OIDC["name"]}
    return [
        {"provider": code, "name": names.get(code, code), "linked_at": row.linked_at, "used_at": row.used_at}
        for code, row in linking.providers_of(user.pk).items()
    ]


def _key(request: HttpRequest) -> str:
    return request.session.session_key or ""


def _user(request: HttpRequest) -> User:
    assert isinstance(request.user, User)
    return request.user
