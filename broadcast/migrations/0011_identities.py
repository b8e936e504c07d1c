"""Ways to say who one is: other houses' identities, partners' tokens, guardians, whether one is 14; and what codes cost a day."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_KEY = models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0010_programmes")]
    operations: ClassVar[list[Operation]] = [
        migrations.AddField(
            model_name="participant",
            name="age",
            field=models.CharField(
                blank=True,
                choices=[
                    ("", "没有说明"),
                    ("over", "已满 14 周岁"),
                    ("under", "未满 14 周岁"),
                    ("allowed", "未满 14 周岁，监护人已同意"),
                ],
                default="",
                max_length=8,
            ),
        ),
        migrations.CreateModel(
            name="LinkedIdentity",
            fields=[
                ("id", _KEY),
                ("provider", models.CharField(max_length=40)),
                ("subject_digest", models.CharField(max_length=64)),
                ("subject_sealed", models.BinaryField()),
                ("linked_at", models.DateTimeField()),
                ("used_at", models.DateTimeField()),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="linked",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        fields=("provider", "subject_digest"), name="one_account_per_linked_identity"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="GuardianConsent",
            fields=[
                ("id", _KEY),
                ("name_sealed", models.BinaryField()),
                ("phone_digest", models.CharField(db_index=True, max_length=64)),
                ("phone_sealed", models.BinaryField()),
                ("relation", models.CharField(max_length=20)),
                ("version", models.CharField(max_length=32)),
                ("given_at", models.DateTimeField()),
                ("withdrawn_at", models.DateTimeField(blank=True, null=True)),
                (
                    "participant",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="guardians",
                        to="broadcast.participant",
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("withdrawn_at", None)),
                        fields=("participant",),
                        name="one_standing_guardian",
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="SpentToken",
            fields=[
                ("id", _KEY),
                ("partner", models.CharField(max_length=40)),
                ("digest", models.CharField(max_length=64)),
                ("expires_at", models.DateTimeField(db_index=True)),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("partner", "digest"), name="one_use_per_partner_token")
                ],
            },
        ),
        migrations.CreateModel(
            name="CodeDay",
            fields=[
                ("day", models.DateField(primary_key=True, serialize=False)),
                ("sent", models.PositiveIntegerField(default=0)),
                ("fen", models.PositiveBigIntegerField(default=0)),
                ("refused", models.PositiveIntegerField(default=0)),
            ],
        ),
    ]
