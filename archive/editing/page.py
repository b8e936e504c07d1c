"""The staff page 剪辑: edits along the recording, the poster, sign-off and withdrawal; services decide and write."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from archive import derivatives
from archive.editing import posters, services, timeline, view
from archive.editing.services import Region, Wish
from archive.models import Derivative, Edit
from archive.queries import airing_with_programme, from_milliseconds
from archive.transcripts import queries
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.models import Airing, Episode, Programme
from broadcast.services import episodes
from broadcast.views.staff_page import for_staff, shell

_REGION = ("left", "top", "width", "height")
_PIECE = 1 << 20


@for_staff
def show(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page; with `?part=progress` only how far the files are, for the script that asks every two seconds."""
    airing = _airing(actor, airing_id)
    if request.GET.get("part") == "progress":
        return render(request, "archive/_editing_progress.html", {"airing": airing, **view.progress(airing)})
    return _page(request, actor, airing)


@require_POST
@for_staff
def act(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST act=propose|change|discard|apply|lift. To apply asks first, with a summary of what would become of the replay."""
    airing = _airing(actor, airing_id)
    name = request.POST.get("act", "")
    try:
        if name == "apply" and request.POST.get("sure") != "1":
            return _asked(request, actor, airing)
        told = _perform(request, actor, airing, name)
    except BroadcastError as error:
        return _refused(request, actor, airing, error, typed=name in {"propose", "change"})
    messages.success(request, told)
    return redirect("recordings:edit", airing_id=airing_id)


@require_POST
@for_staff
def poster(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST act=frame (with `at`) | upload (with `file`) | automatic."""
    airing = _airing(actor, airing_id)
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "frame": (lambda: posters.choose_frame(actor, airing_id, _frame(request, airing)), _("封面已换成这一帧。")),
        "upload": (lambda: posters.upload(actor, airing_id, _uploaded(request)), _("封面已换成上传的图片。")),
        "automatic": (lambda: posters.drop(actor, airing_id), _("用回自动选的封面。")),
    }
    return _done(request, actor, airing, acts)


@require_POST
@for_staff
def publication(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST act=sign_off | publish | withdraw (with `reason`), of the airing's episode."""
    airing = _airing(actor, airing_id)
    episode, reason = airing.episode_id, request.POST.get("reason", "")
    acts: dict[str, tuple[Callable[[], Any], str]] = {
        "sign_off": (lambda: episodes.sign_off(actor, episode), _("回看已签发。")),
        "publish": (lambda: episodes.publish(actor, episode), _("页面已公开。")),
        "withdraw": (lambda: episodes.withdraw(actor, episode, reason), _("已撤下。")),
    }
    return _done(request, actor, airing, acts)


def _done(
    request: HttpRequest, actor: Actor, airing: Airing, acts: dict[str, tuple[Callable[[], Any], str]]
) -> HttpResponse:
    try:
        found, told = acts[request.POST.get("act", "")]
        found()
    except KeyError:
        return _refused(request, actor, airing, InvalidInput(_("没有看懂发来的内容，请再试一次。"), field="act"))
    except BroadcastError as error:
        return _refused(request, actor, airing, error)
    messages.success(request, told)
    return redirect("recordings:edit", airing_id=airing.pk)


def _perform(request: HttpRequest, actor: Actor, airing: Airing, name: str) -> str:
    """Do it; what to tell."""
    pk, version, reason = _number(request, "pk"), _number(request, "version"), request.POST.get("reason", "")
    if name == "propose":
        services.propose(actor, airing.pk, _wish(request, airing))
        return _("已加一条草稿。应用以前，公众看到的不变。")
    if name == "change":
        services.change(actor, airing.pk, pk, version, _wish(request, airing))
        return _("草稿已改。")
    if name == "discard":
        services.discard(actor, airing.pk, pk, version, reason)
        return _("草稿已删。")
    if name == "apply":
        services.apply(actor, airing.pk, _chosen(request), reason)
        return _("已应用。被剪去的内容公众立刻看不到，文件随后重做。")
    if name == "lift":
        services.lift(actor, airing.pk, pk, version, reason)
        return _("已撤销，文件重做好以后公众能再看到。")
    raise InvalidInput(_("没有看懂发来的内容，请再试一次。"), field="act")


def _wish(request: HttpRequest, airing: Airing) -> Wish:
    """The form as programme time. Raises InvalidInput, naming the field."""
    staff = view.spans(airing.pk)
    if not staff:
        raise InvalidInput(_("录制还没有整理好，请稍后再试。"), field="from")
    times = {}
    for name in ("from", "until"):
        at = timeline.parse_clock(request.POST.get(name, ""))
        if at is None:
            raise InvalidInput(_("请把时间写成 1:02:03.450 或 02:03。"), field=name)
        times[name] = at
    if times["until"] <= times["from"]:
        raise InvalidInput(_("出点要在入点后面。"), field="until")
    kind = request.POST.get("kind", "")
    start = timeline.programme(times["from"], staff)
    end = timeline.programme(times["until"], staff, end=True)
    region = _region(request) if kind == Edit.Kind.BLUR else None
    return Wish(kind, from_milliseconds(start), from_milliseconds(end), region, request.POST.get("reason", ""))


def _region(request: HttpRequest) -> Region | None:
    """In whole per cent of the picture; None, all of it, when nothing was drawn or typed."""
    typed = [request.POST.get(name, "").strip() for name in _REGION]
    if not any(typed):
        return None
    try:
        left, top, width, height = (int(each) for each in typed)
    except ValueError as error:
        raise InvalidInput(_("请把区域的四个数填全，都是百分之几的整数。"), field="left") from error
    return left, top, width, height


def _chosen(request: HttpRequest) -> list[tuple[int, int]]:
    """The drafts of the form, as `pk:version`. Raises InvalidInput for none."""
    found = []
    for text in request.POST.getlist("edit"):
        pk, _colon, version = text.partition(":")
        if pk.isascii() and pk.isdigit() and version.isascii() and version.isdigit() and len(text) < 30:
            found.append((int(pk), int(version)))
    if not found:
        raise InvalidInput(_("请先勾选要应用的草稿。"), field="edit")
    return found


def _asked(request: HttpRequest, actor: Actor, airing: Airing) -> HttpResponse:
    require(actor, Ability.SIGN_OFF, airing.episode.programme_id)
    chosen = dict(_chosen(request))
    rows = list(Edit.objects.filter(airing=airing, pk__in=chosen, state=Edit.State.DRAFT))
    if not rows:
        raise NotFound(_("没有草稿可以应用。"))
    staff = view.spans(airing.pk)
    asked = view.summary(airing, staff, rows)
    asked["edits"] = [each for each in view.edits(airing, staff) if each["pk"] in chosen]
    # What was read is what is applied: a draft changed meanwhile is told.
    asked["chosen"] = [f"{pk}:{version}" for pk, version in chosen.items()]
    return _page(request, actor, airing, asked=asked)


def _refused(
    request: HttpRequest, actor: Actor, airing: Airing, error: BroadcastError, *, typed: bool = False
) -> HttpResponse:
    if error.status == 403:
        raise error
    return _page(request, actor, airing, refused=error, typed=request.POST if typed else None)


def _frame(request: HttpRequest, airing: Airing) -> int:
    """Programme time, in milliseconds, of the frame under the playhead."""
    at, staff = timeline.parse_clock(request.POST.get("at", "")), view.spans(airing.pk)
    if at is None or not staff:
        raise InvalidInput(_("请把时间写成 1:02:03.450 或 02:03。"), field="at")
    return timeline.programme(at, staff)


def _uploaded(request: HttpRequest) -> bytes:
    """The bytes of the form's file, never more than one too many."""
    upload = request.FILES.get("file")
    if upload is None:
        raise InvalidInput(_("请选一张图片。"), field="file")
    if upload.size is None or upload.size > posters.MOST_BYTES:
        raise InvalidInput(posters.words_of("size"), field="file")
    return b"".join(upload.chunks(_PIECE))


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = airing_with_programme(airing_id)
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    return airing


def _page(
    request: HttpRequest,
    actor: Actor,
    airing: Airing,
    *,
    refused: BroadcastError | None = None,
    typed: Any = None,
    asked: dict[str, Any] | None = None,
) -> HttpResponse:
    staff, programme = view.spans(airing.pk), airing.episode.programme
    rows = view.edits(airing, staff)
    files = {each.kind: derivatives.address(each) for each in derivatives.shown(airing.pk, everything=False)}
    episode, cover = airing.episode, view.poster(airing.pk)
    is_public = episode.publication == Episode.Publication.PUBLISHED
    context: dict[str, Any] = {
        "airing": airing,
        "episode": episode,
        "programme": programme,
        "ended": airing.state == Airing.State.ENDED,
        "has_media": bool(staff),
        "edits": rows,
        "drafts": [each for each in rows if each["state"] == Edit.State.DRAFT],
        "kinds": Edit.Kind.choices,
        "typed": typed,
        "refused": refused,
        "field": refused.data.get("field", "") if refused else "",
        "asked": asked,
        "poster": cover,
        "poster_name": derivatives.name_of(cover) if cover else "",
        "poster_limits": {"megabytes": posters.MOST_BYTES >> 20, "width": posters.LEAST[0], "height": posters.LEAST[1]},
        "sound_only": programme.kind == Programme.Kind.RADIO,
        "is_public": is_public,
        "may_sign": can(actor, Ability.SIGN_OFF, programme.pk),
        "history": view.history(airing),
        "length": timeline.clock(timeline.seconds(staff)),
        "editor": _editor(airing, staff, rows, files.get(Derivative.Kind.PEAKS, "")),
        **view.progress(airing),
    }
    return shell(request, actor, "archive/editing.html", context, refused.status if refused else 200)


def _editor(airing: Airing, staff: list[Any], rows: list[dict[str, Any]], peaks: str) -> dict[str, Any]:
    """What the script needs, by seconds of the staff's recording."""
    cuts = timeline.without(timeline.stretches(staff), view.withheld_ms(airing))
    kept = [(timeline.second(since, staff), timeline.second(until - 1, staff)) for since, until in cuts]
    return {
        "video": reverse("media:replay", args=[airing.pk, "master"]),
        "length": timeline.seconds(staff),
        "peaks": peaks,
        # Where the waveform, made of the public's replay, belongs in the recording.
        "shared": timeline.shared(staff, queries.spans(airing.pk)),
        "kept": kept,
        "gaps": [span.offset for span in staff[1:]],
        "edits": [
            {name: each[name] for name in ("pk", "kind", "state", "start", "end", "region")}
            for each in rows
            if each["state"] != Edit.State.LIFTED
        ],
    }
