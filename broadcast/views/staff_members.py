"""Staff's page of verified members: whose account each has; the service checks the right and writes."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST, require_safe

from broadcast.access import Actor
from broadcast.errors import BroadcastError, NotAllowed
from broadcast.services import members
from broadcast.views.staff_page import for_staff, page


@require_safe
@for_staff
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Members by name, each with the account that is theirs."""
    words = request.GET.get("q", "")[:60]
    context = {"q": words, "rows": members.members(actor, words), "most": members.ROWS}
    return page(request, actor, "members.html", context)


@require_POST
@sensitive_post_parameters("phone")
@for_staff
def bind(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The account of a phone is this member's."""
    phone, reason = request.POST.get("phone", ""), request.POST.get("reason", "")
    return _told(request, lambda: members.bind(actor, pk, phone, reason).name, _("%(name)s 已认证为委员。"))


@require_POST
@for_staff
def unbind(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """It is not any more."""
    reason = request.POST.get("reason", "")
    return _told(request, lambda: members.unbind(actor, pk, reason).name, _("%(name)s 的委员认证已解除。"))


def _told(request: HttpRequest, act: Callable[[], str], notice: str) -> HttpResponse:
    try:
        name = act()
    except NotAllowed:
        raise
    except BroadcastError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, notice % {"name": name})
    query = urlencode({"q": request.POST["q"]}) if request.POST.get("q") else ""
    return HttpResponseRedirect(resolve_url("staff:members") + (f"?{query}" if query else ""))


urlpatterns = [
    path("", show, name="members"),
    path("<int:pk>/bind", bind, name="member-bind"),
    path("<int:pk>/unbind", unbind, name="member-unbind"),
]
