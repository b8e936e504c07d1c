"""Reads which airings calendars, feeds and partners are told of, and as what; what the public may know is asked here as in access."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from django.db.models import Prefetch, Q, QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _

from broadcast import clock, shown_people
from broadcast.access import ABILITIES, Ability, Actor
from broadcast.clock import ZONE
from broadcast.models import Airing, Appearance, Episode, Person, Programme, RoleGrant
from broadcast.queries import title_of
from scheduling.models import Booking, CalendarToken
from scheduling.outing import Outing, digest_of

# What calendars still hold of what is over, and how many entries at most.
BACK = dt.timedelta(days=90)
MOST = 500
# What goes out at a time; what never did is in no calendar.
_KINDS = (Airing.Kind.PREMIERE, Airing.Kind.RERUN)
_S = Airing.State


def public() -> QuerySet[Airing]:
    """What anybody at all may watch, cancelled ones too: `access.is_public` in SQL, of active programmes."""
    return Airing.objects.filter(
        announced_at__isnull=False,
        kind__in=_KINDS,
        episode__publication=Episode.Publication.PUBLISHED,
        episode__programme__audience=Programme.Audience.PUBLIC,
        episode__programme__is_active=True,
    ).select_related("episode__programme")


def coming(found: QuerySet[Airing]) -> QuerySet[Airing]:
    """Of these, what is not over: planned, waiting or on air, the next first."""
    now = clock.now()
    ahead = Q(state__in=[_S.PLANNED, _S.WAITING], planned_end__gt=now) | Q(state=_S.ON_AIR)
    return found.filter(ahead).order_by("planned_start", "pk")


def recent(found: QuerySet[Airing]) -> QuerySet[Airing]:
    """Of these, what belongs into a calendar: from BACK ago on, at most MOST, the earliest first."""
    return found.filter(planned_end__gt=clock.now() - BACK).order_by("planned_start", "pk")[:MOST]


def of_programmes(programmes: Iterable[Programme | int]) -> QuerySet[Airing]:
    """Everything of these programmes that staff know of, announced or not; fillers are nobody's appointment."""
    found = Airing.objects.filter(episode__programme__in=list(programmes)).exclude(kind=Airing.Kind.FILLER)
    return found.select_related("episode__programme")


def of_role(role: str, programme: Programme) -> QuerySet[Airing]:
    """What those who hold the role in the programme know of: all of it behind the scenes, else what is announced."""
    found = of_programmes([programme])
    if Ability.WATCH_INTERNAL in ABILITIES.get(role, frozenset()):
        return found
    if programme.audience == Programme.Audience.CLOSED:
        return found.none()
    return found.filter(announced_at__isnull=False, kind__in=_KINDS, episode__publication=Episode.Publication.PUBLISHED)


def of_person(person: Person, programme: Programme | None = None) -> QuerySet[Airing]:
    """Where the person is booked, named in the episode or seated at its table; of one programme, where one is given."""
    theirs = Q(bookings__person=person) | Q(episode__appearances__person=person) | Q(episode__seats__person=person)
    found = Airing.objects.filter(pk__in=Airing.objects.filter(theirs).values("pk")).exclude(kind=Airing.Kind.FILLER)
    if programme is not None:
        found = found.filter(episode__programme=programme)
    return found.exclude(episode__publication=Episode.Publication.WITHDRAWN).select_related("episode__programme")


def of_actor(actor: Actor) -> QuerySet[Airing]:
    """Everything of the programmes behind whose scenes the actor is."""
    if Ability.WATCH_INTERNAL in actor.grants.get(None, ()):
        return of_programmes(Programme.objects.filter(is_active=True))
    return of_programmes(
        [key for key, held in actor.grants.items() if key is not None and Ability.WATCH_INTERNAL in held]
    )


def told(airings: QuerySet[Airing], *, private: bool = False, role: str = "") -> list[Outing]:
    """The airings as outings, not yet with the version of their entries. Four queries, however many they are.

    Private ones name the studio, and lead to the page where that role works.
    """
    people = Appearance.objects.select_related("person").order_by("position")
    found = airings.select_related("episode__programme", "occurrence__slot").prefetch_related(
        Prefetch("episode__appearances", people if private else shown_people.named(people)),
        Prefetch(
            "bookings", Booking.objects.filter(studio__isnull=False).select_related("studio"), to_attr="in_studio"
        ),
    )
    return [_told(each, private, role) for each in found]


def _told(airing: Airing, private: bool, role: str) -> Outing:
    episode = airing.episode
    occurrence = getattr(airing, "occurrence", None)
    zone = occurrence.slot.zone if occurrence is not None else ZONE.key
    studio = next((each.studio for each in getattr(airing, "in_studio", ())), None)
    place = " ".join(each for each in (studio.name, studio.place) if each) if studio else ""
    people = tuple(dict.fromkeys(each.person.name for each in episode.appearances.all()))
    hidden = private and airing.announced_at is None
    return Outing(
        id=airing.pk,
        programme=episode.programme.slug,
        programme_name=episode.programme.name,
        key=episode.key,
        title=title_of(episode),
        description=episode.description,
        kind=airing.kind,
        state=airing.state,
        start=airing.planned_start,
        end=airing.planned_end,
        zone=zone,
        path=_path(airing, role) if role or not hidden else "",
        is_announced=airing.announced_at is not None,
        announced_at=airing.announced_at,
        place=place if private else "",
        people=people,
        note=_("尚未预告，请勿外传。") if hidden else "",
        digest=_digest(airing, zone, place, people),
    )


def _digest(airing: Airing, zone: str, place: str, people: tuple[str, ...]) -> str:
    episode, span = airing.episode, [each.astimezone(dt.UTC) for each in (airing.planned_start, airing.planned_end)]
    words = [episode.programme.name_zh, episode.key, episode.title, episode.title_en, episode.description]
    state = [airing.kind, airing.state == _S.CANCELLED, airing.announced_at is not None]
    return digest_of(span, zone, words, state, place, people)


# Where the work of a role is.
_PAGES = {
    RoleGrant.Role.PRODUCER: "staff:control",
    RoleGrant.Role.MODERATOR: "staff:desk",
    RoleGrant.Role.DUTY_LEADER: "staff:desk",
    RoleGrant.Role.HOST: "staff:host",
}


def _path(airing: Airing, role: str) -> str:
    try:
        if role in _PAGES:
            return reverse(_PAGES[RoleGrant.Role(role)], args=[airing.pk])
    except NoReverseMatch:
        pass
    return reverse("episode", args=[airing.episode.programme.slug, airing.episode.key])


def of_token(token: CalendarToken) -> QuerySet[Airing]:
    """What the calendar of this token shows; a user's own by the rights of this moment, and where the user appears."""
    if token.person is not None:
        return of_person(token.person, token.programme)
    if token.user is not None:
        found = of_actor(Actor(user_id=token.user.pk))
        person = Person.objects.filter(user=token.user).first()
        if person is None:
            return found
        either = Q(pk__in=found.values("pk")) | Q(pk__in=of_person(person).values("pk"))
        return Airing.objects.filter(either).select_related("episode__programme")
    return of_role(token.role, token.programme) if token.programme is not None else Airing.objects.none()
