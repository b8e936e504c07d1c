"""What the search knows of episodes; made from other rows and remade at any time, so nothing is lost with it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q


class SearchEpisode(models.Model):
    """How far the search is with an episode, and what it is narrowed by. It is to be read again while `done` is not `wanted`."""

    episode = models.OneToOneField("broadcast.Episode", on_delete=models.CASCADE, primary_key=True, related_name="+")
    wanted = models.BigIntegerField(default=1)
    done = models.BigIntegerField(default=0)
    # What the sources said of the episode when it was last read.
    stamp = models.TextField(blank=True)
    looked_at = models.DateTimeField(null=True)
    year = models.PositiveSmallIntegerField(default=0)
    guests = ArrayField(models.CharField(max_length=60), default=list)
    sectors = ArrayField(models.CharField(max_length=40), default=list)
    departments = ArrayField(models.CharField(max_length=120), default=list)

    class Meta:
        indexes = [
            models.Index(fields=["episode"], condition=~Q(wanted=F("done")), name="search_stale"),
            models.Index(fields=["looked_at"], name="search_looked_at"),
        ]


class SearchDocument(models.Model):
    """One piece of words of an episode. `words` and `sounds` are written by archive.search.vectors, never by the database."""

    episode = models.ForeignKey("broadcast.Episode", on_delete=models.CASCADE, related_name="+")
    programme = models.ForeignKey("broadcast.Programme", on_delete=models.CASCADE, related_name="+", db_index=False)
    airing = models.ForeignKey(
        "broadcast.Airing", on_delete=models.CASCADE, null=True, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=12)
    is_head = models.BooleanField(default=False)
    source = models.CharField(max_length=20)
    key = models.CharField(max_length=80)
    text = models.TextField()
    at = models.DateTimeField(null=True)
    speaker = models.CharField(max_length=120, blank=True)
    department = models.CharField(max_length=120, blank=True)
    # When the episode went out: the newest are found first.
    aired_at = models.DateTimeField()
    words = SearchVectorField()
    sounds = SearchVectorField(null=True)

    class Meta:
        indexes = [
            # Nothing waits in a list that every reader would walk.
            GinIndex(fields=["words"], condition=Q(is_head=True), fastupdate=False, name="search_head_words"),
            GinIndex(fields=["sounds"], condition=Q(is_head=True), fastupdate=False, name="search_head_sounds"),
            GinIndex(fields=["words"], condition=Q(is_head=False), fastupdate=False, name="search_words"),
            models.Index(F("aired_at").desc(), F("id").desc(), condition=Q(is_head=False), name="search_newest"),
        ]
