"""The JSON interface for partners' apps, version 1: who asks, how often, which page; what is told stands in queries.partners."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from urllib.parse import urlencode

import msgspec
from django.http import HttpRequest, HttpResponseBase
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import refusals
from broadcast.errors import BroadcastError
from broadcast.identity import actor_of_request
from scheduling import wire
from scheduling.queries import partners
from scheduling.services import allowance
from scheduling.services.tokens import Scope, Unknown, api_token_of
from scheduling.views.answers import site_of, tagged, whole

JSON = "application/json"
View = Callable[[HttpRequest], msgspec.Struct]


def _answered(scope: Scope) -> Callable[[View], Callable[[HttpRequest], HttpResponseBase]]:
    """A view for tokens with the scope: refusals are JSON, answers carry an ETag and what is left of the minute."""

    def decorate(view: View) -> Callable[[HttpRequest], HttpResponseBase]:
        @require_safe
        @wraps(view)
        def answered(request: HttpRequest) -> HttpResponseBase:
            try:
                left = _let_in(request, scope)
                told = view(request)
                answer = tagged(request, told, lambda: msgspec.json.encode(told), JSON, private=True)
            except BroadcastError as error:
                return _refused(request, error)
            answer["RateLimit-Limit"], answer["RateLimit-Remaining"] = str(allowance.PER_TOKEN), str(left)
            answer["Vary"] = "Authorization"
            return answer

        return answered

    return decorate


def _let_in(request: HttpRequest, scope: Scope) -> int:
    try:
        token = api_token_of(_secret(request), scope)
    except BroadcastError:
        allowance.take(f"address:{actor_of_request(request).address}", allowance.PER_STRANGER)
        raise
    return allowance.take(f"token:{token.digest[:16]}", allowance.PER_TOKEN)


def _secret(request: HttpRequest) -> str:
    scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.casefold() == "bearer" and len(secret) < 200 else ""


def _refused(request: HttpRequest, error: BroadcastError) -> HttpResponseBase:
    answer = refusals.answer(request, error)
    if isinstance(error, Unknown):
        answer["WWW-Authenticate"] = 'Bearer realm="yishi"'
    return answer


@_answered(Scope.PROGRAMMES)
def programmes(request: HttpRequest) -> msgspec.Struct:
    """Programmes that are for everybody."""
    return partners.programmes(site_of(request))


@_answered(Scope.UPCOMING)
def upcoming(request: HttpRequest) -> msgspec.Struct:
    """What is announced and not over."""
    return _page(request, partners.upcoming)


@_answered(Scope.PAST)
def past(request: HttpRequest) -> msgspec.Struct:
    """What is over."""
    return _page(request, partners.past)


@_answered(Scope.ON_AIR)
def on_air(request: HttpRequest) -> msgspec.Struct:
    """What is on air now."""
    return wire.Airings(partners.on_air(site_of(request), _programme(request)), None)


def _page(request: HttpRequest, read: Callable[[str, str, int, str], tuple[list[wire.Airing], str]]) -> wire.Airings:
    limit = whole(request, "limit", wire.A_PAGE, wire.MOST_A_PAGE)
    items, cursor = read(site_of(request), _programme(request), limit, request.GET.get("cursor", "")[:200])
    if not cursor:
        return wire.Airings(items, None)
    asked = {name: request.GET[name] for name in ("programme", "limit") if request.GET.get(name)}
    return wire.Airings(items, request.build_absolute_uri(f"?{urlencode({**asked, 'cursor': cursor})}"))


def _programme(request: HttpRequest) -> str:
    return request.GET.get("programme", "")[:60]


@require_safe
def openapi(request: HttpRequest) -> HttpResponseBase:
    """The OpenAPI document, for anybody."""
    made = wire.openapi(_("议事：节目单接口"), site_of(request))
    answer = tagged(request, made, lambda: msgspec.json.format(msgspec.json.encode(made), indent=1), JSON)
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


urlpatterns = [
    path("openapi.json", openapi, name="api-openapi"),
    path("programmes", programmes, name="api-programmes"),
    path("upcoming", upcoming, name="api-upcoming"),
    path("on-air", on_air, name="api-on-air"),
    path("past", past, name="api-past"),
]
