"""Who is muted or banned and what is hidden, as desks, the page of all and those it concerns see it; it writes nothing."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from uuid import UUID

from django.db.models import Case, F, Q, QuerySet, When

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Airing, Participant
from broadcast.services import identity
from live import protocol
from live.models import Comment, Question, Sanction
from live.queries import restraint

PAGE = 50
# Of one sender: more tell nobody more.
PAST = 20


@dataclass(frozen=True)
class Asked:
    """What a list of sanctions is kept to; empty: everything."""

    airing: UUID | None = None
    programme: int | None = None
    measure: str = ""
    scope: str = ""
    state: str = ""
    words: str = ""


def standing() -> Q:
    """That a sanction is neither over nor lifted."""
    return Q(lifted_at=None) & (Q(until=None) | Q(until__gt=clock.now()))


def reaching_room(airing: Airing) -> QuerySet[Sanction]:
    """Those that hold in this show now, the newest first."""
    everywhere = Q(room=None, programme=None)
    rows = Sanction.objects.filter(Q(room=airing.pk) | Q(programme=airing.episode.programme_id) | everywhere)
    return rows.filter(standing()).select_related("by", "participant").order_by("-pk")


def listed(programmes: list[int], asked: Asked, *, whole_house: bool) -> QuerySet[Sanction]:
    """Sanctions of these programmes, and of all of them together where the reader has them all; standing ones first, newest first."""
    own = Q(programme__in=programmes) | Q(room__airing__episode__programme__in=programmes)
    rows = Sanction.objects.filter(own | Q(room=None, programme=None) if whole_house else own)
    if asked.airing:
        rows = rows.filter(room=asked.airing)
    if asked.programme:
        rows = rows.filter(Q(programme=asked.programme) | Q(room__airing__episode__programme=asked.programme))
    if asked.measure:
        rows = rows.filter(kind=asked.measure)
    if asked.scope:
        rows = rows.filter(scope=asked.scope)
    if asked.state == "standing":
        rows = rows.filter(standing())
    elif asked.state == "over":
        rows = rows.exclude(standing())
    if asked.words:
        number = int(asked.words) if asked.words.isascii() and asked.words.isdigit() and len(asked.words) < 10 else 0
        rows = rows.filter(
            Q(pk=number) | Q(participant__display_name__icontains=asked.words) | Q(note__icontains=asked.words)
        )
    loaded = rows.select_related("by", "lifted_by", "participant", "programme", "room__airing__episode__programme")
    return loaded.order_by(F("lifted_at").desc(nulls_first=True), "-pk")


def of_sender(programme: int, sender: UUID) -> list[Sanction]:
    """What was imposed in this programme or in all of them on whoever wrote it, or on the device or network that an item of theirs
    came from: standing ones first, then the newest; at most PAST."""
    comments, questions = (model.objects.filter(author=sender).values("pk") for model in (Comment, Question))
    by_item = Q(item_kind="comment", item__in=comments) | Q(item_kind="question", item__in=questions)
    own = Q(programme=programme) | Q(room__airing__episode__programme=programme) | Q(room=None, programme=None)
    rows = Sanction.objects.filter(own).filter(Q(participant=sender) | ~Q(scope=Sanction.Scope.PARTICIPANT) & by_item)
    stands = Case(When(standing(), then=0), default=1)
    return list(rows.select_related("by", "lifted_by").order_by(stands, "-pk")[:PAST])


def words_said(rows: list[Sanction]) -> dict[int, str]:
    """The words that each sanction was given for, by its id; two queries however many."""
    found: dict[int, str] = {}
    for kind, model in (("comment", Comment), ("question", Question)):
        ids = {row.item for row in rows if row.item_kind == kind and row.item}
        texts = dict(model.objects.filter(pk__in=ids).values_list("pk", "text")) if ids else {}
        found |= {row.pk: texts[row.item] for row in rows if row.item_kind == kind and row.item in texts}
    return found


def own(airing: Airing, actor: Actor) -> tuple[protocol.MySanction, ...]:
    """What stands against whoever asks, in this show."""
    found = restraint.standing([actor])
    return restraint.told(restraint.reaching(actor, airing.pk, airing.episode.programme_id, found)) if found else ()


def own_of_seats(airing: Airing, people: set[UUID]) -> dict[str, tuple[protocol.MySanction, ...]]:
    """What stands against these participants themselves in this show, by their seat; () where nothing does any more."""
    rows = dict(Participant.objects.filter(pk__in=people).values_list("pk", "generation"))
    found = restraint.standing(Actor(participant_id=each) for each in rows)
    told = {}
    for person, generation in rows.items():
        actor = Actor(participant_id=person)
        own_ = restraint.reaching(actor, airing.pk, airing.episode.programme_id, found)
        told[identity.seat_of(person, generation)] = restraint.told(own_)
    return told


def touched(since: dt.datetime) -> set[UUID]:
    """Participants whose sanctions began or were lifted since then."""
    rows = Sanction.objects.filter(Q(at__gte=since) | Q(lifted_at__gte=since), participant__isnull=False)
    return {each for each in rows.values_list("participant", flat=True) if each is not None}
