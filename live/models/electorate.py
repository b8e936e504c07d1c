"""Who may vote where that is not a matter of assurance: rolls of telephone numbers, and sheets of invitation codes; digests alone."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Roll(models.Model):
    """A list of people who may vote, such as a workstation's. Without a programme it is for all of them."""

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=60)
    created_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]


class RollEntry(models.Model):
    """One who stands in it, by the keyed digest of the telephone number that the account has verified."""

    roll = models.ForeignKey(Roll, on_delete=models.CASCADE, related_name="entries", db_index=False)
    phone_digest = models.CharField(max_length=64, db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["roll", "phone_digest"], name="one_entry_per_number")]


class CodeSheet(models.Model):
    """Invitation codes made together, to be printed and handed out. Once revoked, those not used open nothing."""

    poll = models.ForeignKey("live.Poll", on_delete=models.CASCADE, related_name="sheets")
    label = models.CharField(max_length=60, blank=True)
    command_id = models.CharField(max_length=64)
    created_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["poll", "command_id"], name="one_sheet_per_command")]


class PollCode(models.Model):
    """One code: its keyed digest, and whose it became with the first ballot. It does not say by itself how that person voted."""

    sheet = models.ForeignKey(CodeSheet, on_delete=models.CASCADE, related_name="codes")
    poll = models.ForeignKey("live.Poll", on_delete=models.CASCADE, related_name="+", db_index=False)
    digest = models.CharField(max_length=64)
    participant = models.ForeignKey(
        "broadcast.Participant", on_delete=models.PROTECT, null=True, related_name="+", db_index=False
    )
    used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "digest"], name="one_code_per_poll")]
        indexes = [
            models.Index(
                fields=["participant", "poll"], condition=Q(participant__isnull=False), name="codes_that_are_used"
            )
        ]
