"""What goes out of the house and comes back: tokens of calendars and of partners, versions of calendar entries, the station's own log."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class CalendarToken(models.Model):
    """A private calendar address: of one user, one person, or all of a role in a programme. Found by its keyed digest; revocable."""

    user = models.ForeignKey("broadcast.User", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    person = models.ForeignKey("broadcast.Person", on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    programme = models.ForeignKey(
        "broadcast.Programme", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    role = models.CharField(max_length=24, blank=True)
    digest = models.CharField(max_length=64, unique=True)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)


class ApiToken(models.Model):
    """What a partner's app shows to read: its scopes, and until when. Found by its keyed digest."""

    name = models.CharField(max_length=60)
    scopes = ArrayField(models.CharField(max_length=24))
    digest = models.CharField(max_length=64, unique=True)
    # The first characters, for people to tell tokens apart.
    hint = models.CharField(max_length=12)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True, blank=True)
    used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["name", "id"]


class CalendarEntry(models.Model):
    """The version that calendars were last given of an airing: SEQUENCE rises when `digest` of what it says changes."""

    airing = models.OneToOneField(
        "broadcast.Airing", on_delete=models.CASCADE, related_name="calendar_entry", primary_key=True
    )
    sequence = models.PositiveIntegerField(default=0)
    digest = models.CharField(max_length=64)
    changed_at = models.DateTimeField()


class StationLog(models.Model):
    """A file of the station's own log, as imported; the same file twice is refused."""

    name = models.CharField(max_length=120)
    sha256 = models.CharField(max_length=64, unique=True)
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    imported_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    imported_at = models.DateTimeField()

    class Meta:
        ordering = ["-imported_at"]


class StationEntry(models.Model):
    """One line of it: what the station says went out, and when."""

    class Kind(models.TextChoices):
        PROGRAMME = "prog", _("节目")
        OTHER = "other", _("其他")

    log = models.ForeignKey(StationLog, on_delete=models.CASCADE, related_name="entries")
    line = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    title = models.CharField(max_length=200)
    kind = models.CharField(max_length=5, choices=Kind.choices, default=Kind.PROGRAMME)

    class Meta:
        ordering = ["started_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["log", "line"], name="one_station_entry_per_line"),
            models.CheckConstraint(
                condition=Q(ended_at__gte=models.F("started_at")), name="station_entry_runs_forward"
            ),
        ]
