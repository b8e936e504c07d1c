"""Keeps venues and what they report of an evening: how many people watch there together; each an audited act."""

from __future__ import annotations

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Airing
from broadcast.services import sources
from live import hints, text
from live.models import HeadCount, PaperCount, Venue
from live.services import rooms

PEOPLE_MOST = 100_000


def make(actor: Actor, programme_id: int, name: str, place: str = "") -> Venue:
    """A venue of the programme, with a code of its own. Needs RUN. Raises InvalidInput (field: name, place)."""
    require(actor, Ability.RUN, programme_id)
    called = _clean(name, 60, "name")
    where = _clean(place, 120, "place") if place.strip() else ""
    with transaction.atomic():
        source = sources.make(programme_id, called)
        try:
            with transaction.atomic():
                venue = Venue.objects.create(
                    programme_id=programme_id,
                    name=called,
                    place=where,
                    source=source,
                    created_by_id=actor.user_id,
                    created_at=clock.now(),
                )
        except IntegrityError as error:
            raise InvalidInput(_("已经有叫这个名字的会场。"), field="name") from error
        after = {"name": called, "place": where, "programme": programme_id}
        audit.record(actor, "venue.create", f"venue:{venue.pk}", after=after)
    return venue


def remove(actor: Actor, programme_id: int, venue_id: int) -> None:
    """Take it off the list; what it reported stays, its code leads on without being counted. Not while counts of its ballots wait.

    Needs RUN. Raises NotFound, Conflict.
    """
    require(actor, Ability.RUN, programme_id)
    with transaction.atomic():
        venue = _held(programme_id, venue_id)
        if PaperCount.objects.filter(venue=venue, state=PaperCount.State.ENTERED, poll__state="open").exists():
            raise Conflict(_("这个会场还有代录的票在等核对，核对或撤回以后才能删除。"))
        venue.removed_at = clock.now()
        venue.save(update_fields=["removed_at"])
        sources.remove(venue.source)
        audit.record(actor, "venue.remove", f"venue:{venue.pk}", before={"name": venue.name})


def count_heads(actor: Actor, airing_id: UUID, venue_id: int, people: int) -> HeadCount:
    """How many people are at the venue now; 0 when they have left. It is never added to how many watch online.

    Needs ENTER_VOTES, from when the show waits until it is over. Raises InvalidInput (field: people), NotFound, Conflict.
    """
    airing = rooms.airing_of(airing_id)
    require(actor, Ability.ENTER_VOTES, airing.episode.programme_id)
    if airing.state not in {Airing.State.WAITING, Airing.State.ON_AIR, Airing.State.ENDED}:
        raise Conflict(_("节目候播以后才能登记人数。"))
    if not 0 <= people <= PEOPLE_MOST:
        raise InvalidInput(_("人数要在 0 和 %(most)s 之间。") % {"most": PEOPLE_MOST}, field="people")
    rooms.ensure([airing_id])
    with transaction.atomic():
        venue = _held(airing.episode.programme_id, venue_id)
        last = HeadCount.objects.filter(venue=venue, room=airing_id).order_by("-pk").first()
        counted = HeadCount.objects.create(
            venue=venue, room_id=airing_id, people=people, at=clock.now(), by_id=actor.user_id
        )
        before = {"people": last.people} if last else {}
        audit.record(actor, "venue.heads", f"venue:{venue.pk}", airing=airing, before=before, after={"people": people})
        hints.hint(airing_id, "overlay")
    return counted


def _held(programme_id: int, venue_id: int) -> Venue:
    found = Venue.objects.select_for_update(of=("self",)).filter(pk=venue_id, programme=programme_id, removed_at=None)
    venue = found.select_related("source").first()
    if venue is None:
        raise NotFound(_("没有这个会场，可能已经删除。"))
    return venue


def _clean(raw: str, most: int, field: str) -> str:
    try:
        return text.clean(raw, most)
    except text.BadText as error:
        words = _("请填写会场的名称。") if error.code == "empty" else _("最多 %(most)s 个字。") % {"most": most}
        raise InvalidInput(words, field=field) from error
