"""The shells of the live staff pages (desk, control room, host) and the data their scripts start with; all else comes by the staff lane."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404, render
from django.urls import path, reverse
from django.views.decorators.csrf import ensure_csrf_cookie

from broadcast.access import Ability, Actor, can, require
from broadcast.models import Airing
from broadcast.models.catalogue import Assurance
from broadcast.views.staff_page import for_staff
from live.queries import reason_list
from live.services.switches import may_be_post
from live.views import captions, figures, onsite, outcomes, overlay, polls

LIVE = "/live/airings"


@ensure_csrf_cookie
@for_staff
def desk(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The moderation desk; to be read by those who see it, worked by those who moderate."""
    return _shell(request, actor, airing_id, "desk", Ability.SEE_DESK)


@ensure_csrf_cookie
@for_staff
def control(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The control room of those who run the show."""
    return _shell(request, actor, airing_id, "control", Ability.RUN)


@ensure_csrf_cookie
@for_staff
def host(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The host's tablet."""
    return _shell(request, actor, airing_id, "host", Ability.HOST)


@ensure_csrf_cookie
@for_staff
def call_desk(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The screener's desk; its script asks for the call desk's part of the lane."""
    return _shell(request, actor, airing_id, "calls", Ability.SCREEN_CALLS)


def _shell(request: HttpRequest, actor: Actor, airing_id: UUID, name: str, ability: Ability) -> HttpResponse:
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, ability, airing.episode.programme_id)
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "actor_name": actor.name,
        "page": _page_data(request, actor, airing, "?view=calls" if name == "calls" else ""),
    }
    return render(request, f"live/staff/{name}.html", context)


def _page_data(request: HttpRequest, actor: Actor, airing: Airing, part: str) -> dict[str, Any]:
    """What the script must know before its first frame; nothing of it changes while the page is open. `part` of the lane: a query."""
    programme, episode = airing.episode.programme, airing.episode
    base = f"{LIVE}/{airing.pk}"
    may = {str(each): can(actor, each, programme.pk) for each in Ability}
    pages = {"desk": may["see_desk"], "control": may["run"], "host": may["host"], "overlay": may["run"]}
    pages["figures"] = may["see_desk"]
    pages["polls"] = may["see_desk"]
    pages["calls"] = may["screen_calls"]
    pages["rundown"] = may["watch_internal"]
    pages["outcomes"] = may["host"] or may["run"]
    pages["onsite"] = may["enter_votes"]
    pages["captions"] = may["caption"] or may["run"]
    return {
        "airing": str(airing.pk),
        "kind": airing.get_kind_display(),
        "title": episode.title,
        "number": episode.number,
        "programme": programme.name,
        "comments": programme.get_comments_display(),
        "polls": programme.polls,
        "may_be_post": may_be_post(programme),
        "planned_start": airing.planned_start.isoformat(),
        "planned_end": airing.planned_end.isoformat(),
        "delay_seconds": airing.delay_seconds,
        "second_person": programme.cut_needs_second_person,
        "me": {"id": actor.user_id, "name": actor.name},
        "may": may,
        "reasons": reason_list.offered(programme.pk),
        "assurances": [{"value": int(each.value), "name": str(each.label)} for each in Assurance],
        "csrf": get_token(request),
        "urls": {
            "socket": f"{base}/staff{part}",
            "snapshot": f"{base}/staff/snapshot{part}",
            "items": f"{base}/staff/items",
            "commands": f"{base}/commands",
            "episode": reverse("staff:episode", args=[episode.pk]),
            "home": reverse("staff:home"),
            "login": reverse("account:login"),
            "rules": reverse("staff:rules"),
            **{name: reverse(f"staff:{name}", args=[airing.pk]) for name, allowed in pages.items() if allowed},
        },
    }


urlpatterns = [
    path("<uuid:airing_id>/desk", desk, name="desk"),
    path("<uuid:airing_id>/control", control, name="control"),
    path("<uuid:airing_id>/host", host, name="host"),
    path("<uuid:airing_id>/calls", call_desk, name="calls"),
    path("<uuid:airing_id>/overlay", overlay.links, name="overlay"),
    path("<uuid:airing_id>/figures", figures.staff, name="figures"),
    path("<uuid:airing_id>/questions", outcomes.page, name="outcomes"),
    path("<uuid:airing_id>/commitments", outcomes.commitments, name="commitments"),
    path("<uuid:airing_id>/captions", captions.desk, name="captions"),
    *polls.urlpatterns,
    *onsite.urlpatterns,
]
