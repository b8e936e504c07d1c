"""Tables of transcripts: versions of an airing's words and their lines, by programme time; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Transcript(models.Model):
    """One version of what was said. What a machine or a captioner gave is never changed: a correction is a version of its own."""

    class Kind(models.TextChoices):
        MACHINE = "machine", _("机器识别")
        LIVE = "live", _("现场字幕")
        CORRECTED = "corrected", _("人工校对")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        SIGNED = "signed", _("已签发")
        WITHDRAWN = "withdrawn", _("已撤下")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="transcripts")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    language = models.CharField(max_length=12, default="zh")
    # The recogniser's name, or that of the file it came from.
    source = models.CharField(max_length=120, blank=True)
    based_on = models.ForeignKey("self", on_delete=models.RESTRICT, null=True, blank=True, related_name="+")
    # Raised by every change, so that of two editors the second is told.
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    changed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()
    signed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    signed_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["airing"], condition=Q(state="signed"), name="one_signed_transcript"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(signed_at__isnull=False), name="a_public_transcript_was_signed"
            ),
        ]


class TranscriptLine(models.Model):
    """A line, in programme time: where it is heard in the replay, the gap map says."""

    transcript = models.ForeignKey(Transcript, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    speaker = models.CharField(max_length=60, blank=True)
    text = models.CharField(max_length=500)

    class Meta:
        ordering = ["transcript", "number"]
        constraints = [
            models.UniqueConstraint(fields=["transcript", "number"], name="one_line_per_number"),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="a_line_takes_time"),
        ]
