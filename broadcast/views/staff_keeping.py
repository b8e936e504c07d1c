"""How long things are kept, legal holds, and people's data for those who asked in writing: pages; the services decide."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadcast import clock, personal_file
from broadcast.access import Ability, Actor
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.models import Airing, Episode, Erasure, Hold, Programme, RetentionRun
from broadcast.services import holds, personal, retention
from broadcast.views.account_data import kept_in_words
from broadcast.views.staff_page import for_staff, page

LIFTED_SHOWN = 20
RUNS_SHOWN = 20


def _require_reader(actor: Actor) -> None:
    """What is kept concerns auditors and whoever answers for records, of the whole house."""
    if actor.grants.get(None, frozenset()).isdisjoint({Ability.AUDIT, Ability.KEEP_RECORDS}):
        raise NotAllowed(_("您没有审计的权限，请联系管理员。"), ability=str(Ability.AUDIT))


@for_staff
@require_safe
def rules(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Of each kind how long it is kept, what is due, what is held, and what was removed lately."""
    _require_reader(actor)
    names = {rule.kind: rule.name for rule in retention.RULES}
    runs = [
        {"at": run.at, "name": names.get(run.kind, run.kind), "removed": run.removed, "held": run.held}
        for run in RetentionRun.objects.filter(kind__in=["evidence", "audit_words"])[:RUNS_SHOWN]
    ]
    return page(request, actor, "retention.html", {"rules": retention.overview(), "runs": runs})


@for_staff
@require_http_methods(["GET", "POST"])
def hold_list(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is held, by whose order; POST adds one."""
    _require_reader(actor)
    if request.method == "GET":
        return _holds(request, actor, {"typed": request.GET})
    try:
        holds.place(
            actor,
            request.POST.get("scope", ""),
            request.POST.get("target", ""),
            reason=request.POST.get("reason", ""),
            reference=request.POST.get("reference", ""),
            review_at=_day(request.POST.get("review", "")),
        )
    except BroadcastError as error:
        if isinstance(error, NotAllowed):
            raise
        wrong = error.data.get("field")
        return _holds(request, actor, {"typed": request.POST, "error": error, "wrong": wrong}, error.status)
    messages.success(request, _("已加上保留。"))
    return HttpResponseRedirect(resolve_url("staff:holds"))


@for_staff
@require_POST
def hold_lift(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Ends one."""
    try:
        holds.lift(actor, pk, request.POST.get("reason", ""))
    except InvalidInput as error:
        return _holds(request, actor, {"lifting": pk, "error": error, "typed": {}}, error.status)
    messages.success(request, _("已解除保留。"))
    return HttpResponseRedirect(resolve_url("staff:holds"))


def _holds(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    standing = list(Hold.objects.filter(lifted_at=None).select_related("by"))
    titles = {
        str(pk): title
        for pk, title in Airing.objects.filter(
            pk__in=[each.target for each in standing if each.scope == Hold.Scope.AIRING]
        ).values_list("pk", "episode__title")
    }
    titles |= {
        str(pk): title
        for pk, title in Episode.objects.filter(
            pk__in=[each.target for each in standing if each.scope == Hold.Scope.EPISODE]
        ).values_list("pk", "title")
    }
    titles |= {each.slug: each.name for each in Programme.objects.filter(slug__in=[each.target for each in standing])}
    for each in standing:
        each.named = titles.get(each.target, "")  # type: ignore[attr-defined]
    context = {
        "standing": standing,
        "lifted": Hold.objects.exclude(lifted_at=None).order_by("-lifted_at")[:LIFTED_SHOWN],
        "scopes": Hold.Scope.choices,
        **more,
    }
    return page(request, actor, "holds.html", context, status)


def _day(typed: str) -> dt.datetime | None:
    if not typed.strip():
        return None
    try:
        return dt.datetime.combine(dt.date.fromisoformat(typed.strip()), dt.time(9), ZONE)
    except ValueError as error:
        raise InvalidInput(_("日期请写成 2026-11-28。"), field="review") from error


@for_staff
@require_safe
def people(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Wishes to be erased, and one person by id."""
    holds.require_keeper(actor)
    typed = request.GET.get("participant", "").strip()
    if not typed:
        return _people(request, actor, {"typed": {}})
    try:
        person = personal.find(typed)
    except BroadcastError as error:
        return _people(request, actor, {"typed": request.GET, "error": error, "wrong": "participant"}, error.status)
    return _people(request, actor, {"typed": request.GET, "person": person, "wish": personal.standing(person)})


@for_staff
@require_POST
def one_person(request: HttpRequest, actor: Actor, pk: UUID) -> HttpResponse:
    """For somebody who asked in writing: the file (`act` export), erasure (erase) or its cancelling (cancel)."""
    holds.require_keeper(actor)
    person = personal.find(str(pk))
    reason, act = request.POST.get("reason", ""), request.POST.get("act", "")
    try:
        if act == "export":
            return download(personal_file.packed(personal.collect(actor, person, reason), clock.now()))
        if act == "erase":
            personal.ask(actor, person, reason)
            messages.success(request, _("已收到删除申请，几秒内开始。"))
        elif act == "cancel":
            personal.cancel(actor, person, reason)
            messages.success(request, _("删除申请已取消。"))
    except BroadcastError as error:
        context = {
            "typed": {"participant": str(pk), "reason": reason},
            "person": person,
            "wish": personal.standing(person),
            "error": error,
            "wrong": error.data.get("field"),
        }
        return _people(request, actor, context, error.status)
    return HttpResponseRedirect(f"{resolve_url('staff:people')}?participant={pk}")


def download(content: bytes) -> HttpResponse:
    """The file of somebody's data."""
    response = HttpResponse(content, content_type=personal_file.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{personal_file.name(clock.now())}"'
    response["Cache-Control"] = "no-store"
    return response


def _people(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    wishes: list[Erasure] = list(personal.wishes())
    for each in wishes:
        each.told = kept_in_words(each)  # type: ignore[attr-defined]
    return page(request, actor, "people.html", {"wishes": wishes, **more}, status)


urlpatterns = [
    path("retention", rules, name="retention"),
    path("holds", hold_list, name="holds"),
    path("holds/<int:pk>/lift", hold_lift, name="hold-lift"),
    path("people", people, name="people"),
    path("people/<uuid:pk>", one_person, name="person"),
]
