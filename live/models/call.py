"""Listeners on the telephone: their calls' way through the call desk, and numbers not put through; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from live.models.room import Room


class Call(models.Model):
    """One call, or a listener's wish to be called back. `version` is for compare-and-set: every change raises it by one.

    The number is sealed while the show needs it and forgotten after; `number_digest` (keyed) finds a caller again and the abuse list,
    `number_tail` (last four digits) is all that people read after the show.
    """

    class State(models.TextChoices):
        RINGING = "ringing", _("振铃")
        SCREENED = "screened", _("已登记")
        WAITING = "waiting", _("等候")
        ON_AIR = "on_air", _("直播中")
        ENDED = "ended", _("已结束")
        CALLBACK = "callback", _("待回拨")
        DROPPED = "dropped", _("已挂断")
        REFUSED = "refused", _("不接入")

    # Nothing more is to be done about it.
    OVER = (State.ENDED, State.DROPPED, State.REFUSED)
    # Of a show that goes on.
    OPEN = (State.RINGING, State.SCREENED, State.WAITING, State.ON_AIR)

    room = models.ForeignKey(Room, on_delete=models.CASCADE, related_name="calls")
    state = models.CharField(max_length=10, choices=State.choices, default=State.RINGING)
    version = models.PositiveIntegerField(default=1)
    staff_seq = models.BigIntegerField(default=0)
    line = models.CharField(max_length=24, blank=True)
    name = models.CharField(max_length=40, blank=True)
    district = models.CharField(max_length=40, blank=True)
    topic = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)
    is_priority = models.BooleanField(default=False)
    position = models.PositiveIntegerField(default=0)
    sealed_number = models.BinaryField(null=True, blank=True)
    number_digest = models.CharField(max_length=64, blank=True)
    number_tail = models.CharField(max_length=4, blank=True)
    # Who asked through the page to be called back; null: rang the line.
    participant = models.ForeignKey("broadcast.Participant", on_delete=models.SET_NULL, null=True, related_name="+")
    question = models.ForeignKey("live.Question", on_delete=models.SET_NULL, null=True, related_name="calls")
    # The caller was told that the call is recorded and goes on air.
    notice_given_at = models.DateTimeField(null=True, blank=True)
    # Number of the case at the city's 12345 line that this was handed to.
    referral = models.CharField(max_length=40, blank=True)
    screener = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField()
    screened_at = models.DateTimeField(null=True, blank=True)
    on_air_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    masked_at = models.DateTimeField(null=True, blank=True)
    command_id = models.CharField(max_length=64, blank=True)

    class Meta:
        ordering = ["-is_priority", "position", "id"]
        indexes = [
            models.Index(fields=["room", "state"]),
            models.Index(fields=["room", "staff_seq"]),
            models.Index(fields=["number_digest"]),
        ]
        constraints = [
            models.UniqueConstraint(fields=["room"], condition=Q(state="on_air"), name="one_call_on_air"),
            models.UniqueConstraint(
                fields=["room", "command_id"], condition=~Q(command_id=""), name="one_call_per_command"
            ),
        ]

    @property
    def is_over(self) -> bool:
        """Nothing more is to be done about it."""
        return self.state in self.OVER


class CallBlock(models.Model):
    """A number that is not put through for a while; shared over shows. Never deleted: lifted."""

    number_digest = models.CharField(max_length=64)
    number_tail = models.CharField(max_length=4)
    reason = models.CharField(max_length=200)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()
    until = models.DateTimeField(null=True, blank=True)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["number_digest"], condition=Q(lifted_at__isnull=True), name="one_standing_block_per_number"
            )
        ]


class CallVote(models.Model):
    """A vote cast for a caller by the screener: counted with the poll, named as such; one per call and poll.

    `cast` is the BallotCast that it made last: it counts as cast for a caller as long as that is the ballot.
    """

    call = models.ForeignKey(Call, on_delete=models.CASCADE, related_name="votes")
    poll = models.ForeignKey("live.Poll", on_delete=models.PROTECT, related_name="+")
    cast = models.BigIntegerField(null=True)
    by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["call", "poll"], name="one_vote_per_call_and_poll")]
