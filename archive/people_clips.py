"""Clips in which somebody is heard or named: which there are in public, and their withdrawal by the clips' own services."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _

from archive import people_labels, people_spans
from archive.clipping import queries, services
from archive.models import Clip, Transcript, TranscriptLine
from broadcast.access import Actor
from broadcast.models import Airing, Episode, Person, PersonWithdrawalItem
from broadcast.templatetags.staff import duration
from broadcast.withdrawing import KEEP, Address, Found

KIND = "clip"
_C = PersonWithdrawalItem.Choice


def found(person: Person, source: str) -> list[Found]:
    """Published ones of published episodes that touch what they say, or whose title names them; all of a show in which they appear
    and of which no transcript says who speaks; and, not proposed, those of a label that may mean them."""
    return [_found(clip, why, maybe, source) for clip, why, maybe in _public(person)]


def take(actor: Actor, item: PersonWithdrawalItem) -> None:
    """Withdraw the clip."""
    services.withdraw(actor, int(item.key), item.withdrawal.reason)


def give_back(actor: Actor, item: PersonWithdrawalItem) -> None:
    """Take the withdrawal back."""
    services.restore(actor, int(item.key), item.restore_reason)


def addresses(person: Person) -> list[Address]:
    """Of what is public of theirs, and of what orders took."""
    held = PersonWithdrawalItem.objects.filter(person=person, kind=KIND, state__in=PersonWithdrawalItem.STANDING)
    gone = {int(key) for key in held.values_list("key", flat=True)}
    shown = {clip.pk for clip, _why, _maybe in _public(person)}
    made = []
    for pk in sorted(gone | shown):
        made += [
            Address(reverse(f"clips:{name}", args=[pk]), pk in gone) for name in ("show", "video", "poster", "captions")
        ]
    return made


def _public(person: Person) -> list[tuple[Clip, str, bool]]:
    names = [each for each in (person.name, person.name_en) if each]
    named = Q()
    for name in names:
        named |= Q(title__contains=name) | Q(title_en__contains=name)
    public = Clip.objects.filter(
        state=Clip.State.PUBLISHED, airing__episode__publication=Episode.Publication.PUBLISHED
    ).select_related("airing__episode__programme")
    kept = {clip.pk: (clip, _("标题里有名字"), False) for clip in public.filter(named)} if names else {}
    appears = Q(episode__appearances__person=person) | Q(pk__in=_spoken_in(names))
    for airing in Airing.objects.filter(appears, clips__state=Clip.State.PUBLISHED).distinct():
        touched = _touched(airing, names)
        why = _("有这位说的话") if touched is not None else _("文稿没有标出谁在说，请看过再定")
        for clip in public.filter(airing=airing).filter(Q() if touched is None else Q(pk__in=touched)):
            kept.setdefault(clip.pk, (clip, why, False))
    for label in people_labels.labels(person):
        theirs = people_labels.lines_called(label.airing.pk, label.called)
        why = _("有标着“%(label)s”的话，可能是这一位") % {"label": label.called}
        for clip in public.filter(airing=label.airing, pk__in=_touching(label.airing, theirs)):
            kept.setdefault(clip.pk, (clip, why, True))
    return [kept[pk] for pk in sorted(kept)]


def _spoken_in(names: Sequence[str]) -> list[UUID]:
    rule = Q()
    for name in names:
        rule |= Q(speaker__contains=name)
    rows = TranscriptLine.objects.filter(rule, transcript__state=Transcript.State.SIGNED) if names else None
    return list(rows.values_list("transcript__airing", flat=True).distinct()) if rows is not None else []


def _touched(airing: Airing, names: Sequence[str]) -> set[int] | None:
    """Clips that touch what they say there; None where no line says who speaks."""
    lines = TranscriptLine.objects.filter(transcript__airing=airing, transcript__state=Transcript.State.SIGNED)
    if not lines.exclude(speaker="").exists():
        return None
    return _touching(airing, [line for line in lines if any(name in line.speaker for name in names)])


def _touching(airing: Airing, lines: Iterable[TranscriptLine]) -> set[int]:
    spans = people_spans.spans(airing, list(lines))
    return {clip.pk for since, until in spans for clip in queries.touching(airing.pk, since, until)}


def _found(clip: Clip, why: str, maybe: bool, source: str) -> Found:
    episode = clip.airing.episode
    return Found(
        source=source,
        kind=KIND,
        key=str(clip.pk),
        title=_("片段：%(title)s") % {"title": clip.shown_title},
        choices=(_C.TAKE, KEEP),
        chosen=KEEP if maybe else _C.TAKE,
        version=str(clip.version),
        episode=episode.pk,
        detail=f"{episode.programme.name} {episode.title} · {duration(int(clip.seconds))} · {why}",
        url=reverse("clips:show", args=[clip.pk]),
        maybe=maybe,
    )
