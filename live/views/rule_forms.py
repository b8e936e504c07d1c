"""The form of a rule: reads what somebody typed, keeps it, and turns it into a Draft; the service decides and writes."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from broadcast.access import Actor
from broadcast.models import Airing, Programme
from live.queries import rule_pages
from live.services import rules
from live.services.rules import Draft

MARK = "!"
SAMPLE_MOST = 200_000


class RuleForm(forms.Form):
    """A rule. Words stand one to a line; exceptions begin with an exclamation mark. `sample` and `show` are for a trial alone."""

    use_required_attribute = False

    name = forms.CharField(label=gettext_lazy("名称"), max_length=60)
    category = forms.CharField(
        label=gettext_lazy("类别"),
        max_length=40,
        required=False,
        widget=forms.TextInput(attrs={"list": "categories", "autocomplete": "off"}),
    )
    kind = forms.ChoiceField(label=gettext_lazy("找什么"), choices=rule_pages.KINDS)
    action = forms.ChoiceField(
        label=gettext_lazy("找到以后"),
        choices=[
            ("hold", gettext_lazy("暂扣，等人看")),
            ("mask", gettext_lazy("暂扣，建议蒙字")),
            ("reject", gettext_lazy("直接退回，告诉作者理由")),
        ],
    )
    reason = forms.ChoiceField(label=gettext_lazy("退回的理由"), required=False)
    programme = forms.ChoiceField(label=gettext_lazy("用在"), required=False)
    words = forms.CharField(
        label=gettext_lazy("词，一行一个"),
        required=False,
        strip=False,
        widget=forms.Textarea(attrs={"rows": 12, "spellcheck": "false"}),
        help_text=gettext_lazy(
            "全角、繁体、夹符号、拆字的写法会一起找到，不用另写。以 ! 开头的一行是例外：词落在例外里不算。"
            "网址规则里写 !域名，表示这个域名可以发。"
        ),
    )
    by_pinyin = forms.BooleanField(label=gettext_lazy("也找拼音写法"), required=False)
    by_sound = forms.BooleanField(label=gettext_lazy("也找同音字（误报会变多，先试用）"), required=False)
    many = forms.IntegerField(label=gettext_lazy("几条起算"), min_value=1, max_value=1_000, initial=3)
    minutes = forms.IntegerField(label=gettext_lazy("在几分钟内"), min_value=1, max_value=1_440, initial=10)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)
    sample = forms.CharField(
        label=gettext_lazy("试用的文字，一行一条"),
        required=False,
        strip=False,
        max_length=SAMPLE_MOST,
        widget=forms.Textarea(attrs={"rows": 5, "spellcheck": "false"}),
    )
    show = forms.ChoiceField(label=gettext_lazy("或者用一场里的内容试"), required=False)

    def __init__(self, *args: Any, actor: Actor, shows: list[Airing], **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            field.error_messages["required"] = _("请填写%(label)s。") % {"label": field.label}
            if name in {"many", "minutes"}:
                field.required = False
        self._offer("reason", [("", _("不用填")), *rule_pages.reasons()])
        own = [(str(each.pk), each.name) for each in Programme.objects.filter(is_active=True)]
        mine = [(pk, name) for pk, name in own if rules.may_edit(actor, int(pk))]
        self._offer("programme", [("", _("全部节目")), *mine])
        self._offer("show", [("", _("不用，只试上面的文字")), *((str(each.pk), _named(each)) for each in shows)])

    def _offer(self, name: str, choices: list[tuple[str, str]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices

    def draft(self) -> Draft:
        """The rule as typed; only of a valid form."""
        data = self.cleaned_data
        lines = [line.strip() for line in data["words"].splitlines() if line.strip()]
        return Draft(
            name=data["name"],
            kind=data["kind"],
            action=data["action"],
            category=data["category"],
            reason=data["reason"],
            programme=int(data["programme"]) if data["programme"] else None,
            words=tuple(line for line in lines if not line.startswith(MARK)),
            except_words=tuple(line[1:].strip() for line in lines if line.startswith(MARK)),
            by_pinyin=data["by_pinyin"],
            by_sound=data["by_sound"],
            many=data["many"] or 3,
            minutes=data["minutes"] or 10,
        )

    def lines(self) -> list[str]:
        """What is to be tried, without empty lines."""
        return [line.strip() for line in self.cleaned_data["sample"].splitlines() if line.strip()]


def initial(draft: Draft, version: int) -> dict[str, Any]:
    """What the form of an existing rule begins with."""
    words = [*draft.words, *(MARK + word for word in draft.except_words)]
    fields = {name: value for name, value in vars(draft).items() if name not in {"words", "except_words"}}
    return {**fields, "programme": draft.programme or "", "words": "\n".join(words), "version": version}


def _named(airing: Airing) -> str:
    episode = airing.episode
    return f"{episode.programme.name} · {episode.title}"
