"""The staff pages of regular times: a programme's list, one slot, its form with a preview, stopping it; services decide and write."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadcast import clock
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError
from broadcast.forms import number
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.models import Slot
from scheduling.queries import coming, days, slot_pages
from scheduling.services import slots
from scheduling.slot_plan import SlotPlan
from scheduling.views import occurrence, slot_templates
from scheduling.views.slot_forms import SlotForm, initial, seen

_NEW = SlotPlan(dt.date(2000, 1, 1), dt.time(11), "FREQ=WEEKLY;BYDAY=SA", 30)


@for_staff
@require_safe
def programmes(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The programmes that one works for: regular times, what comes next, and the way to their pages."""
    rows = [
        {
            "brand": each,
            "may_produce": can(actor, Ability.PRODUCE, each.programme.pk),
            "may_administer": can(actor, Ability.ADMINISTER, each.programme.pk),
        }
        for each in slot_pages.brands(programmes_of(actor))
    ]
    return shell(request, actor, "scheduling/staff/programmes.html", {"rows": rows})


@for_staff
@require_safe
def listed(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """A programme's slots and templates."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.WATCH_INTERNAL, programme.pk)
    found = slot_pages.listed(programme)
    context = {
        "programme": programme,
        "running": [each for each in found if each.slot.is_active],
        "ended": [each for each in found if not each.slot.is_active],
        "templates": programme.templates.select_related("host").prefetch_related("segments", "seats"),
        "may_produce": can(actor, Ability.PRODUCE, programme.pk),
    }
    return shell(request, actor, "scheduling/staff/slots.html", context)


@for_staff
@require_safe
def show(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """One slot with its next occurrences and what was made of them."""
    slot = found_slot(slug, pk)
    require(actor, Ability.WATCH_INTERNAL, slot.programme_id)
    foreseen = coming.next_ones(slot, clock.now(), days.known()) if slot.is_active else []
    rows = slot_pages.rows_of(slot, foreseen)
    context = {
        "slot": slot,
        "programme": slot.programme,
        "words": slot_pages.words_of(slot),
        "policy": slot_pages.policy_of(slot),
        "rows": rows,
        "differing": slot_pages.public_differences(slot, foreseen, rows),
        "may_produce": can(actor, Ability.PRODUCE, slot.programme_id),
        "today": clock.now(),
    }
    return shell(request, actor, "scheduling/staff/slot.html", context)


@for_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """A new slot: filled in, looked at, then saved."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.PRODUCE, programme.pk)
    return _edited(request, actor, programme, None, None)


@for_staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """A slot changed for all that is to come, or with `?since=` for this and following."""
    slot = found_slot(slug, pk)
    require(actor, Ability.PRODUCE, slot.programme_id)
    text = request.GET.get("since", "")
    since = slot_pages.unstamp(text)
    if text and since is None:
        raise Http404
    return _edited(request, actor, slot.programme, slot, since)


@for_staff
@require_POST
def stop(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """End a slot now; what was made for later is cancelled."""
    slot = found_slot(slug, pk)
    require(actor, Ability.PRODUCE, slot.programme_id)
    version = number(request.POST.get("version")) or 0
    try:
        count = slots.stop(actor, slot.pk, version, clock.now(), request.POST.get("reason", "")[:200])
    except BroadcastError as refused:
        messages.error(request, refused.message)
        return HttpResponseRedirect(reverse("staff:slot", args=[slug, pk]))
    messages.success(request, _("已停用，取消了 %(count)s 场，期号留给后面的。") % {"count": count})
    return HttpResponseRedirect(reverse("staff:slots", args=[slug]))


def found_slot(slug: str, pk: int) -> Slot:
    """The slot of a programme's address, with what pages read of it."""
    rows = Slot.objects.select_related("programme", "feed", "studio", "template")
    return get_object_or_404(rows.prefetch_related("exceptions", "dates"), pk=pk, programme__slug=slug)


def _edited(
    request: HttpRequest, actor: Actor, programme: Programme, slot: Slot | None, since: dt.datetime | None
) -> HttpResponse:
    if request.method != "POST":
        form = SlotForm(initial=_initial(slot, since), programme=programme)
        return _form_page(request, actor, programme, slot, since, form)
    form = SlotForm(request.POST, programme=programme)
    rows: list[slot_pages.Row] = []
    theirs: list[tuple[str, str]] = []
    status, key, changed = 200, "", False
    if form.is_valid():
        plan = form.plan()
        key = seen(plan, [slot.pk if slot else "", since])
        try:
            foreseen = slots.foresee(programme, plan, slot, since)
            rows = slot_pages.rows_of(Slot(zone=plan.zone), foreseen)
            if request.POST.get("do") == "save" and request.POST.get("seen") == key:
                return _saved(request, actor, programme, slot, since, form)
            changed = request.POST.get("do") == "save"
        except BroadcastError as refused:
            form.blame(str(refused.data.get("field", "")), refused.message)
            status = refused.status
            if slot is not None and "version" in refused.data:
                slot = found_slot(programme.slug, slot.pk)
                theirs = form.stale(slots.plan_of(slot), slot.version)
    status = status if status != 200 or form.is_valid() else 422
    return _form_page(
        request, actor, programme, slot, since, form, rows=rows, seen=key, changed=changed, theirs=theirs, status=status
    )


def _saved(
    request: HttpRequest,
    actor: Actor,
    programme: Programme,
    slot: Slot | None,
    since: dt.datetime | None,
    form: SlotForm,
) -> HttpResponse:
    data = form.cleaned_data
    if slot is None:
        saved = slots.create(actor, programme.pk, form.plan())
        messages.success(request, _("已保存，%(weeks)s 周以内的场次已经建好。") % {"weeks": saved.weeks_ahead})
    else:
        saved = slots.edit(actor, slot.pk, data["version"] or 0, form.plan(), since, data["reason"])
        messages.success(request, _("已保存，已经建好的场次跟着改了。"))
    return HttpResponseRedirect(reverse("staff:slot", args=[programme.slug, saved.pk]))


def _initial(slot: Slot | None, since: dt.datetime | None) -> dict[str, Any]:
    if slot is None:
        return initial(_NEW, 0) | {"first_date": clock.now().date()}
    found = initial(slots.plan_of(slot), slot.version)
    if since is not None:
        found["first_date"] = slot_pages.row(_at(slot, since), slot.zone).local.date()
    return found


def _at(slot: Slot, since: dt.datetime) -> Any:
    foreseen = coming.of_slot(slot, since, since + dt.timedelta(microseconds=1), days.known())
    if not foreseen:
        raise Http404
    return foreseen[0]


def _form_page(
    request: HttpRequest,
    actor: Actor,
    programme: Programme,
    slot: Slot | None,
    since: dt.datetime | None,
    form: SlotForm,
    status: int = 200,
    **more: Any,
) -> HttpResponse:
    context = {
        "programme": programme,
        "slot": slot,
        "since": slot_pages.row(_at(slot, since), slot.zone) if slot is not None and since is not None else None,
        "form": form,
        "show_errors": bool(form.is_bound and form.errors),
        **more,
    }
    return shell(request, actor, "scheduling/staff/slot_form.html", context, status)


urlpatterns = [
    path("", programmes, name="programmes"),
    path("<slug:slug>/slots", listed, name="slots"),
    path("<slug:slug>/slots/new", new, name="slot-new"),
    path("<slug:slug>/slots/<int:pk>", show, name="slot"),
    path("<slug:slug>/slots/<int:pk>/edit", edit, name="slot-edit"),
    path("<slug:slug>/slots/<int:pk>/stop", stop, name="slot-stop"),
    path("<slug:slug>/slots/<int:pk>/occurrence", occurrence.page, name="slot-occurrence"),
    path("<slug:slug>/templates/new", slot_templates.new, name="template-new"),
    path("<slug:slug>/templates/<int:pk>", slot_templates.edit, name="template"),
]
