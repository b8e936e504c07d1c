"""Legal holds: places and lifts them, and tells those who delete what they must leave; it deletes nothing."""

from __future__ import annotations

import datetime as dt
import re
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor
from broadcast.errors import Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, Episode, Hold, Participant, Programme
from broadcast.personal import Held

# "YISHHOLD": whoever deletes takes it shared, whoever places a hold takes it alone; so nothing is deleted after a hold stands.
_LOCK = 0x59495348_484F4C44
_ITEM = re.compile(r"(comment|question):[1-9][0-9]{0,17}")


def require_keeper(actor: Actor) -> None:
    """Raise NotAllowed unless the actor answers for records in the whole house: a hold is not a programme's."""
    if not actor.house and Ability.KEEP_RECORDS not in actor.grants.get(None, ()):
        raise NotAllowed(_("您没有这项权限，请联系管理员。"), ability=str(Ability.KEEP_RECORDS))


def place(
    actor: Actor,
    scope: str,
    target: str,
    *,
    reason: str,
    reference: str = "",
    review_at: dt.datetime | None = None,
) -> Hold:
    """Hold a participant, an airing, an episode or a programme (all their airings, those to come too) or an item. Audited.

    Raises InvalidInput (field), Conflict when it is held already.

    Waits for deletions that run, so what is there when it returns stays.
    """
    require_keeper(actor)
    found = _target(scope, target.strip())
    _require_reason(reason)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        if Hold.objects.filter(scope=scope, target=found, lifted_at=None).exists():
            raise Conflict(_("它已经在保留中，不用再加一次。"), field="target")
        hold = Hold.objects.create(
            scope=scope,
            target=found,
            reason=reason.strip()[:500],
            reference=reference.strip()[:120],
            review_at=review_at,
            by_id=actor.user_id,
            at=clock.now(),
        )
        audit.record(
            actor,
            "hold.place",
            f"hold:{hold.pk}",
            airing=Airing.objects.filter(pk=found).first() if scope == Hold.Scope.AIRING else None,
            reason=reason,
            after={"scope": scope, "target": found, "reference": hold.reference},
        )
    return hold


def lift(actor: Actor, hold_id: int, reason: str) -> Hold:
    """End a hold. What is past its time goes with the next run of retention; erasures that waited go on. Audited."""
    require_keeper(actor)
    _require_reason(reason)
    with transaction.atomic():
        hold = Hold.objects.select_for_update().filter(pk=hold_id).first()
        if hold is None:
            raise NotFound(_("没有这一项保留。"))
        if hold.lifted_at is not None:
            raise Conflict(_("这一项保留已经解除。"))
        hold.lifted_at, hold.lifted_by_id, hold.lift_reason = clock.now(), actor.user_id, reason.strip()[:500]
        hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
        audit.record(
            actor,
            "hold.lift",
            f"hold:{hold.pk}",
            reason=reason,
            before={"scope": hold.scope, "target": hold.target, "reference": hold.reference},
        )
    return hold


def guard() -> Held:
    """What stands now, for a transaction that deletes: until it ends nobody places a hold. Call inside it, before looking for rows."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [_LOCK])
    return standing()


def standing() -> Held:
    """What legal holds keep now; a held participant with all that was merged into it, or it into."""
    found: dict[str, set[str]] = {scope: set() for scope in Hold.Scope.values}
    for scope, target in Hold.objects.filter(lifted_at=None).values_list("scope", "target"):
        found[scope].add(target)
    people = {UUID(each) for each in found[Hold.Scope.PARTICIPANT]}
    if people:
        near = Participant.objects.filter(Q(pk__in=people) | Q(merged_into__in=people))
        people |= set(near.values_list("pk", flat=True)) | {
            each for each in near.values_list("merged_into", flat=True) if each is not None
        }
    airings = {UUID(each) for each in found[Hold.Scope.AIRING]}
    episodes, programmes = found[Hold.Scope.EPISODE], found[Hold.Scope.PROGRAMME]
    if episodes or programmes:
        below = Airing.objects.filter(Q(episode__in=episodes) | Q(episode__programme__slug__in=programmes))
        airings.update(below.values_list("pk", flat=True))
    return Held(frozenset(people), frozenset(airings), frozenset(found[Hold.Scope.ITEM]))


def _require_reason(reason: str) -> None:
    if len(reason.strip()) < 2:
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")


def _target(scope: str, target: str) -> str:
    if scope == Hold.Scope.ITEM:
        if not _ITEM.fullmatch(target):
            raise InvalidInput(_("请写成“comment:12”或“question:12”。"), field="target")
        return target
    if scope not in Hold.Scope.values:
        raise InvalidInput(_("请选保留什么。"), field="scope")
    if scope == Hold.Scope.PROGRAMME:
        if not Programme.objects.filter(slug=target).exists():
            raise InvalidInput(_("没有这个节目。请写它地址里的英文名，例如 members-forum。"), field="target")
        return target
    if scope == Hold.Scope.EPISODE:
        if not (
            target.isascii() and target.isdigit() and len(target) < 10 and Episode.objects.filter(pk=target).exists()
        ):
            raise InvalidInput(_("没有这一期。请写它工作页面地址里的编号。"), field="target")
        return str(int(target))
    try:
        key = UUID(target)
    except ValueError as error:
        raise InvalidInput(_("编号不对，请从它的页面复制。"), field="target") from error
    known = Participant.objects if scope == Hold.Scope.PARTICIPANT else Airing.objects
    if not known.filter(pk=key).exists():
        raise InvalidInput(_("没有这个编号，请从它的页面复制。"), field="target")
    return str(key)
