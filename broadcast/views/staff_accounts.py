"""Accounts and roles: the system administrator makes and closes accounts, the security administrator grants roles; services decide."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Prefetch, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadcast.access import Ability, Actor, require_house, with_factor
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.forms import number
from broadcast.models import Programme, RoleGrant, User
from broadcast.models.user import OFFICES, SEATS
from broadcast.services import accounts, logins, roles, second_factor
from broadcast.views.staff_page import for_staff, page

PER_PAGE = 50


@for_staff
@require_safe
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Accounts with a password or a role; `q` finds any account by name, `role` keeps to those who hold it."""
    may = _may(actor)
    words, role = request.GET.get("q", "").strip(), request.GET.get("role", "")
    found = with_factor(_rows()).order_by("username")
    if words:
        found = found.filter(Q(username__icontains=words) | Q(display_name__icontains=words))
    else:
        found = found.filter(Q(grants__isnull=False) | ~Q(username__startswith="phone-")).exclude(
            grants=None, is_demo=True
        )
    if role in RoleGrant.Role.values:
        found = found.filter(grants__in=RoleGrant.objects.standing().filter(role=role))
    rows = Paginator(found.distinct(), PER_PAGE).get_page(request.GET.get("page"))
    context = {"rows": rows, "q": words, "role": role, "roles": RoleGrant.Role.choices, **may}
    return page(request, actor, "accounts.html", context)


@for_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new account; its first link follows at once."""
    require_house(actor, Ability.ADMINISTER)
    typed = {"username": request.POST.get("username", ""), "display_name": request.POST.get("display_name", "")}
    if request.method == "GET":
        return page(request, actor, "account_new.html", {"typed": typed})
    try:
        user = accounts.create(actor, typed["username"], typed["display_name"])
    except InvalidInput as error:
        context = {"typed": typed, "error": error, "wrong": error.data.get("field")}
        return page(request, actor, "account_new.html", context, error.status)
    return _invited(request, actor, user.pk)


@for_staff
@require_safe
def show(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """One account: roles, second factor, sessions, and what may be done."""
    return _shown(request, actor, pk, {})


@for_staff
@require_POST
def invite(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """A link with which the owner sets a password; shown once, here."""
    return _invited(request, actor, pk)


@for_staff
@require_POST
def close(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """停用."""
    return _act(request, actor, pk, "close", lambda: accounts.close(actor, pk, _reason(request)), _("账号已停用。"))


@for_staff
@require_POST
def reopen(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """启用."""
    return _act(request, actor, pk, "close", lambda: accounts.reopen(actor, pk, _reason(request)), _("账号已启用。"))


@for_staff
@require_POST
def end_sessions(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Out everywhere."""
    return _act(request, actor, pk, "sessions", lambda: accounts.end_sessions(actor, pk), _("这个账号的登录都已退出。"))


@for_staff
@require_POST
def reset_factor(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """For somebody who lost the phone and the codes."""
    return _act(
        request, actor, pk, "factor", lambda: second_factor.reset(actor, pk, _reason(request)), _("两步验证已重置。")
    )


@for_staff
@require_POST
def grant(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """A role in a programme or in all, until a day or for good."""

    def give() -> None:
        given = request.POST
        # Blank is all programmes; what is no number is none of them.
        programme = (number(given["programme"]) or 0) if given.get("programme") else None
        roles.grant(actor, pk, given.get("role", ""), programme, _end_of_day(given.get("until", "")), _reason(request))

    return _act(request, actor, pk, "grant", give, _("角色已授予。"))


@for_staff
@require_POST
def revoke(request: HttpRequest, actor: Actor, pk: int, grant_id: int) -> HttpResponse:
    """Take a role away."""
    return _act(
        request,
        actor,
        pk,
        f"revoke-{grant_id}",
        lambda: roles.revoke(actor, grant_id, _reason(request)),
        _("角色已收回。"),
    )


@for_staff
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Which roles count only with a second factor."""
    require_house(actor, Ability.GRANT)
    if request.method == "POST":
        for role in RoleGrant.Role.values:
            roles.set_policy(actor, role, role in request.POST.getlist("role"))
        messages.success(request, _("已保存，下一次操作就按新的要求。"))
        return HttpResponseRedirect(resolve_url("staff:accounts-policy"))
    needed = roles.policies()
    rows = [(value, label, needed[value]) for value, label in RoleGrant.Role.choices]
    return page(request, actor, "accounts_policy.html", {"rows": rows, **_may(actor)})


def _may(actor: Actor) -> dict[str, bool]:
    """What this actor may do here. Raises NotAllowed for who may do nothing."""
    house = actor.grants.get(None, frozenset())
    may = {"may_administer": Ability.ADMINISTER in house, "may_grant": Ability.GRANT in house}
    if not any(may.values()):
        raise NotAllowed(_("账号由系统管理员管理，角色由安全管理员授予。"))
    return may


def _rows() -> QuerySet[User]:
    grants = RoleGrant.objects.standing().select_related("programme").order_by("role", "programme__position")
    return User.objects.prefetch_related(Prefetch("grants", queryset=grants, to_attr="standing_grants"))


def _shown(request: HttpRequest, actor: Actor, pk: int, more: dict[str, Any], status: int = 200) -> HttpResponse:
    may = _may(actor)
    user = _rows().filter(pk=pk).first()
    if user is None:
        raise Http404
    context = {
        "account": user,
        "is_me": pk == actor.user_id,
        "factors": second_factor.factors_of(pk),
        "open_logins": logins.open_of(pk) if may["may_administer"] else [],
        "groups": _groups(),
        "programmes": Programme.objects.filter(is_active=True).order_by("position"),
        "typed": request.POST,
        **may,
        **more,
    }
    return page(request, actor, "account.html", context, status)


def _groups() -> list[tuple[str, list[tuple[str, str]]]]:
    """The roles as the choice shows them: work, offices, seats."""
    kinds: list[tuple[str, Callable[[str], bool]]] = [
        (_("节目工作"), lambda role: role not in OFFICES and role not in SEATS),
        (_("三员（每人只能任一职，也不能兼节目工作）"), lambda role: role in OFFICES),
        (_("观众席"), lambda role: role in SEATS),
    ]
    return [
        (name, [(value, str(label)) for value, label in RoleGrant.Role.choices if fits(value)]) for name, fits in kinds
    ]


def _act(
    request: HttpRequest, actor: Actor, pk: int, form: str, act: Callable[[], object], notice: str
) -> HttpResponse:
    """Do it and show the account again; a refusal stands at the form it belongs to."""
    try:
        act()
    except NotAllowed:
        raise
    except BroadcastError as error:
        context = {"refused": form, "error": error, "wrong": error.data.get("field")}
        return _shown(request, actor, pk, context, error.status)
    messages.success(request, notice)
    return HttpResponseRedirect(resolve_url("staff:account", pk))


def _invited(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    token = accounts.invitation(actor, pk)
    link = request.build_absolute_uri(resolve_url("account:invitation", pk, token))
    context = {"invitation": link, "invitation_hours": accounts.INVITATION_HOURS}
    return _shown(request, actor, pk, context)


def _reason(request: HttpRequest) -> str:
    return request.POST.get("reason", "")[:500]


def _end_of_day(typed: str) -> dt.datetime | None:
    """The end of that day in Beijing; None for an empty field."""
    if not typed.strip():
        return None
    try:
        day = dt.date.fromisoformat(typed.strip())
    except ValueError as error:
        raise InvalidInput(_("日期请写成 2026-12-31 的样子。"), field="expires_at") from error
    return dt.datetime.combine(day + dt.timedelta(days=1), dt.time(), tzinfo=ZONE)


urlpatterns = [
    path("", listing, name="accounts"),
    path("new", new, name="account-new"),
    path("policy", policy, name="accounts-policy"),
    path("<int:pk>/", show, name="account"),
    path("<int:pk>/invite", invite, name="account-invite"),
    path("<int:pk>/close", close, name="account-close"),
    path("<int:pk>/reopen", reopen, name="account-reopen"),
    path("<int:pk>/sessions/end", end_sessions, name="account-sessions-end"),
    path("<int:pk>/factor/reset", reset_factor, name="account-factor-reset"),
    path("<int:pk>/grant", grant, name="account-grant"),
    path("<int:pk>/grants/<int:grant_id>/revoke", revoke, name="account-revoke"),
]
