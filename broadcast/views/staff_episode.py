"""The producer's pages of one episode: make it, read it, change it; services decide and write."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from broadcast import registry
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, Conflict, InvalidInput, NotAllowed
from broadcast.models import Airing, Episode, Person, Programme
from broadcast.services import episodes
from broadcast.views.staff_forms import EpisodePlanForm
from broadcast.views.staff_history import history
from broadcast.views.staff_page import abilities_of, for_staff, page, programmes_of
from broadcast.views.staff_rows import rearranged

PEOPLE_SUGGESTED = 300


@for_staff
def new(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A new episode of `?programme=`; without one, the choice among those that one may produce."""
    mine = programmes_of(actor, Ability.PRODUCE)
    programme = mine.filter(slug=request.GET.get("programme", "")).first() or (mine[0] if len(mine) == 1 else None)
    if not mine:
        raise NotAllowed(_("您没有编导权限，不能新建节目。请联系管理员。"))
    if programme is None:
        return page(request, actor, "episode_choose.html", {"producing": mine})
    form = EpisodePlanForm(programme, data=_posted(request))
    if request.method == "POST" and "row" not in request.POST and form.is_valid():
        try:
            episode = episodes.create(actor, form.plan())
        except (InvalidInput, Conflict) as error:
            form.blame(error.data.get("field", ""), error.message)
        else:
            messages.success(request, _("已建好第一稿，公众还看不到。检查后发布预告。"))
            return redirect("staff:episode", pk=episode.pk)
    return _form_page(request, actor, form, programme)


@for_staff
def edit(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Change an episode; once its airing has begun, only its words and people."""
    episode = _episode(pk)
    require(actor, Ability.PRODUCE, episode.programme_id)
    form = EpisodePlanForm(episode.programme, episode, _posted(request))
    if request.method == "POST" and "row" not in request.POST and form.is_valid():
        try:
            episodes.edit(actor, episode.pk, form.plan())
        except (InvalidInput, Conflict) as error:
            form.blame(error.data.get("field", ""), error.message)
            form.catch_up()
        else:
            messages.success(request, _("已保存。"))
            return redirect("staff:episode", pk=episode.pk)
    return _form_page(request, actor, form, episode.programme)


def _posted(request: HttpRequest) -> Any:
    if request.method != "POST":
        return None
    order = request.POST.get("row", "")
    return rearranged(request.POST, order) if order else request.POST


def _form_page(request: HttpRequest, actor: Actor, form: EpisodePlanForm, programme: Programme) -> HttpResponse:
    first = form.episode.airings.order_by("created_at").first() if form.episode else None
    context = {
        "page": form,
        "form": form.form,
        "programme": programme,
        "episode": form.episode,
        "begun": first is not None and first.state not in {Airing.State.PLANNED, Airing.State.WAITING},
        "people": Person.objects.order_by("-pk")[:PEOPLE_SUGGESTED],
        "show_errors": form.show_errors,
    }
    return page(request, actor, "episode_form.html", context, status=422 if form.show_errors else 200)


@for_staff
def show(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The episode with its two facts, airing and publication, kept apart; run-down, people, ingest, history."""
    episode = _episode(pk)
    require(actor, Ability.WATCH_INTERNAL, episode.programme_id)
    airings = list(
        episode.airings.select_related("feed", "backup_feed", "episode__programme").order_by("planned_start")
    )
    main = _main_airing(airings)
    seconds = sum(episode.segments.values_list("planned_seconds", flat=True))
    over = seconds - (main.planned_end - main.planned_start).total_seconds() if main else 0
    context = {
        "episode": episode,
        "programme": episode.programme,
        "airings": airings,
        "airing": main,
        "may": abilities_of(actor, main) if main else {},
        "segments": _planned(episode, main),
        "segments_minutes": f"{seconds / 60:g}",
        "segments_over": f"{over / 60:g}" if over > 0 else "",
        "cards": _cards(request, actor, episode, main),
        "ingest": _ingest(main, actor),
        "page_url": request.build_absolute_uri(reverse("episode", args=[episode.programme.slug, episode.key])),
        "history": history(episode, airings) if _may_read_history(actor, episode) else [],
    }
    return page(request, actor, "episode.html", context)


def _cards(request: HttpRequest, actor: Actor, episode: Episode, airing: Airing | None) -> list[str]:
    """What other apps have to say of the episode."""
    made = [card for _name, make in registry.episode_cards if (card := make(episode, airing, actor)) is not None]
    return [render_to_string(template, context, request) for template, context in made]


def _episode(pk: int) -> Episode:
    return get_object_or_404(Episode.objects.select_related("programme"), pk=pk)


def _may_read_history(actor: Actor, episode: Episode) -> bool:
    return any(can(actor, each, episode.programme_id) for each in (Ability.PRODUCE, Ability.AUDIT))


def _main_airing(airings: list[Airing]) -> Airing | None:
    """The airing that the page is about: what is on, else what comes first, else what was last."""
    order = {Airing.State.ON_AIR: 0, Airing.State.WAITING: 1, Airing.State.PLANNED: 2, Airing.State.ENDED: 3}
    ranked = sorted(enumerate(airings), key=lambda pair: (order.get(Airing.State(pair[1].state), 4), pair[0]))
    return ranked[0][1] if ranked else None


def _planned(episode: Episode, airing: Airing | None) -> list[dict[str, Any]]:
    """The run-down with planned starts, counted from the airing's planned start."""
    rows, at = [], airing.planned_start if airing else None
    for segment in episode.segments.select_related("role"):
        rows.append({"segment": segment, "at": at})
        at = at + dt.timedelta(seconds=segment.planned_seconds) if at else None
    return rows


def _ingest(airing: Airing | None, actor: Actor) -> dict[str, Any] | None:
    """Addresses and keys as the archive offers them to those who run the show; None where there are none."""
    if airing is None or not can(actor, Ability.RUN, airing.episode.programme_id):
        return None
    panel = registry.control_panels.get("feed")
    if panel is None or airing.state in {Airing.State.ENDED, Airing.State.CANCELLED}:
        return None
    return panel(airing, actor)


def back_to(episode: Episode) -> HttpResponseRedirect:
    """To the episode's page after an act."""
    return HttpResponseRedirect(reverse("staff:episode", args=[episode.pk]))


def tell(request: HttpRequest, error: BroadcastError) -> None:
    """Say a refusal on the next page."""
    messages.error(request, error.message or _("现在不能这样操作。"))
