"""The writers of simulcast's rows: targets of a programme, what people want of a sending, what the recorder reports of it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from archive import sending
from archive.models import Push, SimulcastTarget
from archive.pusher import PushReport, Target
from archive.queries import from_milliseconds, milliseconds
from archive.sending import Address, BadAddress
from broadcast import access, audit, clock, sealing, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.lifecycle import locked
from broadcast.models import Airing, Programme

logger = logging.getLogger(__name__)
MOST_TARGETS = 12
_S = Airing.State


# -- targets ----------------------------------------------------------------------------------------------------------


def add_target(actor: Actor, programme_id: int, name: str, address: str) -> SimulcastTarget:
    """A new target of the programme; its airings that run begin to send to it. Needs PRODUCE.

    Raises InvalidInput (fields name, address) and Conflict when there are too many. The address is sealed; the audit has its
    host and kind alone.
    """
    with transaction.atomic():
        programme = _programme(actor, programme_id)
        if SimulcastTarget.objects.filter(programme=programme).count() >= MOST_TARGETS:
            raise Conflict(_("一个节目最多 %(n)s 个转推目标，请先删去不用的。") % {"n": MOST_TARGETS})
        target = SimulcastTarget(programme=programme, name=_name(programme, name), made_by=actor.user_id)
        target.made_at = clock.now()
        _put_address(target, address)
        target.save()
        audit.record(actor, "simulcast.add", f"target:{target.pk}", after=_facts(target))
        _tell(programme)
    return target


def change_target(
    actor: Actor, target_id: int, *, name: str | None = None, address: str | None = None, is_active: bool | None = None
) -> SimulcastTarget:
    """Change what is given; a new address or switching it off ends a sending under way. Needs PRODUCE. Raises as `add_target`."""
    with transaction.atomic():
        target = _target(actor, target_id)
        before = _facts(target)
        if name is not None:
            target.name = _name(target.programme, name, target.pk)
        if address:
            _put_address(target, address)
        if is_active is not None:
            target.is_active = is_active
        target.save()
        after = _facts(target) | ({"address": "changed"} if address else {})
        audit.record(actor, "simulcast.change", f"target:{target.pk}", before=before, after=after)
        _tell(target.programme)
    return target


def remove_target(actor: Actor, target_id: int) -> None:
    """Forget the target, its address and how its sendings fared; a sending under way ends. Needs PRODUCE."""
    with transaction.atomic():
        target = _target(actor, target_id)
        audit.record(actor, "simulcast.remove", f"target:{target.pk}", before=_facts(target))
        target.delete()
        _tell(target.programme)


def _programme(actor: Actor, programme_id: int) -> Programme:
    programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
    if programme is None:
        raise NotFound(_("没有这个节目。"))
    require(actor, Ability.PRODUCE, programme.pk)
    return programme


def _target(actor: Actor, target_id: int) -> SimulcastTarget:
    target = SimulcastTarget.objects.select_for_update().select_related("programme").filter(pk=target_id).first()
    if target is None:
        raise NotFound(_("没有这个转推目标。"))
    require(actor, Ability.PRODUCE, target.programme_id)
    return target


def _name(programme: Programme, name: str, own: int = 0) -> str:
    name = " ".join(name.split())
    if not name or len(name) > 60:
        raise InvalidInput(_("请写一个名称，最多 60 个字。"), field="name")
    if SimulcastTarget.objects.filter(programme=programme, name=name).exclude(pk=own).exists():
        raise InvalidInput(_("这个节目已经有同名的转推目标。"), field="name")
    return name


def _put_address(target: SimulcastTarget, text: str) -> None:
    try:
        address = sending.parse(text)
    except BadAddress as error:
        raise InvalidInput(address_problem(error.code), field="address") from None
    target.kind, target.shown_url = address.kind, address.shown[:120]
    target.sealed_url = sealing.seal({"url": text.strip()})


def address_problem(code: str) -> str:
    """What is wrong with an address and how one is written, for the person who typed it. It quotes nothing of it."""
    return {
        "scheme": _("地址要以 rtmp://、rtmps://、srt:// 或 icecast:// 开头。"),
        "characters": _("地址里有不能用的字符（空格、引号、中文等），请检查是否多复制了内容。"),
        "host": _("地址里的主机名不对。"),
        "port": _("地址里缺端口，或端口不对。SRT 一定要写端口。"),
        "key": _("地址不完整：RTMP 要有应用名和推流密钥，Icecast 要有密码和挂载点。"),
        "passphrase": _("SRT 口令要有 10 到 79 个字符。"),
        "option": _("地址里有不支持的参数。SRT 只能带 streamid、passphrase、pbkeylen 和 latency。"),
        "length": _("地址太长，最多 500 个字符。"),
    }[code]


def _facts(target: SimulcastTarget) -> dict[str, Any]:
    """What the audit may know of it: never the address."""
    return {"name": target.name, "kind": target.kind, "shown_url": target.shown_url, "is_active": target.is_active}


def _tell(programme: Programme) -> None:
    running = Airing.objects.filter(episode__programme=programme, state__in=[_S.WAITING, _S.ON_AIR])
    for airing_id in running.values_list("pk", flat=True):
        signals.tell(signals.recording_changed, airing_id=airing_id)


# -- what people want of a sending ------------------------------------------------------------------------------------


def restart_push(actor: Actor, airing_id: UUID, target_id: str, reason: str = "") -> dict[str, Any]:
    """Connect anew, at once. Needs RUN. Raises IllegalTransition when the airing is over or the target is off."""
    with transaction.atomic():
        push = _push(actor, airing_id, target_id)
        if push.is_off or not push.target.is_active:
            raise IllegalTransition(_("这个转推已停用，请先启用。"), state="off", wanted="sending")
        push.restart_asked_at = clock.now()
        return _wish(actor, push, "push.restart", reason)


def switch_push_off(actor: Actor, airing_id: UUID, target_id: str, reason: str = "") -> dict[str, Any]:
    """Do not send this airing to the target. Needs RUN."""
    with transaction.atomic():
        push = _push(actor, airing_id, target_id)
        push.is_off = True
        return _wish(actor, push, "push.off", reason)


def switch_push_on(actor: Actor, airing_id: UUID, target_id: str, reason: str = "") -> dict[str, Any]:
    """Send this airing to the target again. Needs RUN."""
    with transaction.atomic():
        push = _push(actor, airing_id, target_id)
        push.is_off = False
        return _wish(actor, push, "push.on", reason)


def _push(actor: Actor, airing_id: UUID, target_id: str) -> Push:
    airing = locked(airing_id)
    require(actor, Ability.RUN, airing.episode.programme_id)
    if airing.state in {_S.ENDED, _S.CANCELLED}:
        raise IllegalTransition(_("这一场已经结束，转推不再改动。"), state=airing.state, wanted="pushed")
    targets = SimulcastTarget.objects.filter(programme_id=airing.episode.programme_id)
    target = targets.filter(pk=int(target_id)).first() if target_id.isdecimal() and len(target_id) < 10 else None
    if target is None:
        raise NotFound(_("没有这个转推目标。"))
    push, _made = Push.objects.select_for_update(of=("self",)).get_or_create(airing=airing, target=target)
    return push


def _wish(actor: Actor, push: Push, act: str, reason: str) -> dict[str, Any]:
    push.save(update_fields=["is_off", "restart_asked_at"])
    audit.record(actor, act, f"target:{push.target_id}", airing=push.airing, reason=reason)
    signals.tell(signals.recording_changed, airing_id=push.airing_id)
    return {"push": push.target_id, "off": push.is_off}


# -- for the recorder -------------------------------------------------------------------------------------------------


def wanted(airing_ids: Iterable[UUID]) -> dict[UUID, dict[int, tuple[Target, PushReport]]]:
    """By airing and target: what is to be done, and what was last reported (where a new process goes on). Secrets are open here.

    Platforms ask nobody who watches: an airing that is not for everybody goes to none of them.
    """
    rows = Airing.objects.select_related("episode__programme").filter(pk__in=list(airing_ids))
    airings = {each.pk: each for each in rows}
    pushes = {(each.airing_id, each.target_id): each for each in Push.objects.filter(airing__in=airings)}
    found: dict[UUID, dict[int, tuple[Target, PushReport]]] = {key: {} for key in airings}
    public = {key for key, each in airings.items() if access.is_public(each)}
    for row in SimulcastTarget.objects.filter(programme__in={each.episode.programme_id for each in airings.values()}):
        address = _open(row)
        for airing_id, airing in airings.items():
            if airing.episode.programme_id == row.programme_id:
                push = pushes.get((airing_id, row.pk))
                found[airing_id][row.pk] = (_wanted_of(row, address, push, airing_id in public), _reported(push))
    return found


def _wanted_of(row: SimulcastTarget, address: Address | None, push: Push | None, public: bool) -> Target:
    asked = milliseconds(push.restart_asked_at) if push and push.restart_asked_at else 0
    return Target(row.pk, address, public and row.is_active and not (push and push.is_off), asked, public)


def _open(row: SimulcastTarget) -> Address | None:
    try:
        return sending.parse(str(sealing.unseal(row.sealed_url)["url"]))
    except Exception:
        # The error may quote what it could not open.
        logger.error("address cannot be opened target=%s", row.pk)
        return None


def _reported(push: Push | None) -> PushReport:
    if push is None:
        return PushReport()
    return PushReport(
        state=push.state,
        attempts=push.attempts,
        sent_until_ms=milliseconds(push.sent_until) if push.sent_until else None,
        sent_seconds=push.sent_seconds,
        missed_seconds=push.missed_seconds,
    )


def note_pushes(reports: Mapping[tuple[UUID, int], PushReport]) -> None:
    """Bring the rows up to what the recorder sees; announces recording_changed where people see another state now."""
    known = {
        (each.airing_id, each.target_id): each
        for each in Push.objects.filter(airing__in={airing_id for airing_id, _target_id in reports})
    }
    there = set(SimulcastTarget.objects.filter(pk__in={key[1] for key in reports}).values_list("pk", flat=True))
    for (airing_id, target_id), report in reports.items():
        if target_id not in there:
            continue
        push = known.get((airing_id, target_id))
        before = (push.state, push.problem) if push else None
        try:
            with transaction.atomic():
                Push.objects.update_or_create(airing_id=airing_id, target_id=target_id, defaults=_row(report))
                if before != (report.state, report.problem):
                    signals.tell(signals.recording_changed, airing_id=airing_id)
        except IntegrityError:
            # The target was removed this very moment.
            logger.info("report of a removed target left out target=%s", target_id)


def _row(report: PushReport) -> dict[str, Any]:
    def at(ms: int | None) -> Any:
        return from_milliseconds(ms) if ms is not None else None

    return {
        "state": report.state,
        "problem": report.problem,
        "attempts": report.attempts,
        "sending_since": at(report.sending_since_ms),
        "next_try_at": at(report.next_try_ms),
        "sent_until": at(report.sent_until_ms),
        "sent_seconds": report.sent_seconds,
        "missed_seconds": report.missed_seconds,
        "reported_at": clock.now(),
    }
