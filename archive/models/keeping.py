"""Tables of what happens to a recording afterwards: steps with their leases, what they made, fixity; they decide nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Step(models.Model):
    """One piece of work on a recording. Whoever holds the lease works; a lapsed lease is taken up again, fenced by `attempt`."""

    class Kind(models.TextChoices):
        EDIT = "edit", _("剪辑")
        VERIFY = "verify", _("检查录制")
        MASTER = "master", _("生成母版")
        RUNGS = "rungs", _("补齐清晰度")
        LOUDNESS = "loudness", _("测量响度")
        SOUND = "sound", _("生成音频")
        IMAGES = "images", _("缩略图")
        PEAKS = "peaks", _("波形")
        WORDS = "words", _("语音识别")
        UPLOAD = "upload", _("上传")
        MANIFEST = "manifest", _("清单")

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        FAILED = "failed", _("失败")

    recording = models.ForeignKey("archive.Recording", on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    # Number of the try that holds the lease: what an older one reports is dropped.
    attempt = models.PositiveIntegerField(default=0)
    not_before = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    # 0 to 1.
    progress = models.FloatField(default=0)
    # A stable code, and words for people, of the last failure.
    problem = models.CharField(max_length=32, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    result = models.JSONField(default=dict)
    made_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["state", "lease_until"])]
        constraints = [
            models.UniqueConstraint(fields=["recording", "kind"], name="one_step_per_kind"),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="a_running_step_has_a_lease"
            ),
        ]


class Derivative(models.Model):
    """A file made from a recording: its key in storage and the digest of its bytes. The masters are never among them changed."""

    class Kind(models.TextChoices):
        MASTER = "master", _("母版 MP4")
        SOUND = "sound", _("音频")
        POSTER = "poster", _("封面")
        SPRITE = "sprite", _("预览图")
        SPRITE_INDEX = "sprite_index", _("预览索引")
        PEAKS = "peaks", _("波形")
        MANIFEST = "manifest", _("清单")
        # Of an import: the file that the recording was made from, as it came.
        ORIGINAL = "original", _("原始文件")

    recording = models.ForeignKey("archive.Recording", on_delete=models.CASCADE, related_name="derivatives")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    key = models.CharField(max_length=200, unique=True)
    size_bytes = models.BigIntegerField()
    digest = models.CharField(max_length=64)
    algorithm = models.CharField(max_length=16)
    media_type = models.CharField(max_length=60)
    # Whether it holds nothing of what was cut, so that those who may see the public replay may see it.
    is_public = models.BooleanField(default=False)
    details = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["recording", "kind"])]


class FixityCheck(models.Model):
    """One reading of one kept object in one place, and what came of it."""

    class Outcome(models.TextChoices):
        GOOD = "good", _("完好")
        MISSING = "missing", _("缺失")
        DAMAGED = "damaged", _("损坏")
        REPAIRED = "repaired", _("已修复")

    recording = models.ForeignKey("archive.Recording", on_delete=models.CASCADE, related_name="fixity_checks")
    key = models.CharField(max_length=200)
    # Name of the store: main or copy.
    place = models.CharField(max_length=16)
    outcome = models.CharField(max_length=8, choices=Outcome.choices)
    algorithm = models.CharField(max_length=16)
    expected = models.CharField(max_length=64)
    found = models.CharField(max_length=64, blank=True)
    checked_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["recording", "outcome"])]


class KeepingTerms(models.Model):
    """For how many days a programme keeps recordings that were never public; None: for good. What was ever public is never removed."""

    programme = models.OneToOneField(
        "broadcast.Programme", on_delete=models.CASCADE, primary_key=True, related_name="keeping_terms"
    )
    rehearsal_days = models.PositiveIntegerField(null=True, blank=True)
    unpublished_days = models.PositiveIntegerField(null=True, blank=True)
    # After so many days what only the keeping needs goes to cold storage; None: never. What is there stays there.
    cold_days = models.PositiveIntegerField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    changed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()


class MediaRemoval(models.Model):
    """That the media of a recording are past their time: from now nobody gets them, and they go from every place until `done_at`."""

    class Rule(models.TextChoices):
        REHEARSAL = "rehearsal", _("彩排")
        UNPUBLISHED = "unpublished", _("从未公开")

    recording = models.OneToOneField(
        "archive.Recording", on_delete=models.CASCADE, primary_key=True, related_name="removal"
    )
    rule = models.CharField(max_length=12, choices=Rule.choices)
    days = models.PositiveIntegerField()
    at = models.DateTimeField()
    # How many objects went; in each place one.
    objects_gone = models.PositiveIntegerField(default=0)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]
        indexes = [models.Index(fields=["at"], condition=Q(done_at__isnull=True), name="removals_under_way")]


class ColdKeeping(models.Model):
    """That what only the keeping needs of a recording goes to a cold storage class, and lies there since `done_at`; that it was asked back.

    Asked back it can be read from `ready_at` until `until`, then no more; the row says what was so when the tick last looked.
    """

    class Why(models.TextChoices):
        HAND = "hand", _("手动")
        STEP = "step", _("后期步骤")
        EXPORT = "export", _("导出")

    recording = models.OneToOneField(
        "archive.Recording", on_delete=models.CASCADE, primary_key=True, related_name="cold"
    )
    storage_class = models.CharField(max_length=40)
    marked_at = models.DateTimeField()
    done_at = models.DateTimeField(null=True, blank=True)
    # Objects, in each store one, and bytes that lie cold.
    objects_cold = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    # A stable code of what stopped it last; "" when nothing did.
    problem = models.CharField(max_length=32, blank=True)
    asked_at = models.DateTimeField(null=True, blank=True)
    asked_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    asked_for = models.CharField(max_length=8, choices=Why.choices, blank=True)
    # Every object was asked for.
    sent_at = models.DateTimeField(null=True, blank=True)
    ready_at = models.DateTimeField(null=True, blank=True)
    until = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-marked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ready_at__isnull=True) | Q(sent_at__isnull=False, until__isnull=False),
                name="what_is_back_was_asked_for_and_ends",
            ),
        ]
