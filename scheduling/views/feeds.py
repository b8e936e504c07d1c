"""Staff pages of what leaves the house by subscription: addresses, private calendars, partners' tokens; the services decide."""

from __future__ import annotations

import datetime as dt
from typing import Any

import segno
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.html import escape
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import clock
from broadcast.access import Ability, Actor, require_house
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import number
from broadcast.models import Person, Programme, RoleGrant
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.models import ApiToken, CalendarToken
from scheduling.services import tokens
from scheduling.views.answers import site_of
from scheduling.views.calendars import title_of

# What each scope is called, and the address that it opens.
SCOPES = {
    tokens.Scope.PROGRAMMES: (gettext_lazy("节目"), "GET /api/v1/programmes"),
    tokens.Scope.UPCOMING: (gettext_lazy("即将播出"), "GET /api/v1/upcoming"),
    tokens.Scope.ON_AIR: (gettext_lazy("正在播出"), "GET /api/v1/on-air"),
    tokens.Scope.PAST: (pgettext_lazy("一览", "往期"), "GET /api/v1/past"),
}


@for_staff
@require_http_methods(["GET", "POST"])
def subscriptions(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Public addresses to copy, and private calendars: POST makes one, whose address is shown this once."""
    if request.method != "POST":
        return _subscriptions(request, actor, {})
    try:
        token, secret = _make(request, actor)
    except InvalidInput as error:
        return _subscriptions(request, actor, {"error": error}, error.status)
    address = site_of(request) + reverse("schedule:calendar-private", args=[secret])
    picture = segno.make(address, error="m").svg_data_uri(scale=4, border=3, light="#fff")
    return _subscriptions(request, actor, {"fresh": {"title": title_of(token), "address": address, "picture": picture}})


def _make(request: HttpRequest, actor: Actor) -> tuple[CalendarToken, str]:
    whose, programme = request.POST.get("whose", ""), number(request.POST.get("programme", ""))
    if whose == "own":
        return tokens.make_own_calendar(actor)
    if whose == "person":
        person = number(request.POST.get("person", ""))
        if person is None:
            raise InvalidInput(_("请选一个人。"), field="person")
        return tokens.make_person_calendar(actor, person, programme)
    if programme is None:
        raise InvalidInput(_("请选一个节目。"), field="programme")
    return tokens.make_role_calendar(actor, request.POST.get("role", ""), programme)


def _subscriptions(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    site = site_of(request)
    producing = list(programmes_of(actor, Ability.PRODUCE))
    public = programmes_of(actor).filter(audience=Programme.Audience.PUBLIC)
    labels = dict(RoleGrant.Role.choices)
    context = {
        "addresses": [
            _addresses(site, "", _("全部公开节目")),
            *(_addresses(site, each.slug, each.name) for each in public),
        ],
        "calendars": [{"token": each, "title": title_of(each)} for each in tokens.calendars_of(actor)[:200]],
        "producing": producing,
        "roles": [(str(each), labels[each]) for each in tokens.ROLES],
        "people": Person.objects.order_by("name")[:500] if producing else (),
        "asked_person": number(request.POST.get("person", "") or request.GET.get("person", "")),
        "typed": request.POST,
        "may_all": Ability.PRODUCE in actor.grants.get(None, ()),
        "may_administer": Ability.ADMINISTER in actor.grants.get(None, ()),
        **more,
    }
    return shell(request, actor, "scheduling/staff/feeds.html", context, status)


def _addresses(site: str, slug: str, name: str) -> dict[str, str]:
    def at(which: str) -> str:
        return site + (reverse(f"schedule:{which}", args=[slug]) if slug else reverse(f"schedule:{which}-all"))

    frame = f'<iframe src="{at("widget")}" title="{escape(name)}" width="360" height="420" loading="lazy"></iframe>'
    return {"name": name, "calendar": at("calendar"), "atom": at("atom"), "json": at("json"), "frame": frame}


@require_POST
@for_staff
def revoke(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """A private calendar's address leads nowhere from now on."""
    tokens.revoke_calendar(actor, pk)
    messages.success(request, _("已收回，这个地址不再有效。"))
    return HttpResponseRedirect(reverse("staff:feeds"))


@for_staff
@require_http_methods(["GET", "POST"])
def partners(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Tokens of partners' apps: POST makes one, which is shown this once."""
    require_house(actor, Ability.ADMINISTER)
    if request.method != "POST":
        return _partners(request, actor, {})
    try:
        expires = _last_day(request.POST.get("expires", ""))
        token, secret = tokens.make_api_token(
            actor, request.POST.get("name", ""), request.POST.getlist("scopes"), expires
        )
    except InvalidInput as error:
        return _partners(request, actor, {"error": error, "chosen": request.POST.getlist("scopes")}, error.status)
    return _partners(request, actor, {"fresh": {"token": token, "secret": secret}, "typed": {}})


def _partners(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    context = {
        "tokens": [
            {"token": each, "scopes": [SCOPES[tokens.Scope(scope)][0] for scope in each.scopes]}
            for each in ApiToken.objects.filter(revoked_at=None).select_related("made_by")
        ],
        "revoked": ApiToken.objects.exclude(revoked_at=None).order_by("-revoked_at")[:10],
        "scopes": [(str(scope), label, words) for scope, (label, words) in SCOPES.items()],
        "chosen": [str(each) for each in tokens.Scope],
        "typed": request.POST,
        "document": site_of(request) + reverse("schedule:api-openapi"),
        **more,
    }
    return shell(request, actor, "scheduling/staff/partners.html", context, status)


@require_POST
@for_staff
def partner_revoke(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """A partner's token is refused from the next request on."""
    try:
        token = tokens.revoke_api_token(actor, pk)
    except BroadcastError as error:
        if error.status != 404:
            raise
        messages.error(request, error.message)
    else:
        messages.success(request, _("已收回“%(name)s”的令牌。") % {"name": token.name})
    return HttpResponseRedirect(reverse("staff:feeds-partners"))


def _last_day(text: str) -> dt.datetime | None:
    """The end of the day that was typed, in Beijing time."""
    if not text.strip():
        return None
    try:
        day = dt.date.fromisoformat(text.strip())
        end = dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), ZONE)
    except (ValueError, OverflowError) as error:
        raise InvalidInput(_("日期读不懂，例如：2026-11-28。"), field="expires") from error
    if end > clock.now() + dt.timedelta(days=3_660):
        raise InvalidInput(_("最长十年。"), field="expires")
    return end


urlpatterns = [
    path("", subscriptions, name="feeds"),
    path("calendars/<int:pk>/revoke", revoke, name="feeds-revoke"),
    path("partners/", partners, name="feeds-partners"),
    path("partners/<int:pk>/revoke", partner_revoke, name="feeds-partner-revoke"),
]
