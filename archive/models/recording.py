"""Tables of the recording: secrets of the way in, parts, cuts, health; the media and their playlists are files, not rows."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class IngestSecret(models.Model):
    """What an encoder must know to send to this airing. Sealed; the keyed digest finds the airing of a stream key."""

    airing = models.OneToOneField(
        "broadcast.Airing", on_delete=models.CASCADE, related_name="ingest_secret", primary_key=True
    )
    sealed = models.BinaryField()
    key_digest = models.CharField(max_length=64, unique=True)
    # The stream key of the back-up feed; the passphrase is the same on both.
    backup_key_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    made_at = models.DateTimeField()


class PullSource(models.Model):
    """A feed that we fetch instead of waiting for it. The address may hold a key: sealed, never logged."""

    feed = models.OneToOneField(
        "broadcast.Feed", on_delete=models.CASCADE, related_name="pull_source", primary_key=True
    )
    sealed_url = models.BinaryField()
    # Scheme and host alone, for people.
    shown_url = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    made_by = models.BigIntegerField(null=True, blank=True)
    made_at = models.DateTimeField()


class Recording(models.Model):
    """The recording of one airing: what the recorder last said of it, and what the public was last told."""

    class State(models.TextChoices):
        OFF = "off", _("未接收")
        LISTENING = "listening", _("等待信号")
        RECEIVING = "receiving", _("正在接收")
        LOST = "lost", _("信号中断")
        FINISHING = "finishing", _("正在收尾")
        FINISHED = "finished", _("已完成")

    airing = models.OneToOneField(
        "broadcast.Airing", on_delete=models.CASCADE, related_name="recording", primary_key=True
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OFF)
    source = models.CharField(max_length=8, blank=True)
    problem = models.CharField(max_length=32, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    last_segment_at = models.DateTimeField(null=True, blank=True)
    # Media time up to which the public line is out, and since when it has been unbroken.
    public_until = models.DateTimeField(null=True, blank=True)
    public_since = models.DateTimeField(null=True, blank=True)
    received_seconds = models.FloatField(default=0)
    received_bytes = models.BigIntegerField(default=0)
    bitrate = models.PositiveBigIntegerField(default=0)
    refused = models.JSONField(default=dict)
    replay_ready_at = models.DateTimeField(null=True, blank=True)
    # What the public line shows now: main, backup, cut, filler, rerun, nothing; "" before it began.
    going_out = models.CharField(max_length=8, blank=True)
    # What the control room sees of each feed and of the machine: see archive/health.py.
    health = models.JSONField(default=dict)
    public_media = models.JSONField(default=dict)


class Part(models.Model):
    """One connection of a source: a folder of segments of its own, never appended to by another."""

    class Source(models.TextChoices):
        SRT = "srt", "SRT"
        RTMP = "rtmp", "RTMP"
        PULL = "pull", _("拉流")
        FILE = "file", _("文件")

    class Lane(models.TextChoices):
        MAIN = "main", _("主路")
        BACKUP = "backup", _("备路")

    recording = models.ForeignKey(Recording, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveIntegerField()
    source = models.CharField(max_length=8, choices=Source.choices)
    lane = models.CharField(max_length=8, choices=Lane.choices, default=Lane.MAIN)
    directory = models.CharField(max_length=64)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    end_code = models.CharField(max_length=32, blank=True)
    first_pdt = models.DateTimeField()
    media_until = models.DateTimeField()
    segments = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["first_pdt", "number"]
        constraints = [models.UniqueConstraint(fields=["recording", "number"], name="one_part_per_number")]


class OutputCut(models.Model):
    """The public output cut off: media from `from_media_time` to `until_media_time` (None: until the end) never becomes public."""

    class State(models.TextChoices):
        REQUESTED = "requested", _("等待第二人确认")
        ACTIVE = "active", _("已切断")
        RESUMED = "resumed", _("已恢复")
        EXPIRED = "expired", _("无人确认")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.PROTECT, related_name="output_cuts")
    state = models.CharField(max_length=10, choices=State.choices)
    reason = models.CharField(max_length=200, blank=True)
    requested_by = models.BigIntegerField(null=True, blank=True)
    requested_at = models.DateTimeField()
    cut_by = models.BigIntegerField(null=True, blank=True)
    cut_at = models.DateTimeField(null=True, blank=True)
    from_media_time = models.DateTimeField(null=True, blank=True)
    until_media_time = models.DateTimeField(null=True, blank=True)
    resumed_by = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["airing", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["airing"], condition=Q(state__in=["requested", "active"]), name="one_open_cut_per_airing"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["active", "resumed"]) | Q(from_media_time__isnull=False),
                name="a_cut_says_from_when",
            ),
        ]


class RecorderStatus(models.Model):
    """The recorder process itself: alive when `seen_at` is fresh; `refused` counts refused connections by stable code."""

    name = models.CharField(max_length=32, primary_key=True)
    seen_at = models.DateTimeField()
    pid = models.PositiveIntegerField()
    # Which machine and media folder (archive/machine.py), and its name for people.
    machine = models.CharField(max_length=32, blank=True)
    host = models.CharField(max_length=80, blank=True)
    ffmpeg = models.CharField(max_length=200, blank=True)
    refused = models.JSONField(default=dict)
    # Free bytes of the media folder and what the disk guard does: {"free_bytes", "level": "ok" | "low" | "shedding" | "full"}.
    disk = models.JSONField(default=dict)
