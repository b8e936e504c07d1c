"""Staff home and the addresses of all staff pages; it must not write a row."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.urls import URLPattern, URLResolver, include, path

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.models import Airing
from broadcast.views import staff_episode, staff_publication
from broadcast.views.staff_page import abilities_of, for_staff, page, programmes_of

PAST_ROWS = 50


@for_staff
def home(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is on air, coming and past in one's programmes; `?programme=` keeps to one of them."""
    mine = programmes_of(actor)
    chosen = mine.filter(slug=request.GET.get("programme", "")).first()
    airings = (
        Airing.objects.filter(episode__programme__in=[chosen] if chosen else mine)
        .exclude(kind=Airing.Kind.FILLER)
        .select_related("episode__programme")
    )
    state = Airing.State
    overdue = Q(state=state.PLANNED, planned_end__lt=clock.now() - dt.timedelta(days=1))
    producing = programmes_of(actor, Ability.PRODUCE)
    context = {
        "chosen": chosen,
        "current": _rows(actor, airings.filter(state__in=[state.WAITING, state.ON_AIR]).order_by("planned_start")),
        "coming": _rows(actor, airings.filter(state=state.PLANNED).exclude(overdue).order_by("planned_start")),
        "missed": _rows(actor, airings.filter(overdue).order_by("-planned_start")),
        "past": _rows(
            actor,
            airings.filter(state__in=[state.ENDED, state.CANCELLED]).order_by("-planned_start")[:PAST_ROWS],
        ),
        "past_rows": PAST_ROWS,
        "producing": list(producing.filter(pk=chosen.pk) if chosen else producing),
    }
    return page(request, actor, "home.html", context)


def _rows(actor: Actor, airings: QuerySet[Airing]) -> list[dict[str, Any]]:
    return [{"airing": each, "episode": each.episode, "may": abilities_of(actor, each)} for each in airings]


urlpatterns: list[URLPattern | URLResolver] = [
    path("", home, name="home"),
    path("episodes/new", staff_episode.new, name="episode-new"),
    path("episodes/<int:pk>/", staff_episode.show, name="episode"),
    path("episodes/<int:pk>/edit", staff_episode.edit, name="episode-edit"),
    path("episodes/<int:pk>/publication", staff_publication.publication, name="episode-publication"),
    path("episodes/<int:pk>/withdraw", staff_publication.withdraw, name="episode-withdraw"),
    path("airings/<uuid:airing_id>/act", staff_publication.airing_act, name="airing-act"),
    path("airings/<uuid:airing_id>/cancel", staff_publication.cancel, name="airing-cancel"),
    path("episodes/", include("scheduling.views.booking")),
    path("people/", include("scheduling.views.people")),
    path("people/", include("broadcast.views.staff_withdrawal")),
    path("studios/", include("scheduling.views.studios")),
    path("notices/", include("scheduling.views.notices")),
    path("accounts/", include("broadcast.views.staff_accounts")),
    path("members/", include("broadcast.views.staff_members")),
    path("audit/", include("broadcast.views.staff_audit")),
    path("audit/", include("broadcast.views.staff_keeping")),
    path("airings/", include("live.views.staff")),
    path("airings/", include("scheduling.views.rundown")),
    path("replies/", include("live.views.replies")),
    path("reasons/", include("live.views.reasons")),
    path("sanctions/", include("live.views.sanctions")),
    path("rules/", include("live.views.rules")),
    path("schedule/", include("scheduling.views.ledger")),
    path("programmes/", include("broadcast.views.staff_programme")),
    path("programmes/", include("scheduling.views.slots")),
    path("holidays/", include("scheduling.views.holidays")),
    path("programmes/", include("archive.output_views")),
    path("programmes/", include("archive.filler_views")),
    path("programmes/", include("archive.podcasts.staff")),
    path("numbers/", include("archive.numbers.views")),
    path("calendar/", include("scheduling.views.calendar")),
    path("feeds/", include("scheduling.views.feeds")),
    path("as-run/", include("scheduling.views.asrun")),
]
