"""Keeps the numbers of a programme's drafts in order of time, without gap or repeat; a number that the public knows never changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, Q, QuerySet

from broadcast import audit, clock, signals
from broadcast.access import HOUSE
from broadcast.models import Airing, Episode, Programme
from scheduling.models import Slot
from scheduling.services import titles

_S, _K = Airing.State, Airing.Kind
_UNHEARD = (Episode.Publication.DRAFT, Episode.Publication.INTERNAL)


def renumber(programme_id: int) -> int:
    """Give the numbers that drafts and cancelled episodes hold to the drafts, in order of their time; returns how many changed.

    A draft is what nobody announced, of which nothing has begun, and that is still to come: planned as a premiere. An episode all of
    whose airings are cancelled takes no number: the next draft gets its. Where no draft wants it, it keeps one below a number that the
    public knows, so that nothing is missing. Locks the programme's row; audited; a title made from the number follows it.
    """
    if not _changes(programme_id):  # the usual answer, and it locks nobody
        return 0
    with transaction.atomic():
        hold(Programme.objects.filter(pk=programme_id))
        changed, wanted = _changes(programme_id) or ([], {})
        _write(changed, wanted)
        return len(changed)


def settle(airing: Airing) -> None:
    """The public is about to hear of the airing, and of its number: where slots make drafts, all take their places in time first."""
    if Slot.objects.filter(programme=airing.episode.programme_id, is_active=True).exists():
        renumber(airing.episode.programme_id)


def hold(programmes: QuerySet[Programme]) -> None:
    """Lock these programmes' rows alone, before any airing: whoever moves or announces one may have to number the drafts anew."""
    keys = list(programmes.values_list("pk", flat=True))
    list(Programme.objects.select_for_update().filter(pk__in=keys).order_by("pk").values("pk"))


def _changes(programme_id: int) -> tuple[list[Episode], dict[int, int]] | None:
    """The episodes whose number changes, and the numbers by episode; None where all is as it should be."""
    programme = Programme(pk=programme_id)
    drafts = list(_drafts(programme))
    dropped = list(_cancelled(programme))
    if not dropped and _in_order(drafts):
        return None
    held = sorted(each.number for each in [*drafts, *dropped] if each.number is not None)
    wanted = dict(zip((each.pk for each in drafts), held, strict=False))
    fixed = _highest_fixed(programme, [*drafts, *dropped])
    kept = [number for number in held[len(drafts) :] if number < fixed]
    wanted |= dict(zip((each.pk for each in dropped), kept, strict=False))
    changed = [each for each in [*drafts, *dropped] if wanted.get(each.pk) != each.number]
    return (changed, wanted) if changed else None


def _drafts(programme: Programme) -> QuerySet[Episode]:
    first = Airing.objects.filter(episode=OuterRef("pk"), kind=_K.PREMIERE, state=_S.PLANNED).order_by("planned_start")
    return (
        _open(programme)
        .filter(Exists(first))
        .annotate(first=first.values("planned_start")[:1])
        .order_by("first", "number")
    )


def _cancelled(programme: Programme) -> QuerySet[Episode]:
    """Numbered episodes that nothing of will go out: every airing cancelled, at least one, whatever the public heard of them.

    Of a slot's occurrence, or younger than all that went out: what was cancelled before this house kept the numbers stays as it is.
    """
    airings = Airing.objects.filter(episode=OuterRef("pk"))
    aired = programme.episodes.filter(airings__actual_start__isnull=False).aggregate(Max("number"))["number__max"] or 0
    return programme.episodes.filter(
        Exists(airings.filter(state=_S.CANCELLED)),
        ~Exists(airings.exclude(state=_S.CANCELLED)),
        Q(number__gt=aired) | Exists(airings.filter(occurrence__isnull=False)),
        number__isnull=False,
    ).order_by("number")


def _open(programme: Programme) -> QuerySet[Episode]:
    """Numbered episodes that the public has not heard of, and of which nothing has begun."""
    airings = Airing.objects.filter(episode=OuterRef("pk"))
    begun = airings.filter(Q(announced_at__isnull=False) | ~Q(state__in=[_S.PLANNED, _S.CANCELLED]))
    return programme.episodes.filter(~Exists(begun), number__isnull=False, publication__in=_UNHEARD)


def _in_order(drafts: Sequence[Episode]) -> bool:
    numbers = [each.number for each in drafts if each.number is not None]
    return numbers == sorted(numbers)


def _highest_fixed(programme: Programme, loose: Iterable[Episode]) -> int:
    others = programme.episodes.filter(number__isnull=False).exclude(pk__in=[each.pk for each in loose])
    return others.order_by("-number").values_list("number", flat=True).first() or 0


def _write(changed: Sequence[Episode], wanted: dict[int, int]) -> None:
    """Two passes, since numbers are unique: first everything steps aside to an address of its own, then takes what is its."""
    before = {each.pk: each.number for each in changed}
    for each in changed:
        each.slug = each.slug or f"{clock.now():%Y%m%d}-{each.pk}"
        each.number = None
    Episode.objects.bulk_update(changed, ["number", "slug"])
    for each in changed:
        each.number = wanted.get(each.pk)
        if each.number is not None:
            each.slug = ""
        titles.follow(each, before[each.pk])
    Episode.objects.bulk_update(changed, ["number", "slug", "title"])
    acts = [
        audit.Act("episode.number", f"episode:{each.pk}", before=before[each.pk], after=each.number) for each in changed
    ]
    audit.record_many(HOUSE, acts)
    for each in changed:
        signals.tell(signals.episode_changed, episode_id=each.pk)
