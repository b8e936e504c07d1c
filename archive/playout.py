"""The writers of what goes out beside cuts: rules of a programme, choices by hand, the as-run record; line.py does what they say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from archive import cuts
from archive.asrun import Stretch
from archive.models import AsRunEntry, Filler, PlayoutRule, SourceChoice
from archive.queries import from_milliseconds
from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, may_be_rerun, require
from broadcast.errors import IllegalTransition, InvalidInput, NotFound
from broadcast.lifecycle import locked
from broadcast.models import Airing, Programme

_S = Airing.State
# Least and most of each number of a rule, in seconds.
LIMITS = {
    "early_seconds": (0, 6 * 3600),
    "late_seconds": (0, 6 * 3600),
    "missing_seconds": (2, 600),
    "silence_seconds": (0, 600),
    "steady_seconds": (2, 600),
}
HEIGHTS = (1080, 720, 480, 360, 240)


# -- by hand ---------------------------------------------------------------------------------------------------------


def choose_source(actor: Actor, airing_id: UUID, source: str, reason: str = "") -> dict[str, Any]:
    """Let that source go out (main, backup, fallback) until somebody chooses again, or `auto`: what the rule says. Needs CUT.

    Holds for all that is not out yet. A lane chosen by hand is not replaced by the other one when it fails, only by the
    fallback. Takes the cut lock and the airing's row; announces recording_changed. Returns {"source", "choice"}.
    """
    if source not in SourceChoice.Source.values:
        raise InvalidInput(_("没有这个信号来源。"), field="source")
    with transaction.atomic():
        cuts.take_cut_lock(shared=False)
        airing = locked(airing_id)
        require(actor, Ability.CUT, airing.episode.programme_id)
        if airing.state not in {_S.WAITING, _S.ON_AIR}:
            raise IllegalTransition(_("这一场不在候播或播出，不能切换信号。"), state=airing.state, wanted=source)
        if (source == "backup" and airing.backup_feed_id is None) or (source == "main" and airing.feed_id is None):
            raise IllegalTransition(_("这一场没有这一路信号。"), state="no_feed", wanted=source)
        now = clock.now()
        choice = SourceChoice.objects.create(
            airing=airing,
            source=source,
            from_media_time=now - dt.timedelta(seconds=airing.delay_seconds),
            chosen_by=actor.user_id,
            chosen_at=now,
            reason=reason[:200],
        )
        after = {"source": source, "from_media_time": choice.from_media_time.isoformat()}
        audit.record(actor, f"source.{source}", f"airing:{airing.pk}", airing=airing, reason=reason, after=after)
        signals.tell(signals.recording_changed, airing_id=airing.pk)
    return {"source": source, "choice": choice.pk}


def _act(source: str, actor: Actor, airing_id: UUID, reason: str = "") -> dict[str, Any]:
    return choose_source(actor, airing_id, source, reason)


# Acts of the control room, by name.
ACTS = {f"source.{source}": partial(_act, str(source)) for source in SourceChoice.Source.values}


# -- by rule ---------------------------------------------------------------------------------------------------------


def set_rule(actor: Actor, programme_id: int, **facts: Any) -> PlayoutRule:
    """Change those fields of the programme's rule; what is not named stays as it is. Needs PRODUCE.

    Holds for running airings too, from what is not out yet. Raises InvalidInput naming the field; announces recording_changed.
    """
    with transaction.atomic():
        programme = Programme.objects.select_for_update().filter(pk=programme_id).first()
        if programme is None:
            raise NotFound(_("没有这个节目。"))
        require(actor, Ability.PRODUCE, programme.pk)
        rule = PlayoutRule.objects.filter(programme=programme).first() or PlayoutRule(programme=programme)
        before = _rule_facts(rule)
        for name, value in facts.items():
            setattr(rule, name, _checked(programme, name, value))
        rule.save()
        after = _rule_facts(rule)
        if after != before:
            audit.record(actor, "playout.set_rule", f"programme:{programme.pk}", before=before, after=after)
            running = Airing.objects.filter(episode__programme=programme, state__in=[_S.WAITING, _S.ON_AIR])
            for airing_id in running.values_list("pk", flat=True):
                signals.tell(signals.recording_changed, airing_id=airing_id)
    return rule


def _checked(programme: Programme, name: str, value: Any) -> Any:
    """The value of a field if the rule may have it."""
    if name in LIMITS:
        least, most = LIMITS[name]
        if type(value) is not int or not least <= value <= most:
            words = _("请填 %(least)s 到 %(most)s 之间的秒数。") % {"least": least, "most": most}
            raise InvalidInput(words, field=name)
        return value
    if name in {"fallback", "return_by"}:
        allowed = PlayoutRule.Fallback.values if name == "fallback" else PlayoutRule.Return.values
        if value not in allowed:
            raise InvalidInput(_("请从列出的选项中选择。"), field=name)
        return value
    checks = {"rungs": _rungs, "filler": _filler, "rerun_of": _rerun_of}
    if name not in checks:
        raise InvalidInput(_("播出规则没有这一项。"), field=name)
    return checks[name](programme, value)


def _rungs(_programme: Programme, value: Any) -> list[int]:
    if not isinstance(value, list) or any(each not in HEIGHTS for each in value):
        raise InvalidInput(_("请从列出的清晰度中选择。"), field="rungs")
    return sorted(set(value), reverse=True)


def _filler(programme: Programme, value: Any) -> Filler | None:
    if value is None:
        return None
    if not isinstance(value, Filler) or value.programme_id not in {None, programme.pk}:
        raise InvalidInput(_("这个垫片不属于这个节目。"), field="filler")
    if value.state != Filler.State.READY:
        raise InvalidInput(_("这个垫片还不能播出，请等检查完成或换一个。"), field="filler")
    return value


def _rerun_of(programme: Programme, value: Any) -> Airing | None:
    if value is None:
        return None
    if not isinstance(value, Airing) or value.episode.programme_id != programme.pk:
        raise InvalidInput(_("只能重播同一个节目的往期。"), field="rerun_of")
    if value.state != _S.ENDED:
        raise InvalidInput(_("这一场还没有播完，不能重播。"), field="rerun_of")
    if not may_be_rerun(value):
        raise InvalidInput(_("这一场的回看没有公开，不能重播。"), field="rerun_of")
    return value


def _rule_facts(rule: PlayoutRule) -> dict[str, Any]:
    return {
        **{name: getattr(rule, name) for name in (*LIMITS, "fallback", "return_by", "rungs")},
        "filler": rule.filler_id,
        "rerun_of": str(rule.rerun_of_id) if rule.rerun_of_id else None,
    }


# -- what the recorder reports ---------------------------------------------------------------------------------------


def note_as_run(airing_id: UUID, stretches: Iterable[Stretch]) -> int:
    """Bring the record up to what the log says; saying the same again changes nothing. Returns how many rows changed."""
    told = list(stretches)
    rows = {
        (row.first_sequence, row.kind): row
        for row in AsRunEntry.objects.filter(
            airing_id=airing_id, first_sequence__in={each.first_sequence for each in told}
        )
    }
    changed = 0
    for each in told:
        facts = {
            "started_at": from_milliseconds(each.start_ms),
            "ended_at": from_milliseconds(each.end_ms),
            "reason": each.reason[:32],
            "subject": each.subject[:64],
        }
        row = rows.get((each.first_sequence, each.kind))
        if row is not None and all(getattr(row, name) == value for name, value in facts.items()):
            continue
        AsRunEntry.objects.update_or_create(
            airing_id=airing_id, first_sequence=each.first_sequence, kind=each.kind, defaults=facts
        )
        changed += 1
    return changed
