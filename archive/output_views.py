"""Staff pages of a programme's outputs, simulcast targets and play-out rule: carry what was typed to services; no rule of their own."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from archive import playout, simulcast
from archive.models import PlayoutRule, SimulcastTarget
from archive.output_forms import RuleForm, TargetForm
from archive.pull import NO_PROGRAMME
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError
from broadcast.forms import PlainForm
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, shell


@for_staff
def outputs(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """Targets and rule of a programme. POST form=target adds a target, form=rule saves the rule."""
    programme = _programme(actor, slug)
    posted = request.POST.get("form", "") if request.method == "POST" else ""
    rule = PlayoutRule.objects.filter(programme=programme).first() or PlayoutRule(programme=programme)
    target_form = TargetForm(request.POST if posted == "target" else None, prefix="target")
    rule_form = RuleForm(programme, rule, request.POST if posted == "rule" else None)
    if posted == "target" and _done(
        target_form, lambda: simulcast.add_target(actor, programme.pk, **target_form.cleaned_data)
    ):
        messages.success(request, _("已加上，正在播出的节目几秒内开始推送。"))
        return redirect("staff:outputs", slug=slug)
    if posted == "rule" and _done(rule_form, lambda: playout.set_rule(actor, programme.pk, **rule_form.facts())):
        messages.success(request, _("已保存。正在播出的，从还没有播出的部分起生效。"))
        return redirect("staff:outputs", slug=slug)
    context = {
        "programme": programme,
        "targets": SimulcastTarget.objects.filter(programme=programme),
        "full": SimulcastTarget.objects.filter(programme=programme).count() >= simulcast.MOST_TARGETS,
        "target_form": target_form,
        "rule_form": rule_form,
        "wrong": posted,
        "may_administer": can(actor, Ability.ADMINISTER, NO_PROGRAMME),
    }
    return shell(request, actor, "archive/staff/outputs.html", context, status=422 if posted else 200)


@for_staff
def target(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """Change a target's name, or give it a new address."""
    programme, found = _target(actor, slug, pk)
    form = TargetForm(request.POST if request.method == "POST" else None, target=found)
    if request.method == "POST" and _done(form, lambda: simulcast.change_target(actor, found.pk, **form.cleaned_data)):
        messages.success(request, _("已保存。"))
        return redirect("staff:outputs", slug=slug)
    context = {"programme": programme, "target": found, "form": form, "show_errors": request.method == "POST"}
    return shell(
        request, actor, "archive/staff/output_target.html", context, status=422 if request.method == "POST" else 200
    )


@require_POST
@for_staff
def switch(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """POST on=1 switches a target on, on=0 off."""
    found = _target(actor, slug, pk)[1]
    on = request.POST.get("on") == "1"
    simulcast.change_target(actor, found.pk, is_active=on)
    messages.success(request, _("已启用。") if on else _("已停用，正在进行的推送会断开。"))
    return redirect("staff:outputs", slug=slug)


@for_staff
def remove(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """Ask before a target and its address are forgotten."""
    programme, found = _target(actor, slug, pk)
    if request.method == "POST":
        simulcast.remove_target(actor, found.pk)
        messages.success(request, _("已删去。"))
        return redirect("staff:outputs", slug=slug)
    return shell(request, actor, "archive/staff/output_remove.html", {"programme": programme, "target": found})


def _programme(actor: Actor, slug: str) -> Programme:
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.PRODUCE, programme.pk)
    return programme


def _target(actor: Actor, slug: str, pk: int) -> tuple[Programme, SimulcastTarget]:
    programme = _programme(actor, slug)
    return programme, get_object_or_404(SimulcastTarget, pk=pk, programme=programme)


def _done(form: PlainForm, act: Callable[[], Any]) -> bool:
    """Do it with a valid form; a refusal goes beside the field that it names."""
    if not form.is_valid():
        return False
    try:
        act()
    except BroadcastError as error:
        form.blame(str(error.data.get("field", "")), error.message)
        return False
    return True


urlpatterns = [
    path("<slug:slug>/outputs/", outputs, name="outputs"),
    path("<slug:slug>/outputs/<int:pk>/", target, name="output-target"),
    path("<slug:slug>/outputs/<int:pk>/switch", switch, name="output-switch"),
    path("<slug:slug>/outputs/<int:pk>/remove", remove, name="output-remove"),
]
