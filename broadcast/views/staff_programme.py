"""The page of a programme's settings: reads what was chosen and shows what was refused; `services.programmes` decides and writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, resolve_url
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError, Conflict, InvalidInput
from broadcast.models import Airing, AuditEntry, Programme
from broadcast.models.catalogue import Assurance
from broadcast.services import closing, programmes
from broadcast.views.staff_page import for_staff, page

_ASSURANCES = [(each.value, each.label) for each in Assurance]
_NEEDS = {
    "needs_vote": gettext_lazy("投票"),
    "needs_support": gettext_lazy("支持提问"),
    "needs_comment": gettext_lazy("评论"),
    "needs_ask": gettext_lazy("提问"),
}
CHANGES = ("programme.set", "programme.close", "programme.reopen")
CHANGES_SHOWN = 5


def _needed(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(label=label, choices=_ASSURANCES, coerce=int)


class SettingsForm(forms.Form):
    """All of a programme's policy, and why it is changed."""

    use_required_attribute = False

    comments = forms.ChoiceField(label=pgettext_lazy("规则", "评论"), choices=Programme.Moderation.choices)
    questions = forms.ChoiceField(label=pgettext_lazy("规则", "提问"), choices=Programme.Moderation.choices)
    likes = forms.BooleanField(label=gettext_lazy("可以点赞"), required=False)
    polls = forms.BooleanField(label=gettext_lazy("可以发起投票"), required=False)
    review_steps = forms.TypedChoiceField(
        label=gettext_lazy("审核"),
        choices=[(1, gettext_lazy("初审")), (2, gettext_lazy("初审和复审，由两个人做"))],
        coerce=int,
    )
    appeal_hours = forms.IntegerField(
        label=gettext_lazy("申诉答复期限（小时）"),
        min_value=programmes.SPANS["appeal_hours"][0],
        max_value=programmes.SPANS["appeal_hours"][1],
    )
    needs_vote = _needed(_NEEDS["needs_vote"])
    needs_support = _needed(_NEEDS["needs_support"])
    needs_comment = _needed(_NEEDS["needs_comment"])
    needs_ask = _needed(_NEEDS["needs_ask"])
    publishes_ballots = forms.BooleanField(
        label=gettext_lazy("公开匿名选票清单，人人可以重新计票"),
        required=False,
        help_text=gettext_lazy("只对以后结束的投票有效；已经公开的清单不会收回。"),
    )
    publishes_figures = forms.BooleanField(
        label=gettext_lazy("公开审核数字：来了多少、公开多少、因何未通过"), required=False
    )
    delay_seconds = forms.IntegerField(
        label=gettext_lazy("播出延时（秒）"),
        min_value=programmes.SPANS["delay_seconds"][0],
        max_value=programmes.SPANS["delay_seconds"][1],
        help_text=gettext_lazy("对以后新建的场次有效；已经建好的场次不变。"),
    )
    cut_needs_second_person = forms.BooleanField(label=gettext_lazy("切断要第二个人确认"), required=False)
    replay_release = forms.ChoiceField(label=gettext_lazy("回放"), choices=Programme.Release.choices)
    members_shown = forms.ChoiceField(
        label=gettext_lazy("委员的发言怎样署名"),
        choices=Programme.MembersShown.choices,
        help_text=gettext_lazy("对以后的发言有效。"),
    )
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写%(label)s。") % {"label": field.label}

    @property
    def needs(self) -> list[Any]:
        """The choices of who may do what."""
        return [self[name] for name in _NEEDS]


@for_staff
@require_http_methods(["GET", "POST"])
def policy(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """What the programme allows and asks for."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.ADMINISTER, programme.pk)
    if request.method == "GET":
        return _shown(request, actor, programme, SettingsForm(initial=programmes.policy_of(programme)))
    form = SettingsForm(request.POST)
    if not form.is_valid():
        return _shown(request, actor, programme, form, InvalidInput.status)
    wanted = {name: value for name, value in form.cleaned_data.items() if name != "reason"}
    try:
        changed = programmes.set_policy(actor, programme.pk, wanted, form.cleaned_data["reason"])
    except InvalidInput as error:
        field = str(error.data.get("field", ""))
        form.add_error(field if field in form.fields else None, error.message)
        return _shown(request, actor, programme, form, error.status)
    messages.success(request, _("已保存。") if changed else _("没有改动。"))
    return HttpResponseRedirect(resolve_url("staff:programme-settings", slug))


@for_staff
@require_POST
def end(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """POST act=close, reopen or delete, with a reason."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.ADMINISTER, programme.pk)
    acts = {"close": closing.close, "reopen": closing.reopen, "delete": closing.delete}
    act = request.POST.get("act", "")
    try:
        if act not in acts:
            raise InvalidInput(_("没有这个操作。"))
        acts[act](actor, programme.pk, request.POST.get("reason", "")[:200])
    except (Conflict, InvalidInput) as error:
        form = SettingsForm(initial=programmes.policy_of(programme))
        return _shown(request, actor, programme, form, error.status, ending=error)
    said = {
        "close": _("“%(name)s”已停办。"),
        "reopen": _("“%(name)s”已恢复。"),
        "delete": _("“%(name)s”已删除。"),
    }
    messages.success(request, said[act] % {"name": programme.name})
    if act == "delete":
        return HttpResponseRedirect(resolve_url("staff:home"))
    return HttpResponseRedirect(resolve_url("staff:programme-settings", slug))


def _shown(
    request: HttpRequest,
    actor: Actor,
    programme: Programme,
    form: SettingsForm,
    status: int = 200,
    *,
    ending: BroadcastError | None = None,
) -> HttpResponse:
    state = Airing.State
    running = Airing.objects.filter(episode__programme=programme, state__in=[state.WAITING, state.ON_AIR])
    changes = AuditEntry.objects.filter(act__in=CHANGES, target=f"programme:{programme.slug}").order_by("-pk")
    context = {
        "programme": programme,
        "form": form,
        "show_errors": bool(form.errors),
        "running": running.select_related("episode").first(),
        "changes": changes[:CHANGES_SHOWN],
        "ending": ending,
        "ending_reason": request.POST.get("reason", "") if ending else "",
        "future": closing.future_of(programme) if programme.closed_at is None else [],
        "is_empty": not closing.past_of(programme),
    }
    return page(request, actor, "programme_settings.html", context, status)


urlpatterns = [
    path("<slug:slug>/settings", policy, name="programme-settings"),
    path("<slug:slug>/end", end, name="programme-end"),
]
