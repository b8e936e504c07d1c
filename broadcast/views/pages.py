"""Home, the programmes, one programme, privacy notice and agreement; it only chooses what to read and which template shows it."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import queries
from broadcast.access import may_watch_programme
from broadcast.errors import NotFound
from broadcast.forms import number
from broadcast.identity import actor_of_request
from broadcast.models import Programme

PAGE_OF_PAST = 24


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """On air now, coming, past."""
    actor = actor_of_request(request)
    context = {
        "on_air": queries.on_air(actor),
        "coming": queries.coming(actor),
        "past": queries.past(actor),
    }
    return render(request, "broadcast/home.html", context)


@require_safe
def programmes(request: HttpRequest) -> HttpResponse:
    """The list of programmes open to this reader."""
    return render(request, "broadcast/programmes.html", {"programmes": queries.programmes(actor_of_request(request))})


@require_safe
def programme(request: HttpRequest, slug: str) -> HttpResponse:
    """One programme with its coming and past episodes; `?page=` goes back in time."""
    actor = actor_of_request(request)
    found = Programme.objects.filter(slug=slug, is_active=True).first()
    if found is None or not may_watch_programme(actor, found):
        raise NotFound(_("没有这个节目。它可能已经改名，请从节目单里找。"))
    asked = request.GET.get("page", "1")
    page = min(max(number(asked) or 1, 1), 1_000)
    past = queries.past(actor, PAGE_OF_PAST + 1, found, (page - 1) * PAGE_OF_PAST)
    context = {
        "programme": found,
        "on_air": queries.on_air(actor, found),
        "coming": queries.coming(actor, 20, found),
        "past": past[:PAGE_OF_PAST],
        "earlier": page + 1 if len(past) > PAGE_OF_PAST else None,
        "later": page - 1 if page > 1 else None,
    }
    return render(request, "broadcast/programme.html", context)


@require_safe
def privacy(request: HttpRequest) -> HttpResponse:
    """What we keep about a person, for how long and why."""
    return render(request, "broadcast/privacy.html")


@require_safe
def agreement(request: HttpRequest) -> HttpResponse:
    """The rules for those who take part."""
    return render(request, "broadcast/agreement.html")
