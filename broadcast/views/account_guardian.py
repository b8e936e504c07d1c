"""A guardian's consent to a child's taking part, and taking it back, as a page; the services decide."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from broadcast import identity
from broadcast.errors import BroadcastError
from broadcast.identity import actor_of_request
from broadcast.models import Participant
from broadcast.sealing import seal, unseal
from broadcast.services import consents, guardians
from broadcast.services.guardians import Guardian
from broadcast.views.account_page import address, data_of, done, next_of, page, refused

_PENDING = "guardian_to_verify"


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "POST"])
def guardian(request: HttpRequest) -> HttpResponse:
    """Four steps by `act`: under (said to be under 14), send (a code to the guardian), allow, withdraw; GET says how it stands."""
    data = data_of(request)
    where = next_of(request, data)
    if request.method == "GET":
        return page(request, "guardian", where, _shown(request))
    try:
        return _act(request, data, where)
    except BroadcastError as error:
        return refused(request, "guardian", where, {**_shown(request), **_typed(data)}, error)


def _act(request: HttpRequest, data: dict[str, str], where: str) -> HttpResponse:
    act, actor = data.get("act", ""), actor_of_request(request)
    if act == "under":
        consents.declare(actor, Participant.Age.UNDER)
        identity.become(request, request.identity)  # type: ignore[attr-defined]
        return HttpResponseRedirect(address("account:guardian", where))
    if act == "send":
        sent = guardians.send_code(actor, data.get("phone", ""))
        kept = {"name": data.get("name", "")[:80], "relation": data.get("relation", "")[:20], "phone": sent.phone}
        request.session[_PENDING] = {"sealed": seal(kept).decode(), "code": sent.code}
        return HttpResponseRedirect(address("account:guardian", where))
    told = _pending(request)
    if act == "withdraw":
        guardians.withdraw(actor, told.phone, data.get("code", ""))
        request.session.pop(_PENDING, None)
        return done(request, address("account:guardian", where), {}, _("监护人的同意已撤回。"))
    guardians.allow(actor, told, data.get("code", ""))
    request.session.pop(_PENDING, None)
    return done(request, where, {}, _("监护人已同意，可以参与了。"))


def _pending(request: HttpRequest) -> Guardian:
    kept = request.session.get(_PENDING)
    told = unseal(kept["sealed"].encode()) if kept else {"name": "", "relation": "", "phone": ""}
    return Guardian(told["name"], told["relation"], told["phone"])


def _shown(request: HttpRequest) -> dict[str, Any]:
    actor = actor_of_request(request)
    who = [actor.participant_id] if actor.participant_id else []
    person = Participant.objects.filter(pk__in=who, merged_into=None).first()
    consent = guardians.standing(actor)
    told, kept = _pending(request), request.session.get(_PENDING)
    return {
        "age": person.age if person is not None else "",
        "guardian": guardians.masked(consent) if consent is not None else "",
        "given_at": consent.given_at if consent is not None else None,
        "sent_to": told.phone,
        "name": told.name,
        "relation": told.relation,
        "shown_code": kept.get("code") if kept and settings.DEMO else None,
        "agreement": resolve_url("agreement"),
    }


def _typed(data: dict[str, str]) -> dict[str, str]:
    return {key: data[key] for key in ("name", "relation", "phone") if key in data}
