"""The plain forms of the episode's page, for browsers without script: one POST, one command, back to the page; no rules here."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from broadcast.access import Actor, may_watch
from broadcast.errors import BroadcastError, InvalidInput, TooMany
from broadcast.identity import actor_of_request
from broadcast.models import Airing
from broadcast.models.catalogue import Assurance
from live import allowance, commands, protocol, text
from live.views import room

Built = dict[str, object]


@require_POST
def act(request: HttpRequest, slug: str, key: str) -> HttpResponse:
    """Do what the pressed button says. 303 back to the page with a message; a refusal shows the page with what was typed."""
    actor = actor_of_request(request)
    found = room.find_episode(slug, key)
    airing = room.choose_airing(request, actor, found)
    if airing is None or not may_watch(actor, airing):
        return room.closed(request, actor, found, airing)
    name = request.POST.get("act", "")
    try:
        admit(request, actor)
        commands.perform(actor, airing.pk, _command(name, request.POST))
    except BroadcastError as error:
        return _refused(request, airing, name, error)
    request.session.pop(room.DRAFT, None) if request.COOKIES.get("yishi_session") else None
    messages.success(request, _DONE.get(name, lambda: _("已记录。"))())
    return _back(slug, key, request.POST)


def admit(request: HttpRequest, actor: Actor) -> None:
    """Count the form against its sender's allowance. Raises TooMany."""
    # The identity that a browser was given just now is as good as none: it would have a full bucket every time.
    brought = None if request.identity_is_new else actor.participant_id  # type: ignore[attr-defined]
    wait = allowance.sent.take(
        allowance.sender(brought, actor.address), 1, sum(len(each) for each in request.POST.values())
    )
    if wait:
        raise TooMany(_("操作太快了，请稍等一下再试。"), retry_after_seconds=wait)


def _command(name: str, form: QueryDict) -> protocol.AudienceCommand:
    build = _BUILDERS.get(name)
    if build is None:
        raise InvalidInput(_("不知道要做什么。请回到页面，再按一次按钮。"), field="act")
    body = {"id": form.get("id", ""), **build(form)}
    try:
        return protocol.decode(msgspec.json.encode(body), staff=False)  # type: ignore[return-value]
    except protocol.BadFrame as error:
        raise InvalidInput(
            _WHAT_IS_WRONG.get(name, lambda: _("填写的内容不完整，请改好再提交。"))(), field=error.code
        ) from error


def _whole(form: QueryDict, name: str) -> int | None:
    return text.whole(form.get(name, ""))


def _options(form: QueryDict) -> list[int]:
    return [number for value in form.getlist("option") if (number := text.whole(value)) is not None]


def _addressee(form: QueryDict) -> Built:
    """p7 is a person, d市城管局 a department."""
    to = form.get("to", "")
    if to.startswith("d"):
        return {"person": None, "department": to[1:121]}
    return {"person": text.whole(to[1:]) if to.startswith("p") else _whole(form, "person")}


def _item(form: QueryDict) -> Built:
    return {"kind": form.get("kind", ""), "item": _whole(form, "item")}


_BUILDERS: dict[str, Callable[[QueryDict], Built]] = {
    "comment": lambda form: {"type": "comment.post", "text": form.get("text", "").strip(), "to": _whole(form, "to")},
    "ask": lambda form: {
        "type": "question.ask",
        "text": form.get("text", "").strip(),
        **_addressee(form),
    },
    "support": lambda form: {
        "type": "question.support",
        "question": _whole(form, "question"),
        "on": form.get("on") != "0",
    },
    "vote": lambda form: {
        "type": "poll.vote",
        "poll": _whole(form, "poll"),
        "options": _options(form),
        "code": form.get("code", "").strip(),
        "named": form.get("named") == "1",
    },
    "like": lambda form: {"type": "like.add", "count": 1},
    "retract": lambda form: {"type": "item.retract", **_item(form)},
    "report": lambda form: {
        "type": "item.report",
        **_item(form),
        "reason": form.get("reason", ""),
        "note": form.get("note", "")[:200],
    },
    "appeal": lambda form: {"type": "item.appeal", **_item(form), "text": form.get("text", "").strip()},
}
_WHAT_IS_WRONG: dict[str, Callable[[], str]] = {
    "comment": lambda: _("还没有写内容，请写好再发。"),
    "ask": lambda: _("还没有写问题，请写好再提交。"),
    "vote": lambda: _("还没有选，请先选一项再确认投票。"),
    "report": lambda: _("还没有选理由，请先选一项再提交举报。"),
    "appeal": lambda: _("请写明为什么要再看一次，最多 300 个字。"),
}
_DONE: dict[str, Callable[[], str]] = {
    "comment": lambda: _("评论已收到，审核通过后公开。下面可以看到它的状态。"),
    "ask": lambda: _("问题已收到，审核通过后公开。下面可以看到它的状态。"),
    "support": lambda: _("已记录。"),
    "vote": lambda: _("投票已记录。"),
    "like": lambda: _("已点赞。"),
    "retract": lambda: _("已撤回。"),
    "report": lambda: _("举报已收到，审核员会处理，结果在这里可以看到。"),
    "appeal": lambda: _("申诉已收到，由另一位审核员答复，结果在这里可以看到。"),
}


def _refused(request: HttpRequest, airing: Airing, name: str, error: BroadcastError) -> HttpResponse:
    """The page again, with what happened, what to do, and what was typed; the text is kept over a visit to the phone page."""
    typed = {
        "airing": str(airing.pk),
        "act": name,
        "text": request.POST.get("text", "")[:4_000],
        "to": request.POST.get("to", ""),
        "poll": request.POST.get("poll", ""),
        "options": request.POST.getlist("option")[:50],
        "code": request.POST.get("code", "")[:24],
        "item": request.POST.get("item", ""),
    }
    if error.code in {"assurance_too_low", "verified_only", "consent_needed"}:
        request.session[room.DRAFT] = typed
    episode = airing.episode
    next_url = _address(episode.programme.slug, episode.key, request.POST)
    actor = actor_of_request(request)
    onward = next_url
    # Who has to agree and will then have to verify a phone does both on one way.
    if name != "retract" and actor.assurance < Assurance.PHONE <= episode.programme.needs(name):
        onward = f"{reverse('account:phone')}?{urlencode({'next': next_url})}"
    extra = {"refused": error, "draft": typed, "next_url": next_url, "onward": onward}
    return room.page(request, actor, airing, extra, status=error.status)


def _address(slug: str, key: str, form: QueryDict) -> str:
    query = {name: str(form[name]) for name in ("tab", "airing") if form.get(name)}
    return reverse("episode", args=[slug, key]) + (f"?{urlencode(query)}" if query else "")


def _back(slug: str, key: str, form: QueryDict) -> HttpResponse:
    response = HttpResponseRedirect(_address(slug, key, form) + "#panel")
    response.status_code = 303
    return response
