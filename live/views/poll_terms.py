"""The form of a poll's terms: reads what somebody typed, keeps it, and turns it into a command; the services decide and write."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from broadcast.forms import PlainForm, number
from broadcast.models.catalogue import Assurance
from live import protocol
from live.protocol.outcome import PollRule
from live.queries import poll_pages

# What a rule may ask of the votes: (share, more than it).
THRESHOLDS: dict[str, tuple[tuple[int, int], bool]] = {
    "half": ((1, 2), True),
    "two_thirds": ((2, 3), False),
    "three_quarters": ((3, 4), False),
    "most": ((0, 1), False),
}
QUORUMS: dict[str, tuple[int, int]] = {"half": (1, 2), "two_thirds": (2, 3)}
LIMITS = (30, 60, 120, 180, 300, 600, 900, 1_800, 3_600)
Choices = Iterable[tuple[Any, Any]]


def moment_input() -> forms.DateTimeInput:
    """A day and a time, as browsers ask for them."""
    return forms.DateTimeInput(format="%Y-%m-%dT%H:%M", attrs={"type": "datetime-local"})


class TermsForm(PlainForm):
    """A poll before it opens. Options stand one to a line and matter for single and multiple alone."""

    question = forms.CharField(
        label=gettext_lazy("题目"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    kind = forms.ChoiceField(label=gettext_lazy("方式"), choices=poll_pages.Kind.choices)
    options = forms.CharField(
        label=gettext_lazy("选项，一行一个"),
        required=False,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=gettext_lazy("单选、多选才填，2 到 50 个。打分、满意度、表决的选项是定好的。"),
    )
    fewest = forms.IntegerField(label=gettext_lazy("至少选几项"), min_value=1, max_value=50, required=False)
    most = forms.IntegerField(
        label=gettext_lazy("最多选几项"),
        min_value=1,
        max_value=50,
        required=False,
        help_text=gettext_lazy("不填就是全部可选。"),
    )
    segment = forms.ChoiceField(label=gettext_lazy("评哪个环节"), required=False)
    about = forms.ChoiceField(label=gettext_lazy("评对哪个问题的答复"), required=False)
    compares = forms.ChoiceField(
        label=gettext_lazy("和以前哪次比"),
        required=False,
        help_text=gettext_lazy("选项要一样。结果里并排列出上次和这次。"),
    )
    electorate = forms.ChoiceField(label=gettext_lazy("谁可以投"), choices=poll_pages.Electorate.choices)
    roll = forms.ChoiceField(label=gettext_lazy("哪份名单"), required=False)
    least_assurance = forms.ChoiceField(label=gettext_lazy("身份至少要"), required=False)
    eligible = forms.IntegerField(
        label=gettext_lazy("可投人数"),
        min_value=1,
        max_value=100_000_000,
        required=False,
        help_text=gettext_lazy("算投票率用。名单、投票码、委员投票由系统数，可不填。"),
    )
    secrecy = forms.ChoiceField(
        label=gettext_lazy("记名"),
        choices=poll_pages.Secrecy.choices,
        help_text=gettext_lazy("记名的，投票前就告诉投票人；名字和选择随结果公布。"),
    )
    revote = forms.ChoiceField(label=gettext_lazy("投出后"), choices=poll_pages.Revote.choices)
    seconds = forms.TypedChoiceField(
        label=gettext_lazy("时限"), required=False, coerce=int, empty_value=None, choices=[]
    )
    filling_seconds = forms.IntegerField(
        label=gettext_lazy("正在填的人多给几秒"),
        min_value=0,
        max_value=120,
        initial=10,
        required=False,
        help_text=gettext_lazy("延时之外再给。公众看到的结束时间不变。"),
    )
    results = forms.ChoiceField(label=gettext_lazy("票数什么时候公开"), choices=poll_pages.Results.choices)
    threshold = forms.ChoiceField(
        label=gettext_lazy("怎样算通过"),
        required=False,
        choices=[
            ("", gettext_lazy("不下结论，只报票数")),
            ("half", gettext_lazy("超过一半")),
            ("two_thirds", gettext_lazy("达到三分之二")),
            ("three_quarters", gettext_lazy("达到四分之三")),
            ("most", gettext_lazy("票数最多的（单选）")),
        ],
    )
    base = forms.ChoiceField(
        label=gettext_lazy("按什么算"),
        required=False,
        choices=[
            ("cast", gettext_lazy("表态的票（弃权、不了解不算）")),
            ("ballots", gettext_lazy("全部的票")),
            ("eligible", gettext_lazy("可投人数")),
        ],
    )
    quorum = forms.ChoiceField(
        label=gettext_lazy("至少多少人投才有效"),
        required=False,
        choices=[
            ("", gettext_lazy("不设")),
            ("half", gettext_lazy("可投人数的一半")),
            ("two_thirds", gettext_lazy("可投人数的三分之二")),
        ],
    )
    least_ballots = forms.IntegerField(
        label=gettext_lazy("或者至少几票"), min_value=1, max_value=10_000_000, required=False
    )
    tie = forms.ChoiceField(
        label=gettext_lazy("票数相同"),
        required=False,
        choices=[("rejected", gettext_lazy("算没有通过")), ("undecided", gettext_lazy("没有结论，另行决定"))],
    )
    adds_entered = forms.BooleanField(label=gettext_lazy("工作人员代录的票计入总数"), required=False, initial=True)
    opens = forms.ChoiceField(
        label=gettext_lazy("什么时候开始"),
        choices=[
            ("hand", gettext_lazy("手动")),
            ("at", gettext_lazy("到时间自动")),
            ("with", gettext_lazy("随环节自动")),
        ],
        widget=forms.RadioSelect,
        initial="hand",
    )
    opens_at = forms.DateTimeField(label=gettext_lazy("开始时间（北京时间）"), required=False, widget=moment_input())
    opens_with = forms.ChoiceField(label=gettext_lazy("随哪个环节"), required=False)
    replaces = forms.CharField(widget=forms.HiddenInput, required=False)

    def __init__(self, *args: Any, offers: Mapping[str, Choices], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        levels = [(each.value, each.label) for each in Assurance]
        self._offer("least_assurance", [("", _("按节目的规定")), *levels])
        limits = {*LIMITS, number(str(self.initial.get("seconds") or self.data.get("seconds") or "")) or 60}
        self._offer("seconds", [("", _("手动结束")), *((each, lasting(each)) for each in sorted(limits))])
        for name, choices in offers.items():
            self._offer(name, [("", _("不选")), *choices])

    def _offer(self, name: str, choices: Choices) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = list(choices)

    def clean(self) -> dict[str, Any]:
        """What one field says must not want another that was left empty."""
        data = super().clean() or {}
        if data.get("opens") == "at" and not data.get("opens_at") and "opens_at" not in self.errors:
            self.add_error("opens_at", _("请填开始时间。"))
        if data.get("opens") == "with" and not data.get("opens_with"):
            self.add_error("opens_with", _("请选一个环节。"))
        if data.get("electorate") == "roll" and not data.get("roll"):
            self.add_error("roll", _("请选一份名单。"))
        if data.get("kind") in {"single", "multiple"} and len(self.lines()) < 2:
            self.add_error("options", _("请至少写两个选项，一行一个。"))
        if data.get("threshold") == "most" and data.get("kind") != "single":
            self.add_error("threshold", _("“票数最多的”只用于单选，请改选比例。"))
        return data

    def lines(self) -> list[str]:
        """The options as typed, without empty lines."""
        return [line.strip() for line in self.cleaned_data.get("options", "").splitlines() if line.strip()]

    def terms(self) -> dict[str, Any]:
        """The fields of `poll.create` and `poll.change`; only of a valid form."""
        data = self.cleaned_data
        kind = data["kind"]
        many = kind == "multiple"
        return {
            "question": data["question"],
            "kind": kind,
            "options": tuple(self.lines()) if kind in {"single", "multiple"} else (),
            "fewest": (data["fewest"] or 1) if many else 1,
            "most": data["most"] if many else None,
            "results": data["results"],
            "secrecy": data["secrecy"],
            "revote": data["revote"],
            "electorate": data["electorate"],
            "roll": number(data["roll"]) if data["electorate"] == "roll" else None,
            "least_assurance": number(data["least_assurance"]),
            "eligible": data["eligible"],
            "rule": self._rule(),
            "seconds": data["seconds"],
            "filling_seconds": data["filling_seconds"] or 0,
            "segment": number(data["segment"]),
            "about": number(data["about"]),
            "compares": number(data["compares"]),
            "replaces": number(data["replaces"]),
            "adds_entered": data["adds_entered"],
        }

    def _rule(self) -> PollRule | None:
        data = self.cleaned_data
        if not data["threshold"]:
            return None
        threshold, more_than = THRESHOLDS[data["threshold"]]
        return PollRule(
            quorum=QUORUMS.get(data["quorum"]),
            least_ballots=data["least_ballots"],
            threshold=threshold,
            more_than=more_than,
            base=data["base"] or "cast",
            tie=data["tie"] or "rejected",
        )

    def schedule(self, poll: int, command_id: str) -> protocol.SchedulePoll:
        """When it opens by itself."""
        data = self.cleaned_data
        at: dt.datetime | None = data["opens_at"] if data["opens"] == "at" else None
        with_ = number(data["opens_with"]) if data["opens"] == "with" else None
        return protocol.SchedulePoll(
            id=command_id, poll=poll, opens_at=at.isoformat() if at else None, opens_with=with_
        )


def typed(poll: protocol.StaffPoll) -> dict[str, Any]:
    """What the form of an existing poll begins with."""
    own_words = poll.poll_kind in {"single", "multiple"}
    opens_at = dt.datetime.fromisoformat(poll.opens_at) if poll.opens_at else None
    rule = poll.rule
    return {
        "question": poll.question,
        "kind": poll.poll_kind,
        "options": "\n".join(option.text for option in poll.options) if own_words else "",
        "fewest": poll.fewest if poll.poll_kind == "multiple" else None,
        "most": poll.most if poll.poll_kind == "multiple" else None,
        "segment": poll.segment or "",
        "about": poll.about or "",
        "compares": poll.compares or "",
        "electorate": poll.electorate,
        "roll": poll.roll or "",
        "least_assurance": poll.least_assurance,
        "eligible": poll.eligible,
        "secrecy": poll.secrecy,
        "revote": poll.revote,
        "seconds": poll.seconds or "",
        "filling_seconds": poll.filling_seconds,
        "results": poll.results,
        "threshold": threshold_name(rule) if rule else "",
        "base": rule.base if rule else "cast",
        "quorum": next((name for name, share in QUORUMS.items() if rule and share == rule.quorum), ""),
        "least_ballots": rule.least_ballots if rule else None,
        "tie": rule.tie if rule else "rejected",
        "adds_entered": poll.adds_entered,
        "opens": "at" if opens_at else "with" if poll.opens_with else "hand",
        "opens_at": opens_at,
        "opens_with": poll.opens_with or "",
        "replaces": poll.replaces or "",
    }


def threshold_name(rule: PollRule) -> str:
    """Which of the offered thresholds a rule has; the nearest for one that was not made here."""
    known = {share: name for name, share in THRESHOLDS.items()}
    return known.get((rule.threshold, rule.more_than), "half")


def lasting(seconds: int) -> str:
    """A time limit in words."""
    if seconds % 60:
        return ngettext("%(n)s 秒", "%(n)s 秒", seconds) % {"n": seconds}
    return ngettext("%(n)s 分钟", "%(n)s 分钟", seconds // 60) % {"n": seconds // 60}
