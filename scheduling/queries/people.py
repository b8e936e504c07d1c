"""Reads people for producers: who there is, when they appeared, who is free, and how 界别 and districts are balanced; no writing."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from broadcast import clock
from broadcast.models import Airing, Appearance, Person
from broadcast.sealing import unseal
from scheduling.models import Availability, Invitation, PersonCard, Seat
from scheduling.queries.booking import Clash, clashes

# Balance looks so far back.
YEAR = dt.timedelta(days=365)
_COMING = [Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR]


def contacts_of(person_id: int) -> dict[str, str]:
    """Phone, e-mail and WeChat; for senders, and for services that checked who asks."""
    row = PersonCard.objects.filter(person=person_id).values_list("sealed_contacts", flat=True).first()
    return {str(key): str(value) for key, value in unseal(row).items()} if row else {}


def roll() -> QuerySet[Any]:
    """Everybody, each with `times` (in a year, premieres that went out), `last_at` and `next_at`."""
    since = clock.now() - YEAR
    own = Airing.objects.filter(episode__appearances__person=OuterRef("pk"), kind=Airing.Kind.PREMIERE)
    gone = own.filter(state=Airing.State.ENDED)
    many = (
        gone.filter(planned_start__gte=since)
        .order_by()
        .values("episode__appearances__person")
        .annotate(many=Count("episode", distinct=True))
        .values("many")
    )
    return (
        Person.objects.select_related("card", "photo")
        .defer("photo__picture")
        .annotate(
            times=Coalesce(Subquery(many, output_field=IntegerField()), Value(0)),
            last_at=Subquery(gone.order_by("-planned_start").values("planned_start")[:1]),
            next_at=Subquery(own.filter(state__in=_COMING).order_by("planned_start").values("planned_start")[:1]),
        )
    )


@dataclass(frozen=True)
class Wanted:
    """Which people a list shows; empty fields do not narrow it."""

    words: str = ""
    sector: str = ""
    district: str = ""
    role: str = ""
    retired: bool = False


def narrowed(rows: QuerySet[Any], wanted: Wanted) -> QuerySet[Any]:
    """Those of `rows` that are wanted."""
    if not wanted.retired:
        rows = rows.exclude(card__is_retired=True)
    if wanted.words:
        found = [Q(**{f"{field}__icontains": wanted.words}) for field in ("name", "name_en", "organisation", "title")]
        rows = rows.filter(found[0] | found[1] | found[2] | found[3])
    if wanted.sector:
        rows = rows.filter(sector=wanted.sector)
    if wanted.district:
        rows = rows.filter(card__district=wanted.district)
    if wanted.role == Appearance.Role.MEMBER:
        rows = rows.filter(is_member=True)
    return rows


def sectors() -> list[str]:
    """Every 界别 that somebody has, in order."""
    return sorted(set(Person.objects.exclude(sector="").values_list("sector", flat=True)))


def districts() -> list[str]:
    """Every district that somebody has, in order."""
    return sorted(set(PersonCard.objects.exclude(district="").values_list("district", flat=True)))


@dataclass(frozen=True)
class Share:
    """One 界别 or district: how many members it has, how many of them appeared in a year, and how often together."""

    name: str
    members: int
    appeared: int
    times: int


def balance(programme_id: int | None = None) -> dict[str, list[Share]]:
    """By "sector" and "district", least heard first: members who are not retired, and their appearances in a year."""
    gone = Appearance.objects.filter(
        person__is_member=True,
        episode__airings__kind=Airing.Kind.PREMIERE,
        episode__airings__state=Airing.State.ENDED,
        episode__airings__planned_start__gte=clock.now() - YEAR,
    )
    if programme_id is not None:
        gone = gone.filter(episode__programme=programme_id)
    counted = gone.values("person").annotate(many=Count("episode", distinct=True))
    times = {int(row["person"]): int(row["many"]) for row in counted.values("person", "many")}
    members = Person.objects.filter(is_member=True).exclude(card__is_retired=True)
    rows = list(members.values_list("pk", "sector", "card__district"))
    return {
        "sector": _shares([(pk, sector) for pk, sector, _district in rows], times),
        "district": _shares([(pk, district or "") for pk, _sector, district in rows], times),
    }


def _shares(rows: Sequence[tuple[int, str]], times: Mapping[int, int]) -> list[Share]:
    groups: dict[str, list[int]] = {}
    for pk, name in rows:
        if name:
            groups.setdefault(name, []).append(pk)
    found = [
        Share(name, len(keys), sum(1 for pk in keys if pk in times), sum(times.get(pk, 0) for pk in keys))
        for name, keys in groups.items()
    ]
    return sorted(found, key=lambda each: (each.times / each.members, -each.members, each.name))


@dataclass(frozen=True)
class Candidate:
    """Somebody who could take a seat: what stands in the way, or what they said of the time."""

    person: Any
    busy: list[Clash]
    away: str
    free: bool
    here: bool


def candidates(seat: Seat, airing: Airing | None, rows: Sequence[Person]) -> list[Candidate]:
    """These people for this seat: free ones first, then whoever appeared least. Five queries, however many people."""
    keys = [each.pk for each in rows]
    busy: dict[int, list[Clash]] = {}
    away: dict[int, str] = {}
    if airing is not None:
        things = [("person", key) for key in keys]
        for clash in clashes(airing.planned_start, airing.planned_end, things, airing.pk):
            busy.setdefault(clash.id, []).append(clash)
        span = (airing.planned_start, airing.planned_end)
        for each in Availability.objects.filter(person__in=keys, can=False, span__overlap=span):
            away[each.person_id] = each.note or "—"
    here = set(Seat.objects.filter(episode=seat.episode_id, person__in=keys).values_list("person_id", flat=True))
    found = [
        Candidate(
            person=each,
            busy=busy.get(each.pk, []),
            away=away.get(each.pk, ""),
            free=each.pk not in busy and each.pk not in away,
            here=each.pk in here,
        )
        for each in rows
    ]
    return sorted(found, key=lambda each: (each.here, not each.free, each.person.times, each.person.name))


def appearances_of(person_id: int) -> list[dict[str, Any]]:
    """When the person was or will be on air, as what and about what, newest first."""
    rows = Appearance.objects.filter(person=person_id).select_related("episode__programme")
    airings: dict[int, Airing] = {}
    found = Airing.objects.filter(episode__in=[each.episode_id for each in rows], kind=Airing.Kind.PREMIERE).exclude(
        state=Airing.State.CANCELLED
    )
    for airing in found.order_by("planned_start"):
        airings[airing.episode_id] = airing
    shown = [{"appearance": each, "episode": each.episode, "airing": airings.get(each.episode_id)} for each in rows]
    never = dt.datetime.min.replace(tzinfo=dt.UTC)
    return sorted(shown, key=lambda row: row["airing"].planned_start if row["airing"] else never, reverse=True)


def invitations_of(person_id: int) -> QuerySet[Invitation]:
    """What they were asked to, newest first."""
    return Invitation.objects.filter(person=person_id).select_related("seat__episode__programme")
