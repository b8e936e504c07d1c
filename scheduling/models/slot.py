"""Regular times: slots with their exceptions, holidays, and the template of the episodes they make; no rules beyond constraints."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class DayRule(models.TextChoices):
    """What becomes of an occurrence on a day that is not ordinary."""

    AIR = "air", _("照常播出")
    SKIP = "skip", _("停播")
    MOVE = "move", _("改期")
    RERUN = "rerun", _("播重播")


class Slot(models.Model):
    """A regular time of a programme: local wall time and zone, and an RFC 5545 rule counted in local days."""

    # A programme with a future is not deleted: its slots are stopped first.
    programme = models.ForeignKey("broadcast.Programme", on_delete=models.PROTECT, related_name="slots")
    name = models.CharField(max_length=60, blank=True)
    first_date = models.DateField(help_text=_("规则从这一天算起"))
    local_time = models.TimeField()
    zone = models.CharField(max_length=40, default="Asia/Shanghai")
    rule = models.CharField(max_length=200, help_text=_("RFC 5545，例如：FREQ=WEEKLY;BYDAY=SA"))
    minutes = models.PositiveSmallIntegerField(default=30)
    feed = models.ForeignKey("broadcast.Feed", on_delete=models.SET_NULL, null=True, blank=True, related_name="slots")
    studio = models.ForeignKey(
        "scheduling.Studio", on_delete=models.SET_NULL, null=True, blank=True, related_name="slots"
    )
    template = models.ForeignKey(
        "scheduling.EpisodeTemplate", on_delete=models.SET_NULL, null=True, blank=True, related_name="slots"
    )
    auto_start = models.BooleanField(default=False)
    auto_end = models.BooleanField(default=False)
    # As in AiringPlan, which each of its airings begins with.
    auto_announce = models.BooleanField(default=False)
    auto_publish = models.BooleanField(default=False)
    auto_remind = models.BooleanField(default=False)
    announce_hours_before = models.PositiveSmallIntegerField(default=72)
    is_active = models.BooleanField(default=True)
    weeks_ahead = models.PositiveSmallIntegerField(default=12)
    # On a public holiday of the mainland, and on a weekend's day that is a make-up workday.
    on_holiday = models.CharField(max_length=5, choices=DayRule.choices, default=DayRule.AIR)
    on_workday = models.CharField(max_length=5, choices=DayRule.choices, default=DayRule.AIR)
    # Where a day is moved: so many days on, then further on to the next day that is ordinary.
    move_days = models.SmallIntegerField(default=1)
    # "This and following": from then on the one that follows holds. Its own occurrences begin there.
    until = models.DateTimeField(null=True, blank=True)
    follows = models.OneToOneField("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followed_by")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["programme_id", "local_time"]
        constraints = [models.CheckConstraint(condition=Q(minutes__gt=0), name="slot_takes_time")]


class SlotDate(models.Model):
    """A start beyond the rule (RFC 5545's RDATE), in local time like the rule's own: an identity of its own."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="dates")
    start = models.DateTimeField()

    class Meta:
        ordering = ["start"]
        constraints = [models.UniqueConstraint(fields=["slot", "start"], name="one_extra_date_per_start")]


class SlotException(models.Model):
    """One occurrence that is not as the rule says, keyed by the start the rule gave it (RFC 5545's RECURRENCE-ID)."""

    class Kind(models.TextChoices):
        SKIP = "skip", _("停一次")
        MOVE = "move", _("改时间")
        RERUN = "rerun", _("播重播")
        # As the rule says, whatever the holidays say.
        AIR = "air", _("照常播出")

    class Cause(models.TextChoices):
        PERSON = "person", _("人工")
        HOLIDAY = "holiday", _("节假日")
        PREEMPTION = "preempt", _("让播")

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="exceptions")
    original_start = models.DateTimeField()
    kind = models.CharField(max_length=5, choices=Kind.choices)
    moved_to = models.DateTimeField(null=True, blank=True)
    minutes = models.PositiveSmallIntegerField(null=True, blank=True)
    cause = models.CharField(max_length=8, choices=Cause.choices, default=Cause.PERSON)
    # The special that takes its place.
    preempted_by = models.ForeignKey(
        "broadcast.Airing", on_delete=models.SET_NULL, null=True, blank=True, related_name="preempts"
    )
    rerun_of = models.ForeignKey("broadcast.Airing", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["slot", "original_start"], name="one_exception_per_occurrence"),
            models.CheckConstraint(
                condition=Q(kind="move", moved_to__isnull=False) | (~Q(kind="move") & Q(moved_to=None)),
                name="a_move_says_where_to",
            ),
        ]


class Occurrence(models.Model):
    """Which episode's airing a slot's occurrence became; its key never changes, however often the airing is moved."""

    slot = models.ForeignKey(Slot, on_delete=models.PROTECT, related_name="occurrences")
    original_start = models.DateTimeField()
    airing = models.OneToOneField("broadcast.Airing", on_delete=models.CASCADE, related_name="occurrence")
    # What the slot would have given and the draft has not, being wanted elsewhere then: feed, guests (the host), studio, by spaces.
    left_out = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["slot", "original_start"], name="one_airing_per_occurrence")]


class Holiday(models.Model):
    """A day of the mainland's calendar entered by hand: it overrides the package's, and holds for years not yet announced there."""

    class Kind(models.TextChoices):
        HOLIDAY = "holiday", _("放假")
        WORKDAY = "workday", _("调休上班")
        ORDINARY = "ordinary", _("平常")

    date = models.DateField(primary_key=True)
    kind = models.CharField(max_length=8, choices=Kind.choices)
    name = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["date"]


class EpisodeTemplate(models.Model):
    """What a slot's episodes begin with. `title` may hold {number} and {date}; segments and seats are rows."""

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="templates")
    name = models.CharField(max_length=60)
    title = models.CharField(max_length=120)
    description = models.TextField(blank=True)
    host = models.ForeignKey("broadcast.Person", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    version = models.PositiveIntegerField(default=1)

    class Meta:
        ordering = ["programme_id", "name"]
        constraints = [models.UniqueConstraint(fields=["programme", "name"], name="one_template_per_name")]


class TemplateSegment(models.Model):
    """One segment of the run-down that a template gives; as broadcast.Segment."""

    template = models.ForeignKey(EpisodeTemplate, on_delete=models.CASCADE, related_name="segments")
    position = models.PositiveSmallIntegerField()
    role = models.ForeignKey("broadcast.SegmentRole", on_delete=models.SET_NULL, null=True, blank=True)
    title = models.CharField(max_length=80)
    planned_seconds = models.PositiveIntegerField(default=600)
    start = models.CharField(max_length=6, default="follow")
    offset_seconds = models.PositiveIntegerField(null=True, blank=True)
    wait_seconds = models.PositiveIntegerField(null=True, blank=True)
    is_floating = models.BooleanField(default=False)
    least_seconds = models.PositiveIntegerField(null=True, blank=True)
    most_seconds = models.PositiveIntegerField(null=True, blank=True)
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["position"]


class TemplateSeat(models.Model):
    """A guest wanted: as what, how many, and a hint of whom (a 界别, a department)."""

    template = models.ForeignKey(EpisodeTemplate, on_delete=models.CASCADE, related_name="seats")
    role = models.CharField(max_length=12)
    count = models.PositiveSmallIntegerField(default=1)
    hint = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["id"]
