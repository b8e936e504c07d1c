"""我的提问: all that one asked in every show, and what became of it; it follows the account, and works without script."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from broadcast.identity import actor_of_request
from broadcast.models.catalogue import Assurance
from live.queries.my_questions import my_questions


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The newest first. A guest sees what this browser asked, and how to see it elsewhere too."""
    actor = actor_of_request(request)
    context = {"asked": my_questions(actor), "is_guest": actor.assurance < Assurance.PHONE}
    response = render(request, "live/my_questions.html", context)
    response["Cache-Control"] = "private, no-store"
    return response
