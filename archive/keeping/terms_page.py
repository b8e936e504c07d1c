"""The staff page of keeping terms: what they would remove, shown before they are set; the services decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from archive.keeping import cold, terms
from archive.keeping.removing import Terms
from archive.models import KeepingTerms, MediaRemoval
from archive.recording_page import size_words
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, shell

_REMOVED_SHOWN = 20


@for_staff
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """One programme's terms. POST with `act=look` shows what would go, with `act=set` sets them."""
    programme = Programme.objects.filter(slug=slug).first()
    if programme is None:
        raise Http404
    require(actor, Ability.ADMINISTER, programme.pk)
    row = KeepingTerms.objects.filter(pk=programme.pk).first()
    typed = {name: str(getattr(row, name, None) or "") for name in terms.LEAST}
    context: dict[str, Any] = {"version": row.version if row else 0}
    status = 200
    if request.method == "POST":
        typed = {name: request.POST.get(name, "").strip()[:9] for name in terms.LEAST}
        try:
            wanted = Terms(**{name: _days(name, value) for name, value in typed.items()})
            if request.POST.get("act") == "set":
                terms.set_terms(actor, programme.pk, wanted, int(request.POST.get("version", "0") or 0))
                messages.success(request, _("保留期限已经保存。"))
                return redirect("keeping:terms", slug)
            context["previews"] = [
                {"rule": each.rule.label, **vars(each), "size_words": size_words(each.size)}
                for each in terms.preview(actor, programme, wanted)
            ]
            context |= {"looked": True, "cold_preview": _cold(actor, programme, wanted)}
        except NotAllowed:
            raise
        except (BroadcastError, ValueError) as error:
            refused = error if isinstance(error, BroadcastError) else InvalidInput(_("请重新打开这一页再改。"))
            context |= {"error": refused, "wrong": refused.data.get("field")}
            status = refused.status
    gone = MediaRemoval.objects.filter(recording__airing__episode__programme=programme)
    context |= {
        "programme": programme,
        "typed": typed,
        "least": terms.LEAST,
        "row": row,
        "has_cold": bool(cold.storage_class()) or bool(typed["cold_days"]),
        "removed": gone.select_related("recording__airing__episode")[:_REMOVED_SHOWN],
        "removed_count": gone.count(),
        "due_now": terms.due_now(programme),
    }
    return shell(request, actor, "archive/keeping_terms.html", context, status)


def _cold(actor: Actor, programme: Programme, wanted: Terms) -> dict[str, Any]:
    """What would go to cold storage, with its size in words."""
    found = cold.preview(actor, programme, wanted.cold_days)
    return {**vars(found), "size_words": size_words(found.size)}


def _days(field: str, typed: str) -> int | None:
    if not typed:
        return None
    if not (typed.isascii() and typed.isdigit()):
        raise InvalidInput(_("请写天数，只用数字。"), field=field)
    return int(typed)
