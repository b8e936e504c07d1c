"""Tokens name the generation of the account's participant; wrong codes of strangers are counted on their own."""

from typing import Any

from django.db import migrations, models


def begin(apps: Any, schema_editor: Any) -> None:
    """What is an account already begins with the first generation."""
    apps.get_model("broadcast", "Participant").objects.filter(kind="account").update(generation=1)


class Migration(migrations.Migration):
    dependencies = [("broadcast", "0001_initial")]

    operations = [
        migrations.AddField("participant", "generation", models.PositiveIntegerField(default=0)),
        migrations.AddField("onetimecode", "strangers_tries", models.PositiveSmallIntegerField(default=0)),
        migrations.RunPython(begin, migrations.RunPython.noop),
    ]
