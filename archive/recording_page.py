"""The staff page of one recording: its steps as they go, what they found, the files made; services decide and write."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from archive import derivatives, kept_view, playlists, queries
from archive.keeping import cold, cold_view
from archive.models import Derivative, Recording, Step
from archive.queries import from_milliseconds
from archive.steps import acts
from archive.steps import view as steps
from broadcast import env
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, NotFound
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell

_UNITS = ("B", "KB", "MB", "GB", "TB")


@for_staff
def show(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page; with `?part=state` only what changes, for the script that asks every two seconds."""
    airing = _airing(airing_id)
    programme = airing.episode.programme
    require(actor, Ability.WATCH_INTERNAL, programme.pk)
    rows = steps.steps_of(airing_id)
    found = {step.kind: step.result for step in Step.objects.filter(recording_id=airing_id, state=Step.State.DONE)}
    context: dict[str, Any] = {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "recording": Recording.objects.filter(pk=airing_id).first(),
        "steps": rows,
        "done": sum(row["state"] == "done" for row in rows),
        "failed": sum(row["state"] == "failed" for row in rows),
        "busy": any(row["state"] in {"running", "waiting"} for row in rows),
        "may_produce": can(actor, Ability.PRODUCE, programme.pk),
        "verify": _verify(found.get("verify")),
        "loudness": _loudness(found),
        "files": _files(airing_id),
        "kept": _kept(airing_id),
        "cold": _cold(airing_id),
        "may_ask_back": cold.may_ask(actor, programme.pk),
    }
    if request.GET.get("part") == "state":
        return render(request, "archive/_recording_state.html", context)
    return shell(request, actor, "archive/recording.html", context)


@require_POST
@for_staff
def retry(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Have a step done again."""
    try:
        acts.retry(actor, airing_id, request.POST.get("kind", ""))
    except BroadcastError as error:
        messages.error(request, error.message or _("现在不能这样操作。"))
    else:
        messages.success(request, _("已经重新排队，几秒内开始。"))
    return redirect("recordings:show", airing_id=airing_id)


def _airing(airing_id: UUID) -> Airing:
    airing = queries.airing_with_programme(airing_id)
    if airing is None:
        raise NotFound(_("没有这一场。"))
    return airing


def _verify(result: dict[str, Any] | None) -> dict[str, Any] | None:
    if result is None:
        return None
    changes = [
        {**each, "at": from_milliseconds(playlists.parse_time(each["at"]))} for each in result.get("changes", ())
    ]
    gaps = [
        {
            "at": from_milliseconds(playlists.parse_time(start)),
            "seconds": (playlists.parse_time(end) - playlists.parse_time(start)) // 1000,
        }
        for start, end in result.get("gaps", ())
    ]
    silence, black = (round(result.get(name, 0) * 100, 1) for name in ("silence_ratio", "black_ratio"))
    return {**result, "changes": changes, "gaps": gaps, "silence": silence, "black": black}


def _loudness(found: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the loudness table."""
    rows = []
    measured, sound = found.get("loudness", {}), found.get("sound", {})
    for key, name in (("sealed", _("封存母版")), ("public", _("公众母版"))):
        if key in measured:
            rows.append({"name": name, **measured[key]})
    if "after" in sound:
        target = f"{sound['target']:g} LUFS, {sound['ceiling']:g} dBTP"
        rows.append({"name": _("音频"), **sound["after"], "target": target, "within": sound["within"]})
    elif rows:
        rows[-1]["wanted"] = env.read("SOUND_LUFS")
    return rows


def _files(airing_id: UUID) -> list[dict[str, Any]]:
    """All but the manifest, which stands with what keeps the recording."""
    away = cold_view.away(airing_id)
    found = derivatives.shown(airing_id, everything=True)
    return [_file(each, is_away=each.key in away) for each in found if each.kind != Derivative.Kind.MANIFEST]


def _kept(airing_id: UUID) -> dict[str, Any]:
    """The card of what is kept, with sizes in words."""
    found = kept_view.view(airing_id)
    for each in (*found["behind"], *found["reported"]):
        each["size_words"] = size_words(each["size"])
    return found


def _cold(airing_id: UUID) -> dict[str, Any] | None:
    found = cold_view.of_recording(airing_id)
    return {**found, "size_words": size_words(found["row"].size_bytes)} if found else None


def _file(derivative: Derivative, *, is_away: bool) -> dict[str, Any]:
    return {
        "kind": derivative.get_kind_display(),
        "name": derivatives.name_of(derivative),
        "address": derivatives.address(derivative),
        "is_public": derivative.is_public,
        "size": size_words(derivative.size_bytes),
        "seconds": derivative.details.get("seconds"),
        "encoded": derivative.details.get("encoded_seconds"),
        "made_at": derivative.made_at,
        "digest": derivative.digest,
        "algorithm": derivative.algorithm,
        "is_away": is_away,
        "is_download": derivative.kind in {Derivative.Kind.MASTER, Derivative.Kind.SOUND, Derivative.Kind.ORIGINAL},
    }


def size_words(size: float) -> str:
    """Bytes as people read them."""
    for unit in _UNITS:
        if size < 1024 or unit == _UNITS[-1]:
            return f"{size:.0f} {unit}" if unit in {"B", "KB"} else f"{size:.1f} {unit}"
        size /= 1024
    return ""
