"""Polls and ballots: every accepted cast is appended, the current ballot is kept beside it, and the tally can always be recounted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from live.models.room import Room


class Poll(models.Model):
    """A question put to the audience. Closing freezes the set of ballots and stores the result; nothing counts after."""

    class Kind(models.TextChoices):
        SINGLE = "single"

    class Results(models.TextChoices):
        ALWAYS = "always"
        AFTER_VOTE = "after_vote"
        AFTER_CLOSE = "after_close"
        NEVER = "never"

    class Secrecy(models.TextChoices):
        SECRET = "secret"
        NAMED = "named"

    class State(models.TextChoices):
        DRAFT = "draft"
        OPEN = "open"
        CLOSED = "closed"

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="polls")
    kind = models.CharField(max_length=8, choices=Kind.choices, default=Kind.SINGLE)
    secrecy = models.CharField(max_length=6, choices=Secrecy.choices, default=Secrecy.SECRET)
    question = models.CharField(max_length=120)
    results = models.CharField(max_length=12, choices=Results.choices, default=Results.AFTER_VOTE)
    state = models.CharField(max_length=6, choices=State.choices, default=State.DRAFT)
    least_assurance = models.PositiveSmallIntegerField()
    seconds = models.PositiveIntegerField(null=True, blank=True)
    # Viewers see the close this much later than the studio, so ballots are taken this much longer.
    grace_seconds = models.PositiveSmallIntegerField()
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # {"total": ballots, "votes": {option id: n}}, written once, at the close.
    result = models.JSONField(null=True)
    command_id = models.CharField(max_length=64)
    created_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    staff_seq = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [models.UniqueConstraint(fields=["room", "command_id"], name="one_poll_per_command")]
        indexes = [models.Index(fields=["state", "closes_at"])]


class Option(models.Model):
    """One answer that a poll offers."""

    poll = models.ForeignKey(Poll, on_delete=models.CASCADE, related_name="options")
    position = models.PositiveSmallIntegerField()
    text = models.CharField(max_length=60)

    class Meta:
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["poll", "position"], name="one_option_per_position")]


class BallotCast(models.Model):
    """One accepted act of voting; never changed or deleted. Its id is the order in which casts were accepted."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="casts")
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    command_id = models.CharField(max_length=64)
    options = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["poll", "participant", "command_id"], name="one_cast_per_command")
        ]


class Ballot(models.Model):
    """A participant's current ballot in a poll: the cast accepted last."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="ballots")
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    cast = models.ForeignKey(BallotCast, on_delete=models.PROTECT, related_name="+")
    options = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "participant"], name="one_ballot_each")]
