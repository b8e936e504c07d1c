"""Takes old episodes into the house: a draft with an airing that is over, whose recording comes from a file; it knows no media."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Airing, Appearance, Episode, Person, Programme

_LETTERS = 120


@dataclass(frozen=True)
class Appeared:
    """Somebody whom the old record names, and as what (Appearance.Role)."""

    name: str
    role: str
    title: str = ""


@dataclass(frozen=True)
class RecordedPlan:
    """What is known of an old episode. `start` is aware; `was_broadcast` when that is when it went out, and not only its date."""

    programme: int
    airing_id: UUID
    title: str
    start: dt.datetime
    seconds: float
    number: int | None = None
    was_broadcast: bool = False
    people: Sequence[Appeared] = field(default_factory=tuple)


@dataclass(frozen=True)
class Taken:
    """What came of it. `namesakes` are people who were left out, since the house knows several of that name."""

    airing: Airing
    namesakes: tuple[str, ...] = ()


def problem_of(programme: Programme, number: int | None, title: str, start: dt.datetime) -> str:
    """Why such an episode cannot be taken in, as a stable code; "" when it can."""
    if not title.strip():
        return "no_title"
    if len(title.strip()) > _LETTERS:
        return "long_title"
    if start > clock.now():
        return "date_ahead"
    if number is not None and programme.episodes.filter(number=number).exists():
        return "number_taken"
    return ""


def take_in(actor: Actor, plan: RecordedPlan) -> Taken:
    """A draft episode with an ended airing of kind `recorded`, or `premiere` where it was broadcast. Needs PRODUCE.

    Locks the programme. Raises Conflict for a number that is taken and InvalidInput for what cannot be (data: problem). Nothing is
    published: whoever signs off does that. Audited; tells episode_changed.
    """
    with transaction.atomic(), audit.at_the_end():
        programme = Programme.objects.select_for_update().filter(pk=plan.programme).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme.pk)
        problem = problem_of(programme, plan.number, plan.title, plan.start)
        if problem == "number_taken":
            raise Conflict(_("这个期号已经有了。"), problem=problem)
        if problem or plan.seconds <= 0:
            raise InvalidInput(_("这一期的资料不全或不对。"), problem=problem or "no_length")
        episode = _episode(programme, plan)
        airing = _airing(episode, plan)
        namesakes = _appear(episode, plan.people)
        audit.record(actor, "episode.import", f"episode:{episode.pk}", airing=airing, after=_facts(episode, airing))
        signals.tell(signals.episode_changed, episode_id=episode.pk)
        return Taken(airing, namesakes)


def _episode(programme: Programme, plan: RecordedPlan) -> Episode:
    slug = "" if plan.number is not None else _slug(programme, plan.start)
    return Episode.objects.create(
        programme=programme, number=plan.number, slug=slug, title=plan.title.strip(), created_at=clock.now()
    )


def _slug(programme: Programme, start: dt.datetime) -> str:
    """The day, and a count where that day has others."""
    day = start.astimezone(clock.ZONE).strftime("%Y%m%d")
    taken = set(programme.episodes.filter(slug__startswith=day).values_list("slug", flat=True))
    return next(
        slug for count in range(1, len(taken) + 2) if (slug := day if count == 1 else f"{day}-{count}") not in taken
    )


def _airing(episode: Episode, plan: RecordedPlan) -> Airing:
    now, end = clock.now(), plan.start + dt.timedelta(seconds=plan.seconds)
    return Airing.objects.create(
        pk=plan.airing_id,
        episode=episode,
        kind=Airing.Kind.PREMIERE if plan.was_broadcast else Airing.Kind.RECORDED,
        state=Airing.State.ENDED,
        planned_start=plan.start,
        planned_end=end,
        actual_start=plan.start,
        actual_end=end,
        # What is over needs no announcement: whether anybody sees it, the episode's publication says alone.
        announced_at=now,
        # Nobody was waiting for it.
        delay_seconds=0,
        created_at=now,
    )


def _appear(episode: Episode, people: Sequence[Appeared]) -> tuple[str, ...]:
    """Those whom the house knows by that name, else new ones; who has namesakes is left to a person to enter."""
    namesakes = []
    for position, each in enumerate(people, start=1):
        known = list(Person.objects.filter(name=each.name)[:2])
        if len(known) > 1:
            namesakes.append(each.name)
            continue
        person = known[0] if known else Person.objects.create(name=each.name, title=each.title)
        Appearance.objects.get_or_create(
            episode=episode, person=person, role=each.role, defaults={"position": position}
        )
    return tuple(namesakes)


def _facts(episode: Episode, airing: Airing) -> dict[str, object]:
    return {
        "programme": episode.programme_id,
        "number": episode.number,
        "slug": episode.slug,
        "title": episode.title,
        "kind": airing.kind,
        "start": airing.actual_start.isoformat() if airing.actual_start else "",
        "end": airing.actual_end.isoformat() if airing.actual_end else "",
    }
