"""What the house will do by itself and what went wrong with it, and the plan of one airing: pages; the services decide."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from broadcast.access import Ability, Actor, can, require
from broadcast.errors import InvalidInput, NotAllowed
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling.models import AiringPlan, Firing
from scheduling.queries import alarms, dry_run, due
from scheduling.services import ledger

HOURS = (48, 24 * 7)


class PlanForm(forms.Form):
    """What the house does by itself for one airing."""

    auto_announce = forms.BooleanField(label=gettext_lazy("到时间发布预告"), required=False)
    announce_hours_before = forms.IntegerField(label=gettext_lazy("开播前几小时预告"), min_value=0)
    auto_open = forms.BooleanField(label=gettext_lazy("到时间打开信号，进入候播"), required=False)
    open_minutes_before = forms.IntegerField(label=gettext_lazy("开播前几分钟打开"), min_value=0)
    auto_start = forms.BooleanField(label=gettext_lazy("准点开播"), required=False)
    start_late_seconds = forms.IntegerField(label=gettext_lazy("最多晚几秒，再晚由人工决定"), min_value=0)
    auto_end = forms.BooleanField(label=gettext_lazy("到时间结束"), required=False)
    auto_publish = forms.BooleanField(label=gettext_lazy("结束后公开回看"), required=False)
    publish_minutes_after = forms.IntegerField(label=gettext_lazy("结束后几分钟公开"), min_value=0)
    auto_remind = forms.BooleanField(label=pgettext_lazy("动作", "提醒嘉宾"), required=False)


@for_staff
@require_safe
def coming(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The next hours of one's programmes, act by act, and what went wrong before."""
    mine = list(programmes_of(actor, Ability.RUN))
    if not mine:
        raise NotAllowed(_("您没有安排或播出节目的权限，请联系管理员。"), ability=str(Ability.RUN))
    hours = HOURS[1] if request.GET.get("days") == "7" else HOURS[0]
    ids = [each.pk for each in mine]
    expected = dry_run.next_hours(hours, ids)
    context = {
        "hours": hours,
        "days": dry_run.by_day(expected),
        "will": sum(each.will for each in expected),
        "cannot": sum(each.verdict == dry_run.CANNOT for each in expected),
        "people": sum(each.verdict == dry_run.PEOPLE for each in expected),
        "alarms": alarms.standing(ids),
        "own_alarms": True,
    }
    return shell(request, actor, "scheduling/staff/next.html", context)


@for_staff
@require_POST
def seen(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Somebody has seen what went wrong."""
    ledger.seen(actor, pk)
    messages.success(request, _("已记下：您看过了。"))
    return HttpResponseRedirect(resolve_url("staff:schedule-next"))


@for_staff
@require_http_methods(["GET", "POST"])
def plan(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """What the house does by itself for one airing, what it did, and the form to change that."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme", "feed"), pk=airing_id)
    require(actor, Ability.RUN, airing.episode.programme_id)
    row = AiringPlan.objects.filter(airing=airing).first()
    form = PlanForm(initial=ledger.facts_of(row or AiringPlan(airing=airing, auto_open=False)))
    if request.method == "POST":
        form = PlanForm(request.POST)
        if form.is_valid() and _saved(actor, airing, form):
            messages.success(request, _("已保存，下一秒起生效。"))
            return HttpResponseRedirect(resolve_url("staff:schedule-plan", airing.pk))
    return shell(request, actor, "scheduling/staff/plan.html", _context(actor, airing, row, form), _status(form))


def _saved(actor: Actor, airing: Airing, form: PlanForm) -> bool:
    try:
        ledger.set_plan(actor, airing.pk, **form.cleaned_data)
    except InvalidInput as error:
        form.add_error(error.data["field"], error.message)
        return False
    return True


def _status(form: PlanForm) -> int:
    return 422 if form.is_bound and form.errors else 200


def _context(actor: Actor, airing: Airing, row: AiringPlan | None, form: PlanForm) -> dict[str, Any]:
    over = airing.state in {Airing.State.ENDED, Airing.State.CANCELLED}
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "form": form,
        "by_hand": row is None,
        "may_produce": can(actor, Ability.PRODUCE, airing.episode.programme_id) and not over,
        "ahead": [{"what": Firing.Action(each.action).label, "at": each.at} for each in due.ahead(airing.pk)],
        "ledger": Firing.objects.filter(airing=airing).select_related("seen_by"),
    }


urlpatterns = [
    path("next", coming, name="schedule-next"),
    path("firings/<int:pk>/seen", seen, name="schedule-seen"),
    path("airings/<uuid:airing_id>", plan, name="schedule-plan"),
]
