"""Accounts and the roles they hold in a programme."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.utils.translation import gettext_lazy as _


class User(AbstractUser):
    """Whoever can log in: staff by password, a citizen by a phone verified with a one-time code."""

    display_name = models.CharField(max_length=40, blank=True)
    # The number itself is sealed (broadcast.sealing); the digest is keyed and only finds the account again.
    phone_digest = models.CharField(max_length=64, unique=True, null=True, blank=True)
    phone_sealed = models.BinaryField(null=True, blank=True)
    phone_verified_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    def __str__(self) -> str:
        return self.display_name or self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        """A new password, wherever it was set, ends the tokens that browsers hold of this account."""
        changed = getattr(self, "_password", None) is not None and not self._state.adding
        super().save(*args, **kwargs)
        if changed:
            participants = apps.get_model("broadcast", "Participant").objects
            participants.filter(user=self.pk).update(generation=models.F("generation") + 1)


class RoleGrant(models.Model):
    """One role of one account in one programme, or in all of them when `programme` is null."""

    class Role(models.TextChoices):
        MEMBER = "member", _("委员")
        GUEST_SPEAKER = "guest_speaker", _("嘉宾")
        DEPARTMENT_RESPONDENT = "department_respondent", _("部门答复人")
        CALL_SCREENER = "call_screener", _("导听")
        MODERATOR = "moderator", _("审核员")
        DUTY_LEADER = "duty_leader", _("值班长")
        PRODUCER = "producer", _("编导")
        HOST = "host", _("主持人")
        AUDITOR = "auditor", _("审计员")
        SECRETARIAT = "secretariat", _("秘书处")
        ADMINISTRATOR = "administrator", _("管理员")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    role = models.CharField(max_length=32, choices=Role.choices)
    granted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "programme", "role"], nulls_distinct=False, name="one_grant_per_role"
            ),
        ]
