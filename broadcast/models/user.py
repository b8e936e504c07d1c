"""Accounts and the roles they hold in a programme; who may hold which together is also kept by a trigger of the database."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from broadcast import clock


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


class _Grants(models.QuerySet["RoleGrant"]):
    def standing(self) -> _Grants:
        """Those that count now: not past their end."""
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=clock.now()))


class RoleGrant(models.Model):
    """One role of one account in one programme, or in all of them when `programme` is null. Ask `objects.standing()` for rights."""

    class Role(models.TextChoices):
        MEMBER = "member", _("委员")
        GUEST_SPEAKER = "guest_speaker", _("嘉宾")
        DEPARTMENT_RESPONDENT = "department_respondent", _("部门答复人")
        CALL_SCREENER = "call_screener", _("导听")
        MODERATOR = "moderator", _("审核员")
        DUTY_LEADER = "duty_leader", _("值班长")
        PRODUCER = "producer", _("编导")
        HOST = "host", _("主持人")
        SECRETARIAT = "secretariat", _("秘书处")
        AUDITOR = "auditor", _("审计员")
        SYSTEM_ADMINISTRATOR = "system_administrator", _("系统管理员")
        SECURITY_ADMINISTRATOR = "security_administrator", _("安全管理员")
        CAPTIONER = "captioner", _("字幕员")

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="grants")
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="grants"
    )
    role = models.CharField(max_length=32, choices=Role.choices)
    granted_at = models.DateTimeField()
    # Null: by the house itself (the machine's command, the demo, a migration).
    granted_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    expires_at = models.DateTimeField(null=True, blank=True)

    objects = _Grants.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "programme", "role"], nulls_distinct=False, name="one_grant_per_role"
            ),
            models.CheckConstraint(
                condition=Q(programme=None) | ~Q(role__in=["system_administrator", "security_administrator"]),
                name="offices_are_of_the_house",
            ),
            models.CheckConstraint(
                condition=Q(granted_by=None) | ~Q(granted_by=F("user")), name="nobody_grants_to_himself"
            ),
        ]


# 三员: whoever holds one of these holds neither another of them nor any role of the work (trigger `offices_apart`).
OFFICES = frozenset(
    {RoleGrant.Role.SYSTEM_ADMINISTRATOR, RoleGrant.Role.SECURITY_ADMINISTRATOR, RoleGrant.Role.AUDITOR}
)
# Roles that give nothing but a seat in front of the stage; they go with every other.
SEATS = frozenset({RoleGrant.Role.MEMBER, RoleGrant.Role.GUEST_SPEAKER})
