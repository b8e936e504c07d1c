"""Forms of a programme's outputs: read what a producer typed and keep it; services decide and write."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from archive.fallback import offered
from archive.models import Filler, PlayoutRule, SimulcastTarget
from archive.playout import HEIGHTS, LIMITS
from broadcast.access import may_be_rerun
from broadcast.forms import PlainForm
from broadcast.models import Airing, Programme

_RERUNS_OFFERED = 30


class TargetForm(PlainForm):
    """Name and address of a simulcast target. The address is never filled in again: it holds a key."""

    name = forms.CharField(
        label=gettext_lazy("名称"),
        max_length=60,
        help_text=gettext_lazy("控制室里显示的名字，如“视频号”“区融媒”“电台发射机”。"),
    )
    address = forms.CharField(
        label=gettext_lazy("推流地址"),
        max_length=500,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
        help_text=gettext_lazy(
            "平台给的完整地址，连同密钥。例：rtmp://主机/应用/密钥，srt://主机:端口?streamid=…，icecast://source:密码@主机:8000/挂载点.mp3。"
            "保存后加密，只再显示主机名。"
        ),
    )

    def __init__(self, *args: Any, target: SimulcastTarget | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if target is not None:
            self.fields["name"].initial = target.name
            self.fields["address"].required = False
            self.fields["address"].label = _("新的推流地址")
            self.fields["address"].help_text = _("不改就空着。现在的地址是 %(place)s。") % {"place": target.shown_url}


class _NamedChoiceField(forms.ModelChoiceField):  # type: ignore[type-arg]
    """Offers fillers and airings by what people know them by."""

    def label_from_instance(self, obj: Any) -> str:
        if isinstance(obj, Filler):
            return _("%(title)s（%(n)s 秒）") % {"title": obj.title, "n": round(obj.duration_ms / 1000)}
        number = _("第 %(number)s 期") % {"number": obj.episode.number} if obj.episode.number else ""
        return f"{obj.planned_start:%Y-%m-%d} {number} {obj.episode.title}"


class RuleForm(PlainForm):
    """What the recorder does by itself. Times of the window in minutes, the others in seconds."""

    early_minutes = forms.IntegerField(
        label=gettext_lazy("提前几分钟开始录"),
        min_value=0,
        max_value=LIMITS["early_seconds"][1] // 60,
        help_text=gettext_lazy("开播前的部分只有工作人员能看。"),
    )
    late_minutes = forms.IntegerField(
        label=gettext_lazy("结束后再录几分钟"), min_value=0, max_value=LIMITS["late_seconds"][1] // 60
    )
    missing_seconds = forms.IntegerField(
        label=gettext_lazy("断了几秒就换"),
        min_value=LIMITS["missing_seconds"][0],
        max_value=LIMITS["missing_seconds"][1],
        help_text=gettext_lazy("先换到备路，备路也没有再播垫片或往期。"),
    )
    silence_seconds = forms.IntegerField(
        label=gettext_lazy("静音几秒就换"),
        min_value=0,
        max_value=LIMITS["silence_seconds"][1],
        help_text=gettext_lazy("填 0：静音不换。"),
    )
    fallback = forms.ChoiceField(label=gettext_lazy("没有信号时"), choices=PlayoutRule.Fallback.choices)
    filler = _NamedChoiceField(
        label=gettext_lazy("垫片"),
        queryset=Filler.objects.none(),
        required=False,
        empty_label=gettext_lazy("系统自带的“节目稍后继续”"),
        help_text=gettext_lazy("只列出检查通过的。"),
    )
    rerun_of = _NamedChoiceField(
        label=gettext_lazy("往期"),
        queryset=Airing.objects.none(),
        required=False,
        empty_label=gettext_lazy("最近一期已签发回看的"),
    )
    return_by = forms.ChoiceField(label=gettext_lazy("回到直播"), choices=PlayoutRule.Return.choices)
    steady_seconds = forms.IntegerField(
        label=gettext_lazy("信号稳定几秒才回"),
        min_value=LIMITS["steady_seconds"][0],
        max_value=LIMITS["steady_seconds"][1],
    )
    rungs = forms.TypedMultipleChoiceField(
        label=gettext_lazy("另备的清晰度"),
        choices=[(each, f"{each}p") for each in HEIGHTS],
        coerce=int,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("原画总是有的。每加一档都要多用处理器；高过原画的不做。"),
    )

    def __init__(self, programme: Programme, rule: PlayoutRule, data: Any = None) -> None:
        named = (
            "missing_seconds",
            "silence_seconds",
            "steady_seconds",
            "fallback",
            "return_by",
            "filler",
            "rerun_of",
            "rungs",
        )
        initial = {name: getattr(rule, name) for name in named}
        initial |= {"early_minutes": rule.early_seconds // 60, "late_minutes": rule.late_seconds // 60}
        super().__init__(data, initial=initial, prefix="rule")
        fillers = Filler.objects.filter(Q(programme=programme) | Q(programme=None), state=Filler.State.READY)
        self._choices("filler", fillers)
        newest = [each.pk for each in offered(programme.pk)[:_RERUNS_OFFERED] if may_be_rerun(each)]
        kept = [*newest, *([rule.rerun_of_id] if rule.rerun_of_id else [])]
        self._choices(
            "rerun_of", Airing.objects.filter(pk__in=kept).select_related("episode").order_by("-actual_start")
        )

    def _choices(self, name: str, rows: Any) -> None:
        field = self.fields[name]
        assert isinstance(field, _NamedChoiceField)
        field.queryset = rows

    def facts(self) -> dict[str, Any]:
        """The fields of the rule; only of a valid form."""
        data = dict(self.cleaned_data)
        data["early_seconds"], data["late_seconds"] = data.pop("early_minutes") * 60, data.pop("late_minutes") * 60
        return data

    def blame(self, field: str, message: str) -> None:
        """The window's fields are typed in minutes."""
        super().blame({"early_seconds": "early_minutes", "late_seconds": "late_minutes"}.get(field, field), message)
