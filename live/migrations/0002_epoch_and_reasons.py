"""The sequence that composers take their epochs from, and the first reasons of moderators."""

from typing import Any

from django.db import migrations

REASONS = (
    ("personal_attack", "人身攻击", "Personal attack"),
    ("advertising", "广告引流", "Advertising"),
    ("personal_data", "个人信息", "Personal data"),
    ("off_topic", "与议题无关", "Off topic"),
    ("repetition", "重复刷屏", "Repetition"),
    ("false_information", "不实信息", "False information"),
    ("incitement", "煽动对立", "Incitement"),
    ("other", "其他", "Other"),
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Rows that a committee may reword later."""
    reason = apps.get_model("live", "Reason")
    for position, (code, zh, en) in enumerate(REASONS):
        reason.objects.get_or_create(code=code, defaults={"name_zh": zh, "name_en": en, "position": position})


class Migration(migrations.Migration):
    dependencies = [("live", "0001_initial")]
    operations = [
        migrations.RunSQL("CREATE SEQUENCE live_epoch_seq", "DROP SEQUENCE live_epoch_seq"),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]
