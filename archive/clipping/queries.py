"""Reads clips: which there are of an airing, which the public may have now, what touches a span; it decides no right of a person."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.urls import reverse

from archive.models import Clip, Transcript
from broadcast.access import Actor
from broadcast.models import Airing

VIDEO, POSTER = "video", "poster"


def with_words() -> QuerySet[Clip]:
    """Clips, each with the signed transcript of now: `now_of` and `now_version`, 0 where none is signed."""
    signed = Transcript.objects.filter(airing=OuterRef("airing"), state=Transcript.State.SIGNED)
    return Clip.objects.annotate(
        now_of=Coalesce(Subquery(signed.values("pk")[:1]), 0),
        now_version=Coalesce(Subquery(signed.values("version")[:1]), 0),
    )


def words_now(airing_id: UUID) -> tuple[int, int]:
    """The signed transcript of now and its version; (0, 0) where none is signed."""
    signed = Transcript.objects.filter(airing_id=airing_id, state=Transcript.State.SIGNED)
    return signed.values_list("pk", "version").first() or (0, 0)


def standing() -> QuerySet[Clip]:
    """Clips whose file is of the replay as it is now and, where words are in its picture, of the words that are signed now."""
    found = with_words().filter(
        work=Clip.Work.DONE, airing__recording__replay_ready_at=F("made_for"), airing__recording__isnull=False
    )
    return found.filter(captions=False) | found.filter(
        captions=True, words_of=F("now_of"), words_version=F("now_version")
    )


def public() -> QuerySet[Clip]:
    """Those that whoever may watch the replay may have. Ask `access.may_watch_replay` too."""
    return standing().filter(state=Clip.State.PUBLISHED)


def of_airing(airing_id: UUID) -> list[Clip]:
    """All of an airing, by time."""
    return list(Clip.objects.filter(airing_id=airing_id).select_related("airing__episode", "made_by", "changed_by"))


def touching(airing_id: UUID, since: dt.datetime | None = None, until: dt.datetime | None = None) -> list[Clip]:
    """Clips of an airing that are not withdrawn and hold something of this span of programme time; None: from the beginning, to the end."""
    found = Clip.objects.filter(airing_id=airing_id).exclude(state=Clip.State.WITHDRAWN)
    if since is not None:
        found = found.filter(ends_at__gt=since)
    if until is not None:
        found = found.filter(starts_at__lt=until)
    return list(found)


def replay_media(airing: Airing, staff: bool) -> dict[str, Any]:
    """`clips` for the replay's page: those that are published, by where they begin. Only for whoever may watch the replay."""
    found = public().filter(airing=airing).select_related("airing__episode").order_by("second", "pk")
    return {"clips": [told(clip) for clip in found]}


def panel(airing: Airing, _actor: Actor) -> dict[str, Any]:
    """What the control room shows: how many there are, and where they are named and published."""
    count = Clip.objects.filter(airing=airing).exclude(state=Clip.State.WITHDRAWN).count()
    return {"count": count, "page": reverse("recordings:clips", args=[airing.pk])}


def told(clip: Clip) -> dict[str, Any]:
    """A clip as pages list it."""
    return {
        "id": clip.pk,
        "title": clip.shown_title,
        "url": reverse("clips:show", args=[clip.pk]),
        "poster": reverse("clips:poster", args=[clip.pk]),
        "video": reverse("clips:video", args=[clip.pk]),
        "seconds": clip.seconds,
        "second": int(clip.second),
        "shape": clip.shape,
    }
