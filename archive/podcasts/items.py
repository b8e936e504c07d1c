"""Which episodes other programs may be told of: those whose released replay anybody may play; it writes nothing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _

from archive.models import Derivative, Transcript
from archive.queries import milliseconds
from archive.steps import chosen
from archive.transcripts import queries
from broadcast import access, replay_times, shown_people
from broadcast.models import Airing, Appearance, Episode, Programme, SegmentRun
from broadcast.replay_times import Span

PAGE = 200
_NOT_PLAYED = (Airing.Kind.REHEARSAL, Airing.Kind.FILLER, Airing.Kind.RERUN)


@dataclass(frozen=True)
class Item:
    """One episode with its airing and the files of it that anybody may have."""

    airing: Airing
    sound: Derivative | None
    master: Derivative | None
    poster: Derivative | None
    people: tuple[tuple[str, str], ...] = ()
    has_chapters: bool = False
    # Of the transcript that is signed; "": there is none.
    language: str = ""

    @property
    def at(self) -> dt.datetime:
        """When it went out."""
        return self.airing.actual_start or self.airing.planned_start

    @property
    def changed_at(self) -> dt.datetime:
        """When what is told of it changed last, as far as is known."""
        files = [each.made_at for each in (self.sound, self.master, self.poster) if each is not None]
        known = (self.airing.actual_end, self.airing.episode.signed_off_at, self.airing.episode.published_at)
        return max([self.at, *files, *(each for each in known if each is not None)])

    @property
    def title(self) -> str:
        """第 12 期 the title; the title alone of an unnumbered one."""
        episode = self.airing.episode
        return (
            f"{_('第 %(number)s 期') % {'number': episode.number}} {episode.title}" if episode.number else episode.title
        )


def released() -> QuerySet[Airing]:
    """Airings whose replay is out for everybody, the latest first; the delay of the last ones is for `playable` to ask."""
    return (
        Airing.objects.filter(
            state=Airing.State.ENDED,
            announced_at__isnull=False,
            actual_end__isnull=False,
            episode__publication=Episode.Publication.PUBLISHED,
            episode__signed_off_at__isnull=False,
            episode__programme__audience=Programme.Audience.PUBLIC,
            episode__programme__is_active=True,
            recording__replay_ready_at__isnull=False,
        )
        .exclude(kind__in=_NOT_PLAYED)
        .select_related("episode__programme")
        .order_by("-actual_start", "-planned_start", "pk")
    )


def with_sound(programme: Programme) -> QuerySet[Airing]:
    """Those of a programme that can be listened to, as the replay is now."""
    sounds = Derivative.objects.filter(
        kind=Derivative.Kind.SOUND, is_public=True, made_at__gte=F("recording__replay_ready_at")
    )
    return released().filter(episode__programme=programme, pk__in=sounds.values("recording_id"))


def playable(airings: Iterable[Airing]) -> list[Item]:
    """Items of those that anybody may play now, with their files and people, in a few queries however many they are."""
    found = [each for each in airings if access.is_public(each) and access.replay_is_released(each)]
    keys = [each.pk for each in found]
    files: dict[tuple[UUID, str], Derivative] = {}
    rows = Derivative.objects.filter(
        recording_id__in=keys, is_public=True, made_at__gte=F("recording__replay_ready_at")
    ).order_by(chosen.LAST, "id")
    for row in rows:
        files[row.recording_id, row.kind] = row
    people = _people({each.episode_id for each in found})
    cut = set(SegmentRun.objects.filter(airing_id__in=keys).values_list("airing_id", flat=True))
    kind = Derivative.Kind
    signed = Transcript.objects.filter(airing_id__in=keys, state=Transcript.State.SIGNED)
    said = dict(signed.values_list("airing_id", "language"))
    return [
        Item(
            each,
            files.get((each.pk, kind.SOUND)),
            files.get((each.pk, kind.MASTER)),
            files.get((each.pk, kind.POSTER)),
            people.get(each.episode_id, ()),
            each.pk in cut,
            said.get(each.pk, ""),
        )
        for each in found
    ]


def _people(episodes: set[int]) -> dict[int, tuple[tuple[str, str], ...]]:
    """Name and podcast's role of those who appear by office. Citizens are named to nobody."""
    found: dict[int, tuple[tuple[str, str], ...]] = {}
    rows = shown_people.named(Appearance.objects.filter(episode_id__in=episodes)).exclude(role=Appearance.Role.CITIZEN)
    for episode_id, name, role in rows.order_by("position", "pk").values_list("episode_id", "person__name", "role"):
        said = "host" if role == Appearance.Role.HOST else "guest"
        found[episode_id] = (*found.get(episode_id, ()), (name, said))
    return found


def chapters(airing: Airing) -> list[tuple[float, str]]:
    """Seconds of the public replay and name of each part that it holds; parts that lie in what was cut are left out."""
    spans = queries.spans(airing.pk)
    found: dict[float, str] = {}
    runs = SegmentRun.objects.filter(airing=airing).select_related("segment__role").order_by("started_at")
    for run in runs:
        at = chapter_at(spans, run.started_at)
        if at is not None:
            mark = f"{run.segment.role.name_zh} " if run.segment.role else ""
            found[at] = f"{mark}{run.segment.title}"
    return sorted(found.items())


def chapter_at(spans: Sequence[Span], began: dt.datetime) -> float | None:
    """Where a part begins in the replay; the first second for what began before it, None in a gap or after its end."""
    ms = milliseconds(began)
    if spans and ms < spans[0].at_ms:
        return 0.0
    return replay_times.moment(ms, spans)
