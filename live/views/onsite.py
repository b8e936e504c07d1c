"""The staff page of what happens on site: codes to print with their scans, venues with their heads, the links of halls; no rules here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path, reverse
from django.utils.safestring import mark_safe
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import sources
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.forms import number
from broadcast.models import Airing, Source
from broadcast.services import sources as source_services
from broadcast.views.staff_page import for_staff, shell
from live import overlay_token
from live.queries import overlay as overlays
from live.queries import venues as queries
from live.services import overlay as overlay_services
from live.services import venues as services
from live.views import paper

KINDS = {"svg": "image/svg+xml", "png": "image/png"}


@for_staff
def page(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page. POST act=heads (venue, people), venue (name, place), remove (venue) or links."""
    airing = entered(actor, airing_id)
    error: BroadcastError | None = None
    if request.method == "POST":
        try:
            messages.success(request, _act(actor, airing, request.POST))
            return redirect("staff:onsite", airing_id)
        except BroadcastError as refused:
            error = refused
    runs = can(actor, Ability.RUN, airing.episode.programme_id)
    context = {
        **_ways(request, airing),
        "present": queries.present(airing_id),
        "may_run": runs,
        "has_halls": overlays.hall_link(airing_id) is not None,
        "takes_heads": airing.state in {"waiting", "on_air", "ended"},
        "error": error,
        "wrong": error.data.get("field", "") if error else "",
        "typed": request.POST if error else {},
    }
    return shell(request, actor, "live/staff/onsite.html", context, error.status if error else 200)


@for_staff
@require_safe
def sheet(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The codes on paper, a page each; `?code=` one of them."""
    airing = entered(actor, airing_id)
    context = _ways(request, airing)
    asked = request.GET.get("code")
    context["ways"] = [way for way in context["ways"] if not asked or way["source"].code == asked]
    for way in context["ways"]:
        # segno's own drawing of an address that we made: nothing in it is anybody's.
        way["picture"] = mark_safe(sources.picture(way["address"], "svg", inline=True).decode())
    return shell(request, actor, "live/staff/onsite_sheet.html", context)


@for_staff
@require_safe
def picture(request: HttpRequest, actor: Actor, airing_id: UUID, code: str, kind: str) -> HttpResponse:
    """A code as a file, for posters and slides."""
    airing = entered(actor, airing_id)
    found = next((each for each in _sources(airing) if each.code == code), None)
    if found is None or kind not in KINDS:
        raise NotFound(_("没有这个二维码。"))
    response = HttpResponse(sources.picture(sources.address(request, found), kind), content_type=KINDS[kind])
    response["Content-Disposition"] = f'attachment; filename="yishi-{code}.{kind}"'
    return response


def entered(actor: Actor, airing_id: UUID) -> Airing:
    """The airing, for whoever may report from venues."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, Ability.ENTER_VOTES, airing.episode.programme_id)
    return airing


def _act(actor: Actor, airing: Airing, posted: Any) -> str:
    act, venue = posted.get("act", ""), number(posted.get("venue")) or 0
    if act == "heads":
        people = number(posted.get("people", "").strip())
        if people is None:
            raise InvalidInput(_("请填写人数，只写数字。"), field="people")
        services.count_heads(actor, airing.pk, venue, people)
        return _("人数已登记。")
    if act == "remove":
        services.remove(actor, airing.episode.programme_id, venue)
        return _("会场已删除。")
    if act == "links":
        overlay_services.make_links(actor, airing.pk)
        return _("大屏的链接已生成。")
    made = services.make(actor, airing.episode.programme_id, posted.get("name", ""), posted.get("place", ""))
    return _("会场“%(name)s”已建好，可以打印它的二维码。") % {"name": made.name}


def _sources(airing: Airing) -> list[Source]:
    """The show's own code, then those of the venues."""
    return [source_services.of_show(airing), *(each.source for each in queries.venues(airing.episode.programme_id))]


def _ways(request: HttpRequest, airing: Airing) -> dict[str, Any]:
    """Each code with its address, its scans, whose it is, who is there, and the page of its hall."""
    found, heads = queries.venues(airing.episode.programme_id), queries.heads(airing.pk)
    show = source_services.of_show(airing)
    counted = sources.scans([show, *(each.source for each in found)], airing.pk)
    ways: list[dict[str, Any]] = []
    for venue, source in [(None, show), *((each, each.source) for each in found)]:
        link = overlays.hall_link(airing.pk, venue.pk if venue else 0)
        hall = reverse("hall", args=[overlay_token.make(link)]) if link else ""
        ways.append(
            {
                "venue": venue,
                "source": source,
                "address": sources.address(request, source),
                "scans": counted[source.pk],
                "heads": heads.get(venue.pk) if venue else None,
                "hall": request.build_absolute_uri(hall) if hall else "",
            }
        )
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "ways": ways,
        "scans_here": sum(each.show for each in counted.values()),
    }


urlpatterns = [
    path("<uuid:airing_id>/onsite", page, name="onsite"),
    path("<uuid:airing_id>/onsite/sheet", sheet, name="onsite-sheet"),
    path("<uuid:airing_id>/onsite/paper", paper.page, name="onsite-paper"),
    path("<uuid:airing_id>/onsite/qr/<slug:code>.<slug:kind>", picture, name="onsite-qr"),
]
