"""Who may come in, asked for every socket and every request: the airing's side of the answer is remembered for a moment."""

from __future__ import annotations

import datetime as dt
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Ability, Actor, can, may_watch
from broadcast.errors import Unavailable
from broadcast.identity import Identity
from broadcast.models import Airing, Episode
from broadcast.services import identity as people
from live.models import Poll
from live.queries.staff import StaffView
from live.queries.visible import house_mark

# A little more than every process takes to look at what runs, so that those who come to a show on air ask for nothing.
FRESH_SECONDS = 1.5
LAST_KNOWN_SECONDS = 60.0
ANYBODY = Actor()
# After the delayed end, before an airing counts as settled: the last ticks are out by then.
SETTLING = dt.timedelta(seconds=5)
_OVER = frozenset({Airing.State.ENDED, Airing.State.CANCELLED})
# Publication, state, number of the staff lane, and what is hidden everywhere.
Mark = tuple[str, str, int | None, int]


@dataclass(frozen=True)
class Door:
    """An airing as the entrance sees it. `is_public`: for anybody, without asking who. `is_settled`: see `settled`."""

    airing: Airing
    is_public: bool
    is_withdrawn: bool
    is_settled: bool


_known: dict[UUID, tuple[float, Door | None]] = {}
# Moves with every change that is heard of, so that what was read before it is not remembered after it.
_changes = 0
_lock = threading.Lock()


def remembered(airing_id: UUID) -> tuple[bool, Door | None]:
    """(known, door) without asking the database; for the event loop."""
    with _lock:
        at, found = _known.get(airing_id, (-FRESH_SECONDS, None))
    return time.monotonic() - at < FRESH_SECONDS, found


def last_known(airing_id: UUID) -> Door | None:
    """The door as it was within the last minute; raises Unavailable when nobody looked. Only for when the database is away."""
    with _lock:
        at, found = _known.get(airing_id, (float("-inf"), None))
    if time.monotonic() - at > LAST_KNOWN_SECONDS:
        raise Unavailable(_("系统正在恢复，请过几秒再试。"), retry_after_seconds=3)
    return found


def forget(airing_id: UUID) -> None:
    """Look again at the next arrival: something changed."""
    global _changes
    with _lock:
        _changes += 1
        _known.pop(airing_id, None)


def door(airing_id: UUID) -> Door | None:
    """The door of an airing, at most FRESH_SECONDS old; None when there is no such airing. Call in a thread."""
    known, found = remembered(airing_id)
    if known:
        return found
    before = _changes
    airing = Airing.objects.select_related("episode__programme").filter(pk=airing_id).first()
    fresh = _door(airing) if airing is not None else None
    _remember(before, {airing_id: fresh})
    return fresh


def _door(airing: Airing) -> Door:
    return Door(
        airing,
        is_public=may_watch(ANYBODY, airing),
        is_withdrawn=airing.episode.publication == Episode.Publication.WITHDRAWN,
        is_settled=airing.state in _OVER and bool(settled([airing.pk])),
    )


def _remember(changes: int, found: Mapping[UUID, Door | None]) -> None:
    with _lock:
        if changes != _changes:
            return
        if len(_known) > 2_000:
            _known.clear()
        now = time.monotonic()
        _known.update((airing_id, (now, each)) for airing_id, each in found.items())


def running_airings() -> list[UUID]:
    """Airings that are waiting or on air: somebody must compose them, watched or not. One query, and their doors are known again."""
    before = _changes
    running = Airing.objects.select_related("episode__programme").filter(
        state__in=[Airing.State.WAITING, Airing.State.ON_AIR]
    )
    found = {airing.pk: _door(airing) for airing in running}
    _remember(before, found)
    return list(found)


def settled(airing_ids: Collection[UUID]) -> dict[UUID, Mark]:
    """Those of these airings that need no composer any more: over also for viewers behind by the delay, every poll frozen.

    With each a mark that moves when it is withdrawn or something in its room is decided. Two queries.
    """
    rows = Airing.objects.filter(pk__in=airing_ids, state__in=_OVER).exclude(room__polls__state=Poll.State.OPEN)
    if not airing_ids:
        return {}
    now, everywhere = clock.now(), house_mark()
    found: dict[UUID, Mark] = {}
    for pk, end, delay, publication, state, seq in rows.values_list(
        "pk", "actual_end", "delay_seconds", "episode__publication", "state", "room__staff_seq"
    ):
        if end is None or end + dt.timedelta(seconds=delay) + SETTLING <= now:
            found[pk] = (publication, state, seq, everywhere)
    return found


def may_enter(actor: Actor, found: Door | None) -> bool:
    """Whether the actor may watch. Asks the database only for what is not public."""
    return found is not None and (found.is_public or may_watch(actor, found.airing))


def admitted(identities: Collection[Identity], found: Door) -> set[Identity]:
    """Those who may sit in a room that is not for everybody, by what their tokens say and the database confirms."""
    entitled = people.entitled(identities)
    return {each for each in entitled if may_watch(Actor(user_id=each.user_id), found.airing)}


_DESK = (Ability.SEE_DESK, Ability.MODERATE, Ability.RUN)


def staff_view(actor: Actor, airing: Airing, asked: str = "") -> StaffView | None:
    """What of the staff lane the actor may see: all of it, the host's part, the call desk's, or nothing (None).

    `asked`: "calls" by the page of the call desk, so that somebody who has more than one part gets that one there.
    """
    programme_id = airing.episode.programme_id
    screens = can(actor, Ability.SCREEN_CALLS, programme_id)
    if asked == StaffView.CALLS:
        return StaffView.CALLS if screens else None
    if any(can(actor, ability, programme_id) for ability in _DESK):
        return StaffView.DESK
    if can(actor, Ability.HOST, programme_id):
        return StaffView.HOST
    return StaffView.CALLS if screens else None
