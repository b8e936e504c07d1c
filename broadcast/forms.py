"""What forms of staff have in common: fields and rows that read what was typed and keep it; services decide and write."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

LONGEST_LENGTH = 6 * 3600


def date_input() -> forms.DateInput:
    """A day, as browsers ask for it."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def time_input() -> forms.TimeInput:
    """A time of day."""
    return forms.TimeInput(format="%H:%M", attrs={"type": "time"})


def number(text: str | None) -> int | None:
    """A whole number as one is written in an address or a hidden field; None for anything else, however long or exotic."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 12 else None


class PlainForm(forms.Form):
    """Says what is missing by the field's own name, and leaves the telling to the page, not to the browser."""

    use_required_attribute = False

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("label_suffix", "")
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.error_messages["required"] = _("请填写%(label)s。") % {"label": field.label}

    def blame(self, field: str, message: str) -> None:
        """Put a refusal of the service beside the field it names, else at the top."""
        self.add_error(field if field in self.fields else None, message)


class LengthField(forms.CharField):
    """Minutes, 5 or 0.5, or minutes and seconds, 5:10; cleaned to whole seconds, at least `least`; None where nothing was typed."""

    def __init__(self, *, least: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._least = least

    _TYPED = re.compile(r"(\d{1,3})[:：]([0-5]?\d)|(\d{1,3}(?:\.\d{1,2})?)")

    def clean(self, value: Any) -> Any:
        """Seconds of what was typed."""
        text = super().clean(value)
        if not text:
            return None
        found = self._TYPED.fullmatch(text)
        if found is None:
            raise forms.ValidationError(_("写成分钟数，或 分:秒，例如 5:10。"))
        minutes, seconds, plain = found.groups()
        length = round(float(plain) * 60) if plain else int(minutes) * 60 + int(seconds)
        if not self._least <= length <= LONGEST_LENGTH:
            raise forms.ValidationError(_("时长要在 1 秒到 6 小时之间。"))
        return length


def length_text(seconds: int) -> str:
    """As LengthField reads it: 5, 0.5 or 5:10."""
    return f"{seconds / 60:g}" if seconds % 30 == 0 else f"{seconds // 60}:{seconds % 60:02d}"


class SegmentRow(PlainForm):
    """One row of a run-down; a row without a title and minutes is no row."""

    role = forms.ChoiceField(label=gettext_lazy("环节"), required=False)
    title = forms.CharField(label=gettext_lazy("内容"), max_length=80, required=False)
    minutes = LengthField(
        label=pgettext_lazy("一栏", "分钟"), required=False, widget=forms.TextInput(attrs={"inputmode": "decimal"})
    )

    def __init__(self, *args: Any, roles: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        role = self.fields["role"]
        assert isinstance(role, forms.ChoiceField)
        role.choices = [("", _("不分类")), *roles]

    def clean(self) -> dict[str, Any]:
        """Half a row is told, not dropped."""
        data = super().clean() or self.cleaned_data
        if data.get("title") and data.get("minutes") is None and "minutes" not in self.errors:
            self.add_error("minutes", _("请填写这个环节的分钟数。"))
        if data.get("minutes") is not None and not data.get("title") and "title" not in self.errors:
            self.add_error("title", _("请填写这个环节的内容。"))
        return data
