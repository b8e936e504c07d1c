"""Occurrences remember what their draft was made without."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0007_photos")]

    operations = [
        migrations.AddField("occurrence", "left_out", models.CharField(max_length=40, blank=True, default=""), False),
    ]
