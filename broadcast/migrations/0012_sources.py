"""Where viewers come from."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0011_identities")]
    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="Source",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(max_length=12, unique=True)),
                ("name", models.CharField(blank=True, max_length=60)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(null=True)),
                (
                    "airing",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="broadcast.airing"
                    ),
                ),
                (
                    "programme",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="broadcast.programme"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="SourceCount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("minute", models.DateTimeField()),
                ("shard", models.PositiveSmallIntegerField()),
                ("scans", models.PositiveIntegerField()),
                (
                    "airing",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="broadcast.airing"
                    ),
                ),
                (
                    "source",
                    models.ForeignKey(
                        db_index=False,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="counts",
                        to="broadcast.source",
                    ),
                ),
            ],
        ),
        migrations.AddConstraint(
            model_name="source",
            constraint=models.UniqueConstraint(
                condition=models.Q(("airing__isnull", False)), fields=("airing",), name="one_source_per_show"
            ),
        ),
        migrations.AddConstraint(
            model_name="sourcecount",
            constraint=models.UniqueConstraint(
                fields=("source", "airing", "minute", "shard"), name="one_count_per_minute", nulls_distinct=False
            ),
        ),
    ]
