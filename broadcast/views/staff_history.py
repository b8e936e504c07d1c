"""The latest staff acts on an episode, in words, from the audit chain; it reads only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from broadcast.models import Airing, AuditEntry, Episode

ROWS = 8
ACTS = {
    "episode.create": _("建了第一稿"),
    "episode.edit": _("改了内容"),
    "episode.publish": _("公开了页面"),
    "episode.sign_off": _("签发了回看"),
    "episode.withdraw": _("撤下"),
    "airing.announce": _("发布了预告"),
    "airing.open": _("打开了信号"),
    "airing.close": _("关闭了信号"),
    "airing.start": _("开始了直播"),
    "airing.end": _("结束了直播"),
    "airing.cancel": _("取消了一场"),
    "seat.put": _("排定了一位嘉宾"),
    "seat.free": _("请一位嘉宾离席"),
    "invitation.make": _("邀请了一位嘉宾"),
    "output.cut": _("切断了播出"),
    "output.resume": _("恢复了播出"),
    "step.retry": _("让后期步骤重做"),
}


def history(episode: Episode, airings: Sequence[Airing]) -> list[dict[str, Any]]:
    """The newest first: at, who (empty for the house or when erased), act in words, reason."""
    targets = [f"episode:{episode.pk}", *(f"airing:{each.pk}" for each in airings)]
    entries = AuditEntry.objects.filter(target__in=targets, act__in=ACTS).select_related("personal").order_by("-id")
    return [{"at": each.at, "who": _who(each), "act": ACTS[each.act], "reason": each.reason} for each in entries[:ROWS]]


def _who(entry: AuditEntry) -> str:
    personal = getattr(entry, "personal", None)
    name = personal.data.get("name", "") if personal is not None else ""
    return "" if name == "system" else str(name)
