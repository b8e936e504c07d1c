"""Photos of people: a table of their own in place of a column that named a file."""

from __future__ import annotations

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("scheduling", "0006_templates")]

    operations = [
        migrations.RemoveField(model_name="personcard", name="photo"),
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "person",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="photo",
                        serialize=False,
                        to="broadcast.person",
                    ),
                ),
                ("name", models.CharField(max_length=32, unique=True)),
                ("picture", models.BinaryField()),
                ("at", models.DateTimeField()),
            ],
        ),
    ]
