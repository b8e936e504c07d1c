"""The captioner's role, and how members stand beside their words."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_ROLES = [
    ("member", "委员"),
    ("guest_speaker", "嘉宾"),
    ("department_respondent", "部门答复人"),
    ("call_screener", "导听"),
    ("moderator", "审核员"),
    ("duty_leader", "值班长"),
    ("producer", "编导"),
    ("host", "主持人"),
    ("secretariat", "秘书处"),
    ("auditor", "审计员"),
    ("system_administrator", "系统管理员"),
    ("security_administrator", "安全管理员"),
    ("captioner", "字幕员"),
]


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0012_sources")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            model_name="programme",
            name="members_shown",
            field=models.CharField(
                choices=[
                    ("badge", "只标“委员”"),
                    ("sector", "标“委员”和界别"),
                    ("name", "真实姓名、“委员”和界别"),
                ],
                default="sector",
                max_length=8,
            ),
        ),
        migrations.AlterField(
            model_name="rolegrant",
            name="role",
            field=models.CharField(choices=_ROLES, max_length=32),
        ),
        migrations.AlterField(
            model_name="rolepolicy",
            name="role",
            field=models.CharField(choices=_ROLES, max_length=32, primary_key=True, serialize=False),
        ),
    ]
