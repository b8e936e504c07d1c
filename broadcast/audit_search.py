"""Finds audit entries for those who may read them: by actor, act, target, airing, time and words of the reason; it reads only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from broadcast.access import Ability, Actor
from broadcast.errors import InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing, AuditEntry, User

PAGE = 50
_HOUSE = "system"


@dataclass(frozen=True)
class Wanted:
    """What is looked for, as typed; empty fields ask for nothing. Times are in the house's zone, to the minute; `until` is included."""

    actor: str = ""
    act: str = ""
    target: str = ""
    airing: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    @classmethod
    def of(cls, typed: Mapping[str, Any]) -> Wanted:
        """From the fields of a form or an address."""
        return cls(**{name: str(typed.get(name, "")).strip()[:200] for name in cls.__dataclass_fields__})

    def told(self) -> dict[str, str]:
        """Only what is asked for."""
        return {name: value for name, value in asdict(self).items() if value}


def programmes_audited(actor: Actor) -> list[int] | None:
    """In which programmes the actor audits; None: in all. Raises NotAllowed when in none."""
    if Ability.AUDIT in actor.grants.get(None, ()):
        return None
    found = [key for key, abilities in actor.grants.items() if key is not None and Ability.AUDIT in abilities]
    if not found:
        raise NotAllowed(_("您没有审计的权限，请联系管理员。"), ability=str(Ability.AUDIT))
    return found


def visible(actor: Actor) -> QuerySet[AuditEntry]:
    """The entries that this auditor may read: all, or those of the airings of the own programmes."""
    programmes = programmes_audited(actor)
    rows = AuditEntry.objects.select_related("personal")
    if programmes is None:
        return rows
    return rows.filter(airing_id__in=Airing.objects.filter(episode__programme__in=programmes).values("pk"))


def search(actor: Actor, wanted: Wanted) -> QuerySet[AuditEntry]:
    """What fits, the newest first. Raises InvalidInput (field) for what cannot be read."""
    rows = visible(actor)
    if wanted.actor:
        rows = rows.filter(_by(wanted.actor))
    if wanted.act:
        rows = rows.filter(act__startswith=wanted.act) if wanted.act.endswith(".") else rows.filter(act=wanted.act)
    if wanted.target:
        rows = rows.filter(target=wanted.target)
    if wanted.airing:
        rows = rows.filter(airing_id__in=_airings(wanted.airing))
    if wanted.since:
        rows = rows.filter(at__gte=_moment("since", wanted.since))
    if wanted.until:
        rows = rows.filter(at__lt=_moment("until", wanted.until) + dt.timedelta(minutes=1))
    if wanted.text:
        rows = rows.filter(reason__icontains=wanted.text)
    return rows.order_by("-pk")


def one(actor: Actor, pk: int) -> AuditEntry:
    """Raises NotFound, also for what this auditor may not read."""
    row = visible(actor).filter(pk=pk).first()
    if row is None:
        raise NotFound(_("没有这一条记录。"))
    return row


def acts() -> list[str]:
    """Every act that was ever recorded, by jumping through the index from one to the next."""
    found: list[str] = []
    while True:
        later = AuditEntry.objects.filter(act__gt=found[-1]) if found else AuditEntry.objects.all()
        after = later.order_by("act").values_list("act", flat=True).first()
        if after is None:
            return found
        found.append(after)


def names(entries: Iterable[AuditEntry]) -> dict[int, str]:
    """What the actors are called now, by account: the name in the entry's erasable half may be gone."""
    return {user.pk: str(user) for user in User.objects.filter(pk__in={each.actor_id for each in entries})}


def airings(entries: Iterable[AuditEntry]) -> dict[UUID, Airing]:
    """The airings that entries name, with episode and programme."""
    wanted = {each.airing_id for each in entries if each.airing_id is not None}
    return Airing.objects.select_related("episode__programme").in_bulk(list(wanted))


def in_pieces(rows: QuerySet[AuditEntry], size: int = 1_000) -> Iterator[list[AuditEntry]]:
    """All of them, the newest first, a piece at a time by their numbers: for exports of any length."""
    last: int | None = None
    while True:
        piece = list((rows if last is None else rows.filter(pk__lt=last))[:size])
        if piece:
            yield piece
        if len(piece) < size:
            return
        last = piece[-1].pk


def _by(typed: str) -> Q:
    if typed == _HOUSE:
        return Q(actor_id=None)
    found = User.objects.filter(Q(username=typed) | Q(display_name=typed))
    if typed.isdecimal():
        found |= User.objects.filter(pk=int(typed[:18]))
    return Q(actor_id__in=list(found.values_list("pk", flat=True)[:100]))


def _airings(typed: str) -> list[UUID]:
    """By id, by an episode's number, or by words of its title."""
    try:
        return [UUID(typed)]
    except ValueError:
        by = (
            Q(episode__number=int(typed))
            if typed.isdecimal() and len(typed) < 9
            else Q(episode__title__icontains=typed)
        )
        return list(Airing.objects.filter(by).values_list("pk", flat=True)[:500])


def _moment(field: str, typed: str) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(typed)
    except ValueError as error:
        raise InvalidInput(_("时间请写成 2026-11-28 19:30。"), field=field) from error
    return found if found.tzinfo else found.replace(tzinfo=ZoneInfo(settings.TIME_ZONE))
