"""What of an airing is laid over the picture: who may fetch it by a link, and the line of text that a producer set; no rules here."""

from __future__ import annotations

from django.db import models


class Overlay(models.Model):
    """The links of an airing's overlay, and its announcement.

    A link carries the generation that it was made in: a higher one, or `revoked_at`, ends all links given before.
    """

    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, primary_key=True, related_name="+")
    generation = models.PositiveIntegerField(default=0)
    expires_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField(null=True, blank=True)
    announcement = models.CharField(max_length=60, blank=True)
    announced_at = models.DateTimeField(null=True, blank=True)
