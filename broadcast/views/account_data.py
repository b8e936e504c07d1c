"""我的资料: what is kept of whoever asks, the file of it, and the wish to be erased; the services decide."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from broadcast import clock, personal_file
from broadcast.context import footer
from broadcast.errors import BroadcastError, IdentityStale
from broadcast.identity import actor_of_request
from broadcast.models import Erasure, Participant
from broadcast.services import personal
from broadcast.views.account_page import renew_token


@never_cache
@require_http_methods(["GET"])
def data(request: HttpRequest) -> HttpResponse:
    """Who one is here, how much is kept, what can be done about it, and how far an erasure has come."""
    return _page(request)


@never_cache
@require_POST
def file(request: HttpRequest) -> HttpResponse:
    """The file: data.json and index.html in a ZIP. POST, since handing it out is written down."""
    person = _own(request)
    if person is None:
        return HttpResponseRedirect(resolve_url("account:data"))
    content = personal_file.packed(personal.collect(actor_of_request(request), person), clock.now())
    response = HttpResponse(content, content_type=personal_file.MEDIA_TYPE)
    response["Content-Disposition"] = f'attachment; filename="{personal_file.name(clock.now())}"'
    response["Cache-Control"] = "no-store"
    return response


@never_cache
@require_http_methods(["GET", "POST"])
def erase(request: HttpRequest) -> HttpResponse:
    """Asks once more, says what goes and what stays; POST with the box ticked asks for the erasure."""
    person = _own(request)
    if person is None or personal.standing(person) is not None:
        return HttpResponseRedirect(resolve_url("account:data"))
    if request.method == "GET":
        return _ask(request, person)
    if not request.POST.get("sure"):
        return _ask(request, person, wrong=True, status=422)
    try:
        personal.ask(actor_of_request(request), person)
    except BroadcastError as error:
        return _ask(request, person, error=error, status=error.status)
    messages.success(request, _("已收到您的删除申请。"))
    return HttpResponseRedirect(resolve_url("account:data"))


@never_cache
@require_POST
def keep(request: HttpRequest) -> HttpResponse:
    """Takes the wish back."""
    person = _own(request)
    if person is None:
        return HttpResponseRedirect(resolve_url("account:data"))
    try:
        personal.cancel(actor_of_request(request), person)
    except BroadcastError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("删除申请已取消，资料都还在。"))
    return HttpResponseRedirect(resolve_url("account:data"))


def kept_in_words(wish: Erasure) -> list[dict[str, Any]]:
    """What was kept and why, in the reader's language."""
    return [
        {
            "what": _(each["what"]),
            "many": each["many"],
            "why": _(each["why"]),
            "until": dt.datetime.fromisoformat(each["until"]) if each["until"] else None,
        }
        for each in wish.kept
    ]


def _own(request: HttpRequest) -> Participant | None:
    """The person's row; a browser with an old token gets a good one, and is nobody yet."""
    try:
        return personal.own(actor_of_request(request))
    except IdentityStale:
        renew_token(request)
        return None


def _page(request: HttpRequest) -> HttpResponse:
    person = _own(request)
    wish = personal.standing(person)
    context = {
        "person": person,
        "counts": personal.counted(person) if person is not None else [],
        "wish": wish,
        "kept": kept_in_words(wish) if wish is not None else [],
        "evidence_days": settings.EVIDENCE_DAYS,
        "words_days": settings.AUDIT_WORDS_DAYS,
        "footer": footer(),
    }
    return render(request, "broadcast/account/data.html", context)


def _ask(request: HttpRequest, person: Participant, *, status: int = 200, **more: Any) -> HttpResponse:
    context = {
        "person": person,
        "wait_days": settings.ERASURE_DAYS,
        "evidence_days": settings.EVIDENCE_DAYS,
        "footer": footer(),
        **more,
    }
    return render(request, "broadcast/account/data_erase.html", context, status=status)
