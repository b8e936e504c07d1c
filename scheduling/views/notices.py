"""The page of notices: what was told to whom, and what people still have to tell; `services.notices` decides and writes."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from broadcast.access import Ability, Actor
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.forms import number
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.models import Notice
from scheduling.services import notices
from scheduling.services.people import require_producer

PAGE = 50
_S = Notice.State
TO_DO = [_S.BY_HAND, _S.UNSURE, _S.FAILED]


@for_staff
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Notices of one's programmes, those that people must tell first. POST notice, act=told or again."""
    require_producer(actor)
    if request.method == "POST":
        return _act(request, actor)
    rows = Notice.objects.select_related("person", "airing__episode__programme", "told_by").filter(
        airing__episode__programme__in=programmes_of(actor, Ability.PRODUCE)
    )
    to_do = rows.filter(state__in=TO_DO)
    context = {
        "to_do": to_do,
        "rows": Paginator(rows.filter(~Q(state__in=TO_DO)), PAGE).get_page(request.GET.get("page")),
    }
    return shell(request, actor, "scheduling/staff/notices.html", context)


def _act(request: HttpRequest, actor: Actor) -> HttpResponse:
    pk = number(request.POST.get("notice")) or 0
    try:
        if request.POST.get("act") == "told":
            notices.told(actor, pk)
            messages.success(request, _("已记下：已转达。"))
        elif request.POST.get("act") == "again":
            notices.again(actor, pk)
            messages.success(request, _("再发一次。"))
        else:
            raise InvalidInput(_("没有这个操作。"))
    except BroadcastError as error:
        if error.status == 403:
            raise
        messages.error(request, error.message)
    return HttpResponseRedirect(resolve_url("staff:notices"))


urlpatterns = [path("", show, name="notices")]
