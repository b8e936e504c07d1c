"""Tables of simulcast: where a programme is also sent, and how each sending fares; they decide nothing."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class SimulcastTarget(models.Model):
    """A platform or transmitter that gets a programme's public line. The address holds a key: sealed, never logged."""

    class Kind(models.TextChoices):
        RTMP = "rtmp", "RTMP(S)"
        SRT = "srt", "SRT"
        ICECAST = "icecast", "Icecast"

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="simulcast_targets")
    name = models.CharField(max_length=60)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    sealed_url = models.BinaryField()
    # Scheme and host alone, for people; never the key.
    shown_url = models.CharField(max_length=120)
    is_active = models.BooleanField(default=True)
    made_by = models.BigIntegerField(null=True, blank=True)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["programme", "name"], name="one_target_per_name")]

    def __str__(self) -> str:
        return self.name


class Push(models.Model):
    """How sending one airing to one target fares, as the recorder last said; a report; and what people asked of it."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待播出")
        CONNECTING = "connecting", _("正在连接")
        SENDING = "sending", _("正在推送")
        RETRYING = "retrying", _("稍后重试")
        DONE = "done", _("已结束")
        OFF = "off", _("已停用")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="pushes")
    target = models.ForeignKey(SimulcastTarget, on_delete=models.CASCADE, related_name="pushes")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # A stable code: refused, stalled, closed, bad_address, …
    problem = models.CharField(max_length=32, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    sending_since = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    # Media time up to which the target has been sent, and how much it missed while it was away, in seconds.
    sent_until = models.DateTimeField(null=True, blank=True)
    sent_seconds = models.FloatField(default=0)
    missed_seconds = models.FloatField(default=0)
    reported_at = models.DateTimeField(null=True, blank=True)
    # What people want of it, beside the report: not sent in this airing; connected anew once since then.
    is_off = models.BooleanField(default=False)
    restart_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["airing", "target"], name="one_push_per_target")]
