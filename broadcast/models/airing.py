"""One time that an episode goes out, what really happened in it, and the moments worth finding again."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Airing(models.Model):
    """One outing of an episode. Room, recording, firing ledger and as-run record hang here. States move only in broadcast.lifecycle."""

    class Kind(models.TextChoices):
        PREMIERE = "premiere", _("首播")
        RERUN = "rerun", _("重播")
        REHEARSAL = "rehearsal", _("彩排")
        FILLER = "filler", _("垫片")
        # Never live: it came to the house as a file.
        RECORDED = "recorded", _("录播")

    class State(models.TextChoices):
        PLANNED = "planned", _("已安排")
        WAITING = "waiting", _("候播")
        ON_AIR = "on_air", _("直播中")
        ENDED = "ended", _("已结束")
        CANCELLED = "cancelled", _("已取消")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    episode = models.ForeignKey("broadcast.Episode", on_delete=models.PROTECT, related_name="airings")
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.PREMIERE)
    rerun_of = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="reruns")
    feed = models.ForeignKey("broadcast.Feed", on_delete=models.PROTECT, null=True, blank=True, related_name="airings")
    # A second way in for the same picture and sound, taken when the first fails.
    backup_feed = models.ForeignKey(
        "broadcast.Feed", on_delete=models.PROTECT, null=True, blank=True, related_name="backed_airings"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    planned_start = models.DateTimeField()
    planned_end = models.DateTimeField()
    actual_start = models.DateTimeField(null=True, blank=True)
    actual_end = models.DateTimeField(null=True, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
    # Copied from the programme when the airing is made, so that a later change of the brand does not move a running show.
    delay_seconds = models.PositiveSmallIntegerField(default=20)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["planned_start"]
        indexes = [models.Index(fields=["state", "planned_start"])]
        constraints = [
            models.CheckConstraint(condition=Q(planned_end__gt=F("planned_start")), name="airing_ends_after_it_starts"),
            models.UniqueConstraint(
                fields=["feed"], condition=Q(state__in=["waiting", "on_air"]), name="one_airing_at_a_time_per_feed"
            ),
            models.UniqueConstraint(
                fields=["backup_feed"],
                condition=Q(state__in=["waiting", "on_air"]),
                name="one_airing_at_a_time_per_backup_feed",
            ),
            models.CheckConstraint(
                condition=Q(backup_feed__isnull=True) | ~Q(backup_feed=F("feed")), name="backup_is_another_feed"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.episode} ({self.kind}, {self.state})"


class SegmentRun(models.Model):
    """When a segment really ran in an airing; at most one is open at a time."""

    airing = models.ForeignKey(Airing, on_delete=models.CASCADE, related_name="segment_runs")
    segment = models.ForeignKey("broadcast.Segment", on_delete=models.PROTECT, related_name="runs")
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["airing"], condition=Q(ended_at__isnull=True), name="one_open_segment_per_airing"
            ),
        ]


class Moment(models.Model):
    """A marked time of an airing: live marks it, the archive finds it on the recording through the gap map."""

    airing = models.ForeignKey(Airing, on_delete=models.CASCADE, related_name="moments")
    kind = models.CharField(max_length=32)
    at = models.DateTimeField()
    title = models.CharField(max_length=200, blank=True)
    data = models.JSONField(default=dict, blank=True)
    is_public = models.BooleanField(default=True)

    class Meta:
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["airing", "at"])]
