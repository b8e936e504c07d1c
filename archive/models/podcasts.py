"""Tables of what others read of the archive, a programme's podcast, and of what partners say of it; they decide nothing."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _


class PodcastFeed(models.Model):
    """What a programme's podcast says of itself. Without a row, or while `is_published` is false, there is no feed."""

    class Category(models.TextChoices):
        GOVERNMENT = "Government", _("政务")
        NEWS = "News", _("新闻")
        SOCIETY = "Society & Culture", _("社会与文化")
        EDUCATION = "Education", _("教育")
        HISTORY = "History", _("历史")

    class Language(models.TextChoices):
        CHINESE = "zh-cn", _("中文")
        ENGLISH = "en", _("英文")

    programme = models.OneToOneField(
        "broadcast.Programme", on_delete=models.CASCADE, related_name="podcast", primary_key=True
    )
    # Named once, by the address it was first had under, and kept when the house moves.
    guid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    is_published = models.BooleanField(default=False)
    title = models.CharField(max_length=120)
    description = models.TextField(max_length=3000)
    owner_name = models.CharField(max_length=80)
    owner_email = models.EmailField(blank=True)
    category = models.CharField(max_length=32, choices=Category.choices, default=Category.GOVERNMENT)
    language = models.CharField(max_length=8, choices=Language.choices, default=Language.CHINESE)
    is_explicit = models.BooleanField(default=False)
    changed_at = models.DateTimeField()
    changed_by = models.BigIntegerField(null=True, blank=True)


class PodcastCover(models.Model):
    """The cover that staff uploaded, as `archive.podcasts.covers` made it anew; without a row one is drawn of the name."""

    feed = models.OneToOneField(PodcastFeed, on_delete=models.CASCADE, related_name="cover", primary_key=True)
    picture = models.BinaryField()
    at = models.DateTimeField()


class PartnerFigure(models.Model):
    """How many a partner says that it reached: its word, never counted by us nor added to what we counted."""

    class Measure(models.TextChoices):
        PEOPLE = "people", _("人数")
        TIMES = "times", _("人次")

    programme = models.ForeignKey("broadcast.Programme", on_delete=models.PROTECT, related_name="partner_figures")
    source = models.CharField(max_length=80)
    measure = models.CharField(max_length=8, choices=Measure.choices)
    number = models.PositiveBigIntegerField()
    since = models.DateField()
    until = models.DateField()
    # When the partner read it.
    told_at = models.DateTimeField()
    note = models.CharField(max_length=200, blank=True)
    entered_by = models.BigIntegerField(null=True, blank=True)
    entered_at = models.DateTimeField()
    # Struck out: it stays to be seen, and counts no more.
    struck_by = models.BigIntegerField(null=True, blank=True)
    struck_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-until", "source", "id"]
        indexes = [models.Index(fields=["programme", "since", "until"])]
        constraints = [
            models.CheckConstraint(condition=Q(until__gte=F("since")), name="a_figure_ends_after_it_begins"),
        ]
