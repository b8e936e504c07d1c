"""The staff page where the reasons for refusing and reporting are worded, of one programme or of all; no rules here."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import path, reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from broadcast.access import Actor
from broadcast.errors import BroadcastError, NotAllowed
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, programmes_of, shell
from live.queries import reason_list
from live.services import reasons


@for_staff
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list of one programme (`?programme=`), else of the first that one may word. POST act=add, reword, on, off, up or down."""
    mine = [each for each in programmes_of(actor) if reasons.may_word(actor, each.pk)]
    if not mine:
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))
    asked = request.GET.get("programme", "")
    chosen = None if asked == "all" else next((each for each in mine if each.slug == asked), mine[0])
    error, typed = None, QueryDict()
    if request.method == "POST":
        try:
            messages.success(request, _act(actor, chosen, request.POST))
            return HttpResponseRedirect(_address(chosen))
        except BroadcastError as refused:
            error, typed = refused, request.POST
    return shell(request, actor, "live/staff/reasons.html", _context(actor, mine, chosen, error, typed), _status(error))


def _status(error: BroadcastError | None) -> int:
    return error.status if error else 200


def _context(
    actor: Actor, mine: list[Programme], chosen: Programme | None, error: BroadcastError | None, typed: QueryDict
) -> dict[str, Any]:
    own = reason_list.listed(chosen.pk if chosen else None)
    return {
        "mine": mine,
        "programme": chosen,
        "own": own,
        "offered_count": sum(1 for row in own if row.is_active),
        "general": reason_list.listed(None) if chosen else [],
        "may_all": reasons.may_word(actor, None),
        "error": error,
        "wrong": error.data.get("field", "") if error else "",
        "typed": typed,
        "editing": typed.get("code", "") if typed.get("act") == "reword" else "",
    }


def _address(chosen: Programme | None) -> str:
    return f"{reverse('staff:reasons')}?{urlencode({'programme': chosen.slug if chosen else 'all'})}"


def _act(actor: Actor, chosen: Programme | None, posted: QueryDict) -> str:
    act, code = posted.get("act", ""), posted.get("code", "")
    if act == "add":
        reasons.add(actor, chosen.pk if chosen else None, posted.get("name_zh", ""), posted.get("name_en", ""))
        return _("已加上，审核台和举报里马上可选。")
    if act == "reword":
        reasons.reword(actor, code, posted.get("name_zh", ""), posted.get("name_en", ""))
        return _("已改名，以前用过它的也显示新名称。")
    if act in {"up", "down"}:
        reasons.shift(actor, code, act == "up")
        return _("已移动。审核台上的数字键跟着变。")
    reasons.switch(actor, code, act == "on")
    return _("已启用。") if act == "on" else _("已停用，以前用过它的仍显示这个理由。")


urlpatterns = [path("", page, name="reasons")]
