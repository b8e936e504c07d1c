"""Staff pages of imports: batches, each file's reason, trays of uploads with dry run and import; the services decide."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from archive.importing import listing, services
from archive.importing.media import OLD
from archive.models import ImportBatch, ImportItem, Upload, UploadTray
from archive.recording_page import size_words
from archive.uploads import services as uploads
from broadcast.access import Ability, Actor, require_anywhere
from broadcast.errors import BroadcastError, NotAllowed, NotFound
from broadcast.models import User
from broadcast.views.staff_page import for_staff, programmes_of, shell

_A_PAGE = 100
_LISTED = 50
_FILES = {
    "csv": ("text/csv; charset=utf-8", listing.as_csv),
    "xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", listing.as_xlsx),
}


@for_staff
def show(request: HttpRequest, actor: Actor) -> HttpResponse:
    """All imports of the actor's programmes. POST `programme` opens a tray for uploads."""
    require_anywhere(actor, Ability.PRODUCE)
    mine = programmes_of(actor, Ability.PRODUCE)
    if request.method == "POST":
        programme = mine.filter(slug=request.POST.get("programme", "")).first()
        if programme is None:
            messages.error(request, _("请选择节目。"))
            return redirect("imports:show")
        return redirect("imports:tray", uploads.open_tray(actor, programme).pk)
    batches = list(listing.batches_of(mine, actor)[:_LISTED])
    names = _names([each.started_by for each in batches])
    rows = [_row(each, names) for each in batches]
    open_trays = UploadTray.objects.filter(programme__in=mine, batch=None).select_related("programme")[:_LISTED]
    context: dict[str, Any] = {
        "rows": rows,
        "trays": [{"tray": each, "files": each.uploads.count()} for each in open_trays],
        "mine": mine,
        "running": any(each["pace"].running for each in rows),
    }
    return shell(request, actor, "archive/staff/imports.html", context)


def _row(batch: ImportBatch, names: dict[int, str]) -> dict[str, Any]:
    counts, pace = listing.counts_of(batch), listing.pace_of(batch)
    left = counts.get("refused", 0) + len(batch.unmatched)
    tray = UploadTray.objects.filter(batch=batch).first()
    return {
        "batch": batch,
        "tray": tray,
        "name": _("上传") if tray else batch.folder.rpartition("/")[2],
        "who": names.get(batch.started_by or 0, ""),
        "counts": counts,
        "left_out": left,
        "pace": pace,
        "rate": size_words(pace.rate) if pace.rate else "",
    }


def _names(ids: list[int | None]) -> dict[int, str]:
    return {each.pk: str(each) for each in User.objects.filter(pk__in={pk for pk in ids if pk})}


def _batch(actor: Actor, pk: int) -> ImportBatch:
    """Raises NotAllowed, NotFound."""
    require_anywhere(actor, Ability.PRODUCE)
    found = listing.batches_of(programmes_of(actor, Ability.PRODUCE), actor).filter(pk=pk).first()
    if found is None:
        raise NotFound(_("没有这次导入。"))
    return found


@for_staff
@require_safe
def batch(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """One import: each file, its reason, what to do. `?state=` filters, `?format=csv|xlsx` gives a file."""
    found = _batch(actor, pk)
    mine = programmes_of(actor, Ability.PRODUCE)
    items = found.items.filter(programme__in=mine).select_related("programme", "airing__episode")
    state = request.GET.get("state", "")
    if state in ImportItem.State.values:
        items = items.filter(state=state)
    if (wanted := request.GET.get("format", "")) in _FILES:
        media_type, write = _FILES[wanted]
        headers = {"Content-Disposition": f'attachment; filename="yishi-import-{pk}.{wanted}"'}
        return HttpResponse(write(listing.table(found, items)), content_type=media_type, headers=headers)
    page = Paginator(items, _A_PAGE).get_page(request.GET.get("page"))
    row = _row(found, _names([found.started_by]))
    labels = dict(ImportItem.State.choices)
    context = {
        **row,
        "items": [{**each, "size_words": size_words(each["size"])} for each in map(listing.view_item, page)],
        "page": page,
        "state": state,
        "states": [(name, labels[ImportItem.State(name)], count) for name, count in sorted(row["counts"].items())],
        "total": sum(row["counts"].values()),
        "unmatched": listing.view_unmatched(found.unmatched) if state in {"", "refused"} else [],
        "may_again": bool(row["counts"].get("refused")),
    }
    return shell(request, actor, "archive/staff/import.html", context)


@require_POST
@for_staff
def again(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Have what was refused tried again."""
    found = _batch(actor, pk)
    tray = UploadTray.objects.filter(batch=found).first()
    waiting = services.again(actor, found)
    if tray is not None and waiting:
        uploads.ask(actor, tray.pk, UploadTray.Wanted.IMPORT)
        messages.success(request, _("已经开始，结果会出现在这一页。"))
    elif waiting:
        messages.success(request, _("已经排队。请系统管理员再运行一次 ./yishi import。"))
    else:
        messages.error(request, _("没有可以再试的：请先改正表格或文件。"))
    return redirect("imports:batch", pk)


@for_staff
@require_safe
def tray(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Files of one import: choose, watch them go up, dry run, import."""
    found = uploads.tray_of(actor, pk)
    report = listing.view_report(found.report) if found.reported_at and found.report else None
    context = {
        "tray": found,
        "programme": found.programme,
        "files": _state(found)["uploads"],
        "report": report,
        "state": _state(found),
        "most": size_words(OLD.bytes),
        "sheets": ", ".join(uploads.SHEETS),
        "days": uploads.EXPIRES.days,
    }
    return shell(request, actor, "archive/staff/import_tray.html", context)


@for_staff
@require_safe
def tray_state(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """The same for the script."""
    return JsonResponse(_state(uploads.tray_of(actor, pk)))


@require_POST
@for_staff
def tray_act(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """`act`: foretell or import."""
    try:
        uploads.ask(actor, pk, request.POST.get("act", ""))
    except NotAllowed:
        raise
    except BroadcastError as error:
        messages.error(request, error.message)
    return redirect("imports:tray", pk)


def _state(found: UploadTray) -> dict[str, Any]:
    problems = {
        "digest": _("内容和您电脑上的不一样，已删去。请再选择一次。"),
        "lost": _("服务器上的文件不见了，请再选择一次。"),
    }
    return {
        "create": reverse("uploads:tray", args=[found.pk]),
        "state": reverse("imports:tray-state", args=[found.pk]),
        "wanted": found.wanted,
        "reported": found.reported_at.isoformat() if found.reported_at else "",
        "batch": found.batch_id,
        "problem": found.problem,
        "uploads": [
            {
                "address": reverse("uploads:file", args=[found.pk, each.pk]),
                "name": each.name,
                "size": each.size_bytes,
                "offset": each.offset_bytes,
                "modified": each.modified,
                "state": each.state,
                "words": str(each.get_state_display()),
                "problem": problems.get(each.problem, each.problem),
            }
            for each in Upload.objects.filter(tray=found)
        ],
    }


app_name = "imports"
urlpatterns = [
    path("", show, name="show"),
    path("<int:pk>/", batch, name="batch"),
    path("<int:pk>/again", again, name="again"),
    path("uploads/<int:pk>/", tray, name="tray"),
    path("uploads/<int:pk>/state", tray_state, name="tray-state"),
    path("uploads/<int:pk>/act", tray_act, name="tray-act"),
]
