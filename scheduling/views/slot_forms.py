"""The forms of slots: read what a producer typed, keep it, and turn it into a SlotPlan; the service decides and writes."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from broadcast.forms import PlainForm, date_input, time_input
from broadcast.models import Feed, Programme
from scheduling import rule_words, slot_plan
from scheduling.models import DayRule, EpisodeTemplate, Studio
from scheduling.slot_plan import SlotPlan

_SAME = (
    "name",
    "first_date",
    "local_time",
    "zone",
    "minutes",
    "on_holiday",
    "on_workday",
    "move_days",
    "auto_announce",
    "auto_start",
    "auto_end",
    "auto_publish",
    "auto_remind",
    "announce_hours_before",
    "weeks_ahead",
)
AUTO = ("auto_announce", "auto_start", "auto_end", "auto_publish", "auto_remind")


class TemplateChoice(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Templates by their names."""

    def label_from_instance(self, obj: Any) -> str:
        """What stands in the list."""
        return str(obj.name)


class SlotForm(PlainForm):
    """A regular time: when, by which rule, where, what on special days, what the house does by itself."""

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60, required=False)
    repeat = forms.ChoiceField(
        label=gettext_lazy("怎样重复"),
        choices=[
            ("weekly", gettext_lazy("每周")),
            ("monthly", gettext_lazy("每月")),
            ("other", gettext_lazy("其他规则")),
        ],
        widget=forms.RadioSelect,
    )
    every = forms.IntegerField(
        label=gettext_lazy("每隔几周（月）"), min_value=1, max_value=52, help_text=gettext_lazy("1 是每周（月）都有。")
    )
    weekdays = forms.MultipleChoiceField(
        label=gettext_lazy("星期"), choices=rule_words.WEEKDAYS, required=False, widget=forms.CheckboxSelectMultiple
    )
    nth = forms.ChoiceField(label=gettext_lazy("每月的"), choices=rule_words.NTH, required=False)
    last = forms.DateField(label=gettext_lazy("最后一天"), required=False, widget=date_input())
    rule = forms.CharField(
        label=gettext_lazy("规则"),
        max_length=200,
        required=False,
        help_text=gettext_lazy("RFC 5545，例如：FREQ=MONTHLY;BYMONTHDAY=1。不能写时、分、秒。"),
    )
    first_date = forms.DateField(label=gettext_lazy("从哪一天算起"), widget=date_input())
    local_time = forms.TimeField(label=gettext_lazy("开始时间"), widget=time_input())
    minutes = forms.IntegerField(label=gettext_lazy("时长（分钟）"))
    zone = forms.CharField(label=gettext_lazy("时区"), max_length=40)
    dates = forms.CharField(
        label=gettext_lazy("另外加播"),
        required=False,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=gettext_lazy("规则以外的日子，一行一次，例如：2026-12-24 19:30"),
    )
    on_holiday = forms.ChoiceField(label=gettext_lazy("遇到法定节假日"), choices=DayRule.choices)
    on_workday = forms.ChoiceField(label=gettext_lazy("遇到周末调休上班"), choices=DayRule.choices)
    move_days = forms.IntegerField(
        label=gettext_lazy("改期移几天"), help_text=gettext_lazy("往前移写负数；还是节假日就再移一天。")
    )
    feed = forms.ModelChoiceField(
        label=gettext_lazy("信号"), queryset=Feed.objects.none(), required=False, empty_label=gettext_lazy("以后再定")
    )
    studio = forms.ModelChoiceField(
        label=gettext_lazy("演播室"), queryset=Studio.objects.none(), required=False, empty_label=gettext_lazy("不用")
    )
    template = TemplateChoice(
        label=gettext_lazy("模板"),
        queryset=EpisodeTemplate.objects.none(),
        required=False,
        empty_label=gettext_lazy("不用模板"),
    )
    weeks_ahead = forms.IntegerField(label=gettext_lazy("提前几周建好"))
    announce_hours_before = forms.IntegerField(label=gettext_lazy("提前几小时发布预告"))
    auto_announce = forms.BooleanField(label=gettext_lazy("自动发布预告"), required=False)
    auto_start = forms.BooleanField(label=gettext_lazy("到点自动开播"), required=False)
    auto_end = forms.BooleanField(label=gettext_lazy("到点自动结束"), required=False)
    auto_publish = forms.BooleanField(label=gettext_lazy("结束后自动公开回看"), required=False)
    auto_remind = forms.BooleanField(label=gettext_lazy("自动提醒嘉宾"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)
    reason = forms.CharField(label=gettext_lazy("为什么改"), max_length=200, required=False)

    def __init__(self, *args: Any, programme: Programme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.programme = programme
        self._offer("feed", Feed.objects.filter(is_active=True).order_by("name"))
        self._offer("studio", Studio.objects.filter(is_active=True))
        self._offer("template", programme.templates.all())

    def _offer(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = rows

    @property
    def automatic(self) -> list[Any]:
        """What the house may do by itself."""
        return [self[name] for name in AUTO]

    def clean(self) -> dict[str, Any]:
        """The rule's parts that belong together, and the extra dates read in the slot's zone."""
        data = super().clean() or self.cleaned_data
        if data.get("repeat") == "other" and not data.get("rule"):
            self.add_error("rule", _("请填写规则。"))
        if data.get("repeat") in {"weekly", "monthly"} and not data.get("weekdays"):
            self.add_error("weekdays", _("请选择星期几。"))
        data["starts"] = self._starts(data.get("dates", ""), data.get("zone", ""))
        return data

    def _starts(self, text: str, zone: str) -> tuple[dt.datetime, ...]:
        found = []
        for number, line in enumerate(filter(None, (each.strip() for each in text.splitlines())), start=1):
            try:
                local = dt.datetime.strptime(line, "%Y-%m-%d %H:%M")  # noqa: DTZ007
                found.append(local.replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC))
            except (ValueError, OverflowError):
                words = {"line": number, "text": line[:30]}
                self.add_error("dates", _("第 %(line)s 行“%(text)s”不是“2026-12-24 19:30”这样的时间。") % words)
            except (ZoneInfoNotFoundError, OSError):
                break  # the zone's own field says so
        return tuple(found)

    def stale(self, current: SlotPlan, version: int) -> list[tuple[str, str]]:
        """What stands there by now where it is otherwise than typed, by label; the next save is a change of that."""
        now = SlotForm(initial=initial(current, version), programme=self.programme)
        found = [
            (str(field.label), _shown(now[field.name].value()))
            for field in self
            if field.name not in {"version", "reason"} and _shown(field.value()) != _shown(now[field.name].value())
        ]
        typed = {name: self.data[name] for name in self.data}
        self.data = typed | {"weekdays": self["weekdays"].value(), "version": str(version)}
        return found

    def plan(self) -> SlotPlan:
        """What was typed, for the service; only of a valid form."""
        data = self.cleaned_data
        simple = rule_words.Simple(
            data["repeat"], data["every"], tuple(data["weekdays"]), data["nth"] or "1", data["last"], data["rule"]
        )
        values: dict[str, Any] = {name: data[name] for name in _SAME}
        values |= {name: data[name].pk if data[name] else None for name in ("feed", "studio", "template")}
        return SlotPlan(rule=simple.text(), dates=data["starts"], **values)


def _shown(value: Any) -> str:
    """As people compare it: nothing, no and none are alike."""
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, list):
        return "、".join(map(str, value))
    return "" if value in {None, False} else str(value)


def initial(plan: SlotPlan, version: int) -> dict[str, Any]:
    """The form as the plan fills it."""
    simple = rule_words.simple(plan.rule)
    zone = ZoneInfo(plan.zone)
    return {
        **{name: getattr(plan, name) for name in _SAME},
        "repeat": simple.repeat,
        "every": simple.every,
        "weekdays": list(simple.weekdays),
        "nth": simple.nth,
        "last": simple.last,
        "rule": simple.rule,
        "dates": "\n".join(f"{each.astimezone(zone):%Y-%m-%d %H:%M}" for each in plan.dates),
        "feed": plan.feed,
        "studio": plan.studio,
        "template": plan.template,
        "version": version,
    }


def seen(plan: SlotPlan, facts: Iterable[object] = ()) -> str:
    """What a preview was of: the plan is saved only as it was looked at."""
    times = (*slot_plan.TIMES, "feed", "studio", "on_holiday", "on_workday", "move_days")
    text = "|".join(str(getattr(plan, name)) for name in times) + "|" + "|".join(map(str, facts))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


class OccurrenceForm(PlainForm):
    """What shall become of one occurrence. Which fields count depends on the act; the service says what is missing."""

    act = forms.ChoiceField(
        choices=[(each, each) for each in ("skip", "move", "rerun", "air", "as_usual", "preempt")],
        widget=forms.HiddenInput,
    )
    date = forms.DateField(label=gettext_lazy("新日期"), required=False, widget=date_input())
    time = forms.TimeField(label=gettext_lazy("新时间"), required=False, widget=time_input())
    minutes = forms.IntegerField(label=gettext_lazy("时长（分钟）"), required=False)
    rerun_of = forms.UUIDField(label=gettext_lazy("重播哪一期"), required=False)
    by = forms.UUIDField(label=gettext_lazy("为哪一场让播"), required=False)
    reason = forms.CharField(label=gettext_lazy("原因"), max_length=200, required=False)

    def clean(self) -> dict[str, Any]:
        """A new time needs its day."""
        data = super().clean() or self.cleaned_data
        if data.get("act") == "move" and data.get("date") is None:
            self.add_error("date", _("请填写新日期。"))
        if data.get("act") in {"move", "preempt"} and (data.get("date") is None) != (data.get("time") is None):
            self.add_error("time", _("新日期和新时间要一起填。"))
        if data.get("act") in {"skip", "rerun", "preempt"} and not data.get("reason", "").strip():
            self.add_error("reason", _("请写明原因，同事和嘉宾会看到。"))
        return data

    def to(self, zone: str) -> dt.datetime | None:
        """The new time, if one was given."""
        data = self.cleaned_data
        if data["date"] is None or data["time"] is None:
            return None
        local = dt.datetime.combine(data["date"], data["time"], tzinfo=ZoneInfo(zone))
        return local.astimezone(dt.UTC)
