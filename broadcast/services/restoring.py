"""Brings an episode back from a bag: rows of programme, episode, people and ended airings, unpublished; media are not its business."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Actor
from broadcast.errors import Conflict, NotAllowed
from broadcast.models import Airing, Appearance, Episode, Moment, Person, Programme


@dataclass(frozen=True)
class Guest:
    """Somebody who appeared, as the public reads it."""

    role: str
    name: str
    name_en: str = ""
    is_member: bool = False
    sector: str = ""
    organisation: str = ""
    title: str = ""


@dataclass(frozen=True)
class Outing:
    """An airing that is over; `moments` are (at, kind, title, data)."""

    id: UUID
    kind: str
    planned_start: dt.datetime
    planned_end: dt.datetime
    actual_start: dt.datetime
    actual_end: dt.datetime
    delay_seconds: int
    moments: Sequence[tuple[dt.datetime, str, str, dict[str, object]]] = ()


@dataclass(frozen=True)
class Kept:
    """An episode as a bag tells it. A programme that is not here yet is made, for the eyes of staff alone."""

    programme: dict[str, object]
    number: int | None
    slug: str
    title: str
    title_en: str
    description: str
    people: Sequence[Guest] = field(default_factory=tuple)
    airings: Sequence[Outing] = field(default_factory=tuple)


def restore(actor: Actor, kept: Kept, bag: str) -> Episode:
    """Make the rows, as a draft that nobody signed off. Call inside a transaction. Audited.

    Raises NotAllowed unless the house itself acts, Conflict (code episode_is_here) when the number, or one of the airings, is here.
    """
    if not actor.house:
        raise NotAllowed(_("您没有这项权限，请联系管理员。"))
    programme = _programme(kept.programme)
    taken = Episode.objects.filter(programme=programme)
    taken = taken.filter(number=kept.number) if kept.number is not None else taken.filter(slug=kept.slug)
    if taken.exists() or Airing.objects.filter(pk__in=[each.id for each in kept.airings]).exists():
        raise Conflict(_("这一期已经在这里了，没有改动。"), code="episode_is_here")
    now = clock.now()
    episode = Episode.objects.create(
        programme=programme,
        number=kept.number,
        slug=kept.slug,
        title=kept.title,
        title_en=kept.title_en,
        description=kept.description,
        created_at=now,
    )
    if kept.number is not None and kept.number >= programme.next_number:
        programme.next_number = kept.number + 1
        programme.save(update_fields=["next_number"])
    for position, guest in enumerate(kept.people):
        person = _person(guest)
        Appearance.objects.get_or_create(
            episode=episode, person=person, role=guest.role, defaults={"position": position}
        )
    for each in kept.airings:
        _airing(episode, each, now)
    after = {"bag": bag, "airings": [str(each.id) for each in kept.airings]}
    audit.record(actor, "episode.restore", f"episode:{episode.pk}", after=after)
    return episode


def _programme(facts: dict[str, object]) -> Programme:
    found = Programme.objects.select_for_update().filter(slug=facts["slug"]).first()
    # What the bag says of audience is not believed: whoever answers for the house opens it.
    return found or Programme.objects.create(**{**facts, "audience": Programme.Audience.CLOSED})


def _person(guest: Guest) -> Person:
    """Who is known by the same name and organisation, else somebody new; what is known of somebody here is not changed."""
    found = Person.objects.filter(name=guest.name, organisation=guest.organisation).order_by("pk").first()
    facts = {name: getattr(guest, name) for name in ("name", "name_en", "is_member", "sector", "organisation", "title")}
    return found or Person.objects.create(**facts)


def _airing(episode: Episode, outing: Outing, now: dt.datetime) -> None:
    facts = {name: getattr(outing, name) for name in Outing.__dataclass_fields__ if name != "moments"}
    # It was known once: what keeps it from the public now is the draft. Unannounced, no publishing would ever show it.
    airing = Airing.objects.create(**facts, episode=episode, state=Airing.State.ENDED, created_at=now, announced_at=now)
    Moment.objects.bulk_create(
        Moment(airing=airing, at=at, kind=kind, title=title, data=data) for at, kind, title, data in outing.moments
    )
