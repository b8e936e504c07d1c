"""Keeps bookings in step with airings, so that nobody and nothing is in two places at once; it moves no airing and asks no guest."""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Sequence
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateTimeTZRange
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle
from broadcast.access import Ability, Actor, require
from broadcast.clock import ZONE
from broadcast.errors import Conflict, IllegalTransition, NotFound
from broadcast.models import Airing, Appearance, Episode, Feed, Person
from broadcast.templatetags.staff import weekday
from scheduling.models import Booking, Seat, Studio
from scheduling.queries import booking as queries
from scheduling.queries.booking import OVER, Clash, Thing
from scheduling.services import seats

logger = logging.getLogger(__name__)

# Reruns and fillers need nobody at the table.
WITH_PEOPLE = frozenset({Airing.Kind.PREMIERE, Airing.Kind.REHEARSAL})
_FIELDS = {"person": "guests", "studio": "studio", "feed": "feed"}
EVERY = dt.timedelta(minutes=1)
AT_ONCE = 200
_looked_at: dt.datetime | None = None
_known_clashes: dict[UUID, str] = {}


def keep(airing: Airing) -> None:
    """Make the airing's bookings what its time, feeds and people say; none when it is over. Called inside the changing transaction.

    Raises Conflict (data: field, clashes) naming both, when the database refuses one. Locks the episode, then the feeds, people and
    studio booked, always in the same order, so that of many that want one thing at once the first wins and the others are told of it.
    """
    if airing.state in OVER:
        Booking.objects.filter(airing=airing).delete()
        return
    if airing.kind in WITH_PEOPLE:
        list(Episode.objects.select_for_update(no_key=True).filter(pk=airing.episode_id).values("pk"))
        seats.in_step(airing.episode_id)
    studio = Booking.objects.filter(airing=airing, studio__isnull=False).values_list("studio", flat=True).first()
    _hold(airing, _wanted(airing, studio))


def set_studio(actor: Actor, airing_id: UUID, studio_id: int | None) -> None:
    """Give the airing a studio, or none. Raises NotFound, IllegalTransition once it is over, Conflict as `keep`. Audited."""
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.state in OVER:
            raise IllegalTransition(_("这一场已经结束，不再占用演播室。"), state=airing.state)
        if studio_id is not None and not Studio.objects.filter(pk=studio_id, is_active=True).exists():
            raise NotFound(_("没有这个演播室。"), field="studio")
        before = Booking.objects.filter(airing=airing, studio__isnull=False).values_list("studio", flat=True).first()
        if before == studio_id:
            return
        _hold(airing, _wanted(airing, studio_id))
        audit.record(actor, "airing.studio", f"airing:{airing.pk}", airing=airing, before=before, after=studio_id)


def reconcile() -> int:
    """Book what has no booking yet, made before there were any or by another way; at most once a minute in one process.

    What clashes stays unbooked, is logged once, and stands among the warnings of its episode.
    """
    global _looked_at
    now = clock.now()
    if _looked_at is not None and abs(now - _looked_at) < EVERY:
        return 0
    _looked_at = now
    return sum(_mend(airing_id) for airing_id in list(unbooked(now).values_list("pk", flat=True)[:AT_ONCE]))


def unbooked(now: dt.datetime) -> QuerySet[Airing]:
    """Airings to come that want somebody or something and hold nothing."""
    with_people = Q(kind__in=WITH_PEOPLE) & Exists(Appearance.objects.filter(episode=OuterRef("episode")))
    return Airing.objects.filter(
        Q(feed__isnull=False) | Q(backup_feed__isnull=False) | with_people,
        ~Exists(Booking.objects.filter(airing=OuterRef("pk"))),
        state__in=[Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR],
        planned_end__gt=now,
    )


def _mend(airing_id: UUID) -> int:
    try:
        with transaction.atomic():
            keep(lifecycle.locked(airing_id))
    except Conflict as refusal:
        if _known_clashes.get(airing_id) != refusal.message:
            _known_clashes[airing_id] = refusal.message
            logger.warning("airing is not booked airing=%s: %s", airing_id, refusal.message)
        return 0
    _known_clashes.pop(airing_id, None)
    return 1


def _wanted(airing: Airing, studio: int | None) -> list[Thing]:
    """Everybody and everything that the airing needs, in the order in which they are locked."""
    people: set[int] = set()
    if airing.kind in WITH_PEOPLE:
        people |= set(Appearance.objects.filter(episode=airing.episode_id).values_list("person_id", flat=True))
        taken = Seat.objects.filter(episode=airing.episode_id, person__isnull=False)
        people |= {int(each) for each in taken.values_list("person_id", flat=True) if each is not None}
    feeds = {each for each in (airing.feed_id, airing.backup_feed_id) if each is not None}
    things = [("feed", each) for each in sorted(feeds)]
    things += [("person", each) for each in sorted(people)]
    return things + ([("studio", studio)] if studio is not None else [])


def _lock(things: Sequence[Thing]) -> None:
    """Whoever wants one of these as well waits until we are done. The constraint alone would let two wait for each other."""
    for thing, model in (("feed", Feed), ("person", Person), ("studio", Studio)):
        keys = [number for each, number in things if each == thing]
        if keys:
            list(model._default_manager.filter(pk__in=keys).order_by("pk").select_for_update(no_key=True).values("pk"))


def _hold(airing: Airing, wanted: list[Thing]) -> None:
    _lock(wanted)
    try:
        with transaction.atomic():
            _write(airing, wanted)
    except IntegrityError as error:
        if "one_booking_at_a_time_per" in str(error):
            raise _refusal(airing, wanted) from error
        raise


def _write(airing: Airing, wanted: list[Thing]) -> None:
    span = DateTimeTZRange(airing.planned_start, airing.planned_end)
    have = {queries.key_of(row): row for row in Booking.objects.filter(airing=airing)}
    gone = [row.pk for key, row in have.items() if key not in wanted]
    if gone:
        Booking.objects.filter(pk__in=gone).delete()
    Booking.objects.filter(airing=airing).exclude(span=span).update(span=span)
    new = [
        Booking(airing=airing, span=span, **{f"{thing}_id": number})
        for thing, number in wanted
        if (thing, number) not in have
    ]
    if new:
        Booking.objects.bulk_create(new)


def _refusal(airing: Airing, wanted: Sequence[Thing]) -> Conflict:
    found = queries.clashes(airing.planned_start, airing.planned_end, wanted, airing.pk)
    if not found:  # whoever was first has taken it back meanwhile
        return Conflict(_("刚刚有人排了同一时间，请再试一次。"), field="guests", clashes=[])
    first = found[0]
    field = _FIELDS[first.thing]
    if first.thing == "feed" and first.id == airing.backup_feed_id:
        field = "backup_feed"
    return Conflict(_words(airing, first), field=field, clashes=[each.told() for each in found])


def _words(airing: Airing, clash: Clash) -> str:
    start, end = dt.datetime.fromisoformat(clash.start), dt.datetime.fromisoformat(clash.end)
    local = start.astimezone(ZONE)
    return _("%(name)s %(day)s 不能同时在两处：%(there)s %(other)s；%(here)s %(this)s（这一条）。") % {
        "name": clash.name,
        "day": f"{local:%Y-%m-%d} {weekday(local)}",
        "there": queries.span_words(start, end),
        "other": clash.what + (_("，%(role)s") % {"role": clash.role} if clash.role else ""),
        "here": queries.span_words(airing.planned_start, airing.planned_end),
        "this": queries.label(airing.episode),
    }
