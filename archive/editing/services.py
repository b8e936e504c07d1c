"""The only writer of edits: proposed, changed, discarded as drafts, applied to the public's replay, lifted again; files follow later."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from archive.models import Edit, EditedReplay, Recording
from archive.search import stale
from archive.steps import hints
from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotFound
from broadcast.models import Airing

_K, _S = Edit.Kind, Edit.State
LEAST = dt.timedelta(milliseconds=100)
LEAST_KEPT = dt.timedelta(seconds=1)
MOST = 500
Region = tuple[int, int, int, int]


class EditChanged(Conflict):
    """Somebody changed the same edit first; data: edit, version, state, by."""

    code = "edit_changed"


@dataclass(frozen=True)
class Wish:
    """What an edit is to do: the span by programme time (of a trim: what is kept); of a blur the region in per cent, None for all."""

    kind: str
    starts_at: dt.datetime
    ends_at: dt.datetime
    region: Region | None = None
    reason: str = ""


def propose(actor: Actor, airing_id: UUID, wish: Wish) -> Edit:
    """A new draft; nothing public changes. Needs PRODUCE; audited. Raises InvalidInput, IllegalTransition before the show is over."""
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.PRODUCE)
        if Edit.objects.filter(airing=airing).exclude(state=_S.LIFTED).count() >= MOST:
            raise InvalidInput(_("剪辑太多了，请先删去一些。"), field="kind")
        now = clock.now()
        made = Edit(airing=airing, made_by_id=actor.user_id, made_at=now)
        _take(made, airing, wish, actor)
        made.save()
        audit.record(actor, "edit.draft", f"edit:{made.pk}", airing=airing, reason=made.reason, after=_facts(made))
    return made


def change(actor: Actor, airing_id: UUID, pk: int, version: int, wish: Wish) -> Edit:
    """Change a draft. Needs PRODUCE; audited. Raises EditChanged, IllegalTransition for one that is no draft, InvalidInput."""
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.PRODUCE)
        found = _of(airing, pk, version, _S.DRAFT)
        before = _facts(found)
        _take(found, airing, wish, actor)
        found.version += 1
        found.save()
        audit.record(
            actor,
            "edit.change",
            f"edit:{pk}",
            airing=airing,
            reason=found.reason,
            before=before,
            after=_facts(found),
        )
    return found


def discard(actor: Actor, airing_id: UUID, pk: int, version: int, reason: str = "") -> None:
    """Delete a draft. Needs PRODUCE; audited. Raises EditChanged, IllegalTransition for one that is no draft."""
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.PRODUCE)
        found = _of(airing, pk, version, _S.DRAFT)
        before = _facts(found)
        found.delete()
        audit.record(actor, "edit.discard", f"edit:{pk}", airing=airing, reason=reason[:200], before=before)


def apply(
    actor: Actor, airing_id: UUID, chosen: Sequence[tuple[int, int]] | None = None, reason: str = ""
) -> list[Edit]:
    """Apply drafts, all of them or the chosen (pk, version): from the commit on the public gets nothing of what they take away.

    The files follow within seconds without the pieces touched, and with these once they are rendered. A trim takes the place of the
    one that stands. Needs SIGN_OFF; audited each. Raises EditChanged, IllegalTransition (no draft; no finished replay), NotFound.
    Announces recording_changed and episode_changed.
    """
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.SIGN_OFF)
        recording = _finished(airing)
        drafts = _drafts(airing, chosen)
        now = clock.now()
        trims = [each for each in drafts if each.kind == _K.TRIM]
        if len(trims) > 1:
            raise IllegalTransition(_("一场只能有一个修剪，请先删去多余的。"), state="draft", wanted="applied")
        if trims:
            for other in Edit.objects.select_for_update().filter(airing=airing, kind=_K.TRIM, state=_S.APPLIED):
                _take_off(actor, airing, other, now, _("换成新的修剪"))
        for each in drafts:
            each.state, each.applied_by_id, each.applied_at = _S.APPLIED, actor.user_id, now
            each.version += 1
            each.save()
            audit.record(
                actor,
                "edit.apply",
                f"edit:{each.pk}",
                airing=airing,
                reason=reason[:200] or each.reason,
                before={"state": _S.DRAFT.value},
                after=_facts(each),
            )
        _want(airing, recording, hides=True)
    return drafts


def lift(actor: Actor, airing_id: UUID, pk: int, version: int, reason: str = "") -> Edit:
    """Undo an applied edit: the public gets again what it took away, once the files follow. Needs SIGN_OFF; audited.

    Raises EditChanged, IllegalTransition for one that is not applied. Announces recording_changed and episode_changed.
    """
    with transaction.atomic():
        airing = _locked(actor, airing_id, Ability.SIGN_OFF)
        recording = _finished(airing)
        found = _of(airing, pk, version, _S.APPLIED)
        _take_off(actor, airing, found, clock.now(), reason)
        _want(airing, recording, hides=False)
    return found


# -- parts -----------------------------------------------------------------------------------------------------------


def _take_off(actor: Actor, airing: Airing, found: Edit, now: dt.datetime, reason: str) -> None:
    found.state, found.lifted_by_id, found.lifted_at = _S.LIFTED, actor.user_id, now
    found.version += 1
    found.save()
    before, after = {"state": _S.APPLIED.value}, {"state": _S.LIFTED.value}
    audit.record(actor, "edit.undo", f"edit:{found.pk}", airing=airing, reason=reason[:200], before=before, after=after)


def _want(airing: Airing, recording: Recording, *, hides: bool) -> None:
    """The files have to follow: public files made of the replay so far count no more, whoever writes the replay is asked."""
    state, _made = EditedReplay.objects.select_for_update().get_or_create(airing=airing)
    state.wanted += 1
    state.hidden = state.wanted if hides else state.hidden
    state.problem = ""
    state.save()
    assert recording.replay_ready_at is not None
    recording.replay_ready_at = max(clock.now(), recording.replay_ready_at + dt.timedelta(milliseconds=1))
    recording.save(update_fields=["replay_ready_at"])
    stale.mark(airing.episode_id)
    signals.tell(signals.recording_changed, airing_id=airing.pk)
    signals.tell(signals.episode_changed, episode_id=airing.episode_id)
    transaction.on_commit(hints.hint)


def _take(edit: Edit, airing: Airing, wish: Wish, actor: Actor) -> None:
    """Check a wish and lay it into the row."""
    if wish.kind not in _K.values:
        raise InvalidInput(_("没有这种剪辑。"), field="kind")
    starts_at, ends_at = _whole(wish.starts_at, "starts_at"), _whole(wish.ends_at, "ends_at")
    if airing.actual_start is None or airing.actual_end is None:
        raise IllegalTransition(_("这一场还没有结束，不能剪辑。"), state=airing.state, wanted="draft")
    if ends_at - starts_at < (LEAST_KEPT if wish.kind == _K.TRIM else LEAST):
        raise InvalidInput(_("这一段太短了。"), field="ends_at")
    if starts_at >= airing.actual_end or ends_at <= airing.actual_start:
        raise InvalidInput(_("这一段不在这一场里面。"), field="starts_at")
    edit.kind, edit.starts_at, edit.ends_at = wish.kind, starts_at, ends_at
    edit.region = _region(wish.region) if wish.kind == _K.BLUR else None
    edit.reason = wish.reason.strip()[:200]
    edit.changed_by_id, edit.changed_at = actor.user_id, clock.now()


def _whole(at: dt.datetime, field: str) -> dt.datetime:
    if at.tzinfo is None:
        raise InvalidInput(_("时间不对。"), field=field)
    return at.replace(microsecond=at.microsecond // 1000 * 1000)


def _region(region: Region | None) -> list[int] | None:
    if region is None:
        return None
    left, top, width, height = (int(each) for each in region)
    inside = left >= 0 and top >= 0 and width >= 1 and height >= 1 and left + width <= 100 and top + height <= 100
    if not inside:
        raise InvalidInput(_("打码的区域不在画面里面。"), field="region")
    return [left, top, width, height]


def _facts(edit: Edit) -> dict[str, Any]:
    return {
        "kind": edit.kind,
        "state": edit.state,
        "from": edit.starts_at.isoformat(timespec="milliseconds"),
        "until": edit.ends_at.isoformat(timespec="milliseconds"),
        "region": edit.region,
        "version": edit.version,
    }


def _locked(actor: Actor, airing_id: UUID, ability: Ability) -> Airing:
    found = Airing.objects.select_for_update(of=("self",)).select_related("episode__programme").filter(pk=airing_id)
    airing = found.first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, ability, airing.episode.programme_id)
    if airing.state != Airing.State.ENDED:
        raise IllegalTransition(_("这一场还没有结束，不能剪辑。"), state=airing.state, wanted="draft")
    return airing


def _finished(airing: Airing) -> Recording:
    """The recording, locked, once its replay is written whole."""
    found = Recording.objects.select_for_update().filter(airing=airing).first()
    if found is None or found.state != Recording.State.FINISHED or found.replay_ready_at is None:
        raise IllegalTransition(
            _("回看还没有做好，等做好了再应用。"), state=found.state if found else "none", wanted="finished"
        )
    return found


def _of(airing: Airing, pk: int, version: int, state: Edit.State) -> Edit:
    found = (
        Edit.objects.select_for_update(of=("self",)).select_related("changed_by").filter(airing=airing, pk=pk).first()
    )
    if found is None:
        raise NotFound(_("没有这一条剪辑。"))
    if found.version != version:
        by = str(found.changed_by) if found.changed_by else ""
        message = _("这一条剪辑刚被别人改过，请看过再决定。")
        raise EditChanged(message, edit=pk, version=found.version, state=found.state, by=by)
    if found.state != state:
        raise IllegalTransition(_("这一条剪辑现在不能这样做。"), state=found.state, wanted=state)
    return found


def _drafts(airing: Airing, chosen: Sequence[tuple[int, int]] | None) -> list[Edit]:
    if chosen is not None:
        found = [_of(airing, pk, version, _S.DRAFT) for pk, version in dict(chosen).items()]
    else:
        found = list(Edit.objects.select_for_update().filter(airing=airing, state=_S.DRAFT).order_by("pk"))
    if not found:
        raise NotFound(_("没有草稿可以应用。"))
    return found
