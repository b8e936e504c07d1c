"""The page on which a listener asks to be called back, complete without script: who, about what, and what became of it; no rules here."""

from __future__ import annotations

import re
import secrets
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from broadcast import queries as catalogue
from broadcast.access import Actor, may_watch
from broadcast.errors import AssuranceTooLow, BroadcastError, InvalidInput
from broadcast.identity import actor_of_request
from broadcast.models import Airing, Episode
from broadcast.models.catalogue import Assurance
from broadcast.services import identity
from live.queries import calls as reading
from live.services import call_requests
from live.services.call_requests import Wish
from live.views import forms, room

_ID = re.compile(r"[A-Za-z0-9_-]{8,64}")


@require_http_methods(["GET", "HEAD", "POST"])
def request_page(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The form, or what became of one's wish. POST act=ask or take_back; a refusal keeps what was typed."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    error = None
    if request.method == "POST":
        try:
            messages.success(request, _act(request, actor, airing))
            return HttpResponseRedirect(f"{reverse('episode-call', args=[slug, key])}?airing={airing.pk}")
        except AssuranceTooLow:
            return HttpResponseRedirect(_to_verify(slug, key, airing))
        except BroadcastError as refused:
            error = refused
    context = _context(request, actor, found, airing) | {"error": error, "wrong": error and error.data.get("field")}
    response = render(request, "live/call.html", context, status=error.status if error else 200)
    response["Cache-Control"] = "private, no-cache"
    return response


def _act(request: HttpRequest, actor: Actor, airing: Airing) -> str:
    form = request.POST
    forms.admit(request, actor)
    if form.get("act") == "take_back":
        call_requests.take_back(actor, airing.pk)
        return _("已取消，不会再给您打电话。")
    if form.get("act") != "ask" or not _ID.fullmatch(form.get("id", "")):
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
    wish = Wish(form["id"], form.get("name", ""), form.get("district", ""), form.get("topic", ""))
    call_requests.ask(actor, airing.pk, wish)
    return _("已登记。轮到您时，导听会打您验证过的手机。")


def _context(request: HttpRequest, actor: Actor, found: Episode, airing: Airing) -> dict[str, Any]:
    own = reading.of_participant(airing.pk, actor)
    slug, key = found.programme.slug, found.key
    return {
        "programme": found.programme,
        "episode": found,
        "airing": airing,
        "title": catalogue.title_of(found),
        "own": own,
        "own_is_open": own is not None and not own.is_over,
        "takes": reading.takes_callbacks(airing),
        "verified": actor.assurance >= Assurance.PHONE,
        "verify": _to_verify(slug, key, airing),
        "agreed": actor.participant_id in identity.consented([actor.participant_id] if actor.participant_id else []),
        "typed": request.POST if request.method == "POST" else {"name": actor.name},
        "new_id": secrets.token_urlsafe(12),
        "back": f"{reverse('episode', args=[slug, key])}?airing={airing.pk}&tab=ask",
    }


def _to_verify(slug: str, key: str, airing: Airing) -> str:
    here = f"{reverse('episode-call', args=[slug, key])}?airing={airing.pk}"
    return f"{reverse('account:phone')}?{urlencode({'next': here})}"
