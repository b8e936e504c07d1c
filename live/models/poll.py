"""Polls and ballots: every accepted cast is appended and chained, the one that counts is kept beside it, all can be recounted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from live.models.room import Room


class Poll(models.Model):
    """A question put to the audience. Closing freezes the set of ballots and stores the result; nothing counts after.

    A void one keeps its ballots and says so; the next round is a poll of its own that names the one it `replaces`.
    """

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
        VOID = "void"

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
    # Written once, at the close (services.polls.freeze says what is in it); it stays when the poll is voided later.
    result = models.JSONField(null=True)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="rounds")
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


class BallotLink(models.Model):
    """What one transaction did to a poll: casts accepted together, ballots moved by a merge, the close, the voiding.

    `root` is written with it; its place in the poll's chain (`number`, `previous`, `digest`) is given a moment later by
    services.chain, so that writers do not wait for each other. Never changed after that. The arithmetic: live.ballot_chain.
    """

    class Kind(models.TextChoices):
        CASTS = "casts"
        MOVE = "move"
        CLOSE = "close"
        VOID = "void"

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="links")
    kind = models.CharField(max_length=5, choices=Kind.choices)
    count = models.PositiveIntegerField(default=0)
    salt = models.BinaryField(default=bytes)
    data = models.JSONField(null=True)
    root = models.BinaryField()
    at = models.DateTimeField()
    number = models.PositiveIntegerField(null=True)
    previous = models.BinaryField(null=True)
    digest = models.BinaryField(null=True)
    algorithm = models.CharField(max_length=16)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "number"], name="one_link_per_place")]
        indexes = [models.Index(fields=["poll", "id"], condition=models.Q(number=None), name="links_without_place")]


class BallotCast(models.Model):
    """One accepted act of voting; never deleted, and changed by two acts alone. Its id is the order in which casts were accepted.

    A merge re-points `participant` (`cast_by` keeps who it was, and a MOVE link says so); erasing a person takes the salt.
    """

    # The constraint below begins with it: an index of its own would only cost each vote.
    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="casts", db_index=False)
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    # As the browser chose it; after a merge of two that chose the same, "~" and the cast's id follow.
    command_id = models.CharField(max_length=96)
    options = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()
    # None: cast before there was a chain. Written with its link in one statement, so the database need not look it up again.
    link = models.ForeignKey(
        BallotLink, on_delete=models.PROTECT, null=True, related_name="casts", db_constraint=False, db_index=False
    )
    cast_by = models.UUIDField(null=True)
    # Its name in the list that may be published; it says nothing by itself, and stays when the salt goes.
    number = models.BinaryField(null=True)
    salt = models.BinaryField(null=True)
    leaf = models.BinaryField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["poll", "participant", "command_id"], name="one_cast_per_command")
        ]


class Ballot(models.Model):
    """A participant's current ballot in a poll: the cast accepted last."""

    poll = models.ForeignKey(Poll, on_delete=models.PROTECT, related_name="ballots", db_index=False)
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.PROTECT, related_name="+")
    # Not looked up by the database at each vote: the cast was written by the same transaction.
    cast = models.ForeignKey(
        BallotCast, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    options = ArrayField(models.BigIntegerField())
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["poll", "participant"], name="one_ballot_each")]
