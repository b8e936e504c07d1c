"""Every text that a reader sees is found, wherever it stands."""

from __future__ import annotations

from pathlib import Path

import polib
import pytest
from django.core.management import CommandError, call_command

from broadcast.management.commands import messages
from broadcast.texts import Text, in_python, in_script, in_template


def ids(texts) -> list[str]:
    return [text.msgid for text in texts]


def test_python():
    source = 'x = _("一")\ny = gettext_lazy("二")\nngettext("%(n)s 条", "%(n)s 条", n)\npgettext("钟", "点")\n_(name)\nprint("不是")\n'
    found = list(in_python(source))
    assert sorted(ids(found)) == sorted(["一", "二", "%(n)s 条", "点"])
    assert next(text for text in found if text.msgid == "点").context == "钟"
    assert next(text for text in found if "%" in text.msgid).plural == "%(n)s 条"


def test_templates():
    source = (
        '{% load i18n %}{% translate "标题" %}{% translate name %}{% translate "百分之 5%" as x %}'
        "{% blocktranslate with a=b %}共 {{ a }} 项，占 5%{% endblocktranslate %}"
        "{% blocktranslate count n=x trimmed %}\n  一条\n{% plural %}\n  {{ n }} 条\n{% endblocktranslate %}"
        '<p title="{{ _("里面") }}">{% if x == _("比较") %}{% endif %}</p>{# _("注释") #}'
    )
    assert ids(in_template(source)) == ["标题", "百分之 5%%", "共 %(a)s 项，占 5%%", "一条", "里面", "比较"]


def test_scripts():
    source = (
        """t("一"); t('二', {n}); not("不"); x.t("不"); t(variable); const W = {a: word("三")}; start("不"); t(`四`)"""
    )
    assert ids(in_script(source)) == ["一", "二", "三", "四"]
    told = [(each.context, each.msgid) for each in in_script('tc("一条", "提问"); x.tc("不", "不"); atc("不", "不")')]
    assert told == [("一条", "提问")]


@pytest.fixture
def catalogue(tmp_path: Path) -> Path:
    file = tmp_path / "django.po"
    messages.update(file, [Text("共 %(n)s 条", places={"a.py"}), Text("旧的", places={"a.py"})])
    return file


def test_what_has_no_english_is_a_fault(catalogue):
    faults = messages.check(catalogue, [Text("共 %(n)s 条", places={"a.py"}), Text("新的", places={"b.py"})])
    assert [fault.split("·")[0].split(": ")[1].strip() for fault in faults] == ["多余", "缺译", "缺译"]


def test_an_update_keeps_what_was_translated(catalogue):
    po = polib.pofile(str(catalogue))
    po.find("共 %(n)s 条").msgstr = "%(n)s in all"
    po.save()
    assert messages.update(catalogue, [Text("共 %(n)s 条", places={"b.py"}), Text("新的", places={"b.py"})]) == 1
    po = polib.pofile(str(catalogue))
    assert po.find("共 %(n)s 条").msgstr == "%(n)s in all"
    assert po.find("旧的") is None


def test_a_placeholder_that_is_not_there_is_a_fault(catalogue):
    po = polib.pofile(str(catalogue))
    po.find("共 %(n)s 条").msgstr = "%(m)s in all"
    po.find("旧的").msgstr = "old"
    po.save()
    faults = messages.check(catalogue, [Text("共 %(n)s 条", places={"a.py"}), Text("旧的", places={"a.py"})])
    assert len(faults) == 1
    assert "placeholders" in faults[0]


def test_every_text_has_its_english():
    try:
        call_command("messages", check=True)
    except CommandError as error:
        pytest.fail(str(error))
