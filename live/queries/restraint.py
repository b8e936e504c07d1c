"""Holds a batch of the audience's writes against the sanctions that stand, in one query for all of them; it imposes none."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.db import connection
from django.utils import timezone
from django.utils.translation import gettext as _

from broadcast import clock
from broadcast.access import Actor
from broadcast.arrays import texts, uuids
from broadcast.errors import NotAllowed
from live import protocol, wording
from live.models import Reason, Sanction

# Those of a network are few, and held against each address here; all others are found by name.
_STANDING = """
SELECT id, kind, scope, participant_id, device, network, room_id, programme_id, reason, until FROM live_sanction
WHERE lifted_at IS NULL AND (until IS NULL OR until > %s)
AND (participant_id = ANY(%s::uuid[]) OR device = ANY(%s::text[]) OR scope = 'network')
"""


@dataclass(frozen=True, slots=True)
class Standing:
    """A sanction that stands now."""

    id: int
    kind: str
    scope: str
    participant: UUID | None
    device: str
    network: str
    room: UUID | None
    programme: int | None
    reason: str
    until: dt.datetime | None

    def reaches(self, actor: Actor) -> bool:
        """Whether it is about this person, this browser or where it comes from."""
        if self.scope == Sanction.Scope.PARTICIPANT:
            return self.participant is not None and self.participant == actor.participant_id
        if self.scope == Sanction.Scope.DEVICE:
            return bool(self.device) and self.device == actor.device_id
        return is_within(actor.address, self.network)

    def holds_in(self, airing_id: UUID, programme_id: int) -> bool:
        """Whether it is about this show."""
        if self.room is not None:
            return self.room == airing_id
        return self.programme is None or self.programme == programme_id

    @property
    def where(self) -> str:
        """room, programme or house."""
        return "room" if self.room is not None else "programme" if self.programme is not None else "house"


class Restrained(NotAllowed):
    """A sanction stands; data: sanction, measure, where, scope, reason, reason_name, until (None: until lifted)."""


class Muted(Restrained):
    """禁言: no comments, questions or reports; watching, supporting and voting go on."""

    code = "muted"


class Banned(Restrained):
    """封禁: watching only."""

    code = "banned"


def standing(actors: Iterable[Actor]) -> list[Standing]:
    """All that may reach these actors, in any show; one query, whoever they are."""
    known = list(actors)
    people = {each.participant_id for each in known if each.participant_id is not None}
    devices = {each.device_id for each in known if each.device_id}
    with connection.cursor() as cursor:
        cursor.execute(_STANDING, [clock.now(), uuids(people), texts(devices)])
        return [Standing(*row) for row in cursor.fetchall()]


def reaching(actor: Actor, airing_id: UUID, programme_id: int, found: Sequence[Standing]) -> list[Standing]:
    """Those of them that concern this actor in this show, the strongest and longest first."""
    own = [each for each in found if each.holds_in(airing_id, programme_id) and each.reaches(actor)]
    return sorted(own, key=_strength)


def require_free(own: Sequence[Standing], *, to_speak: bool) -> None:
    """Raise Banned, or Muted where the act is one of speaking. Worded for whoever it concerns."""
    for each in own:
        if each.kind == Sanction.Kind.BAN:
            raise Banned(words_of(each), **_data(each))
        if to_speak:
            raise Muted(words_of(each), **_data(each))


def told(own: Sequence[Standing]) -> tuple[protocol.MySanction, ...]:
    """For the page of whoever it concerns."""
    return tuple(
        protocol.MySanction(
            id=each.id,
            measure=each.kind,  # type: ignore[arg-type]
            scope=each.scope,  # type: ignore[arg-type]
            where=each.where,  # type: ignore[arg-type]
            reason=reason_name(each.reason),
            until=wording.iso_or_none(each.until),
            words=words_of(each),
        )
        for each in own
    )


def words_of(each: Standing) -> str:
    """What happened, why, until when, and what can be done."""
    is_ban = each.kind == Sanction.Kind.BAN
    what = {
        ("ban", "room"): _("您在本场被封禁"),
        ("ban", "programme"): _("您在本节目被封禁"),
        ("ban", "house"): _("您在全部节目被封禁"),
        ("mute", "room"): _("您在本场被禁言"),
        ("mute", "programme"): _("您在本节目被禁言"),
        ("mute", "house"): _("您在全部节目被禁言"),
    }[("ban" if is_ban else "mute", each.where)]
    until = (
        _("到%(until)s为止") % {"until": timezone.localtime(each.until).strftime("%Y-%m-%d %H:%M")}
        if each.until
        else _("解除以前一直有效")
    )
    left = _("您仍可以观看。") if is_ban else _("您仍可以观看、支持提问和投票。")
    return _("%(what)s，%(until)s。理由：%(reason)s。%(whom)s%(left)s认为有误，请联系节目组，说明编号 %(id)s。") % {
        "what": what,
        "until": until,
        "reason": reason_name(each.reason),
        "whom": _whom(each.scope),
        "left": left,
        "id": each.id,
    }


def reason_name(code: str) -> str:
    """The reason in the reader's language, the retired ones too."""
    found = Reason.objects.filter(pk=code).first()
    return found.name if found else code


@lru_cache(maxsize=4_096)
def is_within(address: str, network: str) -> bool:
    """Whether the address lies in the range; an IPv4 address written as IPv6 counts as what it is."""
    try:
        found: Any = ipaddress.ip_address(address)
        within: Any = ipaddress.ip_network(network, strict=False)
    except ValueError:
        return False
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found) in within


def _whom(scope: str) -> str:
    if scope == Sanction.Scope.DEVICE:
        return _("这是对这台设备的限制。")
    if scope == Sanction.Scope.NETWORK:
        return _("这是对您所在网段的限制，可能不是因为您本人；换一个网络可以继续。")
    return ""


def _data(each: Standing) -> dict[str, Any]:
    return {
        "sanction": each.id,
        "measure": each.kind,
        "where": each.where,
        "scope": each.scope,
        "reason": each.reason,
        "reason_name": reason_name(each.reason),
        "until": wording.iso_or_none(each.until),
    }


def _strength(each: Standing) -> tuple[bool, bool, float]:
    return (each.kind != Sanction.Kind.BAN, each.until is not None, -(each.until.timestamp() if each.until else 0))
