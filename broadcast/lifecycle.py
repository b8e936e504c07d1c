"""The lifecycle of an airing: one table of transitions and the only functions that move the state.

| from    | act    | to        | who            | sets                        |
|---------|--------|-----------|----------------|-----------------------------|
| planned | open   | waiting   | run            | recorder starts listening   |
| planned | start  | on_air    | run            | actual_start                |
| waiting | start  | on_air    | run            | actual_start                |
| waiting | close  | planned   | run            | recorder stops listening    |
| on_air  | end    | ended     | run            | actual_end                  |
| planned | cancel | cancelled | produce        |                             |
| waiting | cancel | cancelled | produce        |                             |

"The show is over" is `ended` here, never an exit code of ffmpeg. A show that must stop at once is CUT (archive), then ended.
"""

from __future__ import annotations

import datetime as dt
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock, registry, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, NotFound
from broadcast.models import Airing, Episode, Feed, Programme, SegmentRun

S = Airing.State
TRANSITIONS: dict[str, tuple[frozenset[str], str, Ability]] = {
    "open": (frozenset({S.PLANNED}), S.WAITING, Ability.RUN),
    "start": (frozenset({S.PLANNED, S.WAITING}), S.ON_AIR, Ability.RUN),
    "close": (frozenset({S.WAITING}), S.PLANNED, Ability.RUN),
    "end": (frozenset({S.ON_AIR}), S.ENDED, Ability.RUN),
    "cancel": (frozenset({S.PLANNED, S.WAITING}), S.CANCELLED, Ability.PRODUCE),
}


def open_feed(actor: Actor, airing_id: UUID) -> Airing:
    """planned → waiting: from here on the recorder listens on the airing's feed."""
    return _move(actor, airing_id, "open")


def start(actor: Actor, airing_id: UUID) -> Airing:
    """→ on_air. Announces the airing and publishes its episode's page when nobody has yet; a rehearsal stays inside."""
    return _move(actor, airing_id, "start")


def close_feed(actor: Actor, airing_id: UUID) -> Airing:
    """waiting → planned."""
    return _move(actor, airing_id, "close")


def end(actor: Actor, airing_id: UUID) -> Airing:
    """on_air → ended. Closes the open segment; signs the replay off where the programme releases at once.

    Live and archive finish their part on the fact.
    """
    return _move(actor, airing_id, "end")


def cancel(actor: Actor, airing_id: UUID, reason: str) -> Airing:
    """→ cancelled, with a reason that staff can read later."""
    return _move(actor, airing_id, "cancel", reason)


def locked(airing_id: UUID) -> Airing:
    """The airing with its episode and programme, its own row locked until the transaction ends. Raises NotFound."""
    found = (
        Airing.objects.select_for_update(of=("self",))
        .select_related("episode__programme", "feed")
        .filter(pk=airing_id)
        .first()
    )
    if found is None:
        raise NotFound(_("没有这一场。"))
    return found


def locked_episode(episode_id: int) -> Episode:
    """The episode with its programme, its airings and then its own row locked until the transaction ends. Raises NotFound.

    Airings come before episodes everywhere (docs/architecture.md, "Time"): who has the episode and wants an airing waits for ever.
    """
    list(Airing.objects.select_for_update(of=("self",)).filter(episode=episode_id).order_by("pk").values("pk"))
    found = Episode.objects.select_for_update(of=("self",)).select_related("programme").filter(pk=episode_id).first()
    if found is None:
        raise NotFound(_("没有这一期。"))
    return found


def placed_all(episode: Episode) -> None:
    """`placed` for each of its airings that is not over; the caller has them locked (`locked_episode`)."""
    rows = episode.airings.exclude(state__in=[S.ENDED, S.CANCELLED]).select_related("episode__programme")
    for airing in rows.order_by("pk"):
        placed(airing)


def placed(airing: Airing) -> None:
    """Let the upper apps keep what hangs on its times, feeds and people in step; call inside the transaction that changed one of them.

    Raises Conflict where somebody or something would be in two places at once.
    """
    for _name, keep in registry.airing_placed:
        keep(airing)


def _move(actor: Actor, airing_id: UUID, act: str, reason: str = "") -> Airing:
    """Lock the airing, check right and table, write state and audit entry, tell airing_state_changed after commit."""
    allowed, after, ability = TRANSITIONS[act]
    try:
        with transaction.atomic():
            airing = locked(airing_id)
            require(actor, ability, airing.episode.programme_id)
            before = airing.state
            if before not in allowed:
                raise IllegalTransition(
                    _("这一场现在是“%(state)s”，不能这样操作。") % {"state": airing.get_state_display()},
                    state=before,
                    wanted=after,
                )
            if act in {"open", "start"}:
                list(Episode.objects.select_for_update(no_key=True).filter(pk=airing.episode_id).values("pk"))
                _take_feeds(airing)
            _apply(airing, act, after)
            if after in {S.ENDED, S.CANCELLED}:
                placed(airing)
            audit.record(
                actor, f"airing.{act}", f"airing:{airing.pk}", airing=airing, reason=reason, before=before, after=after
            )
            signals.tell(signals.airing_state_changed, airing_id=airing.pk, before=before, after=str(after))
    except IntegrityError as error:
        if "one_airing_at_a_time_per" in str(error):
            raise Conflict(_("这路信号正被另一场使用，请先结束那一场，或换一路信号。")) from error
        raise
    return airing


def _take_feeds(airing: Airing) -> None:
    """Raise Conflict, naming both airings, when another one that runs uses a feed of this one, be it as main or as back-up.

    The feeds' rows are locked, so that of two airings that open at once the second sees the first.
    """
    own = [key for key in (airing.feed_id, airing.backup_feed_id) if key is not None]
    list(Feed.objects.select_for_update().filter(pk__in=own).order_by("pk"))
    running = Airing.objects.exclude(pk=airing.pk).filter(state__in=[S.WAITING, S.ON_AIR])
    other = (
        running.select_related("episode__programme", "feed", "backup_feed")
        .filter(Q(feed__in=own) | Q(backup_feed__in=own))
        .order_by("planned_start")
        .first()
    )
    if other is None:
        return
    as_main = other.feed_id in own
    feed = other.feed if as_main else other.backup_feed
    words = {"feed": str(feed), "other": str(other.episode), "this": str(airing.episode)}
    if as_main:
        raise Conflict(_("信号“%(feed)s”正是“%(other)s”的主路。请先结束那一场，或给“%(this)s”换一路信号。") % words)
    raise Conflict(_("信号“%(feed)s”正是“%(other)s”的备路。请先结束那一场，或给“%(this)s”换一路信号。") % words)


def _apply(airing: Airing, act: str, after: str) -> None:
    now = clock.now()
    airing.state = after
    if act == "start":
        airing.actual_start = now
        if airing.kind != Airing.Kind.REHEARSAL:
            airing.announced_at = airing.announced_at or now
            Episode.objects.filter(
                pk=airing.episode_id, publication__in=[Episode.Publication.DRAFT, Episode.Publication.INTERNAL]
            ).update(publication=Episode.Publication.PUBLISHED, published_at=now)
    if act == "end":
        airing.actual_end = now
        _release_at_once(airing, now)
        SegmentRun.objects.filter(airing=airing, ended_at=None).update(ended_at=now)
    airing.save(update_fields=["state", "actual_start", "actual_end", "announced_at"])


def _release_at_once(airing: Airing, now: dt.datetime) -> None:
    """Where the programme releases at once, the end is the sign-off: one fact to ask, and one that a withdrawal can end."""
    if airing.kind != Airing.Kind.REHEARSAL and airing.episode.programme.replay_release == Programme.Release.AT_ONCE:
        Episode.objects.filter(pk=airing.episode_id, signed_off_at=None).update(signed_off_at=now)
