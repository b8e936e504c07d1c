"""A vote writes two index entries fewer: the unique constraints begin with the poll already."""

import django.db.models.deletion
from django.db import migrations, models


def _poll(name: str) -> models.ForeignKey:
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name=name, to="live.poll"
    )


class Migration(migrations.Migration):
    dependencies = [("live", "0005_pressure")]
    operations = [
        migrations.AlterField("ballotcast", "poll", _poll("casts")),
        migrations.AlterField("ballot", "poll", _poll("ballots")),
    ]
