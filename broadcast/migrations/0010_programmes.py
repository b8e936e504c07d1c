"""Programmes that are not made any more, and since when."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0009_rundown")]

    operations = [
        migrations.AddField(
            model_name="programme",
            name="closed_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
