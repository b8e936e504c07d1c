"""Places where people watch together, how many came, and what they voted on paper; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from live.models.poll import Poll
from live.models.room import Room


class Venue(models.Model):
    """A hall or a workstation of a programme. Its code leads from the wall to the programme's current show."""

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="+")
    name = models.CharField(max_length=60)
    place = models.CharField(max_length=120, blank=True)
    source = models.OneToOneField("broadcast.Source", on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    removed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["programme", "name"], condition=Q(removed_at=None), name="one_venue_of_a_name"
            )
        ]


class HeadCount(models.Model):
    """How many people a clerk counted at a venue. The last one of a show stands; those before are kept."""

    venue = models.ForeignKey(Venue, on_delete=models.CASCADE, related_name="heads", db_index=False)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="+", db_index=False)
    people = models.PositiveIntegerField()
    at = models.DateTimeField()
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["room", "venue", "id"], name="heads_of_a_show")]


class PaperCount(models.Model):
    """A venue's ballots on paper for one poll, as counts: entered by one clerk, and counting once another typed the same."""

    class State(models.TextChoices):
        ENTERED = "entered", _("等第二人核对")
        CONFIRMED = "confirmed", _("已核对")
        WITHDRAWN = "withdrawn", _("已撤回")

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="papers", db_index=False)
    venue = models.ForeignKey(Venue, on_delete=models.PROTECT, related_name="papers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.ENTERED)
    total = models.PositiveIntegerField()
    # Votes by option id, as text.
    votes = models.JSONField()
    entered_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    entered_at = models.DateTimeField()
    # How often a second person typed something else.
    differed = models.PositiveSmallIntegerField(default=0)
    confirmed_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    confirmed_at = models.DateTimeField(null=True)
    withdrawn_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    withdrawn_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["poll", "venue"], condition=~Q(state="withdrawn"), name="one_paper_count_per_venue"
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by=None) | Q(entered_by=None) | ~Q(confirmed_by=F("entered_by")),
                name="paper_confirmed_by_another",
            ),
        ]
        indexes = [models.Index(fields=["poll", "state"], name="papers_of_a_poll")]
