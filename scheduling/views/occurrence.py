"""The staff page of one occurrence of a slot: only this one is skipped, moved, rerun, gives way, or is as usual again; no rules here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError
from broadcast.views.staff_page import for_staff, shell
from scheduling.models import Slot
from scheduling.queries import coming, days, slot_pages
from scheduling.services import drafts, exceptions, preemption
from scheduling.views.slot_forms import OccurrenceForm


@for_staff
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """The occurrence of `?start=` (its original start in UTC). POST act=skip, move, rerun, air, as_usual or preempt."""
    rows = Slot.objects.select_related("programme", "feed").prefetch_related("exceptions", "dates")
    slot = get_object_or_404(rows, pk=pk, programme__slug=slug)
    require(actor, Ability.WATCH_INTERNAL, slot.programme_id)
    original = slot_pages.unstamp(request.GET.get("start", ""))
    found = coming.of_slot(slot, original, original + dt.timedelta(microseconds=1), days.known()) if original else []
    if original is None or not found:
        raise Http404
    row = slot_pages.rows_of(slot, found)[0]
    if request.method != "POST":
        return _shown(request, actor, slot, row, OccurrenceForm(initial=_initial(slot, row)))
    require(actor, Ability.PRODUCE, slot.programme_id)
    form = OccurrenceForm(request.POST)
    status = 422
    if form.is_valid():
        try:
            _do(actor, slot, original, form)
        except BroadcastError as refused:
            field = {"to": "date", "original_start": ""}.get(
                str(refused.data.get("field")), refused.data.get("field", "")
            )
            form.blame(str(field), refused.message)
            status = refused.status
        else:
            messages.success(request, _("已保存，只改了这一次。"))
            return HttpResponseRedirect(reverse("staff:slot", args=[slug, pk]))
    return _shown(request, actor, slot, row, form, status)


def _do(actor: Actor, slot: Slot, original: dt.datetime, form: OccurrenceForm) -> None:
    data = form.cleaned_data
    reason = data["reason"].strip()
    match data["act"]:
        case "skip":
            exceptions.skip(actor, slot.pk, original, reason)
        case "move":
            to = form.to(slot.zone)
            assert to is not None
            exceptions.move(actor, slot.pk, original, to, reason, data["minutes"])
        case "rerun":
            exceptions.rerun(actor, slot.pk, original, reason, data["rerun_of"])
        case "air":
            exceptions.air(actor, slot.pk, original, reason)
        case "preempt":
            preemption.preempt(actor, slot.pk, original, data["by"], reason, form.to(slot.zone))
        case _:
            exceptions.as_usual(actor, slot.pk, original, reason)


def _initial(slot: Slot, row: slot_pages.Row) -> dict[str, Any]:
    minutes = round((row.local_end - row.local_start).total_seconds() / 60)
    return {"date": row.local_start.date(), "time": row.local_start.time(), "minutes": minutes}


def _shown(
    request: HttpRequest,
    actor: Actor,
    slot: Slot,
    row: slot_pages.Row,
    form: OccurrenceForm,
    status: int = 200,
) -> HttpResponse:
    said = next((each for each in slot.exceptions.all() if each.original_start == row.foreseen.original), None)
    context = {
        "slot": slot,
        "programme": slot.programme,
        "row": row,
        "words": slot_pages.words_of(slot),
        "said": said if said is not None and said.cause != "holiday" else None,
        "form": form,
        "act": form.data.get("act", "") if form.is_bound else "",
        "show_errors": form.is_bound,
        "reruns": drafts.rerunnable(slot.programme_id),
        "specials": preemption.candidates(slot.pk, row.foreseen.original),
        "may_produce": can(actor, Ability.PRODUCE, slot.programme_id),
    }
    return shell(request, actor, "scheduling/staff/occurrence.html", context, status)
