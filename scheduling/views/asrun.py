"""The as-run log by day and by airing, and the station's log beside it: pages and files; services and queries decide."""

from __future__ import annotations

import datetime as dt
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from broadcast import clock, sheets
from broadcast.access import Ability, Actor, require_anywhere
from broadcast.clock import ZONE
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, programmes_of, shell
from scheduling import asrun_sheet
from scheduling.models import StationLog
from scheduling.queries import asrun
from scheduling.services import station_log

MOST_DAYS = 31
LOGS = 20


@for_staff
@require_safe
def listing(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What went out on some days, beside what the station says."""
    return _listing(request, actor, {})


def _listing(request: HttpRequest, actor: Actor, more: dict[str, Any], status: int = 200) -> HttpResponse:
    programmes = asrun.readable(actor)
    slug = request.GET.get("programme", "")
    chosen = programmes.filter(slug=slug) if slug else programmes
    first, last, error = _days(request)
    day = asrun.day(chosen, first, last)
    may_import = programmes_of(actor, Ability.PRODUCE).exists()
    context = {
        "programmes": programmes,
        "slug": slug,
        "first": first,
        "last": last,
        "is_one_day": first == last,
        "earlier": first - dt.timedelta(days=1),
        "later": last + dt.timedelta(days=1),
        "error": error,
        "day": day,
        "asked": urlencode({"from": first, "to": last, **({"programme": slug} if slug else {})}),
        "may_import": may_import,
        "logs": StationLog.objects.select_related("imported_by")[:LOGS] if may_import else (),
        "most_days": MOST_DAYS,
        "most_megabytes": sheets.MOST_BYTES // 1024 // 1024,
        "tolerance": int(asrun.TOLERANCE.total_seconds()),
        **more,
    }
    return shell(request, actor, "scheduling/staff/asrun.html", context, status)


@for_staff
@require_safe
def one(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """One airing, stretch by stretch."""
    airing = _airing(actor, airing_id)
    at = (airing.actual_start or airing.planned_start).astimezone(ZONE).date()
    day = asrun.day(asrun.readable(actor).filter(pk=airing.episode.programme_id), at, at)
    row = next((each for each in day.rows if each.log.airing.pk == airing.pk), None)
    log = row.log if row is not None else asrun.logs([airing])[0]
    delay = dt.timedelta(seconds=airing.delay_seconds)
    stretches = [{"ran": each, "start": each.start + delay, "end": each.end + delay} for each in log.stretches]
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "log": log,
        "row": row,
        "stretches": stretches,
        "day": at,
        "has_station": day.has_station,
        "asked": urlencode({"airing": airing.pk}),
    }
    return shell(request, actor, "scheduling/staff/asrun_airing.html", context)


@for_staff
@require_safe
def export(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The days that the page shows, or one airing, as a workbook."""
    programmes = asrun.readable(actor)
    if request.GET.get("airing"):
        airing = _airing(actor, _uuid(request.GET["airing"]))
        first = last = (airing.actual_start or airing.planned_start).astimezone(ZONE).date()
        day = asrun.day(programmes.filter(pk=airing.episode.programme_id), first, last)
        rows = tuple(each for each in day.rows if each.log.airing.pk == airing.pk)
        day = asrun.Day(rows, (), day.has_station)
    else:
        slug = request.GET.get("programme", "")
        first, last, error = _days(request)
        if error is not None:
            raise error
        day = asrun.day(programmes.filter(slug=slug) if slug else programmes, first, last)
    answer = HttpResponse(asrun_sheet.workbook(day), content_type=asrun_sheet.MEDIA_TYPE)
    name = f"yishi-as-run-{first}.xlsx" if first == last else f"yishi-as-run-{first}-{last}.xlsx"
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


@require_POST
@for_staff
def take(request: HttpRequest, actor: Actor) -> HttpResponse:
    """A file of the station's log."""
    require_anywhere(actor, Ability.PRODUCE)
    file = request.FILES.get("file")
    day = _date(request.POST.get("day", ""))
    try:
        if file is None:
            raise station_log.BadLog(_("请选一个文件。"), field="file")
        if (file.size or 0) > sheets.MOST_BYTES:
            most = sheets.MOST_BYTES // 1024 // 1024
            raise station_log.BadLog(_("文件超过 %(most)s MB，没有导入。") % {"most": most}, field="file")
        log = station_log.take(actor, file.name or "", file.read(), day=day)
    except (station_log.BadLog, BroadcastError) as error:
        more = {"wrong": error, "wrong_lines": error.data.get("lines", []), "typed_day": request.POST.get("day", "")}
        return _listing(request, actor, more, error.status)
    many = log.entries.count()
    messages.success(request, ngettext("已导入 %(many)s 行。", "已导入 %(many)s 行。", many) % {"many": many})
    at = log.entries.order_by("started_at").values_list("started_at", flat=True).first()
    return HttpResponseRedirect(_address(at.astimezone(ZONE).date() if at else None))


@require_POST
@for_staff
def remove(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """A file that was a mistake goes again."""
    try:
        station_log.remove(actor, pk, request.POST.get("reason", ""))
    except InvalidInput as error:
        return _listing(request, actor, {"wrong_removal": error, "removing": pk}, error.status)
    messages.success(request, _("已删去这份播出单。"))
    return HttpResponseRedirect(reverse("staff:as-run"))


def _address(day: dt.date | None) -> str:
    return f"{reverse('staff:as-run')}{f'?from={day}' if day else ''}"


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    found = Airing.objects.filter(pk=airing_id, episode__programme__in=asrun.readable(actor))
    airing = found.select_related("episode__programme").first()
    if airing is None:
        raise NotFound(_("没有这一场。"))
    return airing


def _days(request: HttpRequest) -> tuple[dt.date, dt.date, InvalidInput | None]:
    """The days asked for; today and the refusal where they cannot be."""
    today = clock.now().astimezone(ZONE).date()
    texts = request.GET.get("from", ""), request.GET.get("to", "")
    first, last = (_date(each) for each in texts)
    if (texts[0] and first is None) or (texts[1] and last is None):
        return today, today, InvalidInput(_("日期读不懂，例如：2026-11-28。"), field="from")
    first = first or last or today
    last = last or first
    if last < first:
        return first, first, InvalidInput(_("结束日期要不早于开始日期。"), field="to")
    if (last - first).days >= MOST_DAYS:
        return first, first, InvalidInput(_("一次最多看 %(days)s 天。") % {"days": MOST_DAYS}, field="to")
    return first, last, None


def _date(text: str) -> dt.date | None:
    try:
        found = dt.date.fromisoformat(text)
    except ValueError:
        return None
    return found if 1990 <= found.year <= 2100 else None


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound(_("没有这一场。")) from error


urlpatterns = [
    path("", listing, name="as-run"),
    path("export", export, name="as-run-export"),
    path("import", take, name="as-run-import"),
    path("logs/<int:pk>/remove", remove, name="as-run-remove"),
    path("airings/<uuid:airing_id>/", one, name="as-run-airing"),
]
