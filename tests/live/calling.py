"""Short ways to work at the call desk in tests, through the commands' table like everybody."""

from __future__ import annotations

from typing import Any

from broadcast import clock
from broadcast.access import Actor
from broadcast.models import Participant, User
from broadcast.models.catalogue import Assurance
from broadcast.sealing import seal
from broadcast.services import codes
from live import commands, protocol
from live.models import Call
from tests.live import making

NUMBER = "139 0000 5678"


def screener(show: making.Show) -> Actor:
    """The one call screener of a show."""
    if "screener" not in show.extra:
        show.extra["screener"] = making.staff_actor(making.make_staff(show.programme, "call_screener"))
    found: Actor = show.extra["screener"]
    return found


def host(show: making.Show) -> Actor:
    return making.staff_actor(show.host)


def do(show: making.Show, actor: Actor, kind: type[Any], **fields: Any) -> dict[str, Any]:
    command = kind(id=fields.pop("id", making.command_id()), **fields)
    return commands.perform(actor, show.id, command)


def rings(show: making.Show, number: str = NUMBER, **fields: Any) -> Call:
    """A call that rings."""
    told = do(show, screener(show), protocol.LogCall, number=number, **fields)
    return Call.objects.get(pk=told["call"])


def screen(show: making.Show, call: Call, **fields: Any) -> Call:
    """Written down; with the words that a test does not care about."""
    told = {"name": "李女士", "district": "福田区", "topic": "路灯不亮", "notice": True} | fields
    do(show, screener(show), protocol.ScreenCall, call=call.pk, version=told.pop("version", call.version), **told)
    return now(call)


def move(show: making.Show, call: Call, to: str) -> Call:
    do(show, screener(show), protocol.MoveCall, call=call.pk, version=now(call).version, to=to)
    return now(call)


def waits(show: making.Show, number: str = NUMBER, **fields: Any) -> Call:
    """A call that is ready for the host."""
    return move(show, screen(show, rings(show, number), **fields), "waiting")


def air(show: making.Show, call: Call) -> Call:
    do(show, host(show), protocol.PutCallOnAir, call=call.pk, version=now(call).version)
    return now(call)


def now(call: Call) -> Call:
    """The row as it stands."""
    return Call.objects.get(pk=call.pk)


def listener(number: str = "+8613900005678", name: str = "王先生") -> Actor:
    """An account whose phone is verified, as a browser of it acts."""
    user = User.objects.create(
        username=f"phone-{number[-8:]}",
        display_name=name,
        phone_digest=codes.phone_digest(number),
        phone_sealed=seal(number),
        phone_verified_at=clock.now(),
    )
    actor = making.make_viewer(Assurance.PHONE, name=name)
    Participant.objects.filter(pk=actor.participant_id).update(user=user, kind="account")
    return actor
