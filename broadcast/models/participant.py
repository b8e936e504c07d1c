"""Whoever acts: guest, verified account or partner's user; their consents; and the codes that verify a phone."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from broadcast.models.catalogue import Assurance


class Participant(models.Model):
    """One acting identity. The row is made at the first write, so that watching costs the database nothing.

    A merge points `merged_into` at the survivor and moves what hung here; reads follow at most one hop, since a merge of a
    survivor re-points what was merged into it.
    """

    class Kind(models.TextChoices):
        GUEST = "guest"
        ACCOUNT = "account"
        PARTNER = "partner"

    # The partner of those who are known by their number alone, which is the subject (its keyed digest): callers.
    TELEPHONE = "telephone"

    class Age(models.TextChoices):
        """What was said of being 14; whoever is under may only watch until a guardian allows more."""

        UNSAID = "", _("没有说明")
        OVER = "over", _("已满 14 周岁")
        UNDER = "under", _("未满 14 周岁")
        ALLOWED = "allowed", _("未满 14 周岁，监护人已同意")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.GUEST)
    user = models.OneToOneField(
        "broadcast.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="participant"
    )
    partner = models.CharField(max_length=40, blank=True)
    partner_subject = models.CharField(max_length=128, blank=True)
    assurance = models.PositiveSmallIntegerField(choices=Assurance.choices, default=Assurance.GUEST)
    display_name = models.CharField(max_length=40, blank=True)
    district = models.CharField(max_length=40, blank=True)
    age = models.CharField(max_length=8, choices=Age.choices, default=Age.UNSAID, blank=True)
    # 0: a guest's. An account's begins with 1 and grows at log-out; a token of another generation is refused.
    generation = models.PositiveIntegerField(default=0)
    merged_into = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="merged")
    created_at = models.DateTimeField()
    # The person had it erased: it has no name and no account any more, and no token of it is good.
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["partner", "partner_subject"],
                condition=~Q(partner=""),
                name="one_participant_per_partner_subject",
            ),
        ]


class Consent(models.Model):
    """That a participant agreed to a version of a document (privacy notice, agreement) at the first write."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="consents")
    document = models.CharField(max_length=32)
    version = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["participant", "document", "version"], name="one_consent_per_version")
        ]


class OneTimeCode(models.Model):
    """A code sent to a phone. Only keyed digests are kept; it dies after use, five wrong tries, or its time."""

    phone_digest = models.CharField(max_length=64, db_index=True)
    code_digest = models.CharField(max_length=64)
    address = models.CharField(max_length=64, blank=True)
    sent_at = models.DateTimeField(db_index=True)
    expires_at = models.DateTimeField()
    # Of the address that asked for the code, and of all others: strangers must not use up the tries of its owner.
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    strangers_tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)
