"""Ways to be somebody beside a password and a phone: other houses' identities, partners' tokens, guardians; and what codes cost a day."""

from __future__ import annotations

from django.db import models

from broadcast.models.participant import Participant
from broadcast.models.user import User


class LinkedIdentity(models.Model):
    """That an account is also known to another house: `provider` is "wechat" or the code of an OpenID Connect provider.

    The name there is sealed; a keyed digest finds it again. One account may have several, of WeChat two: by unionid and by openid.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="linked")
    provider = models.CharField(max_length=40)
    subject_digest = models.CharField(max_length=64)
    subject_sealed = models.BinaryField()
    linked_at = models.DateTimeField()
    used_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["provider", "subject_digest"], name="one_account_per_linked_identity")
        ]


class GuardianConsent(models.Model):
    """That a guardian, by a phone of their own, lets a child under 14 take part. Stands until it is withdrawn."""

    participant = models.ForeignKey(Participant, on_delete=models.CASCADE, related_name="guardians")
    name_sealed = models.BinaryField()
    phone_digest = models.CharField(max_length=64, db_index=True)
    phone_sealed = models.BinaryField()
    relation = models.CharField(max_length=20)
    version = models.CharField(max_length=32)
    given_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["participant"], condition=models.Q(withdrawn_at=None), name="one_standing_guardian"
            )
        ]


class SpentToken(models.Model):
    """A partner's token that was used: none is taken twice. Kept until it would not be taken for its age."""

    partner = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    expires_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["partner", "digest"], name="one_use_per_partner_token")]


class CodeDay(models.Model):
    """How many one-time codes the house sent on a day (its own zone), what they cost, and how many it would not pay for."""

    day = models.DateField(primary_key=True)
    sent = models.PositiveIntegerField(default=0)
    fen = models.PositiveBigIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
