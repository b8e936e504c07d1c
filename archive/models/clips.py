"""Tables of clips: short stretches of a recording by programme time, as somebody marked them, and the files made of each; no rules."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _


class Clip(models.Model):
    """A stretch of an airing to be shown alone. What was decided (`state`) and whether its files are there (`work`) are two facts."""

    class Kind(models.TextChoices):
        LIVE = "live", _("直播中标记")
        LATER = "later", _("事后标记")

    class Shape(models.TextChoices):
        WIDE = "16:9", _("横版 16:9")
        TALL = "9:16", _("竖版 9:16")

    class Fit(models.TextChoices):
        CROP = "crop", _("裁切")
        BLUR = "blur", _("完整画面，四周虚化")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        PUBLISHED = "published", _("已发布")
        WITHDRAWN = "withdrawn", _("已撤下")

    class Work(models.TextChoices):
        WAITING = "waiting", _("等待生成")
        RUNNING = "running", _("正在生成")
        DONE = "done", _("已生成")
        # There is nothing to be made of it: all was cut.
        REFUSED = "refused", _("没有可用内容")
        FAILED = "failed", _("生成失败")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="clips")
    title = models.CharField(max_length=120, blank=True)
    title_en = models.CharField(max_length=160, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    shape = models.CharField(max_length=8, choices=Shape.choices, default=Shape.WIDE)
    fit = models.CharField(max_length=8, choices=Fit.choices, default=Fit.CROP)
    # Of the upright crop: 0 the left edge, 100 the right one.
    focus = models.PositiveSmallIntegerField(default=50)
    captions = models.BooleanField(default=False)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    # Raised by every change of what people decided, so that of two editors the second is told.
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    changed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    work = models.CharField(max_length=8, choices=Work.choices, default=Work.WAITING)
    # Number of the try that holds the lease: what an older one reports is dropped.
    attempt = models.PositiveIntegerField(default=0)
    tries = models.PositiveSmallIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    progress = models.FloatField(default=0)
    problem = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    # The replay (its replay_ready_at) and the signed transcript that the last try was made of; 0: none was signed.
    made_for = models.DateTimeField(null=True, blank=True)
    words_of = models.BigIntegerField(default=0)
    words_version = models.PositiveIntegerField(default=0)
    # Where it stands in that replay, in seconds.
    second = models.FloatField(default=0)
    seconds = models.FloatField(default=0)
    # By name ("video", "poster"): {"key", "size", "digest", "type", …}; and what was measured.
    files = models.JSONField(default=dict)
    facts = models.JSONField(default=dict)

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["work", "lease_until"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_clip_takes_time"),
            models.CheckConstraint(condition=Q(focus__lte=100), name="a_focus_is_in_the_picture"),
            models.CheckConstraint(
                condition=~Q(work="running") | Q(lease_until__isnull=False), name="a_running_clip_has_a_lease"
            ),
        ]

    def __str__(self) -> str:
        return self.shown_title

    @property
    def shown_title(self) -> str:
        """Its title in the reader's language; the episode's until it has one."""
        english = (get_language() or "").startswith("en") and self.title_en
        return english or self.title or str(self.airing.episode.title)
