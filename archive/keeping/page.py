"""The staff page of what is kept: places, readings, what is wrong, an audit now; the services decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archive.keeping import auditing, cold, cold_view, overview, terms, terms_page
from archive.recording_page import size_words
from broadcast.access import Ability, Actor
from broadcast.errors import BroadcastError, NotAllowed
from broadcast.views.staff_page import for_staff, programmes_of, shell


@for_staff
@require_safe
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """How the recordings of the actor's programmes are kept."""
    programmes = list(programmes_of(actor))
    if not programmes:
        raise NotAllowed(_("您没有这项权限，请联系管理员。"), ability=str(Ability.WATCH_INTERNAL))
    context: dict[str, Any] = overview.view(programmes)
    for row in context["rows"]:
        row["may_audit"] = auditing.may_ask(actor, row["episode"].programme_id)
    context["terms_of"] = [each for each in programmes if terms.may_set(actor, each.pk)]
    found = cold_view.of_programmes(programmes)
    context["cold"] = {**found, "size_words": size_words(found["size"])}
    context["places"] = [{**vars(each), "size_words": size_words(each.size)} for each in context["places"]]
    return shell(request, actor, "archive/keeping.html", context)


@require_POST
@for_staff
def audit(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Have one recording read again now."""
    try:
        auditing.ask(actor, airing_id)
    except NotAllowed:
        raise
    except BroadcastError as error:
        messages.error(request, error.message or _("现在不能这样操作。"))
    else:
        messages.success(request, _("已经开始重读，结果会出现在这一页。"))
    return redirect("keeping:show")


@require_POST
@for_staff
def ask_back(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Have what lies cold of one recording brought back; the page of the recording tells when it is here."""
    try:
        cold.ask(actor, airing_id)
    except NotAllowed:
        raise
    except BroadcastError as error:
        messages.error(request, error.message or _("现在不能这样操作。"))
    else:
        messages.success(request, _("已经去取，取到后录制页会显示。"))
    return redirect("recordings:show", airing_id=airing_id)


app_name = "keeping"
urlpatterns = [
    path("", show, name="show"),
    path("<uuid:airing_id>/audit", audit, name="audit"),
    path("<uuid:airing_id>/ask-back", ask_back, name="ask-back"),
    path("terms/<slug:slug>", terms_page.show, name="terms"),
]
