"""What must be answerable later: the chained audit of staff acts and the sealed evidence of accepted writes."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


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
        indexes = [
            models.Index(fields=["airing_id", "id"]),
            models.Index(fields=["target", "id"]),
            models.Index(fields=["actor_id", "id"], name="audit_by_actor"),
            models.Index(fields=["act", "id"], name="audit_by_act"),
            models.Index(fields=["at"], name="audit_by_time"),
        ]


class AuditPersonal(models.Model):
    """The erasable half of an audit entry. `data`: the actor's name and address; `words`: what citizens said and are called.

    The two are erased apart: of erased words `words_digest` stays, so that the rest can still be verified. Entries from before
    that have both in `data` and no `words_digest`.
    """

    entry = models.OneToOneField(AuditEntry, on_delete=models.CASCADE, related_name="personal", primary_key=True)
    salt = models.CharField(max_length=32)
    data = models.JSONField()
    words_salt = models.CharField(max_length=32, blank=True)
    words = models.JSONField(null=True)
    words_digest = models.CharField(max_length=64, blank=True)
    # The participants that the words are of or about, so that they are found when one of them is erased.
    subjects = ArrayField(models.UUIDField(), default=list)

    class Meta:
        indexes = [
            GinIndex(fields=["subjects"], name="audit_by_subject"),
            models.Index(fields=["entry"], condition=Q(words__isnull=False), name="audit_with_words"),
        ]


class EvidenceRecord(models.Model):
    """Who sent an accepted write, from where: sealed, kept apart, deleted after its time (YISHI_EVIDENCE_DAYS)."""

    at = models.DateTimeField()
    kind = models.CharField(max_length=32)
    ref = models.CharField(max_length=64)
    participant_id = models.UUIDField()
    # Null: of no show, such as a consent; or from before it was noted.
    airing_id = models.UUIDField(null=True)
    sealed = models.BinaryField()
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        indexes = [models.Index(fields=["ref"], name="evidence_by_ref"), models.Index(fields=["participant_id"])]
