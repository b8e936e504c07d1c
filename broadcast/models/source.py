"""Printed ways to a show: the short code behind a QR code, and how often it was scanned; never by whom."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class Source(models.Model):
    """A short address that stands on paper or on a screen. With an airing it leads to that show, else to the programme's current one."""

    code = models.CharField(max_length=12, unique=True)
    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="+")
    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=60, blank=True)
    created_at = models.DateTimeField()
    # It still leads on, since paper hangs on walls; it is not counted any more.
    removed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["airing"], condition=Q(airing__isnull=False), name="one_source_per_show")
        ]


class SourceCount(models.Model):
    """Scans of one minute, in a few rows a minute, so that those who scan at once do not wait for each other."""

    source = models.ForeignKey(Source, on_delete=models.CASCADE, related_name="counts", db_index=False)
    # What it led to; null: no show was near.
    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, null=True, related_name="+")
    minute = models.DateTimeField()
    shard = models.PositiveSmallIntegerField()
    scans = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "airing", "minute", "shard"], nulls_distinct=False, name="one_count_per_minute"
            )
        ]
