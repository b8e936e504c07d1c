"""What the studio says in writing while a show runs: caption lines and announcements; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from live.models.room import Room


class CaptionLine(models.Model):
    """A line of what is being said, typed by a captioner or given by a recogniser.

    `at` is the studio's time at which it was said: with the airing's delay it is public later, when the picture comes to it. A
    correction replaces `text` and raises `version`; a line that was taken out keeps its row.
    """

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="captions")
    at = models.DateTimeField()
    # When it was over, where a recogniser says so; null: until the next one, or as long as it takes to read.
    until = models.DateTimeField(null=True, blank=True)
    text = models.CharField(max_length=200)
    version = models.PositiveIntegerField(default=1)
    # The recogniser's name; "": typed by `by`.
    source = models.CharField(max_length=32, blank=True)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    # Of the captioner's browser, or the recogniser's own name of the line.
    command_id = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["room", "source", "command_id"], name="one_caption_per_command")]
        indexes = [
            models.Index(fields=["room", "at", "id"], condition=Q(removed_at__isnull=True), name="captions_by_time"),
        ]


class Announcement(models.Model):
    """公告: what the programme tells everybody in the room, first on the page. One stands at a time; those before are kept."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="announcements")
    text = models.CharField(max_length=200)
    at = models.DateTimeField()
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["room"], condition=Q(ended_at__isnull=True), name="one_announcement_stands")
        ]
