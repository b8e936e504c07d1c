import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

KINDS = [
    ("verify", "检查录制"),
    ("master", "生成母版"),
    ("rungs", "补齐清晰度"),
    ("loudness", "测量响度"),
    ("sound", "生成音频"),
    ("images", "缩略图"),
    ("peaks", "波形"),
    ("words", "语音识别"),
    ("upload", "上传"),
    ("manifest", "清单"),
]


def _account() -> models.ForeignKey:
    return models.ForeignKey(
        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=settings.AUTH_USER_MODEL
    )


class Migration(migrations.Migration):
    dependencies = [
        ("archive", "0007_imports"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AlterField("step", "kind", models.CharField(choices=KINDS, max_length=10)),
        migrations.CreateModel(
            name="Transcript",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[("machine", "机器识别"), ("live", "现场字幕"), ("corrected", "人工校对")],
                        max_length=10,
                    ),
                ),
                (
                    "state",
                    models.CharField(
                        choices=[("draft", "草稿"), ("signed", "已签发"), ("withdrawn", "已撤下")],
                        default="draft",
                        max_length=10,
                    ),
                ),
                ("language", models.CharField(default="zh", max_length=12)),
                ("source", models.CharField(blank=True, max_length=120)),
                ("version", models.PositiveIntegerField(default=1)),
                ("made_at", models.DateTimeField()),
                ("changed_at", models.DateTimeField()),
                ("signed_at", models.DateTimeField(blank=True, null=True)),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "airing",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="transcripts", to="broadcast.airing"
                    ),
                ),
                (
                    "based_on",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.RESTRICT,
                        related_name="+",
                        to="archive.transcript",
                    ),
                ),
                ("changed_by", _account()),
                ("made_by", _account()),
                ("signed_by", _account()),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="TranscriptLine",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("starts_at", models.DateTimeField()),
                ("ends_at", models.DateTimeField()),
                ("speaker", models.CharField(blank=True, max_length=60)),
                ("text", models.CharField(max_length=500)),
                (
                    "transcript",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="lines", to="archive.transcript"
                    ),
                ),
            ],
            options={"ordering": ["transcript", "number"]},
        ),
        migrations.AddConstraint(
            "transcript",
            models.UniqueConstraint(
                condition=models.Q(("state", "signed")), fields=("airing",), name="one_signed_transcript"
            ),
        ),
        migrations.AddConstraint(
            "transcript",
            models.CheckConstraint(
                condition=models.Q(("state", "draft"), ("signed_at__isnull", False), _connector="OR"),
                name="a_public_transcript_was_signed",
            ),
        ),
        migrations.AddConstraint(
            "transcriptline",
            models.UniqueConstraint(fields=("transcript", "number"), name="one_line_per_number"),
        ),
        migrations.AddConstraint(
            "transcriptline",
            models.CheckConstraint(condition=models.Q(("ends_at__gt", models.F("starts_at"))), name="a_line_takes_time"),
        ),
    ]
