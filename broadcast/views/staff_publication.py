"""What a producer does to an episode or its airing by one button: announce, open the feed, sign off, withdraw, cancel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from broadcast import lifecycle
from broadcast.access import Ability, Actor, replay_is_released, require
from broadcast.errors import BroadcastError
from broadcast.models import Airing, Episode
from broadcast.services import episodes
from broadcast.views.staff_episode import back_to, tell
from broadcast.views.staff_page import for_staff, page

_AIRING_ACTS: dict[str, tuple[Callable[[Actor, UUID], Any], Any]] = {
    "announce": (episodes.announce, gettext_lazy("预告已发布，公众现在能看到这一期。")),
    "open": (lifecycle.open_feed, gettext_lazy("信号已打开，可以推流了。公众还看不到画面。")),
    "close": (lifecycle.close_feed, gettext_lazy("信号已关闭。")),
}
_EPISODE_ACTS: dict[str, tuple[Callable[[Actor, int], Any], Callable[[Episode], Any]]] = {
    "sign_off": (episodes.sign_off, lambda episode: _signed_off(episode)),
    "publish": (episodes.publish, lambda _episode: _("页面已公开。回看要签发后公众才能看。")),
}


@require_POST
@for_staff
def airing_act(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """POST act=announce|open|close."""
    airing = get_object_or_404(Airing.objects.select_related("episode"), pk=airing_id)
    act = _AIRING_ACTS.get(request.POST.get("act", ""))
    if act is not None:
        _perform(request, lambda: act[0](actor, airing.pk), lambda: str(act[1]))
    return back_to(airing.episode)


@require_POST
@for_staff
def publication(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """POST act=sign_off|publish."""
    episode = get_object_or_404(Episode, pk=pk)
    act = _EPISODE_ACTS.get(request.POST.get("act", ""))
    if act is not None:
        _perform(request, lambda: act[0](actor, episode.pk), lambda: act[1](episode))
    return back_to(episode)


@for_staff
def withdraw(request: HttpRequest, actor: Actor, pk: int) -> HttpResponse:
    """Ask before everything public of the episode goes; the reason is kept."""
    episode = get_object_or_404(Episode.objects.select_related("programme"), pk=pk)
    require(actor, Ability.SIGN_OFF, episode.programme_id)
    goes = [
        _("节目页和它的网址：公众打开只会看到“已撤下”。"),
        _("直播画面和声音：正在看的人两秒内看不到。"),
        _("回看：不能再播放，签发作废，重新公开后要再签发。"),
    ]
    stays = _("录制、评论、提问和投票都留着，工作人员仍能看到。")
    context = {"goes": goes, "stays": stays, "heading": _("撤下这一期"), "verb": _("撤下")}
    return _with_reason(
        request, actor, episode, lambda reason: episodes.withdraw(actor, episode.pk, reason), _("已撤下。"), context
    )


@for_staff
def cancel(request: HttpRequest, actor: Actor, airing_id: UUID) -> HttpResponse:
    """Ask before an airing is cancelled; the reason is kept."""
    airing = get_object_or_404(Airing.objects.select_related("episode__programme"), pk=airing_id)
    require(actor, Ability.PRODUCE, airing.episode.programme_id)
    goes = [_("这一场不再播出，不能恢复；要播请另排一场。"), _("打开的信号会关闭。")]
    context = {"goes": goes, "stays": "", "heading": _("取消这一场"), "verb": _("取消这一场"), "airing": airing}
    return _with_reason(
        request,
        actor,
        airing.episode,
        lambda reason: lifecycle.cancel(actor, airing.pk, reason),
        _("已取消。"),
        context,
    )


def _with_reason(
    request: HttpRequest,
    actor: Actor,
    episode: Episode,
    act: Callable[[str], Any],
    done: str,
    context: dict[str, Any],
) -> HttpResponse:
    reason = request.POST.get("reason", "").strip()
    wrong = request.method == "POST" and not reason
    if request.method == "POST" and not wrong:
        _perform(request, lambda: act(reason), lambda: done)
        return back_to(episode)
    context |= {"episode": episode, "programme": episode.programme, "wrong": wrong}
    return page(request, actor, "confirm.html", context, status=422 if wrong else 200)


def _perform(request: HttpRequest, act: Callable[[], Any], done: Callable[[], str]) -> None:
    try:
        act()
    except BroadcastError as error:
        tell(request, error)
    else:
        messages.success(request, done())


def _signed_off(episode: Episode) -> str:
    """When the public can watch: what they see is behind by the delay, so the replay is too."""
    episode.refresh_from_db()
    if episode.publication != Episode.Publication.PUBLISHED:
        return _("已签发。页面公开以后，公众能看回看。")
    ended = episode.airings.select_related("episode").filter(state=Airing.State.ENDED).order_by("-actual_end")
    late = next((airing for airing in ended if not replay_is_released(airing)), None)
    if late is None:
        return _("已签发，公众现在能看回看。")
    return _("已签发。公众看到的晚 %(n)s 秒，等他们看完就能看回看。") % {"n": late.delay_seconds}
