"""The staff page of mutes, bans and emergency withdrawals: who, why, by whom, until when, what they read; lifting them; no rules here."""

from __future__ import annotations

import secrets
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils.translation import gettext as _

from broadcast.access import Ability, Actor, can
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.models import Programme
from broadcast.views.staff_page import for_staff, programmes_of, shell
from live import protocol, text
from live.queries import restraint, sanctions, visible
from live.services import sanctions as measures
from live.services import withdrawals

NOTE_MOST = 200
STATES = ("standing", "over", "all")


@for_staff
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """The list, kept to what the address asks (`state`, `measure`, `scope`, `programme`, `q`, `airing`). POST act=lift or restore."""
    mine = list(programmes_of(actor, Ability.SEE_DESK))
    if not mine:
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))
    error = None
    if request.method == "POST":
        try:
            messages.success(request, _act(request, actor))
            return HttpResponseRedirect(request.get_full_path())
        except BroadcastError as refused:
            error = refused
    status = error.status if error else 200
    return shell(request, actor, "live/staff/sanctions.html", _context(request, actor, mine, error), status)


def _act(request: HttpRequest, actor: Actor) -> str:
    act, number = request.POST.get("act", ""), text.whole(request.POST.get("number", ""))
    note = request.POST.get("note", "").strip()
    if number is None or act not in {"lift", "restore"}:
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
    if len(note) > NOTE_MOST:
        raise InvalidInput(_("说明最多 %(most)s 个字。") % {"most": NOTE_MOST}, field="note", number=number)
    command_id = secrets.token_urlsafe(12)
    if act == "restore":
        withdrawals.restore(actor, None, protocol.RestoreMany(id=command_id, withdrawal=number, note=note))
        return _("已恢复，观众马上能看到。")
    measures.lift(actor, None, protocol.LiftSanction(id=command_id, sanction=number, note=note))
    return _("已解除，对方马上可以参与。")


def _context(request: HttpRequest, actor: Actor, mine: list[Programme], error: BroadcastError | None) -> dict[str, Any]:
    asked = request.GET
    chosen = next((each for each in mine if each.slug == asked.get("programme")), None)
    state = asked.get("state") if asked.get("state") in STATES else "standing"
    kept = sanctions.Asked(
        airing=_uuid(asked.get("airing", "")),
        programme=chosen.pk if chosen else None,
        measure=asked.get("measure", ""),
        scope=asked.get("scope", ""),
        state=str(state),
        words=asked.get("q", "").strip()[:60],
    )
    whole_house = Ability.SEE_DESK in actor.grants.get(None, ())
    ids = [each.pk for each in mine]
    pages = Paginator(sanctions.listed(ids, kept, whole_house=whole_house), sanctions.PAGE)
    shown = pages.get_page(asked.get("page"))
    rows = list(shown.object_list)
    words = sanctions.words_said(rows)
    return {
        "mine": mine,
        "programme": chosen,
        "kept": kept,
        "state": state,
        "states": [("standing", _("现在有效")), ("over", _("已结束")), ("all", _("全部"))],
        "shown": shown,
        "total": pages.count,
        "rows": [_row(actor, row, words.get(row.pk, "")) for row in rows],
        "hiding": [_hiding(actor, row) for row in visible.standing_in(ids, whole_house=whole_house)],
        "error": error,
        "wrong": error.data.get("number") if error else None,
        "address": _address(request),
    }


def _address(request: HttpRequest) -> str:
    """This list, without its page, for the links between pages."""
    query = request.GET.copy()
    query.pop("page", None)
    return f"{reverse('staff:sanctions')}?{query.urlencode()}{'&' if query else ''}"


def _row(actor: Actor, row: Any, words: str) -> dict[str, Any]:
    standing = restraint.Standing(
        row.pk,
        row.kind,
        row.scope,
        row.participant_id,
        row.device,
        row.network,
        row.room_id,
        row.programme_id,
        row.reason,
        row.until,
    )
    programme = row.programme or (row.room.airing.episode.programme if row.room else None)
    leads = any(can(actor, each, programme.pk if programme else 0) for each in (Ability.LEAD, Ability.AUDIT))
    is_over = row.lifted_at is not None or not row.stands
    return {
        "row": row,
        "programme": programme,
        "is_over": is_over,
        "words": words,
        "reason": restraint.reason_name(row.reason),
        "told": restraint.words_of(standing),
        # An address is somebody's personal data: only those who decide about networks read it.
        "network": row.network if leads else "",
        "may_lift": not is_over and measures.may_impose(actor, programme.pk if programme else None, row),
    }


def _hiding(actor: Actor, row: Any) -> dict[str, Any]:
    airing = row.room.airing if row.room else None
    return {
        "row": row,
        "airing": airing,
        "reason": restraint.reason_name(row.reason),
        "may_restore": withdrawals.may_hide(actor, airing, row.scope, everywhere=airing is None),
    }


def _uuid(asked: str) -> UUID | None:
    try:
        return UUID(asked) if asked else None
    except ValueError:
        return None


urlpatterns = [path("", page, name="sanctions")]
