import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0012_editing"),
        ("broadcast", "0016_retention"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Clip",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("title", models.CharField(blank=True, max_length=120)),
                ("title_en", models.CharField(blank=True, max_length=160)),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("kind", models.CharField(choices=[("live", "直播中标记"), ("later", "事后标记")], max_length=8)),
                (
                    "shape",
                    models.CharField(
                        choices=[("16:9", "横版 16:9"), ("9:16", "竖版 9:16")], default="16:9", max_length=8
                    ),
                ),
                (
                    "fit",
                    models.CharField(
                        choices=[("crop", "裁切"), ("blur", "完整画面，四周虚化")], default="crop", max_length=8
                    ),
                ),
                ("focus", models.PositiveSmallIntegerField(default=50)),
                ("captions", models.BooleanField(default=False)),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "草稿"), ("published", "已发布"), ("withdrawn", "已撤下")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("published_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "work",
                    models.CharField(
                        choices=[
                            ("waiting", "等待生成"),
                            ("running", "正在生成"),
                            ("done", "已生成"),
                            ("refused", "没有可用内容"),
                            ("failed", "生成失败"),
                        ],
                        default="waiting",
                        max_length=8,
                    ),
                ),
                ("attempt", models.PositiveIntegerField(default=0)),
                ("tries", models.PositiveSmallIntegerField(default=0)),
                ("not_before", models.DateTimeField(blank=True, null=True)),
                ("lease_until", models.DateTimeField(blank=True, null=True)),
                ("progress", models.FloatField(default=0)),
                ("problem", models.CharField(blank=True, max_length=32)),
                ("reason", models.CharField(blank=True, max_length=500)),
                ("made_for", models.DateTimeField(blank=True, null=True)),
                ("words_of", models.BigIntegerField(default=0)),
                ("words_version", models.PositiveIntegerField(default=0)),
                ("second", models.FloatField(default=0)),
                ("seconds", models.FloatField(default=0)),
                ("files", models.JSONField(default=dict)),
                ("facts", models.JSONField(default=dict)),
                (
                    "airing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="clips", to="broadcast.airing"
                    ),
                ),
                (
                    "changed_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "made_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["starts_at", "id"],
                "indexes": [models.Index(fields=["work", "lease_until"], name="archive_cli_work_fe74f4_idx")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="a_clip_takes_time"
                    ),
                    models.CheckConstraint(condition=models.Q(("focus__lte", 100)), name="a_focus_is_in_the_picture"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("work", "running"), _negated=True),
                            ("lease_until__isnull", False),
                            _connector="OR",
                        ),
                        name="a_running_clip_has_a_lease",
                    ),
                ],
            },
        ),
    ]
