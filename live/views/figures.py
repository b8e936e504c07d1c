"""Pages of a show's figures: for staff of its desk, as a table to fetch, and for the public where the programme publishes them."""

from __future__ import annotations

import csv
import io
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast import clock
from broadcast import queries as catalogue
from broadcast.access import Ability, Actor, can, may_watch, require
from broadcast.errors import NotFound
from broadcast.identity import actor_of_request
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live.queries.figures import Figures, figures
from live.views import room


@require_safe
def public(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """The figures for everybody, where the programme publishes them; else there is no such page."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    if not found.programme.publishes_figures:
        raise NotFound(_("这个节目没有公开审核数字。"))
    context = {
        "episode": found,
        "programme": found.programme,
        "airing": airing,
        "title": catalogue.title_of(found),
        "back": f"{reverse('episode', args=[slug, key])}?airing={airing.pk}",
        "figures": figures(airing),
        "now": clock.now(),
    }
    response = render(request, "live/figures.html", context)
    response["Cache-Control"] = "private, no-cache"
    return response


@for_staff
def staff(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The figures of any airing for whoever sees its desk; `?format=csv` gives them as a table."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    programme = airing.episode.programme
    require(actor, Ability.SEE_DESK, programme.pk)
    found = figures(airing)
    if request.GET.get("format") == "csv":
        return _csv(airing, found)
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "figures": found,
        "may_moderate": can(actor, Ability.SEE_DESK, programme.pk),
    }
    return shell(request, actor, "live/staff/figures.html", context)


def _csv(airing: Airing, found: Figures) -> HttpResponse:
    """UTF-8 with a mark, as spreadsheets expect."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow([_("项目"), _("细目"), _("数量")])
    table.writerows(_rows(found))
    response = HttpResponse("\ufeff" + text.getvalue(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="figures-{airing.pk}.csv"'
    return response


def _rows(found: Figures) -> list[tuple[str, str, int | str]]:
    rows: list[tuple[str, str, int | str]] = []
    for name, kind in ((_("评论"), found.comments), (_("提问"), found.questions)):
        rows += [
            (name, _("收到"), kind.received),
            (name, _("公开过"), kind.published),
            (name, _("现在公开"), kind.public),
            (name, _("等审核"), kind.waiting),
            (name, _("未通过"), kind.rejected),
            (name, _("其中规则退回"), kind.by_rule),
            (name, _("撤下"), kind.taken_down),
            (name, _("作者撤回"), kind.retracted),
            (name, _("已合并"), kind.merged),
            (name, _("遮字后公开"), kind.masked),
        ]
    for why in found.reasons:
        rows += [
            (_("理由"), f"{why.name} {_('未通过')}", why.rejected),
            (_("理由"), f"{why.name} {_('撤下')}", why.withdrawn),
        ]
    waits = found.waits
    rows += [
        (_("举报"), _("次数"), found.reports),
        (_("举报"), _("涉及"), found.reported),
        (_("举报"), _("成立"), found.upheld),
        (_("举报"), _("不成立"), found.dismissed),
        (_("申诉"), _("收到"), found.appeals),
        (_("申诉"), _("成立"), found.granted),
        (_("申诉"), _("不成立"), found.refused),
        (_("申诉"), _("超过时限"), found.late_appeals),
        (_("提问"), _("播出"), found.on_air),
        (_("提问"), _("已答复"), found.answered),
        (_("等待"), _("一半在几秒内"), "" if waits.half is None else waits.half),
        (_("等待"), _("九成五在几秒内"), "" if waits.most is None else waits.most),
    ]
    return [(first, _safe(second), number) for first, second, number in rows]


def _safe(cell: str) -> str:
    """A reason's name is typed by people: a spreadsheet must not take it for a formula."""
    return f"'{cell}" if cell[:1] in "=+-@\t" else cell
