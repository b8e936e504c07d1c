import uuid

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("archive", "0013_clips")]

    operations = [
        migrations.AlterField(
            model_name="derivative",
            name="kind",
            field=models.CharField(
                choices=[
                    ("master", "母版 MP4"),
                    ("sound", "音频"),
                    ("poster", "封面"),
                    ("sprite", "预览图"),
                    ("sprite_index", "预览索引"),
                    ("peaks", "波形"),
                    ("manifest", "清单"),
                    ("original", "原始文件"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="importitem",
            name="share",
            field=models.FloatField(default=0),
        ),
        migrations.CreateModel(
            name="UploadTray",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("created_by", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField()),
                (
                    "wanted",
                    models.CharField(
                        blank=True,
                        choices=[("", "无"), ("foretell", "试运行"), ("import", "导入")],
                        default="",
                        max_length=10,
                    ),
                ),
                ("wanted_by", models.BigIntegerField(blank=True, null=True)),
                ("report", models.JSONField(blank=True, default=dict)),
                ("reported_at", models.DateTimeField(blank=True, null=True)),
                ("problem", models.CharField(blank=True, max_length=500)),
                (
                    "batch",
                    models.OneToOneField(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="tray",
                        to="archive.importbatch",
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="upload_trays",
                        to="broadcast.programme",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="Upload",
            fields=[
                ("id", models.UUIDField(default=uuid.uuid4, editable=False, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=255)),
                ("size_bytes", models.BigIntegerField()),
                ("offset_bytes", models.BigIntegerField(default=0)),
                ("modified", models.CharField(blank=True, max_length=32)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("receiving", "上传中"),
                            ("checking", "核对中"),
                            ("ready", "已传完"),
                            ("refused", "没有收下"),
                        ],
                        default="receiving",
                        max_length=10,
                    ),
                ),
                ("problem", models.CharField(blank=True, max_length=32)),
                ("expected", models.CharField(blank=True, max_length=64)),
                ("digest", models.CharField(blank=True, max_length=128)),
                ("algorithm", models.CharField(blank=True, max_length=16)),
                ("created_by", models.BigIntegerField(blank=True, null=True)),
                ("created_at", models.DateTimeField()),
                ("touched_at", models.DateTimeField()),
                (
                    "tray",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="uploads", to="archive.uploadtray"
                    ),
                ),
            ],
            options={
                "ordering": ["created_at", "id"],
                "indexes": [models.Index(fields=["state", "touched_at"], name="archive_upl_state_ad3e2d_idx")],
                "constraints": [
                    models.UniqueConstraint(fields=("tray", "name"), name="one_upload_per_name"),
                    models.CheckConstraint(
                        condition=models.Q(("offset_bytes__gte", 0), ("offset_bytes__lte", models.F("size_bytes"))),
                        name="an_upload_ends_at_its_size",
                    ),
                ],
            },
        ),
    ]
