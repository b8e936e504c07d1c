"""What must be answerable later: the chained audit of staff acts and the sealed evidence of accepted writes."""

from __future__ import annotations

from django.db import models


class AuditEntry(models.Model):
    """One staff act, chained to the one before it by a salted digest. Written only by broadcast.audit; never changed or deleted.

    Personal data is in AuditPersonal; only its salted digest is in the chain, so erasing it leaves the chain whole.
    """

    at = models.DateTimeField()
    act = models.CharField(max_length=64)
    actor_id = models.BigIntegerField(null=True, blank=True)
    target = models.CharField(max_length=96)
    airing_id = models.UUIDField(null=True, blank=True)
    programme_ms = models.BigIntegerField(null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    before = models.JSONField(null=True, blank=True)
    after = models.JSONField(null=True, blank=True)
    personal_digest = models.CharField(max_length=64, blank=True)
    algorithm = models.CharField(max_length=16)
    salt = models.CharField(max_length=32)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64, unique=True)

    class Meta:
        ordering = ["id"]
        indexes = [models.Index(fields=["airing_id", "id"]), models.Index(fields=["target", "id"])]


class AuditPersonal(models.Model):
    """The erasable half of an audit entry: names, addresses, words of citizens."""

    entry = models.OneToOneField(AuditEntry, on_delete=models.CASCADE, related_name="personal", primary_key=True)
    salt = models.CharField(max_length=32)
    data = models.JSONField()


class EvidenceRecord(models.Model):
    """Who sent an accepted write, from where: sealed, kept apart, deleted after its time (YISHI_EVIDENCE_DAYS)."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    ref = models.CharField(max_length=64)
    participant_id = models.UUIDField()
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["kind", "ref"]), models.Index(fields=["participant_id"])]
