"""The staff page of a recording's clips: what there is, marking along the replay, focus of upright ones; services decide and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archive import derivatives
from archive.clipping import page_lines, services, spans
from archive.clipping.services import Wish
from archive.models import Clip, Derivative
from archive.queries import airing_with_programme
from archive.transcripts import queries as transcripts
from archive.transcripts.lines import Unreadable, clock, seconds
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.forms import number
from broadcast.models import Airing
from broadcast.replay_times import Span
from broadcast.views.staff_page import for_staff, shell

_USUAL_SECONDS = 60.0


@require_safe
@for_staff
def show(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page; `?clip=` opens one in the form, `?at=` begins one there; `?part=list` is the list alone, for the script that asks."""
    airing = _airing(actor, airing_id)
    if request.GET.get("part") == "list":
        return render(request, "archive/_clips.html", _listed(actor, airing))
    return _page(request, actor, airing)


@require_POST
@for_staff
def save(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Make a clip, or change the one named. What is refused comes back as it was typed."""
    airing = _airing(actor, airing_id)
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    pk = number(request.POST.get("clip"))
    try:
        wish = _wish(request, transcripts.spans(airing_id))
        if pk is None:
            services.make(actor, airing_id, wish)
        else:
            services.change(actor, airing_id, pk, number(request.POST.get("version")) or 0, wish)
    except BroadcastError as error:
        return _page(request, actor, airing, refused=error)
    messages.success(request, _("已保存，正在生成。生成好以后可以发布。"))
    return redirect("recordings:clips", airing_id=airing_id)


@require_POST
@for_staff
def publish(request: HttpRequest, actor: Actor, airing_id: UUID, pk: int) -> HttpResponse:
    """Publish it."""
    version = number(request.POST.get("version")) or 0
    return _done(request, actor, airing_id, lambda: services.publish(actor, airing_id, pk, version), _("已发布。"))


@require_POST
@for_staff
def withdraw(request: HttpRequest, actor: Actor, airing_id: UUID, pk: int) -> HttpResponse:
    """Take it back."""
    reason = request.POST.get("reason", "")
    return _done(request, actor, airing_id, lambda: services.withdraw(actor, pk, reason), _("已撤下，公众看不到了。"))


@require_POST
@for_staff
def retry(request: HttpRequest, actor: Actor, airing_id: UUID, pk: int) -> HttpResponse:
    """Make its files once more."""
    return _done(request, actor, airing_id, lambda: services.retry(actor, airing_id, pk), _("已经重新排队。"))


def _done(request: HttpRequest, actor: Actor, airing_id: UUID, act: Callable[[], Clip], told: str) -> HttpResponse:
    _airing(actor, airing_id)
    try:
        act()
    except BroadcastError as error:
        if error.status == 403:
            raise
        messages.error(request, error.message or _("现在不能这样操作。"))
    else:
        messages.success(request, told)
    return redirect("recordings:clips", airing_id=airing_id)


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = airing_with_programme(airing_id)
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, Ability.WATCH_INTERNAL, airing.episode.programme_id)
    return airing


def _wish(request: HttpRequest, known: list[Span]) -> Wish:
    """The form's fields. Raises InvalidInput, naming the field."""
    if not known:
        raise InvalidInput(_("回看还没有写好，写好以后才能做片段。"), field="start")
    start, end = _second(request, "start"), _second(request, "end")
    if end <= start:
        raise InvalidInput(_("结束要比开始晚一秒以上。"), field="end")
    since, until = spans.programme_span(start, end, known)
    return Wish(
        since,
        until,
        title=request.POST.get("title", ""),
        title_en=request.POST.get("title_en", ""),
        shape=request.POST.get("shape", ""),
        fit=request.POST.get("fit", ""),
        focus=number(request.POST.get("focus")) or 0,
        captions=request.POST.get("captions") == "1",
    )


def _second(request: HttpRequest, name: str) -> float:
    try:
        return seconds(request.POST.get(name, ""), 1)
    except Unreadable as error:
        raise InvalidInput(_("时间读不懂，要写成 1:02 或 0:01:02.5。"), field=name) from error


def _page(request: HttpRequest, actor: Actor, airing: Airing, refused: BroadcastError | None = None) -> HttpResponse:
    known = transcripts.spans(airing.pk)
    files = {each.kind: derivatives.address(each) for each in derivatives.shown(airing.pk, everything=False)}
    context: dict[str, Any] = {
        **_listed(actor, airing),
        "form": _form(request, airing, known, refused),
        "refused": refused,
        "field": (refused.data.get("field") if refused else "") or "",
        "source": files.get(Derivative.Kind.MASTER, ""),
        "has_replay": bool(known),
        "length": known[-1].offset + known[-1].seconds if known else 0,
        "lines": page_lines.spoken(airing),
        "moments": page_lines.moments(airing, known),
        "choices": {"shapes": Clip.Shape.choices, "fits": Clip.Fit.choices},
    }
    return shell(request, actor, "archive/clips.html", context, refused.status if refused else 200)


def _listed(actor: Actor, airing: Airing) -> dict[str, Any]:
    programme = airing.episode.programme
    rows = page_lines.rows(airing, transcripts.spans(airing.pk))
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "rows": rows,
        "busy": any(row["busy"] for row in rows),
        "may_produce": can(actor, Ability.PRODUCE, programme.pk),
        "may_sign": can(actor, Ability.SIGN_OFF, programme.pk),
        "needs_two": programme.review_steps > 1,
        "own": actor.user_id,
        "published": airing.episode.signed_off_at is not None,
    }


def _form(request: HttpRequest, airing: Airing, known: list[Span], refused: BroadcastError | None) -> dict[str, Any]:
    """What stands in the fields: as typed, of the clip that is changed, or a new one of the usual length."""
    if refused is not None:
        typed = {
            name: request.POST.get(name, "") for name in ("title", "title_en", "start", "end", "shape", "fit", "focus")
        }
        pk = number(request.POST.get("clip"))
        return {
            **typed,
            "clip": pk,
            "version": request.POST.get("version"),
            "captions": request.POST.get("captions") == "1",
        }
    pk = number(request.GET.get("clip"))
    clip = Clip.objects.filter(airing=airing, pk=pk).exclude(state=Clip.State.PUBLISHED).first() if pk else None
    if clip is None:
        at = float(number(request.GET.get("at")) or 0)
        end = min(at + _USUAL_SECONDS, known[-1].offset + known[-1].seconds) if known else at + _USUAL_SECONDS
        return {
            "start": clock(at),
            "end": clock(max(at, end)),
            "shape": "16:9",
            "fit": "crop",
            "focus": 50,
            "clip": None,
        }
    place = spans.stretch(clip.starts_at, clip.ends_at, known)
    return {
        "clip": clip.pk,
        "version": clip.version,
        "title": clip.title,
        "title_en": clip.title_en,
        "start": clock(place.start) if place else "",
        "end": clock(place.end) if place else "",
        "shape": clip.shape,
        "fit": clip.fit,
        "focus": clip.focus,
        "captions": clip.captions,
    }
