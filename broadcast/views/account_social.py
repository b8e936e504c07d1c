"""Logging in by WeChat or OpenID Connect, and what of that an account is linked to; `broadcast.social` asks, the services decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_POST, require_safe

from broadcast import social
from broadcast.errors import BroadcastError, SecondFactorNeeded
from broadcast.identity import actor_of_request
from broadcast.models import User
from broadcast.services import linking, logins
from broadcast.social import Proven
from broadcast.views import second_step
from broadcast.views.account_page import (
    PHONE_SESSION_SECONDS,
    address,
    data_of,
    done,
    for_sure,
    next_of,
    opened,
    page,
    renew_token,
)


@never_cache
@require_POST
def start(request: HttpRequest, way: str) -> HttpResponse:
    """A page that leads on to the other house. No redirect of the form itself: our pages' forms may lead nowhere else (CSP)."""
    where = next_of(request, data_of(request))
    return _go(request, way, where, {"next": where})


@for_sure
@require_POST
def link(request: HttpRequest, way: str) -> HttpResponse:
    """The same, to link what the other house says to the account that is logged in."""
    return _go(request, way, resolve_url("account:security"), {"link": request.user.pk})


@never_cache
@sensitive_variables("proven")
@require_safe
def back(request: HttpRequest, way: str) -> HttpResponse:
    """Where the other house sends the browser to. The answer is used up here, whatever becomes of it."""
    try:
        proven = social.finish(request, way)
        if "link" in proven.noted:
            return _linked(request, proven)
        return _enter(request, proven)
    except BroadcastError as error:
        return page(request, "social_failed", "", {}, error.status, error=error)


@for_sure
@require_POST
def unlink(request: HttpRequest, provider: str) -> HttpResponse:
    """Take it from the account; its other sessions end."""
    try:
        linking.unlink(actor_of_request(request), provider)
    except BroadcastError as error:
        messages.error(request, error.message)
    else:
        # Whoever came in by it may sit at another browser.
        logins.end_others(actor_of_request(request), request.session.session_key or "")
        renew_token(request)
        messages.success(request, _("已解除绑定。"))
    return HttpResponseRedirect(resolve_url("account:security"))


def _go(request: HttpRequest, way: str, where: str, noted: dict[str, Any]) -> HttpResponse:
    try:
        target = social.begin(request, way, noted)
    except BroadcastError as error:
        return page(request, "social_failed", where, {}, error.status, error=error)
    name = next((each.name for each in social.ways(request) if each.code == way), "")
    return page(request, "social_go", where, {"target": target, "name": name})


def _enter(request: HttpRequest, proven: Proven) -> HttpResponse:
    # Looked at again: what a session keeps is only as good as what was once put there.
    where = next_of(request, {"next": str(proven.noted.get("next", ""))})
    actor = actor_of_request(request)
    user = linking.account(actor, proven.provider, proven.subjects)
    try:
        who = linking.log_in(actor, user)
    except SecondFactorNeeded:
        second_step.begin(request, user)
        return HttpResponseRedirect(address("account:second", where))
    opened(request, user, who, PHONE_SESSION_SECONDS)
    return done(request, second_step.first_page(user, where), {}, _("登录成功。"))


def _linked(request: HttpRequest, proven: Proven) -> HttpResponse:
    """Only for the account that asked: another may have logged in meanwhile."""
    user = request.user
    if not isinstance(user, User) or user.pk != proven.noted["link"]:
        return HttpResponseRedirect(address("account:login", resolve_url("account:security")))
    linking.link(actor_of_request(request), proven.provider, proven.subjects)
    messages.success(request, _("已绑定，以后也可以用它登录。"))
    return HttpResponseRedirect(resolve_url("account:security"))
