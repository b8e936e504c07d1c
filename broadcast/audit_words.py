"""Says audit entries in words: acts by noun and verb, targets, programme time, and what changed; pure wording, no table."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as __

_NOUNS: dict[str, Promise] = {
    "account": __("账号"),
    "airing": __("场次"),
    "appeal": __("申诉"),
    "audit": __("审计"),
    "comment": __("评论"),
    "episode": __("一期"),
    "erasure": __("删除申请"),
    "evidence": __("来源记录"),
    "factor": __("两步验证"),
    "feed": __("信号"),
    "filler": __("垫片"),
    "hold": __("依法保留"),
    "ingest": __("推流密钥"),
    "item": __("一条"),
    "items": __("多条"),
    "level": __("减负档位"),
    "output": __("播出"),
    "overlay": __("叠加层"),
    "personal": __("个人资料"),
    "playout": __("播出规则"),
    "poll": __("投票"),
    "programme": __("节目"),
    "question": __("提问"),
    "reason": __("理由"),
    "report": __("举报"),
    "reports": __("举报"),
    "retention": __("到期清理"),
    "role": __("角色"),
    "room": __("互动开关"),
    "rule": __("规则"),
    "sanction": __("发言限制"),
    "segment": __("环节"),
    "session": __("登录"),
    "simulcast": __("分发"),
    "slot": __("固定时段"),
    "source": __("播出来源"),
    "step": __("后期步骤"),
    "withdrawal": __("紧急撤下"),
}
_VERBS: dict[str, Promise] = {
    "add": __("添加"),
    "announce": __("发布预告"),
    "answer": __("标为已回答"),
    "approve": __("批准"),
    "ask": __("申请"),
    "cancel": __("取消"),
    "change": __("修改"),
    "claim": __("认领"),
    "close": __("关闭"),
    "codes": __("换恢复码"),
    "confirm": __("第二人确认"),
    "create": __("新建"),
    "cut": __("切断"),
    "decide": __("处理"),
    "dismiss": __("判为不成立"),
    "edit": __("编辑"),
    "end": __("结束"),
    "erase": __("删除原文"),
    "erase_salts": __("抹去盐"),
    "escalate": __("上报"),
    "expire": __("到期"),
    "export": __("导出"),
    "false_hit": __("报误命中"),
    "finish": __("完成"),
    "found": __("重新检查命中"),
    "grant": __("授予"),
    "hold": __("暂扣"),
    "impose": __("实施"),
    "invite": __("邀请"),
    "leave": __("离开"),
    "lift": __("解除"),
    "locked": __("锁定"),
    "login": __("登录"),
    "make": __("实施"),
    "mask": __("蒙字"),
    "merge": __("合并"),
    "move": __("改时间"),
    "open": __("打开"),
    "password": __("改密码"),
    "place": __("加上"),
    "plan": __("安排自动"),
    "policy": __("改要求"),
    "publish": __("公开"),
    "pull": __("改拉流地址"),
    "queue": __("排入待播"),
    "read": __("查看"),
    "recovery": __("用恢复码"),
    "reject": __("退回"),
    "release": __("放开"),
    "remove": __("删去"),
    "reopen": __("重新打开"),
    "replace": __("更换"),
    "request_cut": __("请求切断"),
    "reset": __("重置"),
    "restore": __("恢复"),
    "resume": __("恢复"),
    "retry": __("重做"),
    "revoke": __("收回"),
    "reword": __("改措辞"),
    "rotate": __("更换"),
    "set": __("设置"),
    "set_rule": __("设规则"),
    "shift": __("调顺序"),
    "show": __("上屏"),
    "sign_off": __("签发"),
    "start": __("开始"),
    "switch": __("启停"),
    "take_over": __("接手"),
    "undo": __("撤销"),
    "unmerge": __("拆开合并"),
    "upload": __("上传"),
    "void": __("作废"),
    "withdraw": __("撤下"),
}


def act_in_words(act: str) -> str:
    """评论 · 批准; a code that has no words stays as it is."""
    noun, _dot, verb = act.partition(".")
    said = str(_NOUNS.get(noun, noun))
    return f"{said} · {_VERBS.get(verb, verb)}" if verb else said


def programme_time(milliseconds: int | None) -> str:
    """0:12:03.450 of the show; before its start with a minus; empty for acts of no show."""
    if milliseconds is None:
        return ""
    sign, rest = ("-" if milliseconds < 0 else ""), abs(milliseconds)
    seconds, thousandths = divmod(rest, 1_000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{sign}{hours}:{minutes:02d}:{seconds:02d}.{thousandths:03d}"


def changes(before: Any, after: Any) -> list[dict[str, Any]]:
    """Field by field what was and what is, for a table: name (empty where the value is one thing), before, after, is_changed."""
    if not isinstance(before, dict) and not isinstance(after, dict):
        return [] if before is None and after is None else [_change("", before, after)]
    old = before if isinstance(before, dict) else {}
    new = after if isinstance(after, dict) else {}
    rows = [_change(name, old.get(name), new.get(name)) for name in dict.fromkeys([*old, *new])]
    for name, value in ((_("之前"), before), (_("之后"), after)):
        if value is not None and not isinstance(value, dict):
            rows.append(_change(name, value if value is before else None, value if value is after else None))
    return rows


def _change(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"name": name, "before": _shown(before), "after": _shown(after), "is_changed": before != after}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return _("是") if value else _("否")
    if isinstance(value, list):
        return "、".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return "；".join(f"{name}：{_shown(each)}" for name, each in value.items())
    return str(value)
