"""How far a floating segment gives way, and how long a hard start may wait."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0008_rundown")]

    operations = [
        migrations.AddField(
            model_name="segment", name="wait_seconds", field=models.PositiveIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="segment", name="least_seconds", field=models.PositiveIntegerField(blank=True, null=True)
        ),
        migrations.AddField(
            model_name="segment", name="most_seconds", field=models.PositiveIntegerField(blank=True, null=True)
        ),
    ]
