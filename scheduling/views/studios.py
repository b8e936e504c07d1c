"""The page of studios; `services.studios` decides and writes."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from broadcast import clock
from broadcast.access import Actor
from broadcast.errors import BroadcastError
from broadcast.forms import number
from broadcast.views.staff_page import for_staff, shell
from scheduling.models import Booking, Studio
from scheduling.services import studios
from scheduling.services.people import require_producer

COMING = 5


@for_staff
@require_http_methods(["GET", "POST"])
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Every studio with what comes in it. POST studio (empty: a new one), name, place, active."""
    require_producer(actor)
    error: BroadcastError | None = None
    posted = request.POST
    if request.method == "POST":
        try:
            # Blank is a new one; what is no number is one that does not exist.
            pk = (number(posted.get("studio")) or 0) if posted.get("studio") else None
            studios.keep(actor, pk, posted.get("name", ""), posted.get("place", ""), pk is None or "active" in posted)
        except BroadcastError as refused:
            error = refused
        else:
            messages.success(request, _("已保存。"))
            return HttpResponseRedirect(resolve_url("staff:studios"))
    coming = Booking.objects.filter(studio__isnull=False, span__endswith__gt=clock.now())
    rows = list(coming.select_related("airing__episode__programme").order_by("span"))
    context = {
        "studios": [
            {"studio": each, "coming": [row for row in rows if row.studio_id == each.pk][:COMING]}
            for each in Studio.objects.order_by("-is_active", "name")
        ],
        "error": error,
        "typed": posted,
    }
    return shell(request, actor, "scheduling/staff/studios.html", context, status=error.status if error else 200)


urlpatterns = [path("", show, name="studios")]
