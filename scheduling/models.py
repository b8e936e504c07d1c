"""What time is to do: slots with their exceptions, an airing's plan, and the ledger of what was done; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Slot(models.Model):
    """A regular time of a programme: local wall time and zone, and an RFC 5545 rule counted in local days."""

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="slots")
    name = models.CharField(max_length=60, blank=True)
    first_date = models.DateField(help_text=_("规则从这一天算起"))
    local_time = models.TimeField()
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    rule = models.CharField(max_length=200, help_text=_("RFC 5545，例如：FREQ=WEEKLY;BYDAY=SA"))
    minutes = models.PositiveSmallIntegerField(default=30)
    feed = models.ForeignKey("broadcast.Feed", on_delete=models.SET_NULL, null=True, blank=True, related_name="slots")
    auto_start = models.BooleanField(default=False)
    auto_end = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["programme_id", "local_time"]
        constraints = [models.CheckConstraint(condition=Q(minutes__gt=0), name="slot_takes_time")]


class SlotException(models.Model):
    """One occurrence that is not as the rule says, keyed by the start the rule gave it (RFC 5545's RECURRENCE-ID)."""

    class Kind(models.TextChoices):
        SKIP = "skip", _("停一次")
        MOVE = "move", _("改时间")

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="exceptions")
    original_start = models.DateTimeField()
    kind = models.CharField(max_length=4, choices=Kind.choices)
    moved_to = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "original_start"], name="one_exception_per_occurrence"),
            models.CheckConstraint(
                condition=Q(kind="skip", moved_to=None) | Q(kind="move", moved_to__isnull=False),
                name="a_move_says_where_to",
            ),
        ]


class Occurrence(models.Model):
    """Which episode's airing a slot's occurrence became; its key never changes, however often the airing is moved."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="occurrences")
    original_start = models.DateTimeField()
    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, related_name="occurrence")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "original_start"], name="one_airing_per_occurrence")]


class AiringPlan(models.Model):
    """What the house does by itself for one airing; without a row it does nothing and people do all."""

    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, related_name="plan")
    auto_open = models.BooleanField(default=True)
    auto_start = models.BooleanField(default=False)
    auto_end = models.BooleanField(default=False)
    open_minutes_before = models.PositiveSmallIntegerField(default=10)
    # How late an act may still be done, in seconds; later it stands in the ledger as too_late and people decide.
    open_late_seconds = models.PositiveIntegerField(default=4 * 3600)
    start_late_seconds = models.PositiveIntegerField(default=300)
    end_late_seconds = models.PositiveIntegerField(default=12 * 3600)


class Firing(models.Model):
    """One due act of an airing, done exactly once: the unique row is written first, by whoever was quickest.

    `claimed` is the state between row and act; a firing whose lease ran out is taken up again under a higher attempt.
    """

    class Action(models.TextChoices):
        OPEN_FEED = "open_feed", _("开始接收信号")
        START = "start", _("开播")
        END = "end", _("结束")

    class Outcome(models.TextChoices):
        CLAIMED = "claimed", _("进行中")
        FIRED = "fired", _("已完成")
        SKIPPED = "skipped", _("不需要")
        FAILED = "failed", _("失败")
        TOO_LATE = "too_late", _("太晚")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="firings")
    action = models.CharField(max_length=12, choices=Action.choices)
    due_at = models.DateTimeField()
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    attempt = models.PositiveSmallIntegerField(default=1)
    fired_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.CLAIMED)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["due_at", "id"]
        constraints = [models.UniqueConstraint(fields=["airing", "action", "due_at"], name="one_firing_per_due_action")]
        indexes = [models.Index(fields=["outcome", "lease_until"])]
