"""What the house tells people beside the pages: one row a notice, written with what it is about and handed over afterwards."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Notice(models.Model):
    """One message to one person. `key` is what it is, so that nothing is told twice; the row is written inside the act itself.

    It is handed over at most once: `sending` is committed before the sender is called, and one that stays there is not certain.
    """

    class Kind(models.TextChoices):
        INVITATION = "invite", _("邀请")
        REMINDER = "remind", _("提醒")
        MOVED = "moved", _("改时间")
        CANCELLED = "cancelled", _("取消")
        PREEMPTED = "preempted", _("让播")

    class Channel(models.TextChoices):
        EMAIL = "email", _("邮件")
        SMS = "sms", _("短信")
        WECHAT = "wechat", _("微信")
        HAND = "hand", _("人工转达")

    class State(models.TextChoices):
        OPEN = "open", _("等待发出")
        SENDING = "sending", _("正在发出")
        SENT = "sent", _("已发出")
        FAILED = "failed", _("没有发出")
        UNSURE = "unsure", _("不确定是否发出")
        BY_HAND = "by_hand", _("待人工转达")
        TOLD = "told", _("已人工转达")
        DROPPED = "dropped", _("过时未发")

    key = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    airing = models.ForeignKey(
        "broadcast.Airing", on_delete=models.CASCADE, null=True, blank=True, related_name="notices"
    )
    person = models.ForeignKey("broadcast.Person", on_delete=models.CASCADE, related_name="notices")
    channel = models.CharField(max_length=8, choices=Channel.choices)
    title = models.CharField(max_length=200)
    text = models.TextField()
    state = models.CharField(max_length=8, choices=State.choices, default=State.OPEN)
    made_at = models.DateTimeField()
    # Later than this it says nothing useful any more.
    not_after = models.DateTimeField(null=True, blank=True)
    tried_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    told_by = models.ForeignKey("broadcast.User", on_delete=models.SET_NULL, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["-made_at", "-id"]
        indexes = [models.Index(fields=["state", "made_at"], name="scheduling_notice_state_idx")]
