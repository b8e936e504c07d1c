"""A partner's signed token for one of ours: no cookie, no session, nothing but the header; the services decide."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from broadcast import bearer
from broadcast.identity import actor_of_request
from broadcast.services import partners


@never_cache
@require_POST
def enter(request: HttpRequest) -> HttpResponse:
    """Authorization: Bearer <the partner's token> → {"token", "seconds", "assurance", "name"}; ours goes the same way from then on."""
    who = partners.enter(actor_of_request(request), bearer.of_request(request) or "")
    told = {"token": bearer.sign(who), "seconds": bearer.SECONDS, "assurance": int(who.assurance), "name": who.name}
    return JsonResponse({"ok": True, **told})
