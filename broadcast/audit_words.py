"""Says audit entries in words: acts by noun and verb, targets, programme time, and what changed; pure wording, no table."""

from __future__ import annotations

from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

_NOUNS: dict[str, Promise] = {
    "account": _("账号"),
    "airing": _("场次"),
    "announcement": _("公告"),
    "api_token": _("接口令牌"),
    "appeal": _("申诉"),
    "audit": _("审计"),
    "calendar": _("日历地址"),
    "call": _("来电"),
    "caption": _("字幕"),
    "clip": _("片段"),
    "cold": _("冷存储"),
    "comment": _("评论"),
    "commitment": _("建议和承诺"),
    "edit": _("剪辑"),
    "episode": _("一期"),
    "erasure": _("删除申请"),
    "evidence": _("来源记录"),
    "factor": _("两步验证"),
    "feed": _("信号"),
    "filler": _("垫片"),
    "firing": _("自动执行"),
    "fixity": _("存档核对"),
    "hold": _("依法保留"),
    "holiday": _("节假日"),
    "import": _("导入"),
    "ingest": _("推流密钥"),
    "invitation": _("邀请"),
    "item": _("一条"),
    "items": _("多条"),
    "level": _("减负档位"),
    "member": _("委员身份"),
    "notice": _("通知"),
    "output": _("播出"),
    "overlay": _("叠加层"),
    "partner_figure": _("合作方数字"),
    "person": _("人员"),
    "personal": _("个人资料"),
    "playout": _("播出规则"),
    "podcast": _("播客"),
    "poll": _("投票"),
    "poster": _("封面"),
    "programme": _("节目"),
    "question": _("提问"),
    "reason": _("理由"),
    "recording": _("录制"),
    "reply": _("书面答复"),
    "report": _("举报"),
    "reports": _("举报"),
    "retention": _("到期清理"),
    "role": _("角色"),
    "roll": _("投票名单"),
    "room": _("互动开关"),
    "rule": _("规则"),
    "rules": _("规则"),
    "rundown": _("串联单"),
    "sanction": _("发言限制"),
    "seat": _("席位"),
    "segment": _("环节"),
    "session": _("登录"),
    "simulcast": _("分发"),
    "slate": _("提问人选"),
    "slot": _("固定时段"),
    "source": _("播出来源"),
    "station_log": _("台方播出单"),
    "step": _("后期步骤"),
    "studio": _("演播室"),
    "template": _("模板"),
    "transcript": _("文稿"),
    "paper": _("代录的票"),
    "venue": _("会场"),
    "withdrawal": _("紧急撤下"),
}
_VERBS: dict[str, Promise] = {
    "add": _("添加"),
    "again": _("再发"),
    "air": _("接进直播"),
    "announce": _("发布预告"),
    "answer": _("标为已回答"),
    "appeal_grant": _("申诉成立"),
    "appeal_refuse": _("申诉不成立"),
    "apply": _("应用"),
    "approve": _("批准"),
    "as_usual": _("照常"),
    "ask": _("申请"),
    "availability": _("记没空的时间"),
    "availability_drop": _("删没空的时间"),
    "bind": _("绑定"),
    "block": _("列入名单"),
    "cancel": _("取消"),
    "carry": _("转到以后"),
    "change": _("修改"),
    "choose": _("选定"),
    "claim": _("认领"),
    "close": _("关闭"),
    "codes": _("换恢复码"),
    "confirm": _("第二人确认"),
    "contacts": _("改联系方式"),
    "contacts_read": _("看联系方式"),
    "cover": _("换封面"),
    "cover_drop": _("改用画的封面"),
    "create": _("新建"),
    "cut": _("切断"),
    "decide": _("处理"),
    "damage": _("发现损坏"),
    "delete": _("删除"),
    "differ": _("核对不一致"),
    "discard": _("丢弃草稿"),
    "dismiss": _("判为不成立"),
    "done": _("记为已兑现"),
    "draft": _("起草"),
    "edit": _("编辑"),
    "end": _("结束"),
    "enter": _("录入"),
    "erase": _("删除原文"),
    "erase_salts": _("抹去盐"),
    "escalate": _("上报"),
    "expire": _("到期"),
    "export": _("导出"),
    "false_hit": _("报误命中"),
    "feed": _("换信号"),
    "finish": _("完成"),
    "forget": _("抹去号码"),
    "found": _("重新检查命中"),
    "free": _("请离席"),
    "freeze": _("冻结结果"),
    "grant": _("授予"),
    "heads": _("登记人数"),
    "hold": _("暂扣"),
    "import": _("导入"),
    "impose": _("实施"),
    "invite": _("邀请"),
    "issue_codes": _("发投票码"),
    "keep": _("保存"),
    "leave": _("离开"),
    "link": _("绑定其他登录方式"),
    "live": _("取现场字幕"),
    "revoke_codes": _("作废投票码"),
    "schedule": _("排定"),
    "unlink": _("解除其他登录方式"),
    "lift": _("解除"),
    "locked": _("锁定"),
    "log": _("记下"),
    "media": _("删去到期的录制"),
    "login": _("登录"),
    "make": _("实施"),
    "mask": _("蒙字"),
    "mark": _("标记"),
    "merge": _("合并"),
    "move": _("改时间"),
    "number": _("查看号码"),
    "offer": _("提出"),
    "open": _("打开"),
    "order": _("排序"),
    "pass": _("转到"),
    "password": _("改密码"),
    "photo": _("换照片"),
    "photo_drop": _("删照片"),
    "place": _("加上"),
    "plan": _("安排自动"),
    "policy": _("改要求"),
    "promise": _("承诺书面答复"),
    "publish": _("公开"),
    "pull": _("改拉流地址"),
    "put": _("排定"),
    "queue": _("排入待播"),
    "read": _("查看"),
    "recall": _("收回答复"),
    "recovery": _("用恢复码"),
    "redo": _("放回"),
    "refer": _("转办"),
    "rehearse": _("排彩排"),
    "reject": _("退回"),
    "release": _("放开"),
    "remove": _("删去"),
    "correct": _("改正"),
    "unpin": _("不再置顶"),
    "pin": _("置顶"),
    "reopen": _("重新打开"),
    "repair": _("修复"),
    "replace": _("更换"),
    "reply": _("书面答复"),
    "reports_dismiss": _("举报不成立"),
    "request_cut": _("请求切断"),
    "rerun": _("换重播"),
    "reset": _("重置"),
    "restore": _("恢复"),
    "resume": _("恢复"),
    "retrieve": _("取回"),
    "retry": _("重做"),
    "return": _("退回修改"),
    "revoke": _("收回"),
    "reword": _("改措辞"),
    "rotate": _("更换"),
    "screen": _("登记"),
    "seen": _("知道了"),
    "send": _("发出"),
    "sent": _("已发出"),
    "set": _("设置"),
    "terms": _("改保留期限"),
    "set_rule": _("设规则"),
    "shift": _("调顺序"),
    "show": _("上屏"),
    "sign": _("签发"),
    "sign_off": _("签发"),
    "start": _("开始"),
    "stop": _("停用"),
    "store": _("转入"),
    "studio": _("换演播室"),
    "submit": _("提交"),
    "switch": _("启停"),
    "take_over": _("接手"),
    "takes": _("开关回拨登记"),
    "told": _("已转达"),
    "unbind": _("解除绑定"),
    "unblock": _("移出名单"),
    "undo": _("撤销"),
    "unmerge": _("拆开合并"),
    "unreply": _("书面答复收回"),
    "upload": _("上传"),
    "void": _("作废"),
    "vote": _("代投"),
    "withdraw": _("撤下"),
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
    for name, value in ((str(_("之前")), before), (str(_("之后")), after)):
        if value is not None and not isinstance(value, dict):
            rows.append(_change(name, value if value is before else None, value if value is after else None))
    return rows


def _change(name: str, before: Any, after: Any) -> dict[str, Any]:
    return {"name": name, "before": _shown(before), "after": _shown(after), "is_changed": before != after}


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(_("是") if value else _("否"))
    if isinstance(value, list):
        return "、".join(_shown(each) for each in value)
    if isinstance(value, dict):
        return "；".join(f"{name}：{_shown(each)}" for name, each in value.items())
    return str(value)
