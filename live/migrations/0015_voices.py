"""Replies, pinned words, announcements, captions."""

from __future__ import annotations

from typing import ClassVar

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

_USER = settings.AUTH_USER_MODEL
_ID = ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID"))


def _speaker(model: str) -> list[Operation]:
    return [
        migrations.AddField(model, "speaks_as", models.CharField(blank=True, max_length=12)),
        migrations.AddField(model, "affiliation", models.CharField(blank=True, max_length=120)),
    ]


class Migration(migrations.Migration):
    dependencies = [("live", "0014_replies"), migrations.swappable_dependency(_USER)]
    operations: ClassVar[list[Operation]] = [
        *_speaker("comment"),
        *_speaker("question"),
        migrations.AddField(
            model_name="comment",
            name="reply_to",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="replies",
                to="live.comment",
            ),
        ),
        migrations.AddField(
            model_name="room",
            name="pinned",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="live.comment",
            ),
        ),
        migrations.AddField(
            model_name="room", name="captions_since", field=models.DateTimeField(blank=True, null=True)
        ),
        migrations.CreateModel(
            name="Announcement",
            fields=[
                _ID,
                ("text", models.CharField(max_length=200)),
                ("at", models.DateTimeField()),
                ("ended_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=_USER
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="announcements", to="live.room"
                    ),
                ),
            ],
            options={"ordering": ["pk"]},
        ),
        migrations.CreateModel(
            name="CaptionLine",
            fields=[
                _ID,
                ("at", models.DateTimeField()),
                ("until", models.DateTimeField(blank=True, null=True)),
                ("text", models.CharField(max_length=200)),
                ("version", models.PositiveIntegerField(default=1)),
                ("source", models.CharField(blank=True, max_length=32)),
                ("command_id", models.CharField(max_length=64)),
                ("created_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(blank=True, null=True)),
                (
                    "by",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.SET_NULL, related_name="+", to=_USER
                    ),
                ),
                (
                    "room",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="captions", to="live.room"
                    ),
                ),
            ],
            options={"ordering": ["at", "pk"]},
        ),
        migrations.AddConstraint(
            model_name="announcement",
            constraint=models.UniqueConstraint(
                condition=models.Q(("ended_at__isnull", True)), fields=("room",), name="one_announcement_stands"
            ),
        ),
        migrations.AddIndex(
            model_name="captionline",
            index=models.Index(
                condition=models.Q(("removed_at__isnull", True)), fields=["room", "at", "id"], name="captions_by_time"
            ),
        ),
        migrations.AddConstraint(
            model_name="captionline",
            constraint=models.UniqueConstraint(fields=("room", "source", "command_id"), name="one_caption_per_command"),
        ),
    ]
