"""The auditor's pages: search, one entry, export, evidence; the services decide who may and write it down."""

from __future__ import annotations

from typing import Any, cast
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_http_methods, require_safe

from broadcast import audit_chain, audit_search, clock
from broadcast.access import Actor
from broadcast.audit_words import act_in_words, changes, programme_time
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, InvalidInput
from broadcast.models import AuditEntry, AuditWalk
from broadcast.services import auditing, evidence_reading
from broadcast.views.staff_page import for_staff, page
from broadcast.views.streaming import streamed


@for_staff
@require_safe
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What fits, the newest first; `before` is the number that the page begins below."""
    return _listing(request, actor, audit_search.Wanted.of(request.GET), {})


def _listing(
    request: HttpRequest, actor: Actor, wanted: audit_search.Wanted, more: dict[str, Any], status: int = 200
) -> HttpResponse:
    error: InvalidInput | None = more.get("error")
    before = request.GET.get("before", "")
    try:
        found = audit_search.search(actor, wanted)
        if before.isdecimal() and len(before) < 19:
            found = found.filter(pk__lt=int(before))
        rows = list(found[: audit_search.PAGE + 1])
    except InvalidInput as refused:
        error, rows, status = refused, [], refused.status
    asked = wanted.told()
    context = {
        "rows": _rows(rows[: audit_search.PAGE]),
        "older": f"?{urlencode({**asked, 'before': rows[audit_search.PAGE - 1].pk})}"
        if len(rows) > audit_search.PAGE
        else "",
        "wanted": wanted,
        "asked": asked,
        "is_first": not before,
        "formats": [("csv", "CSV"), ("xlsx", "XLSX"), ("json", "JSON")],
        "acts": [(code, act_in_words(code)) for code in audit_search.acts()],
        "walks": {walk.name: walk for walk in AuditWalk.objects.all()},
        **more,
        "error": error,
        "wrong": error.data.get("field") if error else "",
    }
    return page(request, actor, "audit.html", context, status)


def _rows(entries: list[AuditEntry]) -> list[dict[str, Any]]:
    called, shows = audit_search.names(entries), audit_search.airings(entries)
    return [
        {
            "entry": each,
            "act": act_in_words(each.act),
            "who": called.get(each.actor_id or 0, ""),
            "show": shows.get(each.airing_id) if each.airing_id else None,
            "time": programme_time(each.programme_ms),
        }
        for each in entries
    ]


@for_staff
@require_safe
def entry(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """One entry whole: before and after, programme time, its place in the chain, and whether it fits."""
    found = audit_search.one(actor, pk)
    half = getattr(found, "personal", None)
    near = audit_search.visible(actor)
    context = {
        **_rows([found])[0],
        "changes": changes(found.before, found.after),
        "half": half,
        "words": changes(None, half.words) if half is not None and half.words else [],
        "words_erased": half is None or bool(half.words_digest and half.words is None),
        "fits": audit_chain.fits(found),
        "earlier": near.filter(pk__lt=pk).order_by("-pk").values_list("pk", flat=True).first(),
        "later": near.filter(pk__gt=pk).order_by("pk").values_list("pk", flat=True).first(),
        "same": near.filter(target=found.target).exclude(pk=pk).order_by("-pk")[:10],
    }
    context["same"] = _rows(list(context["same"]))
    return page(request, actor, "audit_entry.html", context)


@for_staff
@require_http_methods(["POST"])
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The file, or the search again with the refusal beside its field."""
    wanted = audit_search.Wanted.of(request.POST)
    try:
        file = auditing.export(actor, wanted, request.POST.get("format", ""), request.POST.get("reason", ""))
    except InvalidInput as error:
        return _listing(request, actor, wanted, {"error": error, "typed": request.POST}, error.status)
    stamp = clock.now().astimezone(ZONE)
    # Django's two kinds of answers share only a base; every page of staff is declared as the other.
    return cast(
        HttpResponse, streamed(file.pieces, file.media_type, f"yishi-audit-{stamp:%Y%m%d-%H%M%S}.{file.suffix}")
    )


@for_staff
@require_http_methods(["GET", "POST"])
def evidence(request: HttpRequest, actor: Actor) -> HttpResponse:
    """Which sealed records there are; opened by POST, with a reason."""
    audit_search.programmes_audited(actor)
    typed = request.POST if request.method == "POST" else request.GET
    target = str(typed.get("target", "")).strip()
    context: dict[str, Any] = {"target": target, "typed": typed, "most": evidence_reading.MOST}
    status = 200
    try:
        if request.method == "POST":
            context["opened"] = evidence_reading.open_sealed(
                actor,
                target,
                reason=typed.get("reason", ""),
                reference=typed.get("reference", ""),
                with_phone=bool(typed.get("phone")),
            )
        if target:
            context["rows"] = list(evidence_reading.find(actor, target)[: evidence_reading.MOST])
    except InvalidInput as error:
        context |= {"error": error, "wrong": error.data.get("field")}
        status = error.status
        context["rows"] = _found(actor, target)
    return page(request, actor, "audit_evidence.html", context, status)


def _found(actor: Actor, target: str) -> list[Any]:
    try:
        return list(evidence_reading.find(actor, target)[: evidence_reading.MOST])
    except BroadcastError:
        return []


urlpatterns = [
    path("", listing, name="audit"),
    path("<int:pk>/", entry, name="audit-entry"),
    path("export", export, name="audit-export"),
    path("evidence", evidence, name="audit-evidence"),
]
