"""The places at an episode's table: wanted, taken, set free; and keeps them in step with who appears. Bookings are booking's."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Appearance, Episode, Person
from scheduling.models import Invitation, Seat

_UNSURE = (Invitation.State.OPEN, Invitation.State.ALTERNATIVE)
ROLES = frozenset(Appearance.Role.values)
MOST = 40


def lay(episode: Episode, wanted: Sequence[tuple[str, str]]) -> list[Seat]:
    """Empty places, (role, hint) each, after those that are there. For templates, inside the transaction that makes the episode."""
    last = episode.seats.aggregate(Max("position"))["position__max"] or 0
    rows = [
        Seat(episode=episode, position=last + at, role=role, hint=hint[:60])
        for at, (role, hint) in enumerate(wanted, start=1)
    ]
    return Seat.objects.bulk_create(rows)


def add(actor: Actor, episode_id: int, role: str, hint: str = "") -> Seat:
    """One more place. Raises InvalidInput (data: field) for an unknown role or too many places. Audited."""
    with transaction.atomic():
        episode = _episode(actor, episode_id)
        if role not in ROLES:
            raise InvalidInput(_("请选择身份。"), field="role")
        if episode.seats.count() >= MOST:
            raise InvalidInput(_("一期最多 %(most)s 席。") % {"most": MOST}, field="role")
        seat = lay(episode, [(role, hint.strip())])[0]
        audit.record(actor, "seat.add", f"episode:{episode.pk}", after={"seat": seat.pk, "role": role})
        return seat


def remove(actor: Actor, seat_id: int) -> None:
    """Take an empty place away. Raises Conflict while somebody holds it. Audited."""
    with transaction.atomic():
        seat = locked(actor, seat_id)
        if seat.person_id is not None:
            raise Conflict(_("这一席有人，先请他离席，再删这一席。"))
        seat.delete()
        audit.record(actor, "seat.remove", f"episode:{seat.episode_id}", before={"seat": seat_id, "role": seat.role})


def put(actor: Actor, seat_id: int, person_id: int) -> Seat:
    """Somebody takes the place at once, having agreed by another way: they appear in the episode and are booked.

    Raises Conflict where the place is taken or the person is wanted elsewhere. Audited; tells episode_changed.
    """
    with transaction.atomic():
        seat = locked(actor, seat_id)
        person = taker(seat, person_id)
        seat.person = person
        seat.save(update_fields=["person"])
        appear(seat)
        lifecycle.placed_all(seat.episode)
        audit.record(actor, "seat.put", f"episode:{seat.episode_id}", after={"seat": seat.pk, "person": person.pk})
        return seat


def free(actor: Actor, seat_id: int, reason: str = "") -> None:
    """The place is empty again: the person neither appears nor is booked, a living invitation is taken back. Audited."""
    with transaction.atomic():
        seat = locked(actor, seat_id)
        person = seat.person_id
        if person is None:
            return
        _take_back(seat)
        leave(seat)
        lifecycle.placed_all(seat.episode)
        before = {"seat": seat.pk, "person": person}
        audit.record(actor, "seat.free", f"episode:{seat.episode_id}", reason=reason, before=before)


def in_step(episode_id: int) -> None:
    """The episode's form says who appears: somebody new gets a place, and the place of somebody taken out there is free again."""
    rows = list(Seat.objects.filter(episode=episode_id))
    here = list(Appearance.objects.filter(episode=episode_id).order_by("position"))
    if not rows and not here:
        return
    asked = set(
        Invitation.objects.filter(seat__in=rows, state__in=_UNSURE).values_list("seat_id", flat=True) if rows else ()
    )
    appearing = {(each.person_id, each.role) for each in here}
    for seat in rows:
        if seat.person_id is None or seat.pk in asked or (seat.person_id, seat.role) in appearing:
            continue
        _take_back(seat)
        seat.person = None
        seat.save(update_fields=["person"])
    taken = {(seat.person_id, seat.role) for seat in rows}
    empty = [seat for seat in rows if seat.person_id is None]
    for each in here:
        if (each.person_id, each.role) not in taken:
            _seat(each, empty)


def _seat(who: Appearance, empty: list[Seat]) -> None:
    seat = next((each for each in empty if each.role == who.role), None)
    if seat is None:
        seat = Seat(episode_id=who.episode_id, role=who.role, position=who.position)
    else:
        empty.remove(seat)
    seat.person_id = who.person_id
    seat.save()


def locked(actor: Actor, seat_id: int) -> Seat:
    """The place with its episode, airings, episode and place locked in this order, the right to produce checked. Raises NotFound."""
    seat = Seat.objects.filter(pk=seat_id).first()
    if seat is None:
        raise NotFound(_("没有这一席。"))
    episode = _episode(actor, seat.episode_id)
    found = Seat.objects.select_for_update(of=("self",)).select_related("person").filter(pk=seat_id).first()
    if found is None:
        raise NotFound(_("没有这一席。"))
    found.episode = episode
    return found


def taker(seat: Seat, person_id: int) -> Person:
    """The person, if this place is free for them. Raises NotFound, Conflict naming who has it, InvalidInput for one who has another."""
    person = Person.objects.filter(pk=person_id).first()
    if person is None:
        raise NotFound(_("没有这个人。"))
    if seat.person is not None and seat.person_id != person_id:
        raise Conflict(_("这一席刚刚给了 %(name)s。") % {"name": seat.person.name}, person=seat.person_id)
    if Seat.objects.filter(episode=seat.episode_id, person=person_id).exclude(pk=seat.pk).exists():
        raise InvalidInput(_("%(name)s 在这一期已经有一席。") % {"name": person.name}, field="person")
    return person


def appear(seat: Seat) -> None:
    """Whoever has the place is one of the episode's people from now on."""
    last = seat.episode.appearances.aggregate(Max("position"))["position__max"] or 0
    Appearance.objects.get_or_create(
        episode=seat.episode, person=seat.person, role=seat.role, defaults={"position": last + 1}
    )
    signals.tell(signals.episode_changed, episode_id=seat.episode_id)


def leave(seat: Seat) -> None:
    """The place is empty, and who had it does not appear."""
    if seat.person_id is None:
        return
    gone, _by = Appearance.objects.filter(episode=seat.episode_id, person=seat.person_id, role=seat.role).delete()
    seat.person = None
    seat.save(update_fields=["person"])
    if gone:
        signals.tell(signals.episode_changed, episode_id=seat.episode_id)


def _take_back(seat: Seat) -> None:
    Invitation.objects.filter(seat=seat, state__in=Invitation.LIVING).update(
        state=Invitation.State.REVOKED, answered_at=clock.now()
    )


def _episode(actor: Actor, episode_id: int) -> Episode:
    found = lifecycle.locked_episode(episode_id)
    require(actor, Ability.PRODUCE, found.programme_id)
    return found
