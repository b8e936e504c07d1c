"""The staff page of holidays and make-up workdays: a year's days, what was entered by hand, entering and taking back; no rules here."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.dateparse import parse_date
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from broadcast import clock
from broadcast.access import Ability, Actor
from broadcast.errors import BroadcastError, NotAllowed
from broadcast.forms import PlainForm, date_input, number
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.holidays import Day
from scheduling.models import Holiday
from scheduling.queries import days
from scheduling.services import holidays

YEARS_AHEAD = 2


class HolidayForm(PlainForm):
    """The same kind of day, from a first to a last."""

    first = forms.DateField(label=gettext_lazy("第一天"), widget=date_input())
    last = forms.DateField(label=gettext_lazy("最后一天"), required=False, widget=date_input())
    kind = forms.ChoiceField(label=gettext_lazy("性质"), choices=Holiday.Kind.choices)
    name = forms.CharField(label=gettext_lazy("名称"), max_length=40, required=False)


@for_staff
@require_http_methods(["GET", "POST"])
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """`?year=`, else this one. POST act=enter or remove."""
    if not programmes_of(actor, Ability.PRODUCE).exists() and not holidays.may_enter(actor):
        raise NotAllowed(_("您没有这项权限，请联系管理员。"))
    form, status = HolidayForm(), 200
    if request.method == "POST":
        if not holidays.may_enter(actor):
            raise NotAllowed(_("您没有这项权限，请联系管理员。"))
        form = HolidayForm(request.POST if request.POST.get("act") != "remove" else None)
        try:
            done = _done(request, actor, form)
        except BroadcastError as refused:
            form.blame(str(refused.data.get("field", "")), refused.message)
            done, status = None, refused.status
        if done is not None:
            return HttpResponseRedirect(f"{reverse('staff:holidays')}?year={done}")
        status = max(status, 422)
    return shell(request, actor, "scheduling/staff/holidays.html", _context(request, actor, form), status)


def _done(request: HttpRequest, actor: Actor, form: HolidayForm) -> int | None:
    """The year to show when something was written."""
    if request.POST.get("act") == "remove":
        day = parse_date(request.POST.get("day", ""))
        if day is not None:
            holidays.remove(actor, day)
            messages.success(request, _("已撤回，按公布的安排。"))
        return (day or clock.now().date()).year
    if not form.is_valid():
        return None
    data = form.cleaned_data
    first: dt.date = data["first"]
    span = holidays.Span(first, data["last"] or first, data["kind"], data["name"])
    count = holidays.enter(actor, [span])
    messages.success(request, _("已记下 %(count)s 天。没有预告的场次一分钟内跟着改。") % {"count": count})
    return first.year


def _context(request: HttpRequest, actor: Actor, form: HolidayForm) -> dict[str, Any]:
    this = clock.now().year
    asked = number(request.GET.get("year")) or 0
    year = asked if 2000 <= asked <= 2099 else this
    known = days.known()
    found = known.year(year)
    return {
        "year": year,
        "years": [(each, known.is_announced(each)) for each in range(this - 1, this + YEARS_AHEAD + 1)],
        "announced": known.is_announced(year),
        "spans": _spans(found),
        "form": form,
        "show_errors": form.is_bound and bool(form.errors),
        "may_enter": holidays.may_enter(actor),
    }


def _spans(found: list[Day]) -> list[dict[str, Any]]:
    """Days of one kind and name that follow each other, as one row; what was entered by hand stands by itself."""
    rows: list[dict[str, Any]] = []
    for day in found:
        last = rows[-1] if rows else None
        same = last is not None and (last["kind"], last["name"], last["by_hand"]) == (day.kind, day.name, day.by_hand)
        if last is not None and same and not day.by_hand and last["last"] + dt.timedelta(days=1) == day.date:
            last["last"], last["count"] = day.date, last["count"] + 1
        else:
            rows.append(
                {"first": day.date, "last": day.date, "count": 1}
                | {"kind": day.kind, "name": day.name, "by_hand": day.by_hand}
            )
    return rows


urlpatterns = [path("", page, name="holidays")]
