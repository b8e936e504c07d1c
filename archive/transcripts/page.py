"""The editor of a transcript: its versions, lines along the waveform, files in and out; services decide and write."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from archive import derivatives
from archive.models import Derivative, Transcript
from archive.queries import airing_with_programme
from archive.transcripts import drafts, formats, plain, queries, services
from archive.transcripts.lines import MOST_BYTES, MOST_LINES, Line, checked, in_order
from broadcast import file_names
from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell


@for_staff
def show(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page, of the version that `?version=` names."""
    return _page(request, actor, _airing(actor, airing_id))


@require_POST
@for_staff
def save(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Keep what was edited. What is refused comes back as it was typed, with what somebody else saved beside it."""
    airing = _airing(actor, airing_id)
    pk, version = _number(request, "transcript"), _number(request, "version")
    try:
        lines = sent(request)
    except InvalidInput as error:
        return _page(request, actor, airing, refused=error, typed=request.POST.get("lines", ""))
    try:
        old = queries.chosen(queries.versions(airing_id), pk)
        spans = queries.spans(airing_id)
        known = queries.placed(queries.timed(old), spans) if old else []
        # What the public does not hear stands on no line of the form: it stays as it is.
        apart = [each.timed for each in known if each.place is None]
        timed = [*services.in_programme_time(lines, spans, known), *apart]
        timed.sort(key=lambda line: (line.starts_at, line.ends_at))
        kept = services.save(actor, airing_id, pk, version, timed)
    except BroadcastError as error:
        return _page(request, actor, airing, refused=error, lines=lines)
    messages.success(request, _("已保存。签发以前公众看不到。"))
    return _back(airing_id, kept.pk)


def sent(request: HttpRequest) -> list[Line]:
    """The lines of the form: the script's rows, else the text as it was typed. Raises InvalidInput, naming the line."""
    rows = request.POST.get("rows", "")
    if not rows:
        return plain.parse(request.POST.get("lines", "").encode())
    try:
        found = json.loads(rows)
        if len(found) > MOST_LINES:
            raise InvalidInput(_("最多 %(most)s 句。") % {"most": MOST_LINES}, field="rows")
        lines = [Line(float(a), float(b), str(speaker), str(text)) for a, b, speaker, text in found]
    except (ValueError, TypeError) as error:
        raise InvalidInput(_("没有看懂发来的内容，请再试一次。"), field="rows") from error
    return in_order(checked(line, number) for number, line in enumerate(lines, 1))


@require_POST
@for_staff
def take_file(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """A file becomes a version of its own."""
    upload = request.FILES.get("file")

    def act() -> Transcript:
        if upload is None or upload.size is None or upload.size > MOST_BYTES:
            raise InvalidInput(_("请选一个 8 MB 以内的文件。"), field="file")
        return services.take_file(actor, airing_id, upload.name or "", upload.read())

    return _done(request, actor, airing_id, act, _("已导入，成为新的一版。"))


@require_POST
@for_staff
def take_live(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """What was typed live becomes a draft."""
    return _done(request, actor, airing_id, lambda: drafts.take_live(actor, airing_id), _("已取来现场字幕。"))


@require_POST
@for_staff
def sign(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Make a version public."""
    pk, version, reason = _number(request, "transcript"), _number(request, "version"), request.POST.get("reason", "")
    return _done(
        request,
        actor,
        airing_id,
        lambda: services.sign(actor, airing_id, pk, version, reason),
        _("已签发，回看里有字幕了。"),
    )


@require_POST
@for_staff
def withdraw(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Take the public version back."""
    pk, reason = _number(request, "transcript"), request.POST.get("reason", "")
    return _done(
        request, actor, airing_id, lambda: services.withdraw(actor, airing_id, pk, reason), _("已撤下，公众看不到了。")
    )


@for_staff
def export(request: HttpRequest, actor: Actor, airing_id: UUID, form: str) -> HttpResponse:
    """A version as a file, by seconds of the public replay."""
    airing = _airing(actor, airing_id)
    writes = formats.form(form)
    found = _chosen(request, airing)
    if found is None:
        raise NotFound(_("没有这一版文稿。"))
    text = writes.write(queries.heard(queries.timed(found), queries.spans(airing_id)))
    response = HttpResponse(text.encode(), content_type=f"{writes.media_type}; charset=utf-8")
    header = content_disposition_header(True, file_names.of_airing(airing, form.lower()))
    response["Content-Disposition"] = header or "attachment"
    return response


def _done(
    request: HttpRequest, actor: Actor, airing_id: UUID, act: Callable[[], Transcript], told: str
) -> HttpResponse:
    airing = _airing(actor, airing_id)
    try:
        found = act()
    except BroadcastError as error:
        if error.status == 403:
            raise
        return _page(request, actor, airing, refused=error)
    messages.success(request, told)
    return _back(airing_id, found.pk)


def _back(airing_id: UUID, pk: int) -> HttpResponse:
    return redirect(f"{reverse('transcripts:show', args=[airing_id])}?version={pk}")


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "") or request.GET.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 12 else 0


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = airing_with_programme(airing_id)
    if airing is None:
        raise NotFound(_("没有这一场。"))
    require(actor, Ability.CAPTION, airing.episode.programme_id)
    return airing


def _chosen(request: HttpRequest, airing: Airing) -> Transcript | None:
    pk = _number(request, "transcript") or _number(request, "version") if request.method == "POST" else 0
    pk = pk or (_number(request, "version") if request.method == "GET" else 0)
    return queries.chosen(queries.versions(airing.pk), pk or None)


def _page(
    request: HttpRequest,
    actor: Actor,
    airing: Airing,
    *,
    refused: BroadcastError | None = None,
    lines: list[Line] | None = None,
    typed: str | None = None,
) -> HttpResponse:
    spans, chosen = queries.spans(airing.pk), _chosen(request, airing)
    placed = queries.placed(queries.timed(chosen), spans) if chosen else []
    stands = [
        Line(each.place.start, each.place.end, each.timed.speaker, each.timed.text) for each in placed if each.place
    ]
    shown = stands if lines is None else lines
    programme = airing.episode.programme_id
    changed = isinstance(refused, services.Changed)
    context: dict[str, Any] = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "versions": queries.versions(airing.pk),
        "chosen": chosen,
        "text": plain.write(shown) if typed is None else typed,
        "editor": {
            "lines": [[each.start, each.end, each.speaker, each.text] for each in shown],
            "theirs": [each.text for each in stands] if changed else [],
            "shortened": [each.place.start for each in placed if each.place and not each.place.whole],
        },
        "as_typed": typed is not None,
        "outside": [each.timed for each in placed if each.place is None],
        "count": len(shown),
        "refused": refused,
        "theirs": _differing(shown, stands) if changed else [],
        "may_sign": can(actor, Ability.SIGN_OFF, programme),
        "second": services.needs_second_person(airing),
        "own": chosen is not None and chosen.changed_by_id == actor.user_id and actor.user_id is not None,
        **_media(airing.pk),
    }
    return shell(request, actor, "archive/transcript.html", context, refused.status if refused else 200)


def _differing(mine: list[Line], stands: list[Line]) -> list[dict[str, Any]]:
    """What somebody else saved otherwise, by number of the line."""
    return [
        {"number": number, "line": theirs}
        for number, theirs in enumerate(stands, 1)
        if number > len(mine) or mine[number - 1] != theirs
    ][:200]


def _media(airing_id: UUID) -> dict[str, str]:
    """What is listened to: the public's sound and its waveform."""
    files = {each.kind: derivatives.address(each) for each in derivatives.shown(airing_id, everything=False)}
    return {"sound": files.get(Derivative.Kind.SOUND, ""), "peaks": files.get(Derivative.Kind.PEAKS, "")}
