"""Rooms give way under pressure: their level, the log of its changes, and the index for drawing comments by lot."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("live", "0004_overlay"), migrations.swappable_dependency(settings.AUTH_USER_MODEL)]
    operations = [
        migrations.AddField("room", "level", models.PositiveSmallIntegerField(default=0)),
        migrations.AddField("room", "is_held", models.BooleanField(default=False)),
        migrations.CreateModel(
            name="LevelChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                ("level", models.PositiveSmallIntegerField()),
                ("is_held", models.BooleanField(default=False)),
                ("why", models.CharField(max_length=20)),
                ("measured", models.JSONField(default=dict)),
                (
                    "by",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="level_changes", to="live.room"
                    ),
                ),
            ],
            options={"ordering": ["at", "pk"], "indexes": [models.Index(fields=["room", "at"], name="levels_by_room")]},
        ),
        migrations.AddIndex(
            "comment",
            models.Index(
                fields=["room", "public_at", "id"], condition=Q(public_at__isnull=False), name="published_comments"
            ),
        ),
    ]
