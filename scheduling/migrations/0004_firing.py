"""What a slot's airings do by themselves beside starting and ending."""

from __future__ import annotations

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0003_notice")]

    operations = [
        *(
            migrations.AddField(model_name="slot", name=name, field=models.BooleanField(default=False))
            for name in ("auto_announce", "auto_publish", "auto_remind")
        ),
        migrations.AddField(
            model_name="slot",
            name="announce_hours_before",
            field=models.PositiveSmallIntegerField(default=72),
        ),
    ]
