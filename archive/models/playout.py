"""Tables of what goes out and why: rules by programme, prepared fillers, choices by hand, the as-run record; they decide nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


def default_rungs() -> list[int]:
    """Heights of the encoded rungs of a new programme, in pixels, highest first."""
    return [480, 240]


class Filler(models.Model):
    """A prepared file that goes out when there is nothing else. Uploaded media is hostile: only what was checked is `ready`."""

    class State(models.TextChoices):
        CHECKING = "checking", _("正在检查")
        READY = "ready", _("可以播出")
        REFUSED = "refused", _("不能使用")

    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="fillers"
    )
    title = models.CharField(max_length=120)
    state = models.CharField(max_length=8, choices=State.choices, default=State.CHECKING)
    # A stable code and words when refused.
    problem = models.CharField(max_length=200, blank=True)
    # Folder of its 2 s segments in storage; whole milliseconds of media.
    directory = models.CharField(max_length=120, blank=True)
    duration_ms = models.PositiveBigIntegerField(default=0)
    has_picture = models.BooleanField(default=True)
    digest = models.CharField(max_length=64, blank=True)
    algorithm = models.CharField(max_length=16, blank=True)
    uploaded_by = models.BigIntegerField(null=True, blank=True)
    uploaded_at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return self.title


class PlayoutRule(models.Model):
    """What the recorder does for a programme's airings without being asked. No row: the defaults here."""

    class Fallback(models.TextChoices):
        NONE = "none", _("不播任何内容")
        FILLER = "filler", _("播垫片")
        RERUN = "rerun", _("重播往期")

    class Return(models.TextChoices):
        RULE = "rule", _("信号恢复后自动")
        HAND = "hand", _("由人工")

    programme = models.OneToOneField(
        "broadcast.Programme", on_delete=models.CASCADE, related_name="playout_rule", primary_key=True
    )
    # The window of the recording around the planned times: so long before, and so long after the end.
    early_seconds = models.PositiveIntegerField(default=0)
    late_seconds = models.PositiveIntegerField(default=0)
    rungs = models.JSONField(default=default_rungs)
    fallback = models.CharField(max_length=8, choices=Fallback.choices, default=Fallback.NONE)
    filler = models.ForeignKey(Filler, on_delete=models.SET_NULL, null=True, blank=True, related_name="rules")
    # The earlier airing that goes out as rerun; empty: the newest one of the programme whose replay is released.
    rerun_of = models.ForeignKey("broadcast.Airing", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    # So long nothing received, or so long silence (0: silence is no reason), before back-up or fallback go out.
    missing_seconds = models.PositiveSmallIntegerField(default=6)
    silence_seconds = models.PositiveSmallIntegerField(default=0)
    # So long the better source must have been there without a hole before the line goes back to it.
    steady_seconds = models.PositiveSmallIntegerField(default=6)
    return_by = models.CharField(max_length=4, choices=Return.choices, default=Return.RULE)


class SourceChoice(models.Model):
    """A person's choice of what goes out, from a media time on, until the next one; `auto` gives it back to the rule."""

    class Source(models.TextChoices):
        AUTO = "auto", _("自动")
        MAIN = "main", _("主路")
        BACKUP = "backup", _("备路")
        FALLBACK = "fallback", _("垫播")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.PROTECT, related_name="source_choices")
    source = models.CharField(max_length=8, choices=Source.choices)
    from_media_time = models.DateTimeField()
    chosen_by = models.BigIntegerField(null=True, blank=True)
    chosen_at = models.DateTimeField()
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["airing", "from_media_time"])]


class AsRunEntry(models.Model):
    """A stretch of what really went out on the public line, derived from the log of released segments; never edited."""

    class Kind(models.TextChoices):
        MAIN = "main", _("主路")
        BACKUP = "backup", _("备路")
        CUT = "cut", _("切断垫片")
        FILLER = "filler", _("垫播")
        RERUN = "rerun", _("重播")
        NOTHING = "nothing", _("无信号")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="as_run")
    # Number of its first item on the public line; a stretch of nothing carries that of the item after it.
    first_sequence = models.PositiveIntegerField()
    kind = models.CharField(max_length=8, choices=Kind.choices)
    # Media times; the public saw it `delay_seconds` of the airing later.
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    # Why this source: a stable word, such as rule, hand, feed_missing, feed_silent.
    reason = models.CharField(max_length=32, blank=True)
    # Key of the filler or of the airing that was rerun.
    subject = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["airing", "first_sequence", "kind"], name="one_entry_per_stretch"),
            models.CheckConstraint(condition=Q(ended_at__gte=models.F("started_at")), name="as_run_runs_forward"),
        ]
