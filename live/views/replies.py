"""The pages on which departments answer in writing and somebody else releases it; a respondent sees what is asked of him alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import path, reverse
from django.utils.translation import gettext as _

from broadcast.access import Ability, Actor
from broadcast.errors import BroadcastError, Conflict, InvalidInput, NotAllowed, NotFound
from broadcast.identity import actor_of_request
from broadcast.services import logins
from broadcast.views.staff_page import programmes_of, shell
from live import text
from live.queries import follow, offices
from live.queries import replies as queue
from live.services import replies

View = Callable[..., HttpResponse]


def for_answering(view: View) -> View:
    """A page for staff and for departments' respondents, who work nowhere else behind the scenes; passes the actor on."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        actor = actor_of_request(request)
        welcome = actor.is_staff or offices.is_respondent(actor)
        if not welcome and actor.withheld:
            return HttpResponseRedirect(resolve_url("account:security"))
        if not welcome:
            raise NotAllowed(_("这里是部门答复人和工作人员的页面。需要时请联系管理员。"))
        logins.seen(request.session.session_key or "")
        response = view(request, actor, *args, **kwargs)
        response["Cache-Control"] = "no-store"
        return response

    return guarded


@for_answering
def page(request: HttpRequest, actor: Actor) -> HttpResponse:
    """What is asked of one's own office; for who releases and follows up: what waits, what is owed, which promises are late."""
    releasing = {each.pk for ability in (Ability.PRODUCE, Ability.MODERATE) for each in programmes_of(actor, ability)}
    following = {each.pk for ability in (Ability.PRODUCE, Ability.REPORT) for each in programmes_of(actor, ability)}
    respondent = offices.is_respondent(actor)
    if not (releasing or following or respondent):
        raise NotAllowed(_("这里是部门答复人和工作人员的页面。需要时请联系管理员。"))
    office = offices.of(actor)
    context = {
        "respondent": respondent,
        "office": office,
        "asked": queue.asked_of(office) if office else [],
        "releases": bool(releasing),
        "waiting": queue.waiting([*releasing]),
        "follows": bool(following),
        "owed": queue.owed([*following]),
        "late_promises": follow.overdue_commitments([*following]),
        "own_alarms": True,
        "answers_only": not actor.is_staff,
    }
    return shell(request, actor, "live/staff/replies.html", context)


@for_answering
def one(request: HttpRequest, actor: Actor, question_id: int) -> HttpResponse:
    """One question with its answers. POST act=save or submit writes, act=release, return or recall decides about one (`number`)."""
    found = queue.one(actor, question_id)
    if found is None:
        raise NotFound(_("没有找到这个问题。它可能不是问您这里的，或已经撤下。"))
    error: BroadcastError | None = None
    if request.method == "POST":
        try:
            _post(request, actor, question_id)
        except BroadcastError as refused:
            error = refused
        else:
            return HttpResponseRedirect(reverse("staff:reply", args=[question_id]))
    context = {
        "question": found,
        "error": error,
        "typed": request.POST if error else None,
        **_form(found, request, error),
    }
    context["answers_only"] = not actor.is_staff
    return shell(request, actor, "live/staff/reply.html", context, status=error.status if error else 200)


def _form(found: dict[str, Any], request: HttpRequest, error: BroadcastError | None) -> dict[str, Any]:
    """The answer that is being written: the own office's, or for a producer that of the chosen department. `theirs`: whether what
    is stored is somebody else's words, which who typed has not seen."""
    typed = request.POST if error else {}
    chosen = typed.get("department", "").strip() or request.GET.get("department", "")
    department = found["office"] or chosen or found["department"]
    mine = next((each for each in found["replies"] if each["department"] == department), None)
    writes = bool(found["office"]) or found["may_enter"]
    theirs = isinstance(error, Conflict) and "text" in typed and mine is not None and mine["text"] != typed["text"]
    open_ = mine is None or mine["is_open"]
    return {"department": department, "mine": mine, "writes": writes and open_, "theirs": theirs}


def _post(request: HttpRequest, actor: Actor, question_id: int) -> None:
    form, act = request.POST, request.POST.get("act", "")
    if act in {"save", "submit"}:
        draft = replies.Draft(
            department=form.get("department", ""),
            text=form.get("text", ""),
            respondent=form.get("respondent", ""),
            is_public=form.get("is_public") == "1",
            version=text.whole(form.get("version", "")) or 0,
        )
        replies.write(actor, question_id, draft, submit=act == "submit")
        done = _("已提交，核发以后发给提问人。") if act == "submit" else _("草稿已保存，还没有提交。")
        messages.success(request, done)
        return
    number = text.whole(form.get("number", ""))
    if act not in replies.DECISIONS or number is None:
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
    replies.decide(actor, number, text.whole(form.get("version", "")) or 0, act, form.get("note", ""))
    told = {"release": _("答复已发出。"), "return": _("已退回修改。"), "recall": _("答复已收回。")}
    messages.success(request, told[act])


urlpatterns = [
    path("", page, name="replies"),
    path("<int:question_id>", one, name="reply"),
]
