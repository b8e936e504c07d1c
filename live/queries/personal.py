"""What the rooms keep of a person, as sections of the file that it may have; it reads only and asks for no right."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from broadcast.models import User
from broadcast.personal import Section, Whose
from live.models import (
    Appeal,
    Ballot,
    Call,
    Comment,
    Option,
    PollCode,
    Question,
    Reply,
    Report,
    RollEntry,
    Sanction,
    Support,
    Withdrawal,
)

_AT = ("at", _("时间"))
_SHOW = ("show", _("节目"))
_ITEM = ("item", _("哪一条"))


def sections(whose: Whose) -> list[Section]:
    """Comments, questions, supports, votes, reports, appeals, and what was decided about the person."""
    return [
        _items("comments", _("评论"), Comment, whose),
        _items("questions", _("提问"), Question, whose),
        _replies(whose),
        _supports(whose),
        _ballots(whose),
        _electorates(whose),
        _reports(whose),
        _appeals(whose),
        _sanctions(whose),
        _withdrawals(whose),
        _calls(whose),
    ]


def _items(code: str, title: Any, model: type[Comment] | type[Question], whose: Whose) -> Section:
    rows = model.objects.filter(author__in=whose.participants).select_related("room__airing__episode").order_by("pk")
    columns = [
        ("id", _("编号")),
        _AT,
        _SHOW,
        ("text", _("原文")),
        ("name", _("当时的称呼")),
        ("spoke_as", _("以什么身份")),
        ("affiliation", _("界别或单位")),
        ("state", _("状态")),
        ("reason", _("理由")),
        ("public_at", _("公开时间")),
        ("decided_at", _("处理时间")),
    ]
    told = [
        {
            "id": row.pk,
            "at": row.created_at,
            "show": row.room.airing.episode.title,
            "text": row.text,
            "name": row.author_name,
            "spoke_as": row.speaks_as,
            "affiliation": row.affiliation,
            "state": row.get_state_display(),
            "reason": row.reason,
            "public_at": row.public_at,
            "decided_at": row.decided_at,
        }
        for row in rows
    ]
    return Section(code, title, columns, told)


def _replies(whose: Whose) -> Section:
    """What departments answered the person in writing, to it alone too."""
    rows = Reply.objects.filter(question__author__in=whose.participants, state=Reply.State.RELEASED).order_by("pk")
    columns = [_AT, ("question", _("提问编号")), ("department", _("部门")), ("text", _("答复"))]
    told = [
        {"at": row.released_at, "question": row.question_id, "department": row.department, "text": row.text}
        for row in rows
    ]
    return Section("replies", _("给您的书面答复"), columns, told)


def _supports(whose: Whose) -> Section:
    rows = Support.objects.filter(participant__in=whose.participants).select_related("question").order_by("pk")
    return Section(
        "supports",
        _("支持过的提问"),
        [_AT, ("question", _("提问编号"))],
        [{"at": row.at, "question": row.question_id} for row in rows],
    )


def _electorates(whose: Whose) -> Section:
    """Lists of voters in which the account's number stands, and invitation codes that were used; neither says how one voted."""
    digest = User.objects.filter(pk=whose.user).values_list("phone_digest", flat=True).first() if whose.user else None
    entries = RollEntry.objects.filter(phone_digest=digest).select_related("roll") if digest else ()
    codes = PollCode.objects.filter(participant__in=whose.participants).select_related("poll").order_by("pk")
    told = [{"at": entry.roll.created_at, "list": entry.roll.name, "poll": ""} for entry in entries]
    told += [{"at": code.used_at, "list": "", "poll": code.poll.question} for code in codes]
    return Section(
        "electorates", _("投票名单和投票码"), [_AT, ("list", _("名单")), ("poll", _("用过投票码的投票"))], told
    )


def _ballots(whose: Whose) -> Section:
    rows = Ballot.objects.filter(participant__in=whose.participants).select_related("poll", "cast").order_by("pk")
    names = dict(Option.objects.filter(poll__in=[row.poll_id for row in rows]).values_list("pk", "text"))
    columns = [_AT, ("poll", _("投票")), ("chosen", _("选择")), ("number", _("选票编号"))]
    told = [
        {
            "at": row.at,
            "poll": row.poll.question,
            "chosen": "、".join(names.get(each, str(each)) for each in row.options),
            "number": bytes(row.cast.number).hex() if row.cast.number else "",
        }
        for row in rows
    ]
    return Section("ballots", _("投票"), columns, told)


def _reports(whose: Whose) -> Section:
    rows = Report.objects.filter(by__in=whose.participants).order_by("pk")
    return Section(
        "reports",
        _("您的举报"),
        [_AT, _ITEM, ("reason", _("理由")), ("note", _("说明")), ("state", _("状态"))],
        [
            {
                "at": row.at,
                "item": f"{row.kind}:{row.item}",
                "reason": row.reason,
                "note": row.note,
                "state": row.get_state_display(),
            }
            for row in rows
        ],
    )


def _appeals(whose: Whose) -> Section:
    rows = Appeal.objects.filter(by__in=whose.participants).order_by("pk")
    return Section(
        "appeals",
        _("您的申诉"),
        [_AT, _ITEM, ("text", _("说明")), ("state", _("状态")), ("decided_at", _("处理时间"))],
        [
            {
                "at": row.at,
                "item": f"{row.kind}:{row.item}",
                "text": row.text,
                "state": row.state,
                "decided_at": row.decided_at,
            }
            for row in rows
        ],
    )


def _sanctions(whose: Whose) -> Section:
    rows = Sanction.objects.filter(participant__in=whose.participants).order_by("pk")
    return Section(
        "sanctions",
        _("对您的发言限制"),
        [
            _AT,
            ("kind", _("限制")),
            ("reason", _("理由")),
            ("until", _("到什么时候")),
            ("lifted_at", _("解除时间")),
        ],
        [
            {
                "at": row.at,
                "kind": row.get_kind_display(),
                "reason": row.reason,
                "until": row.until,
                "lifted_at": row.lifted_at,
            }
            for row in rows
        ],
    )


def _withdrawals(whose: Whose) -> Section:
    rows = Withdrawal.objects.filter(participant__in=whose.participants).order_by("pk")
    return Section(
        "withdrawals",
        _("对您的内容的整体撤下"),
        [_AT, ("reason", _("理由")), ("restored_at", _("恢复时间"))],
        [{"at": row.at, "reason": row.reason, "restored_at": row.restored_at} for row in rows],
    )


def _calls(whose: Whose) -> Section:
    """Those asked for on the page, and those that came from the account's own number."""
    digests = User.objects.filter(pk__in=[whose.user] if whose.user else [], phone_digest__isnull=False).values(
        "phone_digest"
    )
    rows = Call.objects.filter(Q(participant__in=whose.participants) | Q(number_digest__in=digests))
    columns = [
        _AT,
        _SHOW,
        ("name", _("当时的称呼")),
        ("district", _("哪个区")),
        ("topic", _("说什么")),
        ("note", _("给主持人的提醒")),
        ("tail", _("号码尾号")),
        ("state", _("状态")),
        ("on_air_at", _("接进直播的时间")),
        ("referral", _("转 12345 的工单编号")),
    ]
    told = [
        {
            "at": row.created_at,
            "show": row.room.airing.episode.title,
            "name": row.name,
            "district": row.district,
            "topic": row.topic,
            "note": row.note,
            "tail": row.number_tail,
            "state": row.get_state_display(),
            "on_air_at": row.on_air_at,
            "referral": row.referral,
        }
        for row in rows.select_related("room__airing__episode").order_by("pk")
    ]
    return Section("calls", _("您的来电"), columns, told)
