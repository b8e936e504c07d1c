"""What departments owe and give: answers in writing, what was promised or suggested on air, and the slates offered to the host."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from live.models.item import Question
from live.models.room import Room


class Reply(models.Model):
    """A department's official answer in writing to one question. `version` is for compare-and-set."""

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SUBMITTED = "submitted", _("待核发")
        RETURNED = "returned", _("退回修改")
        RELEASED = "released", _("已发出")
        RECALLED = "recalled", _("已收回")

    # What its writer may still change.
    OPEN = ("draft", "returned", "recalled")

    question = models.ForeignKey(Question, on_delete=models.CASCADE, related_name="replies")
    department = models.CharField(max_length=120)
    # Who answers for the department, as the public reads it; empty: the department alone.
    respondent = models.CharField(max_length=60, blank=True)
    text = models.TextField()
    # Not public: only who asked reads it.
    is_public = models.BooleanField(default=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    version = models.PositiveIntegerField(default=1)
    written_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True)
    decided_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    released_at = models.DateTimeField(null=True)
    # Why it was returned or recalled; for its writer.
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["question", "department"], name="one_reply_per_department")]
        indexes = [models.Index(fields=["question"], condition=Q(state="released"), name="released_replies")]


class Commitment(models.Model):
    """A suggestion or a promise heard on air, marked at its moment with one key and completed afterwards."""

    class Kind(models.TextChoices):
        SUGGESTION = "suggestion", _("建议")
        PROMISE = "promise", _("承诺")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="commitments")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    # The studio's time; the archive finds it on the recording by the moment.
    at = models.DateTimeField()
    moment = models.OneToOneField("broadcast.Moment", on_delete=models.SET_NULL, null=True, related_name="+")
    question = models.ForeignKey(Question, on_delete=models.SET_NULL, null=True, related_name="commitments")
    speaker = models.ForeignKey("broadcast.Person", on_delete=models.SET_NULL, null=True, related_name="+")
    department = models.CharField(max_length=120, blank=True)
    text = models.CharField(max_length=300, blank=True)
    due_on = models.DateField(null=True)
    done_at = models.DateTimeField(null=True)
    done_note = models.CharField(max_length=200, blank=True)
    undone_at = models.DateTimeField(null=True)
    version = models.PositiveIntegerField(default=1)
    marked_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    command_id = models.CharField(max_length=64)

    class Meta:
        ordering = ["at", "pk"]
        constraints = [models.UniqueConstraint(fields=["room", "command_id"], name="one_commitment_per_command")]
        indexes = [
            models.Index(
                fields=["due_on"], condition=Q(kind="promise", done_at=None, undone_at=None), name="promises_by_due"
            )
        ]


class Slate(models.Model):
    """A choice of questions as it was offered to the host, with all that somebody needs to make it again. Never changed."""

    class Method(models.TextChoices):
        SUPPORTS = "supports", _("支持最多")
        RECENT = "recent", _("最近提出")
        SPREAD = "spread", _("各方都有")
        DRAW = "draw", _("随机抽取")

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="slates")
    method = models.CharField(max_length=10, choices=Method.choices)
    at = models.DateTimeField()
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    size = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=64, blank=True)
    # Ids in the order they were offered, and of all they were chosen among.
    chosen = ArrayField(models.BigIntegerField())
    among = ArrayField(models.BigIntegerField())
    command_id = models.CharField(max_length=64)

    class Meta:
        ordering = ["-pk"]
        constraints = [models.UniqueConstraint(fields=["room", "command_id"], name="one_slate_per_command")]
