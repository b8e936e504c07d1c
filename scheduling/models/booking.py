"""Who and what is wanted when: studios, bookings that the database keeps apart, invitations, availability; no rules beyond constraints."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class Studio(models.Model):
    """A room that one airing uses at a time."""

    name = models.CharField(max_length=60, unique=True)
    place = models.CharField(max_length=120, blank=True)
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Booking(models.Model):
    """One person, studio or feed for one airing and time. No two of the same thing overlap: the database refuses the second.

    `span` is half-open, so that one may begin where another ends. Rows of a cancelled airing are deleted.
    """

    airing = models.ForeignKey("broadcast.Airing", on_delete=models.CASCADE, related_name="bookings")
    person = models.ForeignKey(
        "broadcast.Person", on_delete=models.CASCADE, null=True, blank=True, related_name="bookings"
    )
    studio = models.ForeignKey(Studio, on_delete=models.CASCADE, null=True, blank=True, related_name="bookings")
    feed = models.ForeignKey("broadcast.Feed", on_delete=models.CASCADE, null=True, blank=True, related_name="bookings")
    span = DateTimeRangeField()

    class Meta:
        ordering = ["span"]
        constraints = [
            models.CheckConstraint(
                condition=Q(person__isnull=False, studio=None, feed=None)
                | Q(person=None, studio__isnull=False, feed=None)
                | Q(person=None, studio=None, feed__isnull=False),
                name="a_booking_is_of_one_thing",
            ),
            models.CheckConstraint(condition=Q(span__isempty=False), name="a_booking_takes_time"),
            *(
                ExclusionConstraint(
                    name=f"one_booking_at_a_time_per_{thing}",
                    expressions=[(thing, RangeOperators.EQUAL), ("span", RangeOperators.OVERLAPS)],
                    condition=Q(**{f"{thing}__isnull": False}),
                )
                for thing in ("person", "studio", "feed")
            ),
        ]


class PersonCard(models.Model):
    """What only staff know of a person. Contacts are sealed: {"phone", "email", "wechat"}."""

    person = models.OneToOneField("broadcast.Person", on_delete=models.CASCADE, related_name="card", primary_key=True)
    district = models.CharField(max_length=40, blank=True)
    sealed_contacts = models.BinaryField(null=True, blank=True)
    note = models.TextField(blank=True)
    is_retired = models.BooleanField(default=False)
    version = models.PositiveIntegerField(default=1)


class Availability(models.Model):
    """A time that a person cannot, or can."""

    person = models.ForeignKey("broadcast.Person", on_delete=models.CASCADE, related_name="availability")
    span = DateTimeRangeField()
    can = models.BooleanField(default=False)
    note = models.CharField(max_length=120, blank=True)

    class Meta:
        ordering = ["span"]


class Seat(models.Model):
    """A place at an episode's table: wanted as what, and who takes it, if somebody does."""

    episode = models.ForeignKey("broadcast.Episode", on_delete=models.CASCADE, related_name="seats")
    position = models.PositiveSmallIntegerField(default=0)
    role = models.CharField(max_length=12)
    hint = models.CharField(max_length=60, blank=True)
    person = models.ForeignKey(
        "broadcast.Person", on_delete=models.SET_NULL, null=True, blank=True, related_name="seats"
    )

    class Meta:
        ordering = ["position", "id"]


class Invitation(models.Model):
    """Asks one person to one seat. The link's token is sealed, so that it can be copied again; found by its keyed digest."""

    class State(models.TextChoices):
        OPEN = "open", _("未答复")
        ACCEPTED = "accepted", _("已接受")
        DECLINED = "declined", _("已婉拒")
        ALTERNATIVE = "other", _("另提时间")
        REVOKED = "revoked", _("已收回")

    # The place is kept for who was asked.
    LIVING = (State.OPEN, State.ACCEPTED, State.ALTERNATIVE)

    seat = models.ForeignKey(Seat, on_delete=models.CASCADE, related_name="invitations")
    person = models.ForeignKey("broadcast.Person", on_delete=models.CASCADE, related_name="invitations")
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    token_digest = models.CharField(max_length=64, unique=True)
    sealed_token = models.BinaryField()
    message = models.TextField(blank=True)
    made_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, related_name="+")
    made_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=300, blank=True)
    alternative = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["-made_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["seat"],
                condition=Q(state__in=["open", "accepted", "other"]),
                name="one_living_invitation_per_seat",
            )
        ]
