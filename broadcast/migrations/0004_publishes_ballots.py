"""A programme may publish the anonymous list of a poll's ballots."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0003_playout")]
    operations = [migrations.AddField("programme", "publishes_ballots", models.BooleanField(default=False))]
