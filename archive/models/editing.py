"""Tables of editing: what a person wants done to an airing's public replay, and how far the files follow; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class Edit(models.Model):
    """One edit of a replay, by programme time. It says what the public gets; what was recorded is never changed by it."""

    class Kind(models.TextChoices):
        # From `starts_at` to `ends_at` is kept, what is before and behind is left out.
        TRIM = "trim", _("修剪")
        CUT = "cut", _("剪去")
        BLEEP = "bleep", _("消音")
        BLUR = "blur", _("打码")

    class State(models.TextChoices):
        DRAFT = "draft", _("草稿")
        APPLIED = "applied", _("已应用")
        LIFTED = "lifted", _("已撤销")

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="edits")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    # Whole milliseconds.
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    # Of a blur: [left, top, width, height] in whole per cent of the picture; None is all of it.
    region = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    # Raised by every change, so that of two editors the second is told.
    version = models.PositiveIntegerField(default=1)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    changed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField()
    applied_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    applied_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    lifted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["starts_at", "id"]
        indexes = [models.Index(fields=["airing", "state"])]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="an_edit_takes_time"),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(applied_at__isnull=False), name="a_public_edit_was_applied"
            ),
            models.UniqueConstraint(
                fields=["airing"], condition=Q(kind="trim", state="applied"), name="one_applied_trim"
            ),
        ]


class EditedReplay(models.Model):
    """How far the files of an airing's public replay follow its edits: `written` is the edition that they show, `wanted` the newest.

    While `written` or `cleared` is older than `hidden`, something may still hold what must not be seen: nobody but staff gets the replay.
    """

    airing = models.OneToOneField(
        "broadcast.Airing", on_delete=models.CASCADE, related_name="edited_replay", primary_key=True
    )
    wanted = models.PositiveIntegerField(default=0)
    written = models.PositiveIntegerField(default=0)
    hidden = models.PositiveIntegerField(default=0)
    # Pieces that the replay lacks until they are rendered.
    missing = models.PositiveIntegerField(default=0)
    # The edition whose withheld names have left every store.
    cleared = models.PositiveIntegerField(default=0)
    # A stable code of what keeps the files from following; "" when nothing does.
    problem = models.CharField(max_length=32, blank=True)
    written_at = models.DateTimeField(null=True, blank=True)
