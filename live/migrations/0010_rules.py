import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
        ("live", "0009_cleared"),
    ]

    operations = [
        migrations.AddField("rule", "many", models.PositiveSmallIntegerField(default=3)),
        migrations.AddField("rule", "minutes", models.PositiveSmallIntegerField(default=10)),
        migrations.AlterField(
            "rule",
            "kind",
            models.CharField(
                choices=[
                    ("terms", "词表"),
                    ("links", "网址"),
                    ("phone", "电话号码"),
                    ("id_number", "证件和银行卡号"),
                    ("contact", "其他联系方式"),
                    ("flood", "刷屏"),
                    ("repeat", "近似重复"),
                ],
                max_length=12,
            ),
        ),
        migrations.AddField("term", "is_exception", models.BooleanField(default=False)),
        migrations.AddField("room", "post_asked_at", models.DateTimeField(null=True)),
        migrations.AddIndex("rulehit", models.Index(fields=["rule", "at"], name="hits_by_rule")),
        migrations.CreateModel(
            name="Rescan",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                ("since", models.DateTimeField()),
                ("next_comment", models.BigIntegerField(default=0)),
                ("next_question", models.BigIntegerField(default=0)),
                ("looked_at", models.PositiveIntegerField(default=0)),
                ("found", models.PositiveIntegerField(default=0)),
                ("done_at", models.DateTimeField(null=True)),
                (
                    "asked_by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "rule",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="rescans", to="live.rule"
                    ),
                ),
            ],
            options={
                "ordering": ["pk"],
                "indexes": [
                    models.Index(condition=models.Q(("done_at__isnull", True)), fields=["due_at"], name="open_rescans")
                ],
            },
        ),
    ]
