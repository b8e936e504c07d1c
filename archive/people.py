"""The archive's part of withdrawal by person: words that a signed transcript gives to them, and what the search remembers of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from archive import people_clips, people_labels, people_spans
from archive.models import SearchDocument, SearchEpisode, Transcript, TranscriptLine
from archive.search import stale
from archive.transcripts.formats import FORMS
from broadcast import registry, shown_people
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Person, PersonWithdrawalItem
from broadcast.withdrawing import KEEP, Address, Found

SOURCE = "archive"
_PODCASTS = ("chapters", "transcript-vtt", "transcript-srt", "transcript-json")
_C = PersonWithdrawalItem.Choice


def register() -> None:
    """Called once when the app is ready."""
    registry.person_withdrawal.register(SOURCE, Kept)


class Kept:
    """Their words in signed transcripts, what may be theirs there, and the clips of them, of what anybody may watch."""

    def found(self, person: Person) -> list[Found]:
        """Of words one thing an airing, with how many lines and how long; each label that may mean them; and each clip."""
        made = []
        for airing in _airings(person):
            lines = list(lines_of(person, airing.pk))
            if lines:
                made.append(_words(airing, lines))
        return [*made, *people_labels.found(person, SOURCE), *people_clips.found(person, SOURCE)]

    def take(self, actor: Actor, item: PersonWithdrawalItem) -> dict[str, Any]:
        """The words hide by the item itself; where the order says so, what is heard is bleeped or cut."""
        if item.kind == people_clips.KIND:
            people_clips.take(actor, item)
            return {}
        if item.kind == shown_people.LABEL:
            return people_labels.take(actor, item)
        if item.choice not in {_C.BLEEP, _C.CUT} or item.before.get("edits"):
            return dict(item.before)
        airing = Airing.objects.get(pk=item.key)
        return people_spans.take(actor, airing, list(lines_of(item.person, airing.pk)), item)

    def give_back(self, actor: Actor, item: PersonWithdrawalItem) -> None:
        """They come back with it; its edits are lifted."""
        if item.kind == people_clips.KIND:
            people_clips.give_back(actor, item)
        elif item.before.get("edits"):
            airing = (
                people_labels.airing_of(item) if item.kind == shown_people.LABEL else Airing.objects.get(pk=item.key)
            )
            people_spans.give_back(actor, airing, item)

    def settle(self, person: Person, episodes: Iterable[int]) -> None:
        """The search's lists forget or learn the name at once; its words are asked anew at each reading anyway."""
        found = list(episodes)
        hidden = shown_people.hidden_names(found)
        for row in SearchEpisode.objects.filter(pk__in=list(hidden)):
            kept = [name for name in row.guests if name not in hidden[row.pk].held]
            if kept != row.guests:
                SearchEpisode.objects.filter(pk=row.pk).update(guests=kept)
        for episode_id, names in hidden.items():
            rule = Q(speaker__in=names.exact)
            for name in names.held:
                rule |= Q(speaker__contains=name)
            SearchDocument.objects.filter(rule, episode=episode_id).update(speaker="")
        for episode_id in found:
            stale.mark(episode_id)

    def addresses(self, person: Person) -> list[Address]:
        """Podcasts, Atom, maps, the search for the name, and of each replay its lists, words and files."""
        found = [reverse("podcasts:atom"), reverse("podcasts:sitemap"), reverse("podcasts:sitemap-pages")]
        # Of the name the end alone: the page says again what it was asked for.
        found += [f"{reverse('search')}?q={quote(name[1:])}" for name in (person.name, person.name_en) if name[1:]]
        gone = set(shown_people.standing().filter(person=person, choice=_C.WHOLE).values_list("episode", flat=True))
        labels = people_labels.marks(person)
        media = []
        rows = Airing.objects.filter(episode__in=shown_people.episodes_of(person)).select_related("episode__programme")
        for airing in rows:
            marks = labels.get(airing.episode_id, ())
            found.append(reverse("podcasts:podcast", args=[airing.episode.programme.slug]))
            if airing.actual_start is not None:
                found.append(reverse("podcasts:sitemap-year", args=[airing.actual_start.year]))
            media += [Address(reverse(f"podcasts:{name}", args=[airing.pk]), marks=marks) for name in _PODCASTS]
            files = [reverse(f"media:{name}", args=[airing.pk]) for name in ("captions", "transcript", "spans")]
            files += [reverse("media:words", args=[airing.pk, form]) for form in FORMS]
            files.append(reverse("media:replay", args=[airing.pk, "master"]))
            media += [Address(each, airing.episode_id in gone, marks) for each in files]
        return [*(Address(each) for each in dict.fromkeys(found)), *media, *people_clips.addresses(person)]


def lines_of(person: Person, airing_id: UUID) -> QuerySet[TranscriptLine]:
    """The lines of the signed transcript whose speaker is called so."""
    rule = Q()
    for name in (person.name, person.name_en):
        if name:
            rule |= Q(speaker__contains=name)
    rows = TranscriptLine.objects.filter(transcript__airing=airing_id, transcript__state=Transcript.State.SIGNED)
    return rows.filter(rule).order_by("number") if rule else rows.none()


def _airings(person: Person) -> QuerySet[Airing]:
    """Of published episodes, also of those in which nobody wrote that they appear: transcripts know more than lists."""
    held = PersonWithdrawalItem.objects.filter(
        person=person, source=SOURCE, kind=shown_people.WORDS, state__in=["waiting", "done", "returning"]
    )
    published = Airing.objects.filter(
        episode__publication=Episode.Publication.PUBLISHED, transcripts__state=Transcript.State.SIGNED
    )
    theirs = Q(transcripts__lines__speaker__contains=person.name)
    if person.name_en:
        theirs |= Q(transcripts__lines__speaker__contains=person.name_en)
    rows = published.filter(theirs).exclude(pk__in=[UUID(each) for each in held.values_list("key", flat=True)])
    return rows.select_related("episode__programme").distinct().order_by("-actual_start", "pk")


def _words(airing: Airing, lines: list[TranscriptLine]) -> Found:
    may_be_edited = people_spans.may_be_edited(airing)
    transcript = Transcript.objects.get(pk=lines[0].transcript_id)
    return Found(
        source=SOURCE,
        kind=shown_people.WORDS,
        key=str(airing.pk),
        title=_("%(where)s 的文稿") % {"where": people_spans.where(airing)},
        choices=(_C.CUT, _C.BLEEP, _C.TAKE, KEEP) if may_be_edited else (_C.TAKE, KEEP),
        chosen=_C.TAKE,
        version=f"{transcript.pk}.{transcript.version}.{int(may_be_edited)}",
        episode=airing.episode_id,
        detail=people_spans.told(lines),
        url=people_spans.page(airing),
    )
