"""What a guest sees by the private link: the invitation, their answer, the briefing; no login, no rules."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.identity import actor_of_request
from scheduling.letters import role_words
from scheduling.models import Invitation
from scheduling.queries import invitations as queries
from scheduling.services import invitations
from scheduling.views.calendar_page import moment

# The link is the key: no proxy keeps it, no other page and no log is told it, no search engine lists it. With no-referrer browsers
# would send the answer with "Origin: null", which no check of where a form comes from lets through.
_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "strict-origin", "X-Robots-Tag": "noindex, nofollow"}


@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, token: str) -> HttpResponse:
    """The invitation and its answer: POST answer=accept, decline or other (with date and time), and words."""
    found = _found(token)
    if request.method == "GET":
        return _page(request, found, token)
    posted = request.POST
    try:
        invitations.answer(
            actor_of_request(request),
            token,
            posted.get("answer", ""),
            words=posted.get("words", ""),
            alternative=_time(posted) if posted.get("answer") == "other" else None,
        )
    except BroadcastError as error:
        return _page(request, _found(token), token, error=error, typed=posted, wrong=error.data.get("field", ""))
    return HttpResponseRedirect(resolve_url("invitation", token))


@require_safe
def briefing(request: HttpRequest, token: str) -> HttpResponse:
    """What the guest should know before they come; to be printed too."""
    found = _found(token)
    if found.state in {Invitation.State.REVOKED, Invitation.State.DECLINED}:
        return HttpResponseRedirect(resolve_url("invitation", token))
    context = {**_about(found, token), "brief": queries.briefing(found)}
    return _private(render(request, "scheduling/briefing.html", context))


def _found(token: str) -> Invitation:
    found = queries.by_token(token) if len(token) < 100 else None
    if found is None:
        raise NotFound(_("没有这份邀请，请检查链接是否完整。"))
    return found


def _page(request: HttpRequest, found: Invitation, token: str, **more: Any) -> HttpResponse:
    coming = queries.coming(found.seat.episode_id)
    airing = coming or queries.shown(found.seat.episode_id)
    answered = found.state in {Invitation.State.ACCEPTED, Invitation.State.DECLINED}
    context = {
        **_about(found, token),
        "airing": airing,
        "place": queries.place_of(airing),
        "may_answer": coming is not None and found.state not in {Invitation.State.REVOKED, Invitation.State.DECLINED},
        "is_over": coming is None,
        "is_answered": answered,
        "most": invitations.WORDS_MOST,
        "typed": {},
        **more,
    }
    error = more.get("error")
    return _private(
        render(request, "scheduling/invitation.html", context, status=error.status if error is not None else 200)
    )


def _about(found: Invitation, token: str) -> dict[str, Any]:
    episode = found.seat.episode
    return {
        "invitation": found,
        "token": token,
        "person": found.person,
        "episode": episode,
        "programme": episode.programme,
        "role": role_words(found.seat.role),
    }


def _time(posted: Any) -> dt.datetime:
    found = moment(posted.get("alternative", ""))
    if found is None:
        raise InvalidInput(_("请填写您方便的时间。"), field="alternative")
    return found


def _private(response: HttpResponse) -> HttpResponse:
    for name, value in _HEADERS.items():
        response[name] = value
    return response


urlpatterns = [
    path("<str:token>/", page, name="invitation"),
    path("<str:token>/briefing", briefing, name="invitation-briefing"),
]
