"""The live room of an airing, and the small tables around it: likes, reasons of moderators, the composer's lease."""

from __future__ import annotations

from django.db import models
from django.utils.translation import get_language


class Room(models.Model):
    """Where people take part in one airing. Lines of the staff lane are numbered here.

    `staff_seq` grows in every transaction that changes what staff see; each changed row carries the number, so that "what is
    new since N" is a query and a lost message costs nothing. Limits are data, so that a producer can slow one show down.
    """

    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, primary_key=True, related_name="room")
    staff_seq = models.BigIntegerField(default=0)
    panels_seq = models.BigIntegerField(default=0)
    is_open = models.BooleanField(default=True)
    comments_per_minute = models.PositiveSmallIntegerField(default=6)
    questions_per_ten_minutes = models.PositiveSmallIntegerField(default=3)
    # Switches of the desk. Seconds between two comments, or two questions, of one person; 0: the limits above alone.
    comment_seconds = models.PositiveSmallIntegerField(default=0)
    question_seconds = models.PositiveSmallIntegerField(default=0)
    takes_comments = models.BooleanField(default=True)
    takes_questions = models.BooleanField(default=True)
    # Wishes to be called back; null: nobody decided, the run-down does (live.queries.calls.takes_callbacks).
    takes_callbacks = models.BooleanField(null=True, default=None)
    verified_only = models.BooleanField(default=False)
    # 先发后审, only where the programme allows it, and only once a second person said yes.
    is_post = models.BooleanField(default=False)
    post_asked_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    post_asked_at = models.DateTimeField(null=True)
    # The comment that stands first, and since when caption lines come (null: none came yet).
    pinned = models.ForeignKey("live.Comment", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    captions_since = models.DateTimeField(null=True, blank=True)
    # The oldest waiting item may be this old before the desk raises the alarm.
    alarm_seconds = models.PositiveSmallIntegerField(default=60)
    # How much is thinned now (`live.ladder`), and whether a person holds it there.
    level = models.PositiveSmallIntegerField(default=0)
    is_held = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)


class LevelChange(models.Model):
    """That a room was thinned more or less from then on, and why: a measure's name, or "hand". Rows are only added."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="level_changes")
    at = models.DateTimeField()
    level = models.PositiveSmallIntegerField()
    is_held = models.BooleanField(default=False)
    why = models.CharField(max_length=20)
    measured = models.JSONField(default=dict)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["at", "pk"]
        indexes = [models.Index(fields=["room", "at"], name="levels_by_room")]


class LikeCount(models.Model):
    """Likes of a room in shards: every writer thread adds to a row of its own, so no row is fought over."""

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="like_counts")
    shard = models.PositiveSmallIntegerField()
    count = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["room", "shard"], name="one_like_count_per_shard")]


class Reason(models.Model):
    """Why a moderator may refuse or withdraw an item. Rows, so that a committee words its own."""

    code = models.SlugField(max_length=32, primary_key=True)
    name_zh = models.CharField(max_length=30)
    name_en = models.CharField(max_length=60)
    # Null: of all programmes.
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    position = models.PositiveSmallIntegerField(default=0)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name

    @property
    def name(self) -> str:
        """In the language of the reader."""
        return self.name_en if (get_language() or "").startswith("en") else self.name_zh


class ComposerLease(models.Model):
    """Which process composes the ticks of an airing, and until when. The epoch comes from the sequence live_epoch_seq."""

    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, primary_key=True, related_name="+")
    owner = models.CharField(max_length=80)
    epoch = models.BigIntegerField()
    expires_at = models.DateTimeField()
