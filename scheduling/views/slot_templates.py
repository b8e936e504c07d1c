"""The staff page of a template of episodes: title, host, segments, seats; services decide and write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.forms import BaseFormSet, formset_factory
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError
from broadcast.forms import LengthField, PlainForm, SegmentRow, length_text
from broadcast.models import Appearance, Person, Programme
from broadcast.rundown_lines import LinePlan
from broadcast.views.staff_page import for_staff, shell
from broadcast.views.staff_rows import MORE_ROWS, MOST_ROWS, rearranged
from scheduling.models import EpisodeTemplate
from scheduling.services import templates
from scheduling.services.templates import SeatPlan, TemplatePlan

_STARTS = [
    ("follow", gettext_lazy("接着上一节")),
    ("soft", gettext_lazy("软起点")),
    ("hard", gettext_lazy("硬起点")),
]


_FURTHER = ("wait", "least", "most", "note")


class TemplateForm(PlainForm):
    """The words of a template, and who hosts."""

    name = forms.CharField(label=gettext_lazy("模板名称"), max_length=60)
    title = forms.CharField(
        label=gettext_lazy("标题样式"),
        max_length=120,
        help_text=gettext_lazy("{number} 是期号，{date} 是日期，跟着实际的变；也可以只写“话题待定”。"),
    )
    description = forms.CharField(
        label=gettext_lazy("简介"), max_length=4_000, required=False, widget=forms.Textarea(attrs={"rows": 3})
    )
    host = forms.ModelChoiceField(
        label=gettext_lazy("主持人"), queryset=Person.objects.none(), required=False, empty_label=gettext_lazy("不固定")
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        host = self.fields["host"]
        assert isinstance(host, forms.ModelChoiceField)
        hosts = Appearance.objects.filter(role=Appearance.Role.HOST).values("person")
        host.queryset = Person.objects.filter(pk__in=hosts).order_by("name")


def _minutes() -> forms.TextInput:
    return forms.TextInput(attrs={"inputmode": "decimal"})


class SegmentForm(SegmentRow):
    """The same, of a template: with how it begins."""

    start = forms.ChoiceField(label=gettext_lazy("怎样开始"), choices=_STARTS, required=False)
    offset = LengthField(label=gettext_lazy("第几分钟"), required=False, least=0, widget=_minutes())
    is_floating = forms.BooleanField(label=gettext_lazy("浮动"), required=False)
    wait = LengthField(label=gettext_lazy("硬起点最多等几分钟"), required=False, least=0, widget=_minutes())
    least = LengthField(label=gettext_lazy("浮动最短几分钟"), required=False, least=0, widget=_minutes())
    most = LengthField(label=gettext_lazy("浮动最长几分钟"), required=False, widget=_minutes())
    note = forms.CharField(label=gettext_lazy("备注"), max_length=200, required=False)

    @property
    def further(self) -> list[forms.BoundField]:
        """What few rows need."""
        return [self[name] for name in _FURTHER]

    @property
    def is_further(self) -> bool:
        """Whether this row has some of it, or something of it was refused."""
        return any(each.value() or each.errors for each in self.further)

    def line(self) -> LinePlan:
        """As the run-down has it."""
        data = self.cleaned_data
        return LinePlan(
            title=data["title"],
            seconds=data["minutes"],
            role=data["role"],
            start=data["start"] or "follow",
            offset=data["offset"],
            is_floating=data["is_floating"],
            wait=data["wait"],
            least=data["least"],
            most=data["most"],
            note=data["note"],
        )


class SeatForm(PlainForm):
    """Guests wanted; a row without role is no row."""

    role = forms.ChoiceField(label=gettext_lazy("身份"), required=False, choices=[("", "—"), *Appearance.Role.choices])
    count = forms.IntegerField(label=gettext_lazy("几位"), required=False)
    hint = forms.CharField(label=gettext_lazy("要怎样的人"), max_length=60, required=False)


SegmentRows = formset_factory(SegmentForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)
SeatRows = formset_factory(SeatForm, extra=0, max_num=MOST_ROWS, absolute_max=MOST_ROWS)


class TemplatePage:
    """The whole page: words, segment rows and seat rows, bound together and cleaned at once."""

    def __init__(self, programme: Programme, template: EpisodeTemplate | None, data: QueryDict | None) -> None:
        roles = [(each.code, f"{each.mark} {each.name}") for each in programme.segment_roles.all()]
        first = _initial(template) if data is None else {}
        self.form = TemplateForm(data, initial=first.get("form"), programme=programme)
        self.segments: BaseFormSet[SegmentForm] = SegmentRows(
            data, prefix="segments", initial=first.get("segments"), form_kwargs={"roles": roles}
        )
        self.seats: BaseFormSet[SeatForm] = SeatRows(data, prefix="seats", initial=first.get("seats"))

    def is_valid(self) -> bool:
        """Clean every part, so that all mistakes are told at once."""
        return all([self.form.is_valid(), self.segments.is_valid(), self.seats.is_valid()])

    def plan(self) -> TemplatePlan:
        """What was typed; only after is_valid."""
        data = self.form.cleaned_data
        seats = [each.cleaned_data for each in self.seats if each.cleaned_data.get("role")]
        return TemplatePlan(
            name=data["name"],
            title=data["title"],
            description=data["description"],
            host=data["host"].pk if data["host"] else None,
            segments=[each.line() for each in self.segments if each.cleaned_data.get("title")],
            seats=[
                SeatPlan(each["role"], 1 if each["count"] is None else each["count"], each["hint"]) for each in seats
            ],
        )


def _initial(template: EpisodeTemplate | None) -> dict[str, Any]:
    blank: list[dict[str, Any]] = [{} for _row in range(MORE_ROWS)]
    if template is None:
        return {"form": {"title": _("话题待定"), "version": 0}, "segments": blank, "seats": blank[:2]}
    segments: list[dict[str, Any]] = [
        {
            "role": each.role.code if each.role else "",
            "title": each.title,
            "minutes": length_text(each.planned_seconds),
            "start": each.start,
            "offset": _length(each.offset_seconds),
            "is_floating": each.is_floating,
            "wait": _length(each.wait_seconds),
            "least": _length(each.least_seconds),
            "most": _length(each.most_seconds),
            "note": each.note,
        }
        for each in template.segments.select_related("role")
    ]
    seats: list[dict[str, Any]] = [
        {"role": each.role, "count": each.count, "hint": each.hint} for each in template.seats.all()
    ]
    form = {name: getattr(template, name) for name in ("name", "title", "description", "version")}
    return {"form": form | {"host": template.host_id}, "segments": segments + blank[:1], "seats": seats + blank[:1]}


def _length(seconds: int | None) -> str | None:
    return None if seconds is None else length_text(seconds)


@for_staff
@require_http_methods(["GET", "POST"])
def new(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """A new template of a programme."""
    return _edited(request, actor, get_object_or_404(Programme, slug=slug), None)


@for_staff
@require_http_methods(["GET", "POST"])
def edit(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """A template changed; drafts that are made stay as they are. POST do=remove takes it away."""
    template = get_object_or_404(EpisodeTemplate.objects.select_related("programme"), pk=pk, programme__slug=slug)
    return _edited(request, actor, template.programme, template)


def _edited(request: HttpRequest, actor: Actor, programme: Programme, template: EpisodeTemplate | None) -> HttpResponse:
    require(actor, Ability.PRODUCE, programme.pk)
    order = request.POST.get("row", "")
    data = (rearranged(request.POST, order) if order else request.POST) if request.method == "POST" else None
    page, status = TemplatePage(programme, template, data), 200
    if data is not None and not order:
        try:
            if request.POST.get("do") == "remove" and template is not None:
                templates.remove(actor, template.pk)
                messages.success(request, _("模板已删除，用它建好的场次不变。"))
                return _back(programme)
            if page.is_valid():
                _save(actor, programme, template, page)
                messages.success(request, _("模板已保存，对以后新建的场次有效。"))
                return _back(programme)
            status = 422
        except BroadcastError as refused:
            page.form.blame(*_blamed(refused))
            status = refused.status
    context = {
        "programme": programme,
        "template": template,
        "page": page,
        "form": page.form,
        "show_errors": status != 200,
        "slots": template.slots.filter(is_active=True).count() if template else 0,
    }
    return shell(request, actor, "scheduling/staff/template.html", context, status)


def _save(actor: Actor, programme: Programme, template: EpisodeTemplate | None, page: TemplatePage) -> None:
    version = page.form.cleaned_data["version"] or 0
    templates.save(actor, programme.pk, page.plan(), template.pk if template else None, version)


def _blamed(refused: BroadcastError) -> tuple[str, str]:
    """Where it stands and what it says; of a row, which."""
    line = refused.data.get("line")
    field = str(refused.data.get("field", ""))
    if line is None:
        return field, refused.message
    where = _("嘉宾第 %(line)s 行：") if field in {"seat_role", "count"} else _("串联单第 %(line)s 行：")
    return "", where % {"line": line} + refused.message


def _back(programme: Programme) -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("staff:slots", args=[programme.slug]))
