"""Tables of what comes in by the browser: trays of old episodes and the files in them with how far each is; they decide nothing."""

from __future__ import annotations

from uuid import uuid4

from django.db import models
from django.utils.translation import gettext_lazy as _


class UploadTray(models.Model):
    """Files of one import that are uploaded together, and what is to be done with them."""

    class Wanted(models.TextChoices):
        NOTHING = "", _("无")
        FORETELL = "foretell", _("试运行")
        IMPORT = "import", _("导入")

    # Where the sheet names none.
    programme = models.ForeignKey("broadcast.Programme", on_delete=models.PROTECT, related_name="upload_trays")
    created_by = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    # The last piece or act: a tray that nobody touches for long goes.
    touched_at = models.DateTimeField()
    wanted = models.CharField(max_length=10, choices=Wanted.choices, blank=True, default=Wanted.NOTHING)
    wanted_by = models.BigIntegerField(null=True, blank=True)
    # What a dry run found: {"items": [...], "unmatched": [...]}.
    report = models.JSONField(default=dict, blank=True)
    reported_at = models.DateTimeField(null=True, blank=True)
    # Why nothing could be done, in words.
    problem = models.CharField(max_length=500, blank=True)
    batch = models.OneToOneField(
        "archive.ImportBatch", on_delete=models.SET_NULL, null=True, blank=True, related_name="tray"
    )

    class Meta:
        ordering = ["-id"]


class Upload(models.Model):
    """One file on its way: `offset_bytes` of it are on the disk for sure."""

    class State(models.TextChoices):
        RECEIVING = "receiving", _("上传中")
        CHECKING = "checking", _("核对中")
        READY = "ready", _("已传完")
        REFUSED = "refused", _("没有收下")

    id = models.UUIDField(primary_key=True, default=uuid4, editable=False)
    tray = models.ForeignKey(UploadTray, on_delete=models.CASCADE, related_name="uploads")
    name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    offset_bytes = models.BigIntegerField(default=0)
    # What the browser says of the file's last change: the same name, size and change is the same file.
    modified = models.CharField(max_length=32, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.RECEIVING)
    problem = models.CharField(max_length=32, blank=True)
    # What the sender says its digest is (SHA-256, hexadecimal), and what it is.
    expected = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=128, blank=True)
    algorithm = models.CharField(max_length=16, blank=True)
    created_by = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    touched_at = models.DateTimeField()

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["state", "touched_at"])]
        constraints = [
            models.UniqueConstraint(fields=["tray", "name"], name="one_upload_per_name"),
            models.CheckConstraint(
                condition=models.Q(offset_bytes__gte=0, offset_bytes__lte=models.F("size_bytes")),
                name="an_upload_ends_at_its_size",
            ),
        ]
