"""The page at the end of a show: what becomes of each open question, what was promised and suggested, and the draws; no rules here."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any
from uuid import UUID

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from broadcast import audit_export
from broadcast.access import Ability, Actor, can
from broadcast.errors import BroadcastError, InvalidInput, NotAllowed
from broadcast.models import Airing
from broadcast.views.staff_page import for_staff, shell
from live import commands, protocol, text
from live.queries import follow, slates

READERS = (Ability.HOST, Ability.RUN, Ability.SEE_DESK, Ability.REPORT)
Built = dict[str, object]


@for_staff
def page(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """The page. POST act=end decides about many questions at once, act=resume takes one back; act=edit, undo, done are of a mark."""
    airing = _airing(actor, airing_id)
    wrong: dict[str, Any] = {}
    if request.method == "POST":
        wrong = _post(request, actor, airing)
        if not wrong:
            return HttpResponseRedirect(reverse("staff:outcomes", args=[airing.pk]) + _anchor(request.POST))
    began = airing.actual_start
    context = {
        "airing": airing,
        "episode": airing.episode,
        "programme": airing.episode.programme,
        "open": follow.open_rows(airing),
        "ended": follow.ended_rows(airing),
        "marks": [follow.mark(row, airing) for row in follow.commitments(airing.pk)],
        "slates": slates.record(airing.pk),
        "departments": follow.departments(airing),
        "people": [each.person for each in airing.episode.appearances.select_related("person")],
        "later": follow.later(airing),
        "default_due": follow.default_due(),
        "may_act": follow.may_follow(actor, airing),
        "may_fulfil": follow.may_follow(actor, airing) or can(actor, Ability.REPORT, airing.episode.programme_id),
        "has_begun": began is not None,
        "wrong": wrong,
        "typed": request.POST,
    }
    return shell(request, actor, "live/staff/outcomes.html", context, status=422 if wrong else 200)


@for_staff
def commitments(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Suggestions and promises of the show as a CSV file that spreadsheets open."""
    airing = _airing(actor, airing_id)
    head = (_("种类"), _("节目时间"), _("说话人"), _("责任部门"), _("内容"), _("期限"), _("过期天数"), _("已兑现"))
    rows = [[*head, _("兑现说明"), _("提问编号"), _("标记人")]]
    kinds = {"promise": _("承诺"), "suggestion": _("建议")}
    for each in (follow.mark(row, airing) for row in follow.commitments(airing.pk)):
        done = _("是") if each["done"] else "" if each["kind"] == "suggestion" else _("否")
        first = (kinds[each["kind"]], _lasting(each["ms"]), each["speaker_name"], each["department"], each["text"])
        more = (each["due"] or "", each["days_late"] or "", done, each["done_note"], each["question"] or "", each["by"])
        rows.append(audit_export.cells((*first, *more)))
    response = HttpResponse("\ufeff" + audit_export.csv_text(rows), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="commitments-{airing.episode.key}.csv"'
    return response


def _lasting(ms: int | None) -> str:
    seconds = (ms or 0) // 1000
    return "" if ms is None else f"{seconds // 3600}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _airing(actor: Actor, airing_id: UUID) -> Airing:
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    if not any(can(actor, each, airing.episode.programme_id) for each in READERS):
        raise NotAllowed(_("您没有这个节目的这项权限，请联系管理员。"))
    return airing


def _post(request: HttpRequest, actor: Actor, airing: Airing) -> dict[str, Any]:
    """Do it; returns what was refused, by question or mark, with the words."""
    act = request.POST.get("act", "")
    if act == "end":
        return _end(request, actor, airing)
    build = _BUILDERS.get(act)
    number = text.whole(request.POST.get("number", ""))
    try:
        if build is None or number is None:
            raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
        commands.perform(actor, airing.pk, _command(build(request.POST, number)))
    except BroadcastError as error:
        return {f"{'q' if act == 'resume' else 'm'}{number}": error.message}
    messages.success(request, _("已记录。"))
    return {}


def _end(request: HttpRequest, actor: Actor, airing: Airing) -> dict[str, Any]:
    """Each question for which something was chosen, one by one: one that is refused stops no other."""
    wrong: dict[str, Any] = {}
    done = 0
    for name in request.POST:
        number = text.whole(name[4:]) if name.startswith("way-") else None
        way = request.POST[name]
        if number is None or not way:
            continue
        try:
            commands.perform(actor, airing.pk, _command(_ending(request.POST, number, way)))
            done += 1
        except BroadcastError as error:
            wrong[f"q{number}"] = error.message
    if done:
        told = ngettext("%(n)s 个问题有了去向，提问人已收到。", "%(n)s 个问题有了去向，提问人已收到。", done)
        messages.success(request, told % {"n": done})
    if not done and not wrong:
        wrong["all"] = _("还没有选去向。请至少给一个问题选一种。")
    return wrong


def _ending(form: QueryDict, number: int, way: str) -> Built:
    if way == "promise":
        to, due = form.get(f"department-{number}", "").strip(), form.get(f"due-{number}", "").strip()
        return {"type": "question.promise", "question": number, "department": to, "due": due}
    note = form.get(f"note-{number}", "").strip()[:200]
    to = form.get(f"to-{number}", "") if way == "carried" else ""
    return {"type": "question.close", "question": number, "closing": way, "note": note, "to": to}


def _edited(form: QueryDict, number: int) -> Built:
    return {
        "type": "commitment.edit",
        "commitment": number,
        "version": text.whole(form.get("version", "")) or 0,
        "kind": form.get("kind", ""),
        "text": form.get("text", "").strip()[:300],
        "speaker": text.whole(form.get("speaker", "")),
        "department": form.get("department", "").strip()[:120],
        "due": form.get("due", "").strip() or None,
    }


def _fulfilled(form: QueryDict, number: int) -> Built:
    version = text.whole(form.get("version", "")) or 0
    note = form.get("note", "").strip()[:200]
    return {
        "type": "commitment.done",
        "commitment": number,
        "version": version,
        "on": form.get("on") != "0",
        "note": note,
    }


_BUILDERS: dict[str, Callable[[QueryDict, int], Built]] = {
    "resume": lambda form, number: {"type": "question.resume", "question": number},
    "edit": _edited,
    "undo": lambda form, number: {"type": "commitment.undo", "commitment": number},
    "done": _fulfilled,
}


def _command(body: Built) -> Any:
    try:
        return protocol.decode(msgspec.json.encode({"id": secrets.token_urlsafe(12), **body}), staff=True)
    except protocol.BadFrame as error:
        if body["type"] == "question.promise":
            raise InvalidInput(_("请选部门，并写明最晚哪一天。"), field=error.code) from error
        raise InvalidInput(_("填写的内容不完整，请改好再提交。"), field=error.code) from error


def _anchor(form: QueryDict) -> str:
    return "#marks" if form.get("act") in {"edit", "undo", "done"} else "#open"
