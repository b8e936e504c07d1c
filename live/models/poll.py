"""Polls and ballots: every accepted cast is appended and chained, the one that counts is kept beside it, all can be recounted."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from live.models.room import Room


class Poll(models.Model):
    """A question put to the audience. Closing freezes the set of ballots and stores the result; nothing counts after.

    A void one keeps its ballots and says so; the next round is a poll of its own that names the one it `replaces`.
    """

    class Kind(models.TextChoices):
        SINGLE = "single", _("单选")
        MULTIPLE = "multiple", _("多选")
        SCALE = "scale", _("1–5 分")
        SATISFACTION = "satisfaction", _("满意度")
        APPROVAL = "approval", _("赞成、反对、弃权")

    class Results(models.TextChoices):
        ALWAYS = "always", _("随时可见")
        AFTER_VOTE = "after_vote", _("投票后可见")
        AFTER_CLOSE = "after_close", _("结束后可见")
        AFTER_PUBLICATION = "after_publication", _("公布后可见")
        NEVER = "never", _("不公开")

    class Secrecy(models.TextChoices):
        SECRET = "secret", _("无记名")
        NAMED = "named", _("记名")

    class Revote(models.TextChoices):
        UNTIL_CLOSE = "until_close", _("结束前可以改")
        NEVER = "never", _("投出后不能改")

    class Electorate(models.TextChoices):
        ALL = "all", _("所有人")
        MEMBERS = "members", _("委员")
        CODES = "codes", _("凭投票码")
        ROLL = "roll", _("名单上的人")

    class State(models.TextChoices):
        DRAFT = "draft", _("准备中")
        OPEN = "open", _("进行中")
        CLOSED = "closed", _("已结束")
        VOID = "void", _("已作废")
        DISCARDED = "discarded", _("已删除")

    # Before the public hears of it, or instead.
    UNSEEN = (State.DRAFT, State.DISCARDED)
    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="polls")
    kind = models.CharField(max_length=12, choices=Kind.choices, default=Kind.SINGLE)
    # How many options a ballot may name; not 1 and 1 only where several may be.
    fewest = models.PositiveSmallIntegerField(default=1)
    most = models.PositiveSmallIntegerField(default=1)
    secrecy = models.CharField(max_length=6, choices=Secrecy.choices, default=Secrecy.SECRET)
    question = models.CharField(max_length=120)
    results = models.CharField(max_length=20, choices=Results.choices, default=Results.AFTER_VOTE)
    revote = models.CharField(max_length=12, choices=Revote.choices, default=Revote.UNTIL_CLOSE)
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    electorate = models.CharField(max_length=8, choices=Electorate.choices, default=Electorate.ALL)
    roll = models.ForeignKey("live.Roll", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    least_assurance = models.PositiveSmallIntegerField()
    # How many may vote, where somebody said so; else the house counts roll, codes or members.
    eligible = models.PositiveIntegerField(null=True, blank=True)
    # As the wire's PollRule; None: no verdict.
    rule = models.JSONField(null=True, blank=True)
    # Whether what a clerk enters is added to the votes, or told apart alone.
    adds_entered = models.BooleanField(default=True)
    position = models.PositiveSmallIntegerField(default=0)
    seconds = models.PositiveIntegerField(null=True, blank=True)
    # Viewers see the close this much later than the studio, so ballots are taken this much longer.
    grace_seconds = models.PositiveSmallIntegerField()
    # After that, so much longer for those who are filling it in.
    filling_seconds = models.PositiveSmallIntegerField(default=0)
    # A draft opens by itself at a time, or when a segment starts after it was scheduled.
    opens_at = models.DateTimeField(null=True)
    opens_with = models.ForeignKey("broadcast.Segment", on_delete=models.SET_NULL, null=True, related_name="+")
    scheduled_at = models.DateTimeField(null=True)
    # What is rated: a part of the show, or the answer to a question.
    segment = models.ForeignKey("broadcast.Segment", on_delete=models.SET_NULL, null=True, related_name="+")
    about = models.ForeignKey("live.Question", on_delete=models.SET_NULL, null=True, related_name="+")
    # The same poll asked before.
    compares = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    # Written once, at the close (services.poll_results says what is in it); it stays when the poll is voided later.
    result = models.JSONField(null=True)
    published_at = models.DateTimeField(null=True)
    voided_at = models.DateTimeField(null=True)
    void_reason = models.CharField(max_length=200, blank=True)
    replaces = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="rounds")
    command_id = models.CharField(max_length=64)
    created_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    staff_seq = models.BigIntegerField(default=0)

    class Meta:
        ordering = ["position", "id"]
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
