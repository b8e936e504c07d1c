"""The overlay's page and state behind a signed link, and the staff page that gives the links out; no rules here."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live import overlay_token
from live.overlay_lane import worded
from live.queries import overlay as overlays
from live.services import overlay as services

# The link is the key: no proxy keeps it, no page that is linked from it is told it, no search engine lists it.
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Robots-Tag": "noindex, nofollow"}


@require_safe
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The transparent page for a browser source; an empty one where the link opens nothing, since it lies over a picture."""
    link = overlays.admitted(token)
    paths = {"socket": f"/overlay/{token}/socket", "state": reverse("overlay-state", args=[token])}
    context = {"page": paths if link else None, "kind": link.kind if link else ""}
    return kept_private(render(request, "live/overlay.html", context, status=200 if link else 404))


@require_safe
def state(request: HttpRequest, token: str) -> HttpResponse:
    """What the link shows now, for pages whose socket does not come through."""
    link = overlays.admitted(token)
    scene = overlays.scene(link) if link else None
    if scene is None:
        return kept_private(HttpResponse("{}", content_type="application/json", status=404))
    return kept_private(HttpResponse(worded(scene), content_type="application/json"))


@for_staff
def links(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The links of an airing's overlay and its line. POST act=make, revoke or announce (words)."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, Ability.RUN, airing.episode.programme_id)
    error, typed = "", None
    if request.method == "POST":
        try:
            messages.success(request, _act(actor, airing_id, request.POST))
            return redirect("staff:overlay", airing_id)
        except BroadcastError as refused:
            error, typed = str(refused), request.POST.get("words", "")
    standing = overlays.standing(airing_id)
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "standing": standing,
        "urls": {each.kind: request.build_absolute_uri(_address(each)) for each in standing.links},
        "words": standing.announcement if typed is None else typed,
        "most": services.LINE_MOST,
        "error": error,
    }
    return shell(request, actor, "live/staff/overlay.html", context, status=422 if error else 200)


def _act(actor: Actor, airing_id: UUID, posted: Any) -> str:
    act = posted.get("act", "")
    if act == "make":
        services.make_links(actor, airing_id)
        return _("已生成新链接，以前的链接都已作废。")
    if act == "revoke":
        services.revoke(actor, airing_id)
        return _("链接已作废，用着它们的画面几秒内清空。")
    services.announce(actor, airing_id, posted.get("words", "") if act == "announce" else "")
    return _("公告已更新。")


def _address(link: overlay_token.Link) -> str:
    return reverse("overlay", args=[overlay_token.make(link)])


def kept_private(response: HttpResponse) -> HttpResponse:
    """With the headers of what a link opens."""
    for name, value in _HEADERS.items():
        response[name] = value
    return response
