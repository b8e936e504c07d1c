"""How an account proves who it is: second factors, recovery codes, passkeys, open log-ins, and which roles ask for a second factor."""

from __future__ import annotations

from django.db import models

from broadcast.models.user import RoleGrant, User


class SecondFactor(models.Model):
    """The authenticator app of an account, and the wrong tries at its second step, whichever way it was tried.

    The secret is sealed. `last_step` is the newest time step that was used: none is taken twice. An account has a second factor
    once `confirmed_at` is set or it has a passkey.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="second_factor", primary_key=True)
    secret_sealed = models.BinaryField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    last_step = models.BigIntegerField(default=0)
    wrong_tries = models.PositiveSmallIntegerField(default=0)
    wrong_since = models.DateTimeField(null=True, blank=True)


class RecoveryCode(models.Model):
    """One of the codes for the day the phone is lost; only a keyed digest is kept, and each works once."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="one_recovery_code")]


class Passkey(models.Model):
    """A public key of WebAuthn; the private half never leaves the device."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="passkeys")
    credential_id = models.BinaryField(unique=True)
    public_key = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=40, blank=True)
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)


class LoginSession(models.Model):
    """An open log-in, as its owner reads it in the list: since when, from where, on what. Goes with Django's session."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="login_sessions")
    session_key = models.CharField(max_length=40, unique=True)
    began_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    address = models.CharField(max_length=64, blank=True)
    device = models.CharField(max_length=300, blank=True)


class RolePolicy(models.Model):
    """Whether a role counts only for accounts with a second factor. A role without a row: YISHI_SECOND_FACTOR says."""

    role = models.CharField(max_length=32, choices=RoleGrant.Role.choices, primary_key=True)
    needs_second_factor = models.BooleanField()
    changed_at = models.DateTimeField()
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
