"""A programme with regular times is not deleted along with them."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0004_firing")]

    operations = [
        migrations.AlterField(
            model_name="slot",
            name="programme",
            field=models.ForeignKey(on_delete=models.PROTECT, related_name="slots", to="broadcast.programme"),
        ),
    ]
