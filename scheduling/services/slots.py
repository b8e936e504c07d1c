"""Makes, changes and stops regular times; it must not touch single occurrences (services.exceptions)."""

from __future__ import annotations

import datetime as dt
import itertools
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Feed, Programme
from broadcast.services.closing import require_open
from broadcast.templatetags.staff import clock_time, when
from scheduling import foreseen, recurrence, slot_plan
from scheduling.foreseen import Foreseen
from scheduling.models import Slot, SlotDate, Studio
from scheduling.queries import coming, days, overlaps
from scheduling.services import making, rekeying
from scheduling.slot_plan import SlotPlan

_S = Airing.State


def foresee(
    programme: Programme, plan: SlotPlan, slot: Slot | None = None, since: dt.datetime | None = None
) -> list[Foreseen]:
    """The next 52 occurrences that the plan would give, before anything is saved; `slot` is the one that it changes.

    Raises InvalidInput (data: field) for a plan that cannot be, and Conflict (data: field) where it would run into something.
    """
    slot_plan.check(plan)
    _check_keys(programme, plan)
    plan, after = _from(plan, since)
    wished = Slot(programme=programme, follows=slot, **plan.columns())
    known = days.known()
    rule = replace(plan.as_rule(), until=slot.until if slot is not None else None)
    kept = coming.plan_of(slot).exceptions if slot is not None else {}
    pure = foreseen.Plan(rule, coming.plan_of(wished).policy, kept)
    found = list(itertools.islice(foreseen.foresee(pure, known, after, after + coming.HORIZON), coming.MOST))
    if not found:
        raise InvalidInput(_("这条规则在今后两年里没有一场。请看起算日期和规则。"), field="rule")
    _refuse(overlaps.first(wished, found, known))
    return found


def create(actor: Actor, programme_id: int, plan: SlotPlan) -> Slot:
    """A new regular time with its airings for the weeks ahead. Audited. Raises NotFound, and as `foresee`."""
    with transaction.atomic(), audit.at_the_end():
        programme = _programme(actor, programme_id)
        foresee(programme, plan)
        slot = Slot.objects.create(programme=programme, **plan.columns())
        _dates(slot, plan)
        audit.record(actor, "slot.create", f"slot:{slot.pk}", after=_facts(plan))
        making.of_slot(slot.pk)
        return slot


def edit(
    actor: Actor, slot_id: int, version: int, plan: SlotPlan, since: dt.datetime | None = None, reason: str = ""
) -> Slot:
    """Change a slot that nobody changed since `version`: all that is to come, or this and following (`since`, an original start).

    What has begun or is over stays as it was. Occurrences that are made keep airing, number and people and move along: on the same day,
    else to the nearest; those without a counterpart are cancelled. With `since` the slot ends there and the one that is given back
    follows it. Raises NotFound, Conflict (data: version), IllegalTransition while one of its airings runs, and as `foresee`. Audited.
    """
    with transaction.atomic(), audit.at_the_end():
        slot = _locked(actor, slot_id, version)
        _refuse_running(slot)
        before = _facts(plan_of(slot))
        if since is not None and not any(
            recurrence.starts(coming.rule_of(slot), since, since + dt.timedelta(microseconds=1))
        ):
            raise InvalidInput(_("这个时段在那个时间没有节目。"), field="since")
        foresee(slot.programme, plan, slot, since)
        plan, begin = _from(plan, since)
        taken = rekeying.take(slot, max(since or begin, begin))
        target = _split(slot, plan, since) if since is not None else _changed(slot, plan)
        _dates(target, plan)
        act = "slot.split" if since is not None else "slot.edit"
        audit.record(actor, act, f"slot:{target.pk}", reason=reason, before=before, after=_facts(plan))
        rekeying.put(actor, taken, target, begin, reason or _("时段改了"))
        making.of_slot(target.pk)
        return target


def stop(actor: Actor, slot_id: int, version: int, after: dt.datetime, reason: str) -> int:
    """End a slot: nothing of it goes out from `after` on. Airings made for later are cancelled; returns how many. Audited.

    Raises NotFound, InvalidInput (field: reason), Conflict (data: version), IllegalTransition where one of them runs.
    """
    if not reason.strip():
        raise InvalidInput(_("请写明为什么停。"), field="reason")
    with transaction.atomic(), audit.at_the_end():
        slot = _locked(actor, slot_id, version)
        after = max(after, clock.now())
        _refuse_running(slot)
        slot.until = after
        slot.is_active = after > clock.now()
        slot.version += 1
        slot.save(update_fields=["until", "is_active", "version"])
        audit.record(actor, "slot.stop", f"slot:{slot.pk}", reason=reason, after={"until": after.isoformat()})
        return rekeying.drop(actor, slot, after, reason)


def plan_of(slot: Slot) -> SlotPlan:
    """The slot as its form shows it."""
    names = [name for name in SlotPlan.__dataclass_fields__ if name not in {"dates", "feed", "studio", "template"}]
    values: dict[str, Any] = {name: getattr(slot, name) for name in names}
    values |= {"feed": slot.feed_id, "studio": slot.studio_id, "template": slot.template_id}
    return SlotPlan(**values, dates=tuple(each.start for each in slot.dates.all()))


def _from(plan: SlotPlan, since: dt.datetime | None) -> tuple[SlotPlan, dt.datetime]:
    """The plan of this and following (`since`) without the extra dates of the ones before, and when it begins to hold: on the local day
    of `since` at whatever time. Raises InvalidInput (field: first_date) where its rule would give some before that day."""
    now = clock.now()
    if since is None:
        return plan, now
    zone = ZoneInfo(plan.zone)
    day = since.astimezone(zone).date()
    if plan.first_date < day:
        words = _("只改这一次和以后的，规则要从 %(day)s 或以后的一天算起。")
        raise InvalidInput(words % {"day": day}, field="first_date")
    dates = tuple(each for each in plan.dates if each >= since)
    return replace(plan, dates=dates), max(now, dt.datetime.combine(day, dt.time.min, zone))


def _programme(actor: Actor, programme_id: int) -> Programme:
    found = Programme.objects.select_for_update().filter(pk=programme_id, is_active=True).first()
    if found is None:
        raise NotFound(_("没有这个节目。"))
    require(actor, Ability.PRODUCE, found.pk)
    require_open(found)
    return found


def _locked(actor: Actor, slot_id: int, version: int) -> Slot:
    if not Slot.objects.filter(pk=slot_id).exists():
        raise NotFound(_("没有这个时段。"))
    slot = making.locked(slot_id)
    require(actor, Ability.PRODUCE, slot.programme_id)
    if slot.version != version:
        raise Conflict(_("这个时段刚被别人改过。您填的还在，请看过新的内容再保存。"), version=slot.version)
    if not slot.is_active:
        raise IllegalTransition(_("这个时段已经停用。请新建一个。"))
    return slot


def _refuse_running(slot: Slot) -> None:
    running = Airing.objects.filter(occurrence__slot=slot, state__in=[_S.WAITING, _S.ON_AIR]).select_related("episode")
    airing = running.first()
    if airing is not None:
        words = {"episode": str(airing.episode), "state": airing.get_state_display()}
        raise IllegalTransition(_("“%(episode)s”现在是“%(state)s”，等它结束再改这个时段。") % words, state=airing.state)


def _check_keys(programme: Programme, plan: SlotPlan) -> None:
    if plan.feed is not None and not Feed.objects.filter(pk=plan.feed, is_active=True).exists():
        raise InvalidInput(_("没有这路信号。"), field="feed")
    if plan.studio is not None and not Studio.objects.filter(pk=plan.studio, is_active=True).exists():
        raise InvalidInput(_("没有这个演播室。"), field="studio")
    if plan.template is not None and not programme.templates.filter(pk=plan.template).exists():
        raise InvalidInput(_("这个节目没有这个模板。"), field="template")


def _refuse(found: overlaps.Overlap | None) -> None:
    if found is None:
        return
    words = {
        "this": f"{when(found.start)}–{clock_time(found.end)}",
        "other": f"{when(found.other_start)}–{clock_time(found.other_end)}",
        "name": found.other,
    }
    if found.thing == "itself":
        raise Conflict(_("这个时段和自己撞上了：%(this)s 还没完，%(other)s 又开始。") % words, field="minutes")
    what = {"programme": _("是同一个节目"), "feed": _("用同一路信号"), "studio": _("用同一个演播室")}[found.thing]
    told = _("%(this)s 撞上“%(name)s”%(other)s，%(what)s。") % {**words, "what": what}
    raise Conflict(told, field={"programme": "local_time"}.get(found.thing, found.thing))


def _changed(slot: Slot, plan: SlotPlan) -> Slot:
    for name, value in plan.columns().items():
        setattr(slot, name, value)
    slot.version += 1
    slot.save()
    return slot


def _split(slot: Slot, plan: SlotPlan, since: dt.datetime) -> Slot:
    """The slot ends at `since`; what the plan says follows it. Where it had followed none yet, the row that follows is a new one."""
    if Slot.objects.filter(follows=slot).exists():
        raise Conflict(_("这个时段在后面已经改过一次，请改接着它的那个时段。"), version=slot.version)
    until, slot.until = slot.until, since
    slot.version += 1
    slot.save(update_fields=["until", "version"])
    slot.dates.filter(start__gte=since).delete()
    return Slot.objects.create(programme=slot.programme, follows=slot, until=until, **plan.columns())


def _dates(slot: Slot, plan: SlotPlan) -> None:
    slot.dates.all().delete()
    SlotDate.objects.bulk_create(SlotDate(slot=slot, start=each) for each in sorted(set(plan.dates)))


def _facts(plan: SlotPlan) -> dict[str, Any]:
    """Plain data for the audit; what is not set is left out."""
    plain = {name: value if isinstance(value, bool | int) else str(value) for name, value in plan.columns().items()}
    told = {name: plain[name] for name, value in plan.columns().items() if value is not None and value != ""}
    return told | {"dates": [each.isoformat() for each in plan.dates]}
