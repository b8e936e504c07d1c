"""The staff pages of an airing's polls: prepare, order, open, close, publish, void, hand out codes, read and export; no rules here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from broadcast.access import Ability, Actor, can, require
from broadcast.errors import BroadcastError, InvalidInput, NotFound
from broadcast.forms import number
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live import commands, poll_tables, protocol
from live.queries import electorate, poll_pages
from live.views import rolls
from live.views.poll_result import result_of
from live.views.poll_terms import TermsForm, typed

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
CODES_MOST = 500
Staff = protocol.StaffCommand


@for_staff
def listed(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """All polls of the airing, what is laid down for each, and what may be done with it now."""
    airing = _airing(actor, airing_id)
    error = None
    if request.method == "POST":
        try:
            messages.success(request, _done(actor, airing, request))
            return HttpResponseRedirect(request.get_full_path())
        except BroadcastError as refused:
            error = refused
    polls = poll_pages.listed(airing)
    drafts = [poll.id for poll in polls if poll.state == "draft"]
    context = _context(actor, airing) | {
        "rows": [result_of(poll) for poll in polls],
        "segments_by_id": {segment.pk: segment.title for segment in poll_pages.segments(airing)},
        "first": drafts[0] if drafts else None,
        "last": drafts[-1] if drafts else None,
        "error": error,
        "wrong": number(request.POST.get("poll")) if error else None,
    }
    return shell(request, actor, "live/staff/polls.html", context, error.status if error else 200)


@for_staff
def new(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Prepare one: from nothing, as the next round of a void one (`replaces`), or asked again to compare (`compares`), or a copy."""
    airing = _airing(actor, airing_id, Ability.PRODUCE)
    return _laid_down(request, actor, airing, None, _model(request, airing))


@for_staff
def change(request: HttpRequest, actor: Actor, airing_id: UUID, poll_id: int) -> HttpResponse:
    """Lay a draft down anew."""
    airing = _airing(actor, airing_id, Ability.PRODUCE)
    poll = _poll(airing, poll_id)
    return _laid_down(request, actor, airing, poll, typed(poll))


def _model(request: HttpRequest, airing: Airing) -> dict[str, Any]:
    """What a new one begins with: the poll that the address names, as far as it goes."""
    for name in ("replaces", "compares", "copy"):
        known = number(request.GET.get(name))
        model = poll_pages.one(airing, known) if known else None
        if model is not None:
            begun = typed(model) | {"opens": "hand", "opens_at": None, "opens_with": "", "replaces": "", "compares": ""}
            return begun | ({} if name == "copy" else {name: model.id})
    return {"filling_seconds": 10, "results": poll_pages.Results.AFTER_VOTE, "adds_entered": True, "opens": "hand"}


def _laid_down(
    request: HttpRequest, actor: Actor, airing: Airing, poll: protocol.StaffPoll | None, begun: dict[str, Any]
) -> HttpResponse:
    offers = _offers(airing)
    if request.method != "POST":
        return _form_page(request, actor, airing, poll, TermsForm(initial=begun, offers=offers))
    form = TermsForm(request.POST, initial=begun, offers=offers)
    status = InvalidInput.status
    if form.is_valid():
        try:
            _save(actor, airing, poll, form)
            messages.success(request, _("已备好，公众看不到。"))
            return HttpResponseRedirect(reverse("staff:polls", args=[airing.pk]))
        except BroadcastError as error:
            form.blame(str(error.data.get("field", "")), error.message)
            status = error.status
    return _form_page(request, actor, airing, poll, form, status)


def _save(actor: Actor, airing: Airing, poll: protocol.StaffPoll | None, form: TermsForm) -> None:
    """Terms and time together, or neither."""
    with transaction.atomic():
        if poll is None:
            made = commands.perform(actor, airing.pk, protocol.CreatePoll(id=_id(), **form.terms()))
            poll_id = int(made["poll"])
        else:
            poll_id = poll.id
            commands.perform(actor, airing.pk, protocol.ChangePoll(id=_id(), poll=poll_id, **form.terms()))
        when = form.schedule(poll_id, _id())
        if poll is not None or when.opens_at or when.opens_with:
            commands.perform(actor, airing.pk, when)


def _offers(airing: Airing) -> dict[str, list[tuple[Any, Any]]]:
    parts = [(segment.pk, f"{segment.position}. {segment.title}") for segment in poll_pages.segments(airing)]
    return {
        "segment": parts,
        "opens_with": parts,
        "about": [(question.pk, question.text[:60]) for question in poll_pages.asked(airing)],
        "compares": [
            (poll.pk, f"{poll.room.airing.episode.title} {poll.question}") for poll in poll_pages.earlier(airing)
        ],
        "roll": [
            (roll.id, f"{roll.name}，{_('%(n)s 人') % {'n': roll.entries}}")
            for roll in electorate.rolls(airing.episode.programme_id)
        ],
    }


def _form_page(
    request: HttpRequest,
    actor: Actor,
    airing: Airing,
    poll: protocol.StaffPoll | None,
    form: TermsForm,
    status: int = 200,
) -> HttpResponse:
    context = _context(actor, airing) | {"form": form, "poll": poll, "show_errors": bool(form.errors)}
    return shell(request, actor, "live/staff/poll_form.html", context, status)


@for_staff
def one(request: HttpRequest, actor: Actor, airing_id: UUID, poll_id: int) -> HttpResponse:
    """What came out of one, its codes, its downloads. POST makes a sheet of codes, shown once, or revokes one."""
    airing = _airing(actor, airing_id)
    poll = _poll(airing, poll_id)
    error = None
    if request.method == "POST":
        try:
            if request.POST.get("act") == "codes":
                return _sheet(request, actor, airing, poll)
            sheet = number(request.POST.get("sheet"))
            if not sheet:
                raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
            commands.perform(actor, airing.pk, protocol.RevokeCodes(id=_id(), sheet=sheet))
            messages.success(request, _("这一张上没有用过的投票码都作废了。"))
            return HttpResponseRedirect(request.get_full_path())
        except BroadcastError as refused:
            error = refused
    context = _context(actor, airing) | {
        "row": result_of(poll),
        "sheets": electorate.sheets(poll.id),
        "names": _names(actor, airing, poll),
        "head": poll_pages.heads([poll.id]).get(poll.id, ""),
        "codes_most": CODES_MOST,
        "error": error,
    }
    return shell(request, actor, "live/staff/poll.html", context, error.status if error else 200)


def _sheet(request: HttpRequest, actor: Actor, airing: Airing, poll: protocol.StaffPoll) -> HttpResponse:
    """The sheet to print. The codes stand nowhere else, so the answer is the page itself."""
    many = number(request.POST.get("count"))
    if not many or many > CODES_MOST:
        raise InvalidInput(_("一次发 1 到 %(most)s 个投票码。") % {"most": CODES_MOST}, field="count")
    label = request.POST.get("label", "").strip()[:60]
    command = protocol.IssueCodes(id=request.POST.get("id", "")[:64] or _id(), poll=poll.id, count=many, label=label)
    told = commands.perform(actor, airing.pk, command)
    episode = airing.episode
    address = request.build_absolute_uri(reverse("episode", args=[episode.programme.slug, episode.key]))
    context = _context(actor, airing) | {"poll": poll, "codes": told["codes"], "label": label, "address": address}
    return shell(request, actor, "live/staff/poll_codes.html", context)


@for_staff
@require_safe
def export(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """All polls of the airing, or `poll` alone, as a workbook or (`format=csv`) as the table of votes."""
    airing = _airing(actor, airing_id)
    polls = poll_pages.listed(airing)
    wanted = number(request.GET.get("poll"))
    if wanted:
        polls = [_poll(airing, wanted)]
    polls = [poll for poll in polls if poll.state != "draft"]
    name = f"yishi-polls-{wanted or airing.pk}"
    if request.GET.get("format") == "csv":
        return _file(poll_tables.as_csv(poll_tables.votes(polls)), "text/csv; charset=utf-8", f"{name}.csv")
    tables = [poll_tables.overview(polls), poll_tables.votes(polls)]
    lines = [line for poll in polls for line in poll_tables.named(poll, _names(actor, airing, poll) or ()).lines]
    if lines:
        tables.append(poll_tables.Table(_("记名"), poll_tables.named(polls[0], ()).heads, lines))
    return _file(poll_tables.as_xlsx(tables), XLSX, f"{name}.xlsx")


def _file(body: bytes, kind: str, name: str) -> HttpResponse:
    response = HttpResponse(body, content_type=kind)
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _names(actor: Actor, airing: Airing, poll: protocol.StaffPoll) -> list[tuple[str, list[int]]] | None:
    """Who voted how, once the poll is over; None where that is not told, or not to this actor."""
    return poll_pages.names(poll) if can(actor, Ability.REPORT, airing.episode.programme_id) else None


def _done(actor: Actor, airing: Airing, request: HttpRequest) -> str:
    """Carry out what the pressed button says; what to tell of it."""
    act, poll = request.POST.get("act", ""), number(request.POST.get("poll"))
    build = _ACTS.get(act)
    if build is None or not poll:
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
    command, told = build(airing, poll, request)
    commands.perform(actor, airing.pk, command)
    return told


def _moved(airing: Airing, poll: int, by: int) -> Staff:
    """The order with one poll moved among those still to come."""
    order = [each.id for each in poll_pages.listed(airing) if each.state == "draft"]
    if poll in order:
        at = order.index(poll)
        to = max(0, min(len(order) - 1, at + by))
        order[at], order[to] = order[to], order[at]
    return protocol.OrderPolls(id=_id(), polls=tuple(order))


def _voided(airing: Airing, poll: int, request: HttpRequest) -> tuple[Staff, str]:
    reason = request.POST.get("reason", "").strip()
    if not reason or len(reason) > 200:
        raise InvalidInput(_("请写作废的原因，最多 200 个字，公众看得到。"), field="reason")
    return protocol.VoidPoll(id=_id(), poll=poll, reason=reason), _("投票已作废。票都留着，不再计数。")


_ACTS: dict[str, Callable[[Airing, int, HttpRequest], tuple[Staff, str]]] = {
    "open": lambda airing, poll, request: (protocol.OpenPoll(id=_id(), poll=poll), _("投票开始了。")),
    "close": lambda airing, poll, request: (protocol.ClosePoll(id=_id(), poll=poll), _("投票正在收尾，马上结束。")),
    "publish": lambda airing, poll, request: (protocol.PublishPoll(id=_id(), poll=poll), _("结果已公布。")),
    "discard": lambda airing, poll, request: (protocol.DiscardPoll(id=_id(), poll=poll), _("已扔掉。")),
    "unschedule": lambda airing, poll, request: (protocol.SchedulePoll(id=_id(), poll=poll), _("改为手动开始。")),
    "up": lambda airing, poll, request: (_moved(airing, poll, -1), _("顺序已改。")),
    "down": lambda airing, poll, request: (_moved(airing, poll, 1), _("顺序已改。")),
    "void": _voided,
}


def _airing(actor: Actor, airing_id: UUID, ability: Ability = Ability.SEE_DESK) -> Airing:
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, ability, airing.episode.programme_id)
    return airing


def _poll(airing: Airing, poll_id: int) -> protocol.StaffPoll:
    poll = poll_pages.one(airing, poll_id)
    if poll is None:
        raise NotFound(_("没有这个投票。"))
    return poll


def _context(actor: Actor, airing: Airing) -> dict[str, Any]:
    programme = airing.episode.programme
    return {
        "airing": airing,
        "episode": airing.episode,
        "programme": programme,
        "may_produce": can(actor, Ability.PRODUCE, programme.pk),
        "may_run": can(actor, Ability.RUN, programme.pk),
        "is_over": airing.state in {Airing.State.ENDED, Airing.State.CANCELLED},
        "new_id": _id,
    }


def _id() -> str:
    return secrets.token_urlsafe(12)


urlpatterns = [
    path("<uuid:airing_id>/polls", listed, name="polls"),
    path("<uuid:airing_id>/polls/new", new, name="poll-new"),
    path("<uuid:airing_id>/polls/export", export, name="polls-export"),
    path("<uuid:airing_id>/polls/rolls", rolls.page, name="poll-rolls"),
    path("<uuid:airing_id>/polls/<int:poll_id>", one, name="poll"),
    path("<uuid:airing_id>/polls/<int:poll_id>/edit", change, name="poll-edit"),
]
