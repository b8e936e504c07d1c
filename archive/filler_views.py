"""Staff page of a programme's fillers: carries what was uploaded to services and shows what came of it; no rule of its own."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from archive import fillers
from archive.models import Filler
from archive.untrusted import LIMITS
from broadcast.access import Ability, Actor, require
from broadcast.errors import BroadcastError
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, shell

_PIECE = 1 << 20


@for_staff
def fillers_page(request: HttpRequest, actor: Actor, slug: str) -> HttpResponse:
    """All fillers that the programme may use. POST `file` and `title` uploads one."""
    programme = get_object_or_404(Programme, slug=slug)
    require(actor, Ability.PRODUCE, programme.pk)
    error, field = "", ""
    if request.method == "POST":
        error, field = _upload(request, actor, programme)
        if not error:
            messages.success(request, _("已上传，正在检查。"))
            return redirect("staff:fillers", slug=slug)
    rows = Filler.objects.filter(Q(programme=programme) | Q(programme=None)).order_by("-pk")
    found = [fillers.view(each) | {"state_label": each.get_state_display(), "own": each.programme_id} for each in rows]
    context = {
        "programme": programme,
        "fillers": found,
        "checking": any(each["state"] == Filler.State.CHECKING for each in found),
        "most_gigabytes": LIMITS.bytes >> 30,
        "most_minutes": int(LIMITS.seconds // 60),
        "error": error,
        "field": field,
        "title": request.POST.get("title", ""),
    }
    return shell(request, actor, "archive/staff/fillers.html", context, status=422 if error else 200)


def _upload(request: HttpRequest, actor: Actor, programme: Programme) -> tuple[str, str]:
    """What was wrong and with which field, or two empty words."""
    upload = request.FILES.get("file")
    if upload is None:
        return _("请选择一个文件。"), "file"
    try:
        fillers.upload(actor, programme, request.POST.get("title", ""), upload.chunks(_PIECE))
    except BroadcastError as error:
        return error.message, str(error.data.get("field", "file"))
    return "", ""


@require_POST
@for_staff
def remove(request: HttpRequest, actor: Actor, slug: str, pk: int) -> HttpResponse:
    """Take a filler out of use."""
    get_object_or_404(Filler, pk=pk, programme__slug=slug)
    fillers.remove(actor, pk)
    messages.success(request, _("已删去。"))
    return redirect("staff:fillers", slug=slug)


urlpatterns = [
    path("<slug:slug>/fillers/", fillers_page, name="fillers"),
    path("<slug:slug>/fillers/<int:pk>/remove", remove, name="filler-remove"),
]
