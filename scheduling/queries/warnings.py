"""Gathers the facts of warnings for any number of airings with the same few queries; the rules are scheduling.warnings."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from uuid import UUID

from broadcast import clock
from broadcast.models import Airing, Appearance, Episode
from scheduling import warnings
from scheduling.models import Booking, Invitation, Seat

_COMING = frozenset({Airing.State.PLANNED, Airing.State.WAITING})
_TABLE = frozenset({Airing.Kind.PREMIERE, Airing.Kind.REHEARSAL})
_OFTEN = dt.timedelta(days=warnings.OFTEN_DAYS)
Times = dict[int, list[tuple[int, dt.datetime]]]


def for_airings(airings: Sequence[Airing]) -> dict[UUID, list[warnings.Warning]]:
    """By airing what to look at; those that have begun, are over, or are reruns have none. Seven queries, however many airings."""
    wanted = [each for each in airings if each.state in _COMING and each.kind in _TABLE]
    if not wanted:
        return {}
    episodes = Episode.objects.in_bulk({each.episode_id for each in wanted})
    seats = list(Seat.objects.filter(episode__in=episodes))
    asked = _asked(seats)
    here = list(Appearance.objects.filter(episode__in=episodes).select_related("person"))
    others = _others({each.person_id for each in here}, wanted)
    before = _editions({each.programme_id for each in episodes.values()}, wanted)
    booked = set(Booking.objects.filter(airing__in=wanted).values_list("airing_id", flat=True))
    now = clock.now()
    found = {}
    for airing in wanted:
        episode = episodes[airing.episode_id]
        own = [each for each in seats if each.episode_id == episode.pk]
        people = [each for each in here if each.episode_id == episode.pk]
        states = [asked[each.pk] for each in own if each.pk in asked]
        found[airing.pk] = warnings.of(
            warnings.Facts(
                start=airing.planned_start,
                now=now,
                is_rehearsal=airing.kind == Airing.Kind.REHEARSAL,
                is_announced=airing.announced_at is not None,
                has_description=bool(episode.description),
                has_feed=airing.feed_id is not None,
                is_booked=airing.pk in booked or not (airing.feed_id or airing.backup_feed_id or people),
                previous=_previous(before.get(episode.programme_id, []), airing),
                guests=tuple(_guest(each, others, episode.pk) for each in people),
                empty=tuple((each.role, each.hint) for each in own if each.person_id is None),
                unanswered=tuple(name for state, name in states if state == Invitation.State.OPEN),
                other_time=tuple(name for state, name in states if state == Invitation.State.ALTERNATIVE),
            )
        )
    return found


def _asked(seats: Sequence[Seat]) -> dict[int, tuple[str, str]]:
    rows = Invitation.objects.filter(
        seat__in=seats, state__in=[Invitation.State.OPEN, Invitation.State.ALTERNATIVE]
    ).values_list("seat_id", "state", "person__name")
    return {seat: (state, name) for seat, state, name in rows}


def _others(people: set[int], wanted: Sequence[Airing]) -> Times:
    """When these people are on air around the airings: (episode, start) by person."""
    first = min(each.planned_start for each in wanted) - _OFTEN
    last = max(each.planned_start for each in wanted) + warnings.GUEST_CLOSE
    rows = Appearance.objects.filter(
        person__in=people,
        episode__airings__kind=Airing.Kind.PREMIERE,
        episode__airings__planned_start__range=(first, last),
    ).exclude(episode__airings__state=Airing.State.CANCELLED)
    found: Times = {}
    for person, episode, start in rows.values_list("person_id", "episode_id", "episode__airings__planned_start"):
        found.setdefault(person, []).append((episode, start))
    return found


def _editions(programmes: set[int], wanted: Sequence[Airing]) -> dict[int, list[tuple[int, dt.datetime]]]:
    first = min(each.planned_start for each in wanted) - warnings.CLOSE
    last = max(each.planned_start for each in wanted)
    rows = Airing.objects.filter(
        episode__programme__in=programmes, kind=Airing.Kind.PREMIERE, planned_start__range=(first, last)
    ).exclude(state=Airing.State.CANCELLED)
    found: dict[int, list[tuple[int, dt.datetime]]] = {}
    for programme, episode, start in rows.values_list("episode__programme_id", "episode_id", "planned_start"):
        found.setdefault(programme, []).append((episode, start))
    return found


def _previous(rows: Sequence[tuple[int, dt.datetime]], airing: Airing) -> dt.datetime | None:
    earlier = [start for episode, start in rows if episode != airing.episode_id and start < airing.planned_start]
    return max(earlier, default=None)


def _guest(who: Appearance, others: Times, episode: int) -> warnings.Guest:
    return warnings.Guest(
        name=who.person.name,
        others=tuple(start for other, start in others.get(who.person_id, []) if other != episode),
        is_host=who.role == Appearance.Role.HOST,
    )
