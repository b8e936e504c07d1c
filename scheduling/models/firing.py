"""What the house does by itself for an airing, and the ledger of what was done; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AiringPlan(models.Model):
    """What the house does by itself for one airing; without a row it does nothing and people do all."""

    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, related_name="plan")
    auto_open = models.BooleanField(default=True)
    auto_start = models.BooleanField(default=False)
    auto_end = models.BooleanField(default=False)
    auto_announce = models.BooleanField(default=False)
    auto_publish = models.BooleanField(default=False)
    auto_remind = models.BooleanField(default=False)
    announce_hours_before = models.PositiveSmallIntegerField(default=72)
    publish_minutes_after = models.PositiveSmallIntegerField(default=0)
    open_minutes_before = models.PositiveSmallIntegerField(default=10)
    # How late an act may still be done, in seconds; later it stands in the ledger as too_late and people decide.
    open_late_seconds = models.PositiveIntegerField(default=4 * 3600)
    start_late_seconds = models.PositiveIntegerField(default=300)
    end_late_seconds = models.PositiveIntegerField(default=12 * 3600)
    announce_late_seconds = models.PositiveIntegerField(default=72 * 3600)
    publish_late_seconds = models.PositiveIntegerField(default=7 * 24 * 3600)
    remind_late_seconds = models.PositiveIntegerField(default=600)


class Firing(models.Model):
    """One due act of an airing, done exactly once: the unique row is written first, by whoever was quickest.

    `claimed` is the state between row and act; a firing whose lease ran out is taken up again under a higher attempt.
    """

    class Action(models.TextChoices):
        OPEN_FEED = "open_feed", _("开始接收信号")
        START = "start", _("开播")
        END = "end", _("结束")
        ANNOUNCE = "announce", _("发布预告")
        PUBLISH = "publish", _("公开回看")
        REMIND = "remind", _("提醒")

    class Outcome(models.TextChoices):
        CLAIMED = "claimed", _("进行中")
        FIRED = "fired", _("已完成")
        SKIPPED = "skipped", _("不需要")
        FAILED = "failed", _("失败")
        TOO_LATE = "too_late", _("太晚")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="firings")
    action = models.CharField(max_length=12, choices=Action.choices)
    # What it is about beside the airing, such as an invitation: "invitation:12"; empty for the airing itself.
    subject = models.CharField(max_length=64, blank=True)
    due_at = models.DateTimeField()
    # Which process did it, for the ledger's page.
    node = models.CharField(max_length=64, blank=True)
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=1)
    fired_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.CLAIMED)
    reason = models.CharField(max_length=200, blank=True)
    # When somebody said that they have seen what went wrong here; until then staff are told loudly.
    seen_at = models.DateTimeField(null=True, blank=True)
    seen_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["airing", "action", "subject", "due_at"], name="one_firing_per_due_action")
        ]
        indexes = [models.Index(fields=["outcome", "lease_until"])]
