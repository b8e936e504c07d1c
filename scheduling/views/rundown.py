"""The page of a run-down, what its script asks for, and its files: carries what was typed to the service; no rule of its own."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import msgspec
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import get_object_or_404
from django.urls import include, path, reverse
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_POST, require_safe

from broadcast.access import Ability, Actor, can, require
from broadcast.errors import Conflict, InvalidInput
from broadcast.models import Airing
from broadcast.rundown_lines import LinePlan
from broadcast.services import rundown as service
from broadcast.views.staff_page import for_staff, shell
from scheduling.queries import rundown as queries


class Revision(msgspec.Struct, forbid_unknown_fields=True):
    """The run-down as a page wants it, and the version of it that it began with."""

    version: int
    lines: list[LinePlan]


class Cue(msgspec.Struct, forbid_unknown_fields=True):
    """The segment that begins now."""

    segment: int


@ensure_csrf_cookie
@for_staff
def show(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The run-down of those behind the scenes: planned, real and expected times; changed by producers, run by who runs the show."""
    airing = airing_of(actor, airing_id)
    segments, order = queries.laid(airing)
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "rows": queries.printed(airing, segments, order),
        "page": _page_data(request, actor, airing),
    }
    return shell(request, actor, "scheduling/staff/rundown.html", context)


@require_safe
@for_staff
def state(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """What the page shows, anew; asked every few seconds."""
    return JsonResponse(queries.state(airing_of(actor, airing_id)))


@require_POST
@for_staff
def revise(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The whole run-down as changed on the page. A Conflict says who changed what meanwhile, and what it is now."""
    airing = airing_of(actor, airing_id)
    wanted = _read(request, Revision)
    try:
        service.revise(actor, airing.pk, wanted.version, wanted.lines)
    except Conflict as error:
        told = queries.changed(airing.episode_id, since=wanted.version)
        raise Conflict(error.message, now=queries.state(airing), changes=told) from error
    return JsonResponse(queries.state(airing))


@require_POST
@for_staff
def begin(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Begin a segment; again for one that runs changes nothing."""
    airing = airing_of(actor, airing_id)
    service.start_segment(actor, airing.pk, _read(request, Cue).segment)
    return JsonResponse(queries.state(airing))


def airing_of(actor: Actor, airing_id: UUID) -> Airing:
    """The airing for somebody who may see behind its scenes. Raises NotAllowed; Http404."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id)
    return airing


def _read(request: HttpRequest, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(request.body, type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError) as error:
        raise InvalidInput(field="body") from error


def _page_data(request: HttpRequest, actor: Actor, airing: Airing) -> dict[str, Any]:
    """What the script begins with."""
    episode, programme = airing.episode, airing.episode.programme
    may = {str(each): can(actor, each, programme.pk) for each in (Ability.PRODUCE, Ability.RUN, Ability.SCREEN_CALLS)}
    names = {"state": "rundown-state", "revise": "rundown-revise", "begin": "rundown-begin", "sheet": "rundown-sheet"}
    names |= {"read": "rundown-import"}
    names |= {name: name for name, ability in (("control", "run"), ("calls", "screen_calls")) if may[ability]}
    return {
        "airing": str(airing.pk),
        "title": episode.title,
        "number": episode.number,
        "programme": programme.name,
        "kind": airing.get_kind_display(),
        "may": may,
        "roles": [{"code": each.code, "mark": each.mark, "name": each.name} for each in programme.segment_roles.all()],
        "csrf": get_token(request),
        "urls": {
            **{key: reverse(f"staff:{name}", args=[airing.pk]) for key, name in names.items()},
            "episode": reverse("staff:episode", args=[episode.pk]),
            "home": reverse("staff:home"),
            "login": reverse("account:login"),
        },
        "state": queries.state(airing),
    }


urlpatterns = [
    path("<uuid:airing_id>/rundown", show, name="rundown"),
    path("<uuid:airing_id>/rundown/state", state, name="rundown-state"),
    path("<uuid:airing_id>/rundown/revise", revise, name="rundown-revise"),
    path("<uuid:airing_id>/rundown/begin", begin, name="rundown-begin"),
    path("", include("scheduling.views.rundown_files")),
]
