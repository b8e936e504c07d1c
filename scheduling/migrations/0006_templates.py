"""What templates keep: all that a line of a run-down can say."""

from __future__ import annotations

from typing import ClassVar

from django.db import migrations, models
from django.db.migrations.operations.base import Operation


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0005_slots_protect")]
    operations: ClassVar[list[Operation]] = [
        *(
            migrations.AddField("templatesegment", name, models.PositiveIntegerField(null=True, blank=True))
            for name in ("wait_seconds", "least_seconds", "most_seconds")
        ),
        migrations.AddField("templatesegment", "note", models.CharField(max_length=200, blank=True, default=""), False),
    ]
