"""Staff pages of the numbers: choose a period, read, fetch as a file, enter and strike partners' figures; no rule of their own."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from archive.models import PartnerFigure
from archive.numbers import services, sheets
from archive.numbers.queries import numbers
from broadcast import clock
from broadcast.access import Ability, Actor, require_anywhere
from broadcast.errors import BroadcastError
from broadcast.forms import PlainForm, date_input
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, programmes_of, shell

# On the page; the files have all.
SHOWN_MEMBERS = 100


class PeriodForm(PlainForm):
    """From one day to another, both within."""

    since = forms.DateField(label=gettext_lazy("从"), widget=date_input())
    until = forms.DateField(label=gettext_lazy("到"), widget=date_input())


class _ProgrammeField(forms.ModelChoiceField):  # type: ignore[type-arg]
    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class FigureForm(PlainForm):
    """What a partner says."""

    programme = _ProgrammeField(label=gettext_lazy("节目"), queryset=Programme.objects.none(), empty_label=None)
    source = forms.CharField(
        label=gettext_lazy("来源"), max_length=80, help_text=gettext_lazy("哪一家、哪个栏目，如“区融媒 视频号”。")
    )
    measure = forms.ChoiceField(label=gettext_lazy("口径"), choices=PartnerFigure.Measure.choices)
    number = forms.IntegerField(label=gettext_lazy("数字"), min_value=0, max_value=10**12)
    since = forms.DateField(label=gettext_lazy("从"), widget=date_input())
    until = forms.DateField(label=gettext_lazy("到"), widget=date_input())
    told_at = forms.DateTimeField(
        label=gettext_lazy("读数时间"),
        widget=forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"}),
        input_formats=["%Y-%m-%dT%H:%M"],
    )
    note = forms.CharField(label=gettext_lazy("备注"), max_length=200, required=False)


@for_staff
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The numbers of a period; `?format=xlsx` or `docx` gives them as a file. POST enters a partner's figure."""
    require_anywhere(actor, Ability.REPORT)
    mine = programmes_of(actor, Ability.REPORT)
    chosen = mine.filter(slug=request.GET.get("programme", "")).first()
    today = timezone.localtime(clock.now()).date()
    typed = {
        "since": request.GET.get("since") or today.replace(month=1, day=1),
        "until": request.GET.get("until") or today,
    }
    period = PeriodForm(typed)
    good = period.is_valid() and period.cleaned_data["since"] <= period.cleaned_data["until"]
    days = period.cleaned_data if good else {"since": today.replace(month=1, day=1), "until": today}
    found = numbers([chosen] if chosen else list(mine), days["since"], days["until"])
    name = f"yishi-{days['since']:%Y%m%d}-{days['until']:%Y%m%d}"
    if request.GET.get("format") == "xlsx":
        return _file(sheets.workbook(found), sheets.XLSX, f"{name}.xlsx")
    if request.GET.get("format") == "docx":
        return _file(sheets.document(found), sheets.DOCX, f"{name}.docx")
    form = FigureForm(request.POST if request.method == "POST" else None, initial=_now(today))
    form.fields["programme"].queryset = mine  # type: ignore[attr-defined]
    if request.method == "POST" and _entered(actor, form):
        messages.success(request, _("已录入。"))
        return redirect(request.get_full_path())
    wrong = request.method == "POST"
    context = {
        "found": found,
        "shown_most": SHOWN_MEMBERS,
        "shown_members": f":{SHOWN_MEMBERS}",
        "period": period,
        "period_wrong": not good,
        "form": form,
        "show_errors": wrong,
        "mine": mine,
        "only": chosen,
        "days": days,
    }
    return shell(request, actor, "archive/staff/numbers.html", context, status=422 if wrong else 200)


@require_POST
@for_staff
def strike(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Strike a partner's figure out."""
    services.strike(actor, pk)
    messages.success(request, _("已作废，仍留在表里。"))
    return redirect("staff:numbers")


def _now(today: dt.date) -> dict[str, Any]:
    return {"since": today, "until": today, "told_at": timezone.localtime(clock.now())}


def _entered(actor: Actor, form: FigureForm) -> bool:
    if not form.is_valid():
        return False
    facts = dict(form.cleaned_data)
    programme = facts.pop("programme")
    try:
        services.enter(actor, programme.pk, **facts)
    except BroadcastError as error:
        form.blame(str(error.data.get("field", "")), error.message)
        return False
    return True


def _file(content: bytes, media_type: str, name: str) -> HttpResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return HttpResponse(content, content_type=media_type, headers=headers)


urlpatterns = [
    path("", show, name="numbers"),
    path("figures/<int:pk>/strike", strike, name="numbers-strike"),
]
