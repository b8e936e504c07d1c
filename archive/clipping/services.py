"""The only writer of what people decide about clips: marked, made, changed, published, withdrawn; rights and versions are checked here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from archive.clipping import hints, queries, spans
from archive.models import Clip
from archive.transcripts import queries as transcripts
from archive.transcripts.lines import cleaned
from broadcast import audit, clock, signals
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import Conflict, IllegalTransition, InvalidInput, NotAllowed, NotFound
from broadcast.models import Airing

# What one press takes: the seconds before it.
CHOICES = (30, 60, 120, 300)
USUAL = 60
MOST_OF_AIRING = 500
# Whoever follows the show closely enough to say "this, just now".
_MARKERS = (Ability.RUN, Ability.HOST, Ability.SEE_DESK)
_S, _W = Clip.State, Clip.Work


class Changed(Conflict):
    """Somebody changed the clip first; data: clip, version, state, by."""

    code = "clip_changed"


@dataclass(frozen=True)
class Wish:
    """What a clip shall be; times are programme time."""

    starts_at: dt.datetime
    ends_at: dt.datetime
    title: str = ""
    title_en: str = ""
    shape: str = Clip.Shape.WIDE
    fit: str = Clip.Fit.CROP
    focus: int = 50
    captions: bool = False


def mark(actor: Actor, airing_id: UUID, seconds: str, reason: str = "") -> dict[str, Any]:
    """Mark what was just said: the last so many seconds (one of CHOICES) at the studio's time, a wide draft with what is to be said of
    it later. For host, desk or whoever runs the show, while it is on air; audited. Raises IllegalTransition, InvalidInput.
    """
    with transaction.atomic():
        airing = _airing(airing_id)
        if not any(can(actor, each, airing.episode.programme_id) for each in _MARKERS):
            require(actor, _MARKERS[0], airing.episode.programme_id)
        if seconds not in {str(each) for each in CHOICES}:
            raise InvalidInput(_("没有这个长度。"), field="seconds")
        if airing.state != Airing.State.ON_AIR:
            raise IllegalTransition(_("直播中才能标记。"), state=airing.state)
        now = clock.now()
        since = now - dt.timedelta(seconds=int(seconds))
        if airing.actual_start is not None:
            since = min(max(since, airing.actual_start), now - dt.timedelta(seconds=spans.LEAST_SECONDS))
        wish = Wish(since, now, title=reason)
        clip = _made(actor, airing, wish, Clip.Kind.LIVE)
        signals.tell(signals.recording_changed, airing_id=airing_id)
    return {"clip": clip.pk, "seconds": int(seconds)}


def make(actor: Actor, airing_id: UUID, wish: Wish) -> Clip:
    """A clip of a recording. Needs PRODUCE; audited. Raises InvalidInput (starts_at, ends_at, shape, fit, focus, title)."""
    with transaction.atomic():
        airing = _airing(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        _check(airing, wish)
        clip = _made(actor, airing, wish, Clip.Kind.LATER)
    return clip


def change(actor: Actor, airing_id: UUID, pk: int, version: int, wish: Wish) -> Clip:
    """Change a clip that is not public; its files are made anew where that is needed. Needs PRODUCE; audited.

    A withdrawn one is a draft again. Raises Changed, IllegalTransition for a published one, InvalidInput.
    """
    with transaction.atomic():
        airing = _airing(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        clip = _locked(airing, pk, version)
        if clip.state == _S.PUBLISHED:
            raise IllegalTransition(_("已经发布的片段先撤下，再修改。"), state=clip.state, wanted=_S.DRAFT)
        _check(airing, wish)
        before, drawn = _values(clip), _drawn(clip)
        _put(clip, wish)
        clip.state, clip.withdrawn_at = _S.DRAFT, None
        if _drawn(clip) != drawn:
            _again(clip)
        _kept(actor, airing, clip, "change", before)
    return clip


def publish(actor: Actor, airing_id: UUID, pk: int, version: int) -> Clip:
    """Let everybody have it who may have the replay. Needs SIGN_OFF, and another person than who changed it last where the programme
    wants two; audited. Raises Changed, IllegalTransition while its files are not there, InvalidInput without a title.
    """
    with transaction.atomic():
        airing = _airing(airing_id)
        require(actor, Ability.SIGN_OFF, airing.episode.programme_id)
        clip = _locked(airing, pk, version)
        if clip.state == _S.PUBLISHED:
            return clip
        if not clip.title:
            raise InvalidInput(_("先给片段写个标题，再发布。"), field="title")
        if not queries.standing().filter(pk=pk).exists():
            raise IllegalTransition(_("片段还没有生成好，生成以后才能发布。"), state=clip.work, wanted=_W.DONE)
        if airing.episode.programme.review_steps > 1 and clip.changed_by_id == actor.user_id:
            raise NotAllowed(_("这个节目要两个人：改的人不能自己发布。"), ability=str(Ability.SIGN_OFF))
        before = _values(clip)
        clip.state, clip.published_at, clip.withdrawn_at = _S.PUBLISHED, clock.now(), None
        _kept(actor, airing, clip, "publish", before, changed=False)
    return clip


def withdraw(actor: Actor, clip_id: int, reason: str) -> Clip:
    """Take a clip from the public, at once; one that is withdrawn already stays so. Needs SIGN_OFF and a reason; audited."""
    with transaction.atomic():
        airing, clip = _found(actor, clip_id, reason)
        if clip.state == _S.WITHDRAWN:
            return clip
        before = _values(clip)
        clip.state, clip.withdrawn_at = _S.WITHDRAWN, clock.now()
        _kept(actor, airing, clip, "withdraw", before, reason, changed=False)
    return clip


def restore(actor: Actor, clip_id: int, reason: str) -> Clip:
    """Take a withdrawal back: what had been public is so again, at once or as soon as its files are made anew; else it is a draft.

    Needs SIGN_OFF and a reason; audited. One that is not withdrawn stays as it is. No second person: it was published by one before.
    """
    with transaction.atomic():
        airing, clip = _found(actor, clip_id, reason)
        if clip.state != _S.WITHDRAWN:
            return clip
        before = _values(clip)
        clip.state, clip.withdrawn_at = (_S.PUBLISHED if clip.published_at else _S.DRAFT), None
        _kept(actor, airing, clip, "restore", before, reason, changed=False)
        transaction.on_commit(hints.hint)
    return clip


def _found(actor: Actor, clip_id: int, reason: str) -> tuple[Airing, Clip]:
    """A clip by its id alone, for those who SIGN_OFF and say why."""
    airing_id = Clip.objects.filter(pk=clip_id).values_list("airing_id", flat=True).first()
    if airing_id is None:
        raise NotFound(_("没有这个片段。"))
    airing = _airing(airing_id)
    require(actor, Ability.SIGN_OFF, airing.episode.programme_id)
    if not reason.strip():
        raise InvalidInput(_("请写明原因，以后要能查到。"), field="reason")
    return airing, _locked(airing, clip_id)


def retry(actor: Actor, airing_id: UUID, pk: int) -> Clip:
    """Make the files of a clip once more that failed, or of which nothing was left. Needs PRODUCE; audited."""
    with transaction.atomic():
        airing = _airing(airing_id)
        require(actor, Ability.PRODUCE, airing.episode.programme_id)
        clip = _locked(airing, pk)
        if clip.work not in {_W.FAILED, _W.REFUSED}:
            raise IllegalTransition(_("这个片段没有失败，不用重做。"), state=clip.work, wanted=_W.WAITING)
        before = _values(clip)
        _again(clip)
        _kept(actor, airing, clip, "retry", before, changed=False)
    return clip


def _airing(airing_id: UUID) -> Airing:
    found = Airing.objects.select_for_update(of=("self",)).select_related("episode__programme").filter(pk=airing_id)
    airing = found.first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    return airing


def _locked(airing: Airing, pk: int, version: int | None = None) -> Clip:
    clip = Clip.objects.select_for_update(of=("self",)).filter(airing=airing, pk=pk).first()
    if clip is None:
        raise NotFound(_("没有这个片段。"))
    if version is not None and clip.version != version:
        who = clip.changed_by.display_name if clip.changed_by else ""
        raise Changed(_("这个片段刚被别人改过，请看过再改。"), clip=pk, version=clip.version, state=clip.state, by=who)
    clip.airing = airing
    return clip


def _check(airing: Airing, wish: Wish) -> None:
    long = (wish.ends_at - wish.starts_at).total_seconds()
    if long < spans.LEAST_SECONDS:
        raise InvalidInput(_("结束要比开始晚一秒以上。"), field="ends_at")
    if long > spans.MOST_SECONDS:
        raise InvalidInput(_("片段最长 15 分钟。"), field="ends_at")
    if wish.shape not in Clip.Shape.values:
        raise InvalidInput(_("没有这种画幅。"), field="shape")
    if wish.fit not in Clip.Fit.values:
        raise InvalidInput(_("没有这种画面。"), field="fit")
    if not 0 <= wish.focus <= 100:
        raise InvalidInput(_("焦点是 0 到 100。"), field="focus")
    known = transcripts.spans(airing.pk)
    if known and spans.stretch(wish.starts_at, wish.ends_at, known) is None:
        raise InvalidInput(_("这一段不在公众的回看里，没有可以用的内容。"), field="starts_at")


def _made(actor: Actor, airing: Airing, wish: Wish, kind: str) -> Clip:
    if Clip.objects.filter(airing=airing).count() >= MOST_OF_AIRING:
        raise InvalidInput(_("一场最多 %(most)s 个片段。") % {"most": MOST_OF_AIRING}, field="title")
    now = clock.now()
    clip = Clip(airing=airing, kind=kind, made_by_id=actor.user_id, made_at=now)
    clip.changed_by_id, clip.changed_at = actor.user_id, now
    _put(clip, wish)
    clip.save()
    verb = "mark" if kind == Clip.Kind.LIVE else "make"
    audit.record(actor, f"clip.{verb}", f"clip:{clip.pk}", airing=airing, after=_values(clip))
    transaction.on_commit(hints.hint)
    return clip


def _put(clip: Clip, wish: Wish) -> None:
    clip.starts_at, clip.ends_at = wish.starts_at, wish.ends_at
    clip.title, clip.title_en = cleaned(wish.title)[:120], cleaned(wish.title_en)[:160]
    clip.shape, clip.fit, clip.focus, clip.captions = wish.shape, wish.fit, wish.focus, wish.captions


def _drawn(clip: Clip) -> tuple[Any, ...]:
    """What the files depend on."""
    return (clip.starts_at, clip.ends_at, clip.shape, clip.fit, clip.focus, clip.captions)


def _again(clip: Clip) -> None:
    """Wait to be made anew, under a new attempt, so that whoever still works on it is fenced out. Its files are swept afterwards."""
    clip.work, clip.attempt, clip.tries, clip.made_for = _W.WAITING, clip.attempt + 1, 0, None
    clip.not_before = clip.lease_until = None
    clip.problem = clip.reason = ""
    clip.progress = 0
    transaction.on_commit(hints.hint)


def _kept(
    actor: Actor,
    airing: Airing,
    clip: Clip,
    verb: str,
    before: dict[str, Any],
    reason: str = "",
    *,
    changed: bool = True,
) -> None:
    clip.version += 1
    if changed:
        clip.changed_by_id, clip.changed_at = actor.user_id, clock.now()
    clip.save()
    words = cleaned(reason)[:200]
    after = _values(clip)
    audit.record(actor, f"clip.{verb}", f"clip:{clip.pk}", airing=airing, reason=words, before=before, after=after)
    if Clip.State.PUBLISHED in {before["state"], clip.state}:
        signals.tell(signals.episode_changed, episode_id=airing.episode_id)


def _values(clip: Clip) -> dict[str, Any]:
    return {
        "title": clip.title,
        "starts_at": clip.starts_at.isoformat(),
        "ends_at": clip.ends_at.isoformat(),
        "shape": clip.shape,
        "fit": clip.fit,
        "focus": clip.focus,
        "captions": clip.captions,
        "state": clip.state,
    }
