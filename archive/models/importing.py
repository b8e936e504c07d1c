"""Tables of the import of old episodes: the batches, and each file with its row of the sheet and what became of it; they decide nothing."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class ImportBatch(models.Model):
    """One folder of old episodes with its sheet. The same folder again is the same batch."""

    # The folder and the sheet as this machine names them.
    folder = models.CharField(max_length=1000)
    sheet = models.CharField(max_length=1000, blank=True)
    started_by = models.BigIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    # Rows without a file and files without a row: [{"line", "file", "problem", "detail"}].
    unmatched = models.JSONField(default=list)

    class Meta:
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["folder", "sheet"], name="one_batch_per_folder_and_sheet")]


class ImportItem(models.Model):
    """One file of a batch. Whoever holds the lease works; a lapsed lease is taken up again, fenced by `attempt`."""

    class State(models.TextChoices):
        WAITING = "waiting", _("等待")
        RUNNING = "running", _("进行中")
        DONE = "done", _("完成")
        REFUSED = "refused", _("未导入")
        DUPLICATE = "duplicate", _("内容重复")

    batch = models.ForeignKey(ImportBatch, on_delete=models.CASCADE, related_name="items")
    # Relative to the batch's folder.
    file = models.CharField(max_length=1000)
    size_bytes = models.BigIntegerField(default=0)
    # Of row, size and time of the file: another one makes what was refused be tried again.
    fingerprint = models.CharField(max_length=64)
    programme = models.ForeignKey("broadcast.Programme", on_delete=models.PROTECT, related_name="import_items")
    # What the sheet says: line, number, date, time, title, guests.
    row = models.JSONField(default=dict)
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    # Number of the try that holds the lease: what an older one reports is dropped.
    attempt = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=80, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    # While it runs: how much of its length is encoded, 0 to 1.
    share = models.FloatField(default=0)
    # Of the try that works or worked last: the airing under whose name its media are laid down.
    airing_uuid = models.UUIDField(null=True, blank=True)
    # Stable code, and what belongs to it in the machine's words, of why it was not imported.
    problem = models.CharField(max_length=32, blank=True)
    detail = models.CharField(max_length=500, blank=True)
    # What was done but wants a look: [{"code", "detail"}].
    notes = models.JSONField(default=list)
    digest = models.CharField(max_length=128, blank=True)
    algorithm = models.CharField(max_length=16, blank=True)
    seconds = models.FloatField(default=0)
    airing = models.OneToOneField(
        "broadcast.Airing", on_delete=models.CASCADE, null=True, blank=True, related_name="import_item"
    )
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["batch", "state"])]
        constraints = [
            models.UniqueConstraint(fields=["batch", "file"], name="one_import_item_per_file"),
            models.UniqueConstraint(
                fields=["digest", "algorithm"], condition=Q(state="done"), name="one_import_per_content"
            ),
            models.CheckConstraint(
                condition=~Q(state="running") | Q(lease_until__isnull=False), name="a_running_import_has_a_lease"
            ),
            models.CheckConstraint(
                condition=~Q(state="done") | Q(airing__isnull=False), name="a_finished_import_has_an_airing"
            ),
        ]
