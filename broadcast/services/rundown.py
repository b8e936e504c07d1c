"""Changes the run-down of an episode and runs it in an airing: which segment is on; it must not touch the airing's own state."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from broadcast import audit, clock, lifecycle, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing, Episode, Segment, SegmentRole, SegmentRun
from broadcast.rundown_lines import LinePlan, changes, check, plan_of
from broadcast.services import moments

_OPEN = frozenset({Airing.State.PLANNED, Airing.State.WAITING, Airing.State.ON_AIR})
# Of a segment that ran in the airing that is on, its words may still be put right; of the one that runs also its length.
_WORDS = frozenset({"title", "note", "role"})


def start_segment(actor: Actor, airing_id: UUID, segment_id: int) -> SegmentRun:
    """Begin a segment; the open one ends at the same instant. Only on air; the segment must be of this episode.

    Starting the segment that is already open changes nothing. Locks the airing; audited; marks a moment; tells rundown_changed.
    """
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.RUN, airing.episode.programme_id)
        if airing.state != Airing.State.ON_AIR:
            raise IllegalTransition(_("还没有开播，不能开始环节。"), state=airing.state)
        segment = Segment.objects.select_related("role").filter(pk=segment_id, episode_id=airing.episode_id).first()
        if segment is None:
            raise NotFound(_("这一期没有这个环节。"))
        current = SegmentRun.objects.filter(airing=airing, ended_at=None).first()
        if current is not None and current.segment_id == segment.pk:
            return current
        now = clock.now()
        SegmentRun.objects.filter(airing=airing, ended_at=None).update(ended_at=now)
        run = SegmentRun.objects.create(airing=airing, segment=segment, started_at=now)
        moments.mark(airing, "segment.start", segment.title, at=now, data={"segment": segment.pk})
        before = current.segment_id if current else None
        audit.record(actor, "segment.start", f"segment:{segment.pk}", airing=airing, before=before, after=segment.pk)
        signals.tell(signals.rundown_changed, airing_id=airing.pk)
        return run


def plans(episode: Episode) -> list[LinePlan]:
    """The run-down as it stands."""
    return [plan_of(each) for each in episode.segments.select_related("role").order_by("position")]


def revise(actor: Actor, airing_id: UUID, version: int, lines: Sequence[LinePlan]) -> Episode:
    """Make the run-down of the airing's episode what `lines` say, if nobody changed it since `version` (Episode.rundown_version).

    Raises Conflict (data: version), InvalidInput (data: field, line), IllegalTransition when the airing is over. What ran in the
    airing that is on keeps its place, its length and its start. Nothing to change: nothing is written, the version stays. Locks airing and
    episode; audited; tells rundown_changed for every airing that is not over.
    """
    with transaction.atomic():
        airing = lifecycle.locked(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        if airing.state not in _OPEN:
            raise IllegalTransition(
                _("这一场现在是“%(state)s”，串联单不能再改。") % {"state": airing.get_state_display()},
                state=airing.state,
            )
        episode = Episode.objects.select_for_update().get(pk=airing.episode_id)
        if episode.rundown_version != version:
            raise Conflict(_("串联单刚被别人改过，您的改动还没有记下。"), version=episode.rundown_version)
        wanted = [replace(line, title=line.title.strip(), note=line.note.strip()) for line in lines]
        check(wanted)
        before = plans(episode)
        found = changes(before, wanted)
        if not found:
            return episode
        _check_ran(airing, before, wanted)
        _write(episode, wanted)
        _count(actor, airing, episode, found)
        for each in episode.airings.filter(state__in=_OPEN).values_list("pk", flat=True):
            signals.tell(signals.rundown_changed, airing_id=each)
        return episode


def adopt(
    actor: Actor,
    episode: Episode,
    rows: Sequence[LinePlan],
    *,
    airing: Airing | None = None,
    version: int | None = None,
) -> None:
    """Bring words, lengths, roles and order to `rows`; known lines keep how they are timed. For services that make or edit a whole
    episode, and hold its lock; a role that the programme has not is left out.

    With an airing it is a change like `revise`'s: a new version, audited. Raises InvalidInput (field: segments) for lines that cannot be,
    when `version` is not the one that stands, or what ran would go.
    """
    before = plans(episode)
    known = {line.pk: line for line in before}
    roles = set(SegmentRole.objects.filter(programme=episode.programme_id).values_list("code", flat=True))
    wanted = [_kept(known.get(row.pk), replace(row, role=row.role if row.role in roles else "")) for row in rows]
    found = changes(before, wanted)
    if not found:
        return
    _check_rows(wanted)
    if version is not None and version != episode.rundown_version:
        raise InvalidInput(_("串联单刚被别人改过。请到串联单一页核对，再改这里。"), field="segments")
    _check_gone(before, wanted, "segments")
    _write(episode, wanted)
    if airing is not None:
        _count(actor, airing, episode, found)


def _check_rows(wanted: Sequence[LinePlan]) -> None:
    try:
        check(wanted)
    except InvalidInput as wrong:
        raise InvalidInput(wrong.message, field="segments", line=wrong.data.get("line")) from wrong


def _kept(line: LinePlan | None, row: LinePlan) -> LinePlan:
    if line is None:
        return replace(row, pk=None)
    return replace(line, title=row.title, seconds=row.seconds, role=row.role)


def _count(actor: Actor, airing: Airing, episode: Episode, found: Sequence[dict[str, Any]]) -> None:
    """One version more, with what it changed on record."""
    before = {"version": episode.rundown_version}
    episode.rundown_version += 1
    episode.save(update_fields=["rundown_version"])
    after = {"version": episode.rundown_version, "changes": found}
    audit.record(actor, "rundown.change", f"rundown:{episode.pk}", airing=airing, before=before, after=after)


def _check_gone(before: Sequence[LinePlan], wanted: Sequence[LinePlan], field: str) -> None:
    """Refuse that a segment goes which was on air, in whatever airing but a rehearsal: there things are tried out."""
    stays = {line.pk for line in wanted}
    gone = [line.pk for line in before if line.pk is not None and line.pk not in stays]
    if SegmentRun.objects.filter(segment__in=gone).exclude(airing__kind=Airing.Kind.REHEARSAL).exists():
        raise InvalidInput(_("已经播过的环节不能删除。"), field=field)


def _check_ran(airing: Airing, before: Sequence[LinePlan], wanted: Sequence[LinePlan]) -> None:
    """Refuse what would rewrite what was on air."""
    _check_gone(before, wanted, "lines")
    shown = SegmentRun.objects.filter(airing__episode=airing.episode_id, airing__state=Airing.State.ON_AIR)
    runs = {run.segment_id: run for run in shown.order_by("started_at")}
    ran = [line.pk for line in before if line.pk in runs]
    if ran != [line.pk for line in wanted if line.pk in runs]:
        raise InvalidInput(_("已经播过的环节不能换位置。"), field="lines")
    for each in changes(before, wanted):
        run = runs.get(each["pk"])
        if each["what"] != "changed" or run is None:
            continue
        free = _WORDS if run.ended_at else _WORDS | {"seconds"}
        if not set(each["fields"]) <= free:
            raise InvalidInput(
                _("“%(title)s”已经播了，只能改内容和备注。") % {"title": each["title"]}, field="lines", pk=each["pk"]
            )


def _write(episode: Episode, wanted: Sequence[LinePlan]) -> None:
    roles = {role.code: role for role in SegmentRole.objects.filter(programme=episode.programme_id)}
    own = set(episode.segments.values_list("pk", flat=True))
    kept: set[int] = set()
    for position, line in enumerate(wanted, start=1):
        if line.role and line.role not in roles:
            raise InvalidInput(_("这个节目没有这一类环节。"), field="role", line=position)
        values = {
            "position": position,
            "title": line.title,
            "planned_seconds": line.seconds,
            "role": roles.get(line.role),
            "start": line.start,
            "offset_seconds": line.offset,
            "wait_seconds": line.wait,
            "is_floating": line.is_floating,
            "least_seconds": line.least,
            "most_seconds": line.most,
            "note": line.note,
        }
        if line.pk is None:
            kept.add(Segment.objects.create(episode=episode, **values).pk)
        elif line.pk in own:
            Segment.objects.filter(pk=line.pk).update(**values)
            kept.add(line.pk)
        else:
            raise InvalidInput(_("这一期没有这个环节。"), field="lines", line=position)
    gone = episode.segments.exclude(pk__in=kept)
    SegmentRun.objects.filter(segment__in=gone, airing__kind=Airing.Kind.REHEARSAL).delete()
    gone.delete()
