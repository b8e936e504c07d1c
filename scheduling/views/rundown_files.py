"""A run-down as a file: out, and in again with a look at what would change before it is taken; no rule of its own."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from urllib.parse import quote
from uuid import UUID

from django.contrib import messages
from django.core import signing
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import sheets
from broadcast.access import Ability, Actor, require
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, Conflict
from broadcast.models import Airing
from broadcast.rundown_lines import LinePlan, changes, check, matched
from broadcast.services import rundown as service
from broadcast.views.staff_page import for_staff, shell
from scheduling import rundown_sheet, rundown_words
from scheduling.queries import rundown as queries
from scheduling.views.rundown import airing_of

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
# A proposal waits in the page, signed; how long it may.
_SALT, _KEPT_SECONDS = "scheduling.rundown", 3600


@require_safe
@for_staff
def sheet(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The run-down as XLSX, with planned, real and expected times as they are now."""
    airing = airing_of(actor, airing_id)
    episode = airing.episode
    _segments, order = queries.laid(airing)
    heading = rundown_sheet.Heading(_show(airing), episode.title, airing.planned_start, airing.planned_end)
    data = rundown_sheet.write(heading, service.plans(episode), order, _roles(airing))
    response = HttpResponse(data, content_type=XLSX)
    name = f"{_('串联单')} {_show(airing)} {airing.planned_start.astimezone(ZONE):%Y-%m-%d}.xlsx"
    response["Content-Disposition"] = f"attachment; filename=\"rundown.xlsx\"; filename*=UTF-8''{quote(name)}"
    return response


@for_staff
def read(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """A file is shown as what it would change (POST file), and taken when somebody says so (POST take)."""
    airing = airing_of(actor, airing_id)
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    if request.method != "POST":
        return _page(request, actor, airing, {})
    if "take" in request.POST:
        return _take(request, actor, airing)
    given = request.FILES.get("file")
    if not isinstance(given, UploadedFile):
        return _page(request, actor, airing, {"wrong": _("请选择一个文件。")})
    try:
        if (given.size or 0) > sheets.MOST_BYTES:
            raise sheets.BadSheet(_("文件超过 %(most)s MB，没有导入。") % {"most": sheets.MOST_BYTES // 1024 // 1024})
        lines = rundown_sheet.read(given.read(), given.name or "", _roles(airing))
    except sheets.BadSheet as error:
        return _page(request, actor, airing, {"wrong": error.message, "line": error.line})
    return _proposal(request, actor, airing, lines)


def _proposal(
    request: HttpRequest, actor: Actor, airing: Airing, lines: list[LinePlan], told: str = ""
) -> HttpResponse:
    """What the lines would change, and a button that takes them."""
    airing.episode.refresh_from_db(fields=["rundown_version"])
    before = service.plans(airing.episode)
    lines = matched(before, lines)
    try:
        check(lines)
    except BroadcastError as error:
        return _page(request, actor, airing, {"wrong": error.message})
    found = changes(before, lines)
    kept = {
        "airing": str(airing.pk),
        "version": airing.episode.rundown_version,
        "lines": [asdict(line) for line in lines],
    }
    context = {
        "found": rundown_words.sentences(found, _roles(airing)),
        "same": not found,
        "proposal": signing.dumps(kept, salt=_SALT, compress=True),
        "seconds": sum(line.seconds for line in lines),
        "count": len(lines),
        "told": told,
    }
    return _page(request, actor, airing, context)


def _take(request: HttpRequest, actor: Actor, airing: Airing) -> HttpResponse:
    try:
        kept = signing.loads(request.POST["take"], salt=_SALT, max_age=_KEPT_SECONDS)
    except signing.BadSignature:
        kept = {}
    if kept.get("airing") != str(airing.pk):
        return _page(request, actor, airing, {"wrong": _("预览已经过期，请重新选择文件。")})
    lines = [LinePlan(**line) for line in kept["lines"]]
    try:
        service.revise(actor, airing.pk, kept["version"], lines)
    except Conflict:
        return _proposal(request, actor, airing, lines, _("预览以后有人改过串联单。下面按现在的重新比较，请再看一遍。"))
    except BroadcastError as error:
        return _page(request, actor, airing, {"wrong": error.message})
    messages.success(request, _("已按文件改好串联单。"))
    return redirect("staff:rundown", airing_id=airing.pk)


def _page(request: HttpRequest, actor: Actor, airing: Airing, context: dict[str, Any]) -> HttpResponse:
    shared = {"airing": airing, "episode": airing.episode, "programme": airing.episode.programme}
    status = 422 if context.get("wrong") else 200
    return shell(request, actor, "scheduling/staff/rundown_import.html", {**shared, **context}, status=status)


def _show(airing: Airing) -> str:
    episode = airing.episode
    return f"{episode.programme.name} {_('第 %(number)s 期') % {'number': episode.number} if episode.number else ''}".strip()


def _roles(airing: Airing) -> dict[str, str]:
    return {each.code: each.name for each in airing.episode.programme.segment_roles.all()}


urlpatterns = [
    path("<uuid:airing_id>/rundown.xlsx", sheet, name="rundown-sheet"),
    path("<uuid:airing_id>/rundown/import", read, name="rundown-import"),
]
