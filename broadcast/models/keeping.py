"""Tables about keeping: legal holds, people's requests for erasure, what retention removed, walks of the audit chain."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Hold(models.Model):
    """依法保留: nothing of its target is erased or expires until it is lifted. Rows are never deleted."""

    class Scope(models.TextChoices):
        PARTICIPANT = "participant", _("参与者")
        AIRING = "airing", _("一场")
        EPISODE = "episode", _("一期节目")
        PROGRAMME = "programme", _("整个节目")
        ITEM = "item", _("一条")

    scope = models.CharField(max_length=12, choices=Scope.choices)
    # A participant's, an airing's or an episode's id, a programme's slug, or "comment:12".
    target = models.CharField(max_length=64)
    reason = models.CharField(max_length=500)
    # The authority's or the file's number.
    reference = models.CharField(max_length=120, blank=True)
    by = models.ForeignKey("broadcast.User", on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField()
    # When somebody should look again; a hold never ends by itself.
    review_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("broadcast.User", on_delete=models.PROTECT, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True)
    lift_reason = models.CharField(max_length=500, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["scope", "target"], condition=Q(lifted_at__isnull=True), name="one_standing_hold"
            )
        ]


class Erasure(models.Model):
    """That a person wants to be forgotten, how far it has come, and what is kept and why.

    `done` holds, by part, what was done; a part that is in it is not done again. `kept` is what the person is told.
    """

    class State(models.TextChoices):
        ASKED = "asked", _("已申请")
        CANCELLED = "cancelled", _("已取消")
        RUNNING = "running", _("正在删除")
        HELD = "held", _("部分依法保留")
        DONE = "done", _("已完成")

    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    # Its id and those of all rows that were merged into it.
    participants = ArrayField(models.UUIDField(), default=list)
    user = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_at = models.DateTimeField()
    # Null: by the person; else by staff, for a person who asked in writing.
    asked_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    reason = models.CharField(max_length=500, blank=True)
    begins_at = models.DateTimeField()
    done = models.JSONField(default=dict)
    kept = models.JSONField(default=list)
    next_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["participant"],
                condition=Q(state__in=["asked", "running", "held"]),
                name="one_erasure_at_a_time",
            )
        ]


class RetentionRun(models.Model):
    """That the house deleted what was past its time: of which kind, how many, and how many a legal hold kept back."""

    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    removed = models.PositiveIntegerField()
    held = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "-id"], name="runs_by_kind")]


class AuditWalk(models.Model):
    """How far the audit chain was walked, and what was found. `ahead` follows the newest entries, `round` goes round all of them."""

    name = models.CharField(max_length=8, primary_key=True)
    entry = models.BigIntegerField(default=0)
    digest = models.CharField(max_length=64)
    count = models.BigIntegerField(default=0)
    broken = models.JSONField(default=list)
    began_at = models.DateTimeField(null=True)
    at = models.DateTimeField(null=True)
    # The last time that the end was reached: how many entries, how many of them did not fit.
    finished_at = models.DateTimeField(null=True)
    finished_count = models.BigIntegerField(default=0)
    finished_broken = models.PositiveIntegerField(default=0)
