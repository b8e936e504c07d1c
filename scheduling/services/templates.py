"""Writes templates of episodes: title, host, segments and seats wanted; it makes no episode, and changes none that is made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, InvalidInput, NotFound
from broadcast.models import Appearance, Person, Programme
from broadcast.rundown_lines import LinePlan
from broadcast.rundown_lines import check as check_lines
from scheduling.models import EpisodeTemplate, TemplateSeat, TemplateSegment
from scheduling.services import titles

MOST_SEATS = 20
MOST_AT_A_SEAT = 10


@dataclass(frozen=True)
class SeatPlan:
    """Guests wanted: as what, how many, and a hint of whom."""

    role: str
    count: int = 1
    hint: str = ""


@dataclass(frozen=True)
class TemplatePlan:
    """All that a template says. `title` may hold {number} and {date}."""

    name: str
    title: str
    description: str = ""
    host: int | None = None
    segments: Sequence[LinePlan] = field(default_factory=tuple)
    seats: Sequence[SeatPlan] = field(default_factory=tuple)


def save(
    actor: Actor, programme_id: int, plan: TemplatePlan, template_id: int | None = None, version: int = 0
) -> EpisodeTemplate:
    """A new template, or one changed that nobody changed since `version`. Drafts made before stay as they are. Audited.

    Raises NotFound, InvalidInput (data: field, line), Conflict (data: version).
    """
    plan = replace(plan, name=plan.name.strip(), title=plan.title.strip(), description=plan.description.strip())
    with transaction.atomic():
        programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme.pk)
        template = _locked(programme, template_id, version)
        _check(programme, plan, template)
        template.name, template.title, template.description = plan.name, plan.title, plan.description
        template.host_id = plan.host
        before = template.version if template.pk else None
        template.version = (before or 0) + 1
        template.save()
        _rows(programme, template, plan)
        act = "template.edit" if before else "template.create"
        audit.record(actor, act, f"template:{template.pk}", before=before, after=_facts(plan))
        return template


def remove(actor: Actor, template_id: int) -> None:
    """Take a template away that no slot uses. Raises NotFound, Conflict (data: slots). Audited."""
    with transaction.atomic():
        template = EpisodeTemplate.objects.select_for_update().filter(pk=template_id).first()
        if template is None:
            raise NotFound(_("没有这个模板。"))
        require(actor, Ability.PRODUCE, template.programme_id)
        used = template.slots.filter(is_active=True).count()
        if used:
            raise Conflict(_("还有 %(count)s 个时段在用这个模板，请先给它们换一个。") % {"count": used}, slots=used)
        audit.record(actor, "template.remove", f"template:{template.pk}", before={"name": template.name})
        template.delete()


def line_of(segment: TemplateSegment) -> LinePlan:
    """A template's segment as a line of a run-down; reads its role too, so select_related it."""
    return LinePlan(
        title=segment.title,
        seconds=segment.planned_seconds,
        role=segment.role.code if segment.role else "",
        start=segment.start,
        offset=segment.offset_seconds,
        wait=segment.wait_seconds,
        is_floating=segment.is_floating,
        least=segment.least_seconds,
        most=segment.most_seconds,
        note=segment.note,
    )


def _locked(programme: Programme, template_id: int | None, version: int) -> EpisodeTemplate:
    if template_id is None:
        return EpisodeTemplate(programme=programme)
    found = EpisodeTemplate.objects.select_for_update().filter(pk=template_id, programme=programme).first()
    if found is None:
        raise NotFound(_("没有这个模板。"))
    if found.version != version:
        raise Conflict(_("这个模板刚被别人改过。您填的还在，请看过新的内容再保存。"), version=found.version)
    return found


def _check(programme: Programme, plan: TemplatePlan, template: EpisodeTemplate) -> None:
    if not plan.name or len(plan.name) > 60:
        raise InvalidInput(_("请给模板起个名字，最多 60 个字。"), field="name")
    if programme.templates.exclude(pk=template.pk).filter(name=plan.name).exists():
        raise InvalidInput(_("这个节目已经有叫“%(name)s”的模板。") % {"name": plan.name}, field="name")
    titles.check(plan.title)
    if plan.host is not None and not Person.objects.filter(pk=plan.host).exists():
        raise InvalidInput(_("没有这个人。"), field="host")
    check_lines(plan.segments)
    known = set(programme.segment_roles.values_list("code", flat=True)) | {""}
    for number, line in enumerate(plan.segments, start=1):
        if line.role not in known:
            raise InvalidInput(_("这个节目没有这种环节。"), field="role", line=number)
    if sum(each.count for each in plan.seats) > MOST_SEATS:
        raise InvalidInput(_("一期最多 %(most)s 个座位。") % {"most": MOST_SEATS}, field="seats")
    for number, seat in enumerate(plan.seats, start=1):
        if seat.role not in Appearance.Role.values:
            raise InvalidInput(_("请选择嘉宾的身份。"), field="seat_role", line=number)
        if not 1 <= seat.count <= MOST_AT_A_SEAT:
            raise InvalidInput(
                _("人数要在 1 到 %(most)s 之间。") % {"most": MOST_AT_A_SEAT}, field="count", line=number
            )


def _rows(programme: Programme, template: EpisodeTemplate, plan: TemplatePlan) -> None:
    roles = {each.code: each for each in programme.segment_roles.all()}
    template.segments.all().delete()
    template.seats.all().delete()
    TemplateSegment.objects.bulk_create(
        TemplateSegment(
            template=template,
            position=position,
            role=roles.get(line.role),
            title=line.title.strip(),
            planned_seconds=line.seconds,
            start=line.start,
            offset_seconds=line.offset,
            wait_seconds=line.wait,
            is_floating=line.is_floating,
            least_seconds=line.least,
            most_seconds=line.most,
            note=line.note.strip(),
        )
        for position, line in enumerate(plan.segments, start=1)
    )
    TemplateSeat.objects.bulk_create(
        TemplateSeat(template=template, role=each.role, count=each.count, hint=each.hint.strip()[:60])
        for each in plan.seats
    )


def _facts(plan: TemplatePlan) -> dict[str, Any]:
    return {"name": plan.name, "title": plan.title, "segments": len(plan.segments), "seats": len(plan.seats)}
