"""Kinds of polls, who may vote, thresholds."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("live", "0012_callbacks")]
    operations: ClassVar[list[Operation]] = [
        migrations.AlterModelOptions(
            name="poll",
            options={"ordering": ["position", "id"]},
        ),
        migrations.AddField(
            model_name="poll",
            name="about",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="live.question"
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="adds_entered",
            field=models.BooleanField(default=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="compares",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="live.poll"
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="electorate",
            field=models.CharField(
                choices=[("all", "所有人"), ("members", "委员"), ("codes", "凭投票码"), ("roll", "名单上的人")],
                default="all",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="eligible",
            field=models.PositiveIntegerField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="fewest",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="poll",
            name="filling_seconds",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="poll",
            name="most",
            field=models.PositiveSmallIntegerField(default=1),
        ),
        migrations.AddField(
            model_name="poll",
            name="opens_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="opens_with",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="broadcast.segment"
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="position",
            field=models.PositiveSmallIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="poll",
            name="published_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="revote",
            field=models.CharField(
                choices=[("until_close", "结束前可以改"), ("never", "投出后不能改")],
                default="until_close",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="poll",
            name="rule",
            field=models.JSONField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="scheduled_at",
            field=models.DateTimeField(null=True),
        ),
        migrations.AddField(
            model_name="poll",
            name="segment",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to="broadcast.segment"
            ),
        ),
        migrations.AlterField(
            model_name="poll",
            name="kind",
            field=models.CharField(
                choices=[
                    ("single", "单选"),
                    ("multiple", "多选"),
                    ("scale", "1–5 分"),
                    ("satisfaction", "满意度"),
                    ("approval", "赞成、反对、弃权"),
                ],
                default="single",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="poll",
            name="results",
            field=models.CharField(
                choices=[
                    ("always", "随时可见"),
                    ("after_vote", "投票后可见"),
                    ("after_close", "结束后可见"),
                    ("after_publication", "公布后可见"),
                    ("never", "不公开"),
                ],
                default="after_vote",
                max_length=20,
            ),
        ),
        migrations.AlterField(
            model_name="poll",
            name="secrecy",
            field=models.CharField(choices=[("secret", "无记名"), ("named", "记名")], default="secret", max_length=6),
        ),
        migrations.AlterField(
            model_name="poll",
            name="state",
            field=models.CharField(
                choices=[
                    ("draft", "准备中"),
                    ("open", "进行中"),
                    ("closed", "已结束"),
                    ("void", "已作废"),
                    ("discarded", "已删除"),
                ],
                default="draft",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="CodeSheet",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("label", models.CharField(blank=True, max_length=60)),
                ("command_id", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "poll",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="sheets", to="live.poll"
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
            },
        ),
        migrations.CreateModel(
            name="PollCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("digest", models.CharField(max_length=64)),
                ("used_at", models.DateTimeField(null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="broadcast.participant",
                    ),
                ),
                (
                    "poll",
                    models.ForeignKey(
                        db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="live.poll"
                    ),
                ),
                (
                    "sheet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="codes", to="live.codesheet"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Roll",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=60)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "created_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to="broadcast.programme",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "id"],
            },
        ),
        migrations.AddField(
            model_name="poll",
            name="roll",
            field=models.ForeignKey(
                blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="live.roll"
            ),
        ),
        migrations.CreateModel(
            name="RollEntry",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("phone_digest", models.CharField(db_index=True, max_length=64)),
                (
                    "roll",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="entries",
                        to="live.roll",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="codesheet",
            constraint=models.UniqueConstraint(fields=("poll", "command_id"), name="one_sheet_per_command"),
        ),
        migrations.AddIndex(
            model_name="pollcode",
            index=models.Index(
                condition=models.Q(("participant__isnull", False)),
                fields=["participant", "poll"],
                name="codes_that_are_used",
            ),
        ),
        migrations.AddConstraint(
            model_name="pollcode",
            constraint=models.UniqueConstraint(fields=("poll", "digest"), name="one_code_per_poll"),
        ),
        migrations.AddConstraint(
            model_name="rollentry",
            constraint=models.UniqueConstraint(fields=("roll", "phone_digest"), name="one_entry_per_number"),
        ),
    ]
